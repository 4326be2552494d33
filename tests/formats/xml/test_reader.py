"""Request bodies, and the ways in which they attack a parser.

Verifies: RFC 4918, 8.2, 17, 20.6; RFC 7303, 3
"""

from __future__ import annotations

import gc
import os
import resource
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from davd.formats.xml import reader
from davd.formats.xml.reader import XMLLimits, is_xml, parse, parse_paced
from davd.model.errors import HTTPError
from davd.testing.exchange import run
from tests.formats.xml.documents import c14n, documents


def refused(body: bytes, content_type: str | None = None, limits: XMLLimits | None = None) -> int:
    with pytest.raises(HTTPError) as caught:
        parse(body, content_type, limits or XMLLimits())
    return caught.value.status


class TestWhatIsRead:
    """Verifies: RFC 4918, 8.2, 17"""

    @given(documents(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    def test_reads_what_the_plain_parser_reads(self, document: str, encoding: str) -> None:
        assert c14n(parse(document.encode(encoding))) == c14n(etree.fromstring(document))

    def test_comments_and_instructions_are_dropped(self) -> None:
        root = parse(b"<?x y?><!-- a --><a>one<!-- b -->two<?p q?>three</a><!-- c -->")
        assert root.text == "onetwothree" and len(root) == 0 and root.getprevious() is None

    def test_cdata_is_text(self) -> None:
        assert parse(b"<a><![CDATA[<!DOCTYPE html>]]></a>").text == "<!DOCTYPE html>"

    def test_white_space_is_kept(self) -> None:
        assert parse(b"<a>\n  <b/> \n</a>").text == "\n  "

    def test_an_element_with_many_end_tags_in_its_text_is_read(self) -> None:
        assert len(parse(b"<a>" + b"<b></b>" * 1000 + b"</a>")) == 1000


class TestEncodings:
    """Verifies: RFC 7303, 3"""

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-8-sig"])
    def test_unicode_is_read(self, encoding: str) -> None:
        name = encoding.removesuffix("-sig")
        text = f'<?xml version="1.0" encoding="{name}"?><a>é\U0001f600</a>'
        assert parse(text.encode(encoding)).text == "é\U0001f600"

    def test_big_endian_with_its_mark_is_read(self) -> None:
        assert parse(b"\xfe\xff" + "<a>é</a>".encode("utf-16-be"), 'text/xml; charset="utf-8"').text == "é"

    @pytest.mark.parametrize(
        "body",
        [
            "<a>é</a>".encode("latin-1"),
            '<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode("latin-1"),
            b"<?xml version='1.0' encoding='utf-7'?><a>+ADw-</a>",
            "<a/>".encode("utf-16-le"),
            "<a/>".encode("utf-32"),
            b"\xff\xfe<\x00a\x00/\x00>",
            b"\xff\xfe\x00\xd8<\x00a\x00/\x00>\x00",
        ],
    )
    def test_other_encodings_are_refused(self, body: bytes) -> None:
        assert refused(body) == 400

    def test_a_charset_parameter_is_heeded(self) -> None:
        assert refused(b"<a/>", "text/xml; charset=iso-8859-1") == 415
        assert refused(b"<a/>", "text/xml; charset=utf-16") == 400
        assert parse(b"<a/>", 'application/xml; charset="UTF-8"').tag == "a"


class TestMalformed:
    """Verifies: RFC 4918, 8.2; Namespaces in XML 1.0, 2, 3"""

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"  ",
            b"text",
            b"<a>",
            b"<a></b>",
            b"<a/><b/>",
            b"<a>&nbsp;</a>",
            b"<a>\x00</a>",
            b"<a>&#0;</a>",
            b"<a b='1' b='2'/>",
            b"<a:b/>",
            b"<b a:c=''/>",
            b'<a xmlns:b=""><b:c/></a>',
            b'<a xmlns:p="u" xmlns:q="u" p:x="" q:x=""/>',
            b" <?xml version='1.0'?><a/>",
        ],
    )
    def test_is_400(self, body: bytes) -> None:
        assert refused(body) == 400

    def test_the_error_tells_nothing_of_the_input(self) -> None:
        with pytest.raises(HTTPError) as caught:
            parse(b"<secret-name></other-name>")
        error = caught.value
        assert "name" not in error.detail and error.__cause__ is None and error.condition is None

    @given(st.binary(max_size=200))
    def test_bytes_never_raise_anything_else(self, body: bytes) -> None:
        try:
            parse(body)
        except HTTPError as error:
            assert error.status == 400

    @given(st.lists(st.sampled_from([b"<a>", b"</a>", b"<b x='1'/>", b"<!--", b"-->", b"<!DOCTYPE a>", b"&#9;", b"x"])))
    def test_tags_never_raise_anything_else(self, pieces: list[bytes]) -> None:
        try:
            parse(b"".join(pieces))
        except HTTPError as error:
            assert error.status == 400


LAUGHS = b'<!DOCTYPE a [<!ENTITY l "lol">' + b"".join(
    b'<!ENTITY l%d "%b">' % (i, b"&l%d;" % (i - 1) * 10 if i > 1 else b"&l;" * 10) for i in range(1, 10)
)


class TestHostile:
    """Verifies: RFC 4918, 20.6"""

    @pytest.mark.parametrize(
        "body",
        [
            b"<!DOCTYPE a><a/>",
            b"<?xml version='1.0'?>\n<!-- x --><!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'><a/>",
            b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/'> %x;]><a/>",
            b"<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>",
            b"<!DOCTYPE a PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'><a/>",
            LAUGHS + b"]><a>&l9;</a>",
            "<!DOCTYPE a><a/>".encode("utf-16"),
        ],
    )
    def test_a_document_type_is_refused(self, body: bytes) -> None:
        assert refused(body) == 400

    def test_an_external_entity_is_not_fetched(self, tmp_path: Path) -> None:
        # Whoever opens a pipe that nobody writes to never comes back.
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        body = f"<!DOCTYPE a [<!ENTITY x SYSTEM '{pipe.as_uri()}'>]><a>&x;</a>".encode()
        assert refused(body) == 400

    def test_xinclude_is_an_element_like_any_other(self) -> None:
        root = parse(b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></a>')
        assert root[0].tag == "{http://www.w3.org/2001/XInclude}include" and root[0].text is None

    @pytest.mark.parametrize(
        "body",
        [
            b"<a>" + b"<b/>" * 250_000 + b"</a>",
            b"<a>" * 100_000 + b"</a>" * 100_000,
            b"<a " + b" ".join(b'a%x=""' % i for i in range(90_000)) + b"/>",
            b"<a " + b" ".join(b'xmlns:a%x="u"' % i for i in range(55_000)) + b"/>",
            b"<a>" + b'<b c="1" d="2" xmlns="u"/>' * 38_000 + b"</a>",
            b"<a>" + b"<!-- -->" * 120_000,
            b"<a b='" + b"x" * 1_000_000 + b"&y;'/>",
            b"<a>" + b"&amp;" * 200_000 + b"<",
            b"<?a " * 250_000,
            b"<!DOCTYPE a [" + b"<!ENTITY a 'b'>" * 60_000 + b"]><a/>",
            LAUGHS + b"]><a>&l9;</a>",
        ],
        ids=["elements", "depth", "attributes", "prefixes", "mixed", "comments", "value", "text", "?", "dtd", "laughs"],
    )
    def test_costs_little_before_it_is_refused(self, body: bytes) -> None:
        assert len(body) <= 1024 * 1024
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # What other tests have left in memory is not to be walked through meanwhile.
        gc.collect()
        gc.disable()
        try:
            start = time.process_time()
            assert refused(body) == 400
            assert time.process_time() - start < 0.2
        finally:
            gc.enable()
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


class TestLimits:
    """Verifies: RFC 4918, 20.2"""

    def test_size(self) -> None:
        assert parse(b"<a>1</a>", limits=XMLLimits(size=8)).text == "1"
        assert refused(b"<a>12</a>", limits=XMLLimits(size=8)) == 413

    @pytest.mark.parametrize("depth", [1, 2, 64])
    def test_depth(self, depth: int) -> None:
        limits = XMLLimits(depth=depth)
        parse(b"<a>" * depth + b"</a>" * depth, limits=limits)
        parse(b"<a>" * (depth - 1) + b"<b/>" + b"</a>" * (depth - 1), limits=limits)
        assert refused(b"<a>" * (depth + 1) + b"</a>" * (depth + 1), limits=limits) == 400
        assert refused(b"<a>" * depth + b"<b/>" + b"</a>" * depth, limits=limits) == 400

    def test_elements(self) -> None:
        limits = XMLLimits(elements=10)
        parse(b"<a>" + b"<b></b>" * 9 + b"</a>", limits=limits)
        parse(b"<a>" + b"<b/>" * 9 + b"<!-- < < < --><![CDATA[<<<<<<]]></a>", limits=limits)
        assert refused(b"<a>" + b"<b/>" * 10 + b"</a>", limits=limits) == 400

    def test_attributes(self) -> None:
        limits = XMLLimits(attributes=3)
        parse(b'<a x="1" y="2" z="3">' + b'<b w="="/>' * 20 + b"====</a>", limits=limits)
        assert refused(b'<a><b x="1" y="2" z="3" w="4"/></a>', limits=limits) == 400

    def test_namespaces_count_once_however_often_they_are_declared(self) -> None:
        limits = XMLLimits(namespaces=2)
        parse(b'<a xmlns="DAV:" xmlns:b="u">' + b'<c xmlns="DAV:"/>' * 50 + b"</a>", limits=limits)
        assert refused(b'<a xmlns="DAV:" xmlns:b="u"><c xmlns:d="u"/></a>', limits=limits) == 400


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/xml", True),
        ('application/xml; charset="utf-8"', True),
        ("Application/Calendar+XML", True),
        ("application/xml-dtd", False),
        ("xzy-foo/bar-512", False),
        ("text/plain", False),
        ("", False),
        (None, False),
    ],
)
def test_media_types(content_type: str | None, expected: bool) -> None:
    assert is_xml(content_type) is expected


class TestInSteps:
    """Verifies: RFC 4918, 8.2, 20.6; docs/architecture.md, Overload"""

    @staticmethod
    def outcome(body: bytes, limits: XMLLimits) -> tuple[bytes | int, bytes | int, int]:
        """What comes of a body in one step and in many, and how many these are."""
        paces: list[None] = []

        async def pace() -> None:
            paces.append(None)

        told: list[bytes | int] = []
        for read in (lambda: parse(body, None, limits), lambda: run(parse_paced(body, None, pace, limits))):
            try:
                told.append(c14n(read()))
            except HTTPError as error:
                told.append(error.status)
        return told[0], told[1], len(paces)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        documents(),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
        st.integers(0, 400),
        st.sampled_from([XMLLimits(), XMLLimits(attributes=0, namespaces=0, elements=3, depth=2)]),
    )
    def test_they_read_what_one_step_reads(
        self, monkeypatch: pytest.MonkeyPatch, document: str, encoding: str, length: int, limits: XMLLimits
    ) -> None:
        monkeypatch.setattr(reader, "PIECE", 7)
        monkeypatch.setattr(reader, "_GUARDED_PIECE", 5)
        body = document.encode(encoding)
        for some in (body, body[:length]):
            whole, pieces, _ = self.outcome(some, limits)
            assert whole == pieces

    def test_hostile_bodies_are_refused_in_steps_too(self) -> None:
        for body in (
            b"<a " + b" ".join(b'xmlns:a%x="u"' % i for i in range(55_000)) + b"/>",
            b"<a " + b" ".join(b"a%x='>'" % i for i in range(90_000)) + b"/>",
            b"<a>" + b"<b/>" * 250_000 + b"</a>",
            b"<!DOCTYPE a [" + b"<!ENTITY a 'b'>" * 60_000 + b"]><a/>",
        ):
            assert self.outcome(body, XMLLimits())[:2] == (400, 400)

    def test_long_texts_with_quotation_marks_are_read(self) -> None:
        body = b'<a b="1">' + b'x="y" ' * 30_000 + b"</a>"
        whole, pieces, paces = self.outcome(body, XMLLimits())
        assert whole == pieces and isinstance(whole, bytes)
        assert paces > 3
