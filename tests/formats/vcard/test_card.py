"""Cards read and written back, cut out of files, and refused.

Verifies: RFC 6350, 3.3, 6.1.1, 6.1.2; RFC 2425, 5.8.1
"""

from __future__ import annotations

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError, make, unescape
from davd.formats.vcard.card import components, parse, parse_all, pieces, serialize, types
from tests.corpus.vcard.cards import APPLE, OLD, OUTLOOK, RFC6350, VALID
from tests.formats.vcard.models import cards_3

ALL = {**VALID, **OLD}
LINES = b"BEGIN:VCARD|END:VCARD|VERSION:2.1|VERSION:3.0|VERSION:4.0|NOTE;QUOTED-PRINTABLE:|AGENT:|FN:|NOTE:"
PARTS = b'\r\n|\n|\r| |\t|item1.|=C3=|=\r\n|AA==|PHOTO;BASE64:|TEL;HOME;TYPE="a,b|"|:|;|,|\\|^n|CHARSET=utf-16:'
ODD = [b"\xff", b"\xc3", b"\0", b"\xef\xbb\xbf"]
SCRAPS = st.lists(st.sampled_from([*LINES.split(b"|"), *PARTS.split(b"|"), *ODD]), max_size=30).map(b"".join)


def framed(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""]).encode()


class TestLossless:
    """Verifies: RFC 6350, 3.2, 3.3"""

    @pytest.mark.parametrize("name", ALL)
    def test_octets_come_back(self, name: str) -> None:
        assert serialize(parse(ALL[name])) == ALL[name]

    @pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n\r\n"])
    @pytest.mark.parametrize("name", VALID)
    def test_odd_line_ends_come_back(self, name: str, end: bytes) -> None:
        data = VALID[name].replace(b"\r\n", end)
        assert serialize(parse(data)) == data

    @settings(max_examples=100, deadline=None)
    @given(cards_3())
    def test_any_card_comes_back(self, data: bytes) -> None:
        assert serialize(parse(data)) == data

    def test_only_a_changed_line_is_written_anew(self) -> None:
        data = b"begin:vcard\r\nversion:3.0\r\nfn:A\r\n  B\r\nnote:x\r\nend:vcard\r\n"
        card = parse(data)
        card.lines[2] = make("NOTE", "y")
        assert serialize(card) == data.replace(b"note:x", b"NOTE:y")

    def test_spans_are_octets(self) -> None:
        card = parse(RFC6350)
        line = card.first("ADR")
        assert line is not None and RFC6350[line.start : line.end].startswith(b"ADR;TYPE=work:;Suite")
        assert (card.start, card.end) == (0, len(RFC6350))


class TestReading:
    """Verifies: RFC 6350, 3.3, 3.4, 6.7.9"""

    def test_version_and_properties(self) -> None:
        card = parse(APPLE)
        assert card.version == "3.0"
        assert card.text("NOTE") == "First line\nsecond line; with a semicolon"
        assert card.text("NONE") == "" and card.first("NONE") is None
        assert [line.value for line in card.all("TEL")] == ["+44 20 7946 0018", "+44 20 7946 0019"]

    @pytest.mark.parametrize("line", ["version:2.1", "VERSION: 2.1", "VERSION;X=y:2.1"])
    def test_an_old_card_is_known_however_it_says_so(self, line: str) -> None:
        card = parse(framed(line, "TEL;HOME:1"))
        assert card.version == "2.1" and card.decoded and card.lines[1].raw_params == ";TYPE=HOME"

    def test_properties_are_found_in_groups(self) -> None:
        line = parse(APPLE).first("URL")
        assert line is not None and line.group == "item2"

    def test_blank_lines_around_it_do_no_harm(self) -> None:
        assert parse(b"\r\n\r\n" + APPLE + b"\r\n \r\n").version == "3.0"

    @settings(max_examples=25, deadline=None)
    @given(cards_3())
    def test_values_are_what_vobject_reads(self, data: bytes) -> None:
        card = parse(data)
        other = vobject.readOne(data.decode())
        for name in ("note", "title", "email"):
            theirs = [child.value for child in other.contents.get(name, [])]
            assert [unescape(line.value) for line in card.all(name.upper())] == theirs

    @pytest.mark.parametrize(
        "written, expected",
        [
            ("TEL;TYPE=HOME,Voice:1", ["home", "voice"]),
            ("TEL;TYPE=HOME;TYPE=pref:1", ["home", "pref"]),
            ('TEL;TYPE="voice,home":1', ["voice", "home"]),
            ("TEL;HOME;FAX:1", ["home", "fax"]),
            ("TEL:1", []),
        ],
    )
    def test_types(self, written: str, expected: list[str]) -> None:
        assert types(parse(framed("VERSION:4.0", written)).lines[1]) == expected

    def test_components(self) -> None:
        line = parse(framed("VERSION:4.0", "N:Stevenson;John;Philip,Paul;Dr.;Jr.,M.D.\\, A.C.P.")).lines[1]
        assert components(line) == [["Stevenson"], ["John"], ["Philip", "Paul"], ["Dr."], ["Jr.", "M.D., A.C.P."]]


class TestRefused:
    """Verifies: RFC 6350, 6.1.1, 6.1.2"""

    @pytest.mark.parametrize(
        "data, text",
        [
            (b"", "BEGIN:VCARD"),
            (b"FN:x\r\n", "BEGIN:VCARD"),
            (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "BEGIN:VCARD"),
            (b"BEGIN:VCARD\r\nFN:x\r\n", "END:VCARD"),
            (b"BEGIN:VCARD\r\nFN:x\r\nEND:VEVENT\r\n", "END:VCARD"),
            (APPLE + APPLE, "more than one"),
            (APPLE + b"X:y\r\n", "after END"),
            (framed("VERSION:3.0", "BEGIN:VCARD", "END:VCARD"), "inside another"),
            (framed("VERSION:3.0", "no colon"), "colon"),
            (framed("VERSION:3.0", "FN:x").replace(b"x", b"\xff"), "UTF-8"),
        ],
    )
    def test_with_a_sentence(self, data: bytes, text: str) -> None:
        with pytest.raises(ContentError, match=text):
            parse(data)

    @settings(max_examples=300, deadline=None)
    @given(
        st.one_of(
            SCRAPS,
            SCRAPS.map(lambda inside: b"BEGIN:VCARD\r\n" + inside + b"\r\nEND:VCARD\r\n"),
            st.binary(max_size=99),
        )
    )
    def test_nothing_raises_anything_else(self, data: bytes) -> None:
        try:
            card = parse(data)
        except ContentError as error:
            assert str(error).endswith(".")
        else:
            assert serialize(card) == data[card.start : card.end]


class TestAgents:
    """Verifies: RFC 2426, 3.5.3"""

    NESTED = framed(
        "VERSION:3.0", "AGENT:", "BEGIN:VCARD", "VERSION:3.0", "FN:Fred, the agent", "END:VCARD", "NOTE:after"
    )

    def test_an_agents_card_is_the_value_of_the_agent(self) -> None:
        card = parse(self.NESTED)
        assert [line.name for line in card.lines] == ["VERSION", "AGENT", "NOTE"]
        assert card.text("AGENT") == "BEGIN:VCARD\nVERSION:3.0\nFN:Fred, the agent\nEND:VCARD"
        assert serialize(card) == self.NESTED

    def test_agents_may_have_agents_but_not_without_end(self) -> None:
        inner = framed("VERSION:3.0", "FN:x").decode().rstrip()
        for _ in range(4):
            inner = framed("VERSION:3.0", "AGENT:", inner).decode().rstrip()
        assert parse(inner.encode()).text("AGENT").count("BEGIN:VCARD") == 4
        with pytest.raises(ContentError, match="inside each other"):
            parse(framed("VERSION:3.0", "AGENT:", inner))

    def test_an_agents_card_needs_its_end(self) -> None:
        with pytest.raises(ContentError, match="missing"):
            parse(b"BEGIN:VCARD\r\nVERSION:3.0\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:x\r\n")
        with pytest.raises(ContentError, match="missing"):
            parse(b"BEGIN:VCARD\r\nVERSION:3.0\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n")


class TestFiles:
    """Verifies: RFC 6350, 3.3"""

    def test_cards_behind_each_other(self) -> None:
        data = b"\xef\xbb\xbf" + b"".join(ALL.values())
        assert [serialize(card) for card in parse_all(data)] == list(ALL.values())

    def test_a_file_without_a_card_is_refused(self) -> None:
        with pytest.raises(ContentError, match="no vCard"):
            parse_all(b"\r\n")

    def test_pieces_leave_nothing_out(self) -> None:
        data = (
            APPLE
            + b"garbage\r\n"
            + OUTLOOK
            + b"\r\n"
            + TestAgents.NESTED
            + b"BEGIN:VCARD\r\nFN:torn\r\n"
            + APPLE
            + b"rest"
        )
        found = list(pieces(data))
        assert found == [
            APPLE,
            b"garbage\r\n" + OUTLOOK,
            b"\r\n" + TestAgents.NESTED,
            b"BEGIN:VCARD\r\nFN:torn\r\n",
            APPLE,
            b"rest",
        ]

    def test_pieces_of_files_with_any_line_ends(self) -> None:
        for end in (b"\n", b"\r"):
            one, other = APPLE.replace(b"\r\n", end), RFC6350.replace(b"\r\n", end)
            assert list(pieces(one + other.strip())) == [one, other.strip()]

    def test_one_bad_card_is_refused_by_itself(self) -> None:
        refused = 0
        for piece in pieces(APPLE + b"BEGIN:VCARD\r\nnonsense\r\nEND:VCARD\r\n" + RFC6350):
            try:
                parse(piece)
            except ContentError:
                refused += 1
        assert refused == 1

    @settings(max_examples=100, deadline=None)
    @given(SCRAPS)
    def test_pieces_of_anything_are_all_of_it(self, data: bytes) -> None:
        joined = b"".join(pieces(data))
        assert data.startswith(joined) and not data[len(joined) :].strip(b" \t\r\n\xef\xbb\xbf")
