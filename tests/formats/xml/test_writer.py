"""What is written, compared with what a tree builder makes of the same.

Verifies: RFC 4918, 13, 14, 16; RFC 5689, 3; RFC 6578, 6.4; XML 1.0, 2.2, 2.11, 3.3.3
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from davd.formats.xml import names, writer
from davd.formats.xml.names import XML_LANG
from tests.formats.xml.documents import NAMES, TEXT, c14n

ILLEGAL = ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff"]
WELL_KNOWN = st.frozensets(st.sampled_from(sorted(names.PREFIXES)))


def in_scope(piece: bytes, declared: frozenset[str] = writer.DAV_ONLY) -> etree._Element:
    """The element that a piece is, read where a multistatus would have it."""
    document = writer.multistatus_open(declared) + piece + writer.MULTISTATUS_CLOSE
    return etree.fromstring(document)[0]


class TestText:
    """Verifies: XML 1.0, 2.2, 2.4, 2.11, 3.3.3"""

    @given(TEXT)
    def test_text_comes_back(self, text: str) -> None:
        assert (in_scope(writer.element("{DAV:}x", text)).text or "") == text

    @given(TEXT)
    def test_attribute_values_come_back(self, text: str) -> None:
        assert in_scope(writer.element("{DAV:}x", None, {"v": text})).get("v") == text

    @pytest.mark.parametrize("character", ILLEGAL)
    def test_what_xml_cannot_hold_is_refused(self, character: str) -> None:
        for text in (character, f"a{character}b", f"<{character}"):
            with pytest.raises(ValueError):
                writer.escape(text)
            with pytest.raises(ValueError):
                writer.escape_attribute(text)

    def test_plain_text_is_left_alone(self) -> None:
        text = 'plain "quoted" text é'
        assert writer.escape(text) is text
        assert writer.escape_attribute(text) == "plain &quot;quoted&quot; text é"

    @given(st.characters())
    def test_agrees_with_lxml_on_what_is_legal(self, character: str) -> None:
        try:
            etree.Element("a").text = character
            legal = True
        except ValueError:
            legal = False
        try:
            writer.escape(character)
            accepted = True
        except ValueError:
            accepted = False
        assert accepted == legal


class TestElements:
    """Verifies: Namespaces in XML 1.0, 3, 5; RFC 4918, 17"""

    @given(NAMES, TEXT, st.dictionaries(st.sampled_from(["name", XML_LANG]), TEXT), WELL_KNOWN)
    def test_comes_back(self, name: str, text: str, attributes: dict[str, str], declared: frozenset[str]) -> None:
        read = in_scope(writer.element(name, text, attributes, declared), declared)
        assert (
            read.tag == name and (read.text or "") == text and sorted(read.attrib.items()) == sorted(attributes.items())
        )

    @pytest.mark.parametrize("name", ["", "a b", "{DAV:}a>", "{DAV:}", "1a", "a:b", "{DAV:}<", "{x", "x\n"])
    def test_what_is_no_name_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError):
            writer.element(name)
        with pytest.raises(ValueError):
            writer.element("{DAV:}x", None, {name: "value"})

    def test_a_declaration_is_no_attribute(self) -> None:
        for name in ("xmlns", "{http://www.w3.org/2000/xmlns/}a", "{urn:x}a"):
            with pytest.raises(ValueError):
                writer.element("{DAV:}x", None, {name: "urn:y"})

    def test_namespaces_cannot_break_out(self) -> None:
        assert b'xmlns:x="urn:&quot;&gt;&lt;evil/&gt;&amp;"' in writer.element('{urn:"><evil/>&}a')
        assert in_scope(writer.element("{urn:a&b}c")).tag == "{urn:a&b}c"

    def test_content_may_be_pieces(self) -> None:
        pieces = [writer.element("{DAV:}collection"), writer.element("{urn:x}y")]
        written = writer.element("{DAV:}resourcetype", pieces)
        assert written == b'<D:resourcetype><D:collection/><x:y xmlns:x="urn:x"/></D:resourcetype>'
        assert writer.element("{DAV:}resourcetype", b"".join(pieces)) == written

    @pytest.mark.parametrize("content", [None, "", b"", []])
    def test_nothing_is_an_empty_element(self, content: writer.Content) -> None:
        assert writer.element("{DAV:}x", content) == b"<D:x/>"

    def test_long_names_are_not_remembered(self) -> None:
        name = "{urn:x}" + "a" * 10_000
        assert writer.tag(name) is not writer.tag(name)
        assert writer.tag("{urn:x}a") is writer.tag("{urn:x}a")

    def test_well_known_prefixes_are_used_where_declared(self) -> None:
        name = f"{{{names.CALDAV}}}calendar"
        assert writer.element(name) == b'<C:calendar xmlns:C="urn:ietf:params:xml:ns:caldav"/>'
        assert writer.element(name, declared=writer.declare([name, "{urn:x}y", "z"])) == b"<C:calendar/>"
        assert writer.declare([name, "{urn:x}y", "z"]) == {names.DAV, names.CALDAV}


class TestDocuments:
    """Verifies: RFC 4918, 9.10.1, 16; RFC 5689, 5.2"""

    @given(NAMES, st.one_of(st.none(), TEXT), WELL_KNOWN)
    def test_a_document_is_well_formed(self, name: str, text: str | None, declared: frozenset[str]) -> None:
        root = etree.fromstring(writer.document(name, text, declared))
        assert root.tag == name and (root.text or "") == (text or "")
        assert root.nsmap["D"] == "DAV:"

    def test_an_error_names_its_condition_and_hrefs(self) -> None:
        body = writer.error_body("{DAV:}lock-token-submitted", ["/a%20b/", "/c&d"])
        assert body == (
            b'<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:lock-token-submitted>'
            b"<D:href>/a%20b/</D:href><D:href>/c&amp;d</D:href></D:lock-token-submitted></D:error>"
        )

    def test_an_error_without_a_condition_has_no_body(self) -> None:
        # RFC 4918, 14.5: DAV:error "contains at least one XML element".
        assert writer.error_body(None) == b""

    def test_the_body_of_mkcalendar_response(self) -> None:
        name = f"{{{names.CALDAV}}}mkcalendar-response"
        body = writer.document(name, writer.propstat(200, [b"<D:displayname/>"]), writer.declare([name]))
        root = etree.fromstring(body)
        assert root.tag == name and root.nsmap == {"D": "DAV:", "C": names.CALDAV}


class TestMultistatus:
    """Verifies: RFC 4918, 9.1.3, 13, 14.16, 14.22, 14.24, 14.28; RFC 6578, 3.2"""

    def test_equals_the_tree_version(self) -> None:
        etag = writer.element("{DAV:}getetag", '"a&b"')
        kind = writer.element("{DAV:}resourcetype", [writer.element("{DAV:}collection")])
        color = writer.element(f"{{{names.APPLE_ICAL}}}calendar-color", "#ff0000", {"symbolic-color": "red"})
        written = b"".join(
            [
                writer.MULTISTATUS_OPEN,
                writer.response(
                    "/a%20b/",
                    [
                        writer.propstat(200, [etag, kind, color]),
                        writer.propstat(404, [writer.element("{urn:x}missing")]),
                    ],
                ),
                writer.response("/c", [writer.propstat(403, [b"<D:getetag/>"], "{DAV:}need-privileges", ["/x"])]),
                writer.status_response("/d", 404),
                writer.status_response("/e", 423, "{DAV:}lock-token-submitted", ["/e", "/f"]),
                writer.sync_token("urn:davd:sync:0:1:2"),
                writer.MULTISTATUS_CLOSE,
            ]
        )
        assert c14n(etree.fromstring(written)) == c14n(self.tree())
        assert b"<D:status>HTTP/1.1 200 OK</D:status>" in written

    @staticmethod
    def tree() -> etree._Element:
        def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
            child = etree.SubElement(parent, name if name.startswith("{") else f"{{DAV:}}{name}")
            child.text = text
            return child

        root = etree.Element("{DAV:}multistatus", nsmap={"D": "DAV:"})
        one = add(root, "response")
        add(one, "href", "/a%20b/")
        good = add(one, "propstat")
        prop = add(good, "prop")
        add(prop, "getetag", '"a&b"')
        add(add(prop, "resourcetype"), "collection")
        color = etree.SubElement(prop, f"{{{names.APPLE_ICAL}}}calendar-color", nsmap={"A": names.APPLE_ICAL})
        color.text = "#ff0000"
        color.set("symbolic-color", "red")
        add(good, "status", "HTTP/1.1 200 OK")
        bad = add(one, "propstat")
        etree.SubElement(add(bad, "prop"), "{urn:x}missing", nsmap={"x": "urn:x"})
        add(bad, "status", "HTTP/1.1 404 Not Found")
        two = add(root, "response")
        add(two, "href", "/c")
        forbidden = add(two, "propstat")
        add(add(forbidden, "prop"), "getetag")
        add(forbidden, "status", "HTTP/1.1 403 Forbidden")
        add(add(add(forbidden, "error"), "need-privileges"), "href", "/x")
        three = add(root, "response")
        add(three, "href", "/d")
        add(three, "status", "HTTP/1.1 404 Not Found")
        four = add(root, "response")
        add(four, "href", "/e")
        add(four, "status", "HTTP/1.1 423 Locked")
        submitted = add(add(four, "error"), "lock-token-submitted")
        add(submitted, "href", "/e")
        add(submitted, "href", "/f")
        add(root, "sync-token", "urn:davd:sync:0:1:2")
        return root

    @pytest.mark.parametrize(
        ("status", "line"),
        [(424, "HTTP/1.1 424 Failed Dependency"), (507, "HTTP/1.1 507 Insufficient Storage"), (599, "HTTP/1.1 599 ")],
    )
    def test_status_lines(self, status: int, line: str) -> None:
        assert in_scope(writer.status_element(status)).text == line

    @given(WELL_KNOWN)
    def test_the_root_declares_what_is_asked_for(self, declared: frozenset[str]) -> None:
        root = etree.fromstring(writer.multistatus_open(declared) + writer.MULTISTATUS_CLOSE)
        assert set(root.nsmap.values()) == declared | {"DAV:"}

    def test_hrefs_are_escaped(self) -> None:
        assert writer.href("/a&b<c>") == b"<D:href>/a&amp;b&lt;c&gt;</D:href>"
