"""Cards in the version somebody asks for.

Verifies: RFC 6352, 5.1.1; RFC 6350, 6.7.9
"""

from __future__ import annotations

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError
from davd.formats.vcard.card import parse
from davd.formats.vcard.convert import to_version
from davd.formats.vcard.validate import check
from tests.corpus.vcard.cards import OLD, VALID
from tests.formats.vcard.models import cards_3, model

NAMES = "FN N ADR LABEL BDAY REV TZ GEO UID URL PHOTO KEY AGENT RELATED ANNIVERSARY KIND SORT-STRING X-ABDATE".split()
TEXTS = "\\ \\n ; , : = \x0b data: base64, geo: 1604-02-29 --02 é _$!<Anniversary>!$_".split(" ")
PARAMS = ["", ";TYPE=PREF", ";PREF=1", ";VALUE=uri", ";VALUE=text", ";ENCODING=b", ';LABEL="a^n\x0b"', ";SORT-AS=x"]
SCRAPS = st.lists(
    st.builds(
        lambda group, name, params, texts: f"{group}{name}{params}:{''.join(texts)}",
        st.sampled_from(["", "item1."]),
        st.sampled_from([*NAMES, "X-ABLABEL"]),
        st.sampled_from(PARAMS),
        st.lists(st.sampled_from(TEXTS), max_size=4),
    ),
    max_size=5,
).map(lambda lines: "\r\n".join(lines).encode())


class TestOwnVersion:
    """Verifies: RFC 6352, 5.1.1"""

    @pytest.mark.parametrize("name", VALID)
    def test_a_card_that_has_the_version_keeps_its_octets(self, name: str) -> None:
        data = VALID[name]
        assert to_version(data, parse(data).version) == data

    def test_a_version_that_is_none_is_the_callers_fault(self) -> None:
        with pytest.raises(ValueError, match="2.1"):
            to_version(VALID["apple"], "2.1")

    def test_what_is_no_card_is_refused(self) -> None:
        with pytest.raises(ContentError):
            to_version(b"BEGIN:VCARD\r\n", "3.0")


class TestOtherVersion:
    """Verifies: RFC 6350, 6.7.9, A.1, A.2"""

    @pytest.mark.parametrize("version", ["3.0", "4.0"])
    @pytest.mark.parametrize("name", [*VALID, *OLD])
    def test_what_comes_out_is_valid(self, name: str, version: str) -> None:
        card = check(to_version({**VALID, **OLD}[name], version))
        assert card.version == version and card.lines[0].name == "VERSION"
        assert b"\r\n" in card.source and b"\n" not in card.source.replace(b"\r\n", b"")

    @settings(max_examples=150, deadline=None)
    @given(cards_3())
    def test_there_and_back_it_says_the_same(self, data: bytes) -> None:
        back = to_version(to_version(data, "4.0"), "3.0")
        assert model(back) == model(data)

    @settings(max_examples=60, deadline=None)
    @given(cards_3())
    def test_once_converted_it_is_stable(self, data: bytes) -> None:
        four = to_version(data, "4.0")
        assert model(to_version(to_version(four, "3.0"), "4.0")) == model(four)

    @settings(max_examples=25, deadline=None)
    @given(cards_3())
    def test_another_reader_finds_the_texts(self, data: bytes) -> None:
        """vobject (an oracle where it is right) reads the same notes, names and addresses of both 3.0 cards."""
        back = to_version(to_version(data, "4.0"), "3.0")
        assert _texts(back) == _texts(data)

    def test_a_card_with_other_line_ends_gets_crlf(self) -> None:
        data = VALID["apple"].replace(b"\r\n", b"\n")
        converted = to_version(data, "4.0")
        assert converted.count(b"\r\n") == converted.count(b"\n") == converted.count(b"\r")
        assert model(converted) == model(to_version(VALID["apple"], "4.0"))

    @pytest.mark.parametrize("version", ["", "VERSION:5.0\r\n"])
    def test_a_card_of_no_known_version_counts_as_3_0(self, version: str) -> None:
        data = f"BEGIN:VCARD\r\n{version}FN:x\r\nTEL;TYPE=HOME,PREF:1\r\nEND:VCARD\r\n".encode()
        assert to_version(data, "4.0").split(b"\r\n")[1:4] == [b"VERSION:4.0", b"FN:x", b"TEL;TYPE=HOME;PREF=1:1"]
        assert to_version(data, "3.0").split(b"\r\n")[1:4] == [b"VERSION:3.0", b"N:x;;;;", b"FN:x"]

    @settings(max_examples=300, deadline=None)
    @given(SCRAPS)
    def test_what_can_be_read_can_be_converted(self, inside: bytes) -> None:
        data = b"BEGIN:VCARD\r\nVERSION:3.0\r\n" + inside + b"\r\nEND:VCARD\r\n"
        for each in (data, data.replace(b"3.0", b"4.0")):
            try:
                card = parse(each)
            except ContentError:
                continue
            for version in ("3.0", "4.0"):
                assert parse(to_version(card, version)).version == version

    def test_control_characters_are_left_out_where_lines_are_made(self) -> None:
        data = b'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nN:x;;;;\r\nTEL;TYPE=PREF;X-A="b\x0bc":1\x0b2\r\nEND:VCARD\r\n'
        assert b"\r\nTEL;X-A=bc;PREF=1:12\r\n" in to_version(data, "4.0")

    def test_an_old_card_gets_what_3_0_demands(self) -> None:
        data = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Public;John\r\nEND:VCARD\r\n"
        assert to_version(data, "3.0").split(b"\r\n")[1:4] == [b"VERSION:3.0", b"FN:John Public", b"N:Public;John"]
        data = b"BEGIN:VCARD\r\nVERSION:2.1\r\nORG:A, B\r\nEND:VCARD\r\n"
        assert to_version(data, "3.0").split(b"\r\n")[2:4] == [b"FN:A\\, B", b"N:A\\, B;;;;"]

    def test_lines_are_folded(self) -> None:
        data = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nTEL;TYPE=PREF:" + b"1" * 500 + b"\r\nEND:VCARD\r\n"
        assert max(map(len, to_version(data, "4.0").split(b"\r\n"))) == 75


def _texts(data: bytes) -> list[tuple[str, str]]:
    found = vobject.readOne(data.decode())
    return sorted(
        (child.name, str(child.value))
        for child in found.getChildren()
        if child.name in ("FN", "NOTE", "N", "TITLE", "ORG")
    )
