"""Old cards, as lines of 3.0.

Verifies: RFC 2426, 2.3, 5; RFC 2045, 6.7
"""

from __future__ import annotations

import time

import pytest

from davd.formats.contentlines import LIMITS, ContentError
from davd.formats.vcard.card import Card, parse, serialize
from davd.formats.vcard.convert import to_version
from tests.corpus.vcard.cards import ANDROID, OUTLOOK


def old(*lines: str, charset: str = "utf-8") -> Card:
    data = "\r\n".join(["BEGIN:VCARD", "VERSION:2.1", *lines, "END:VCARD", ""]).encode(charset)
    card = parse(data)
    assert serialize(card) == data
    return card


def only(*lines: str, charset: str = "utf-8") -> str:
    """The one property of a card, as 3.0 writes it."""
    card = old(*lines, charset=charset)
    assert len(card.lines) == 2
    line = card.lines[1]
    return f"{line.name}{line.raw_params}:{line.value}"


class TestText:
    """Verifies: RFC 2426, 5; RFC 2045, 6.7"""

    @pytest.mark.parametrize(
        "lines, expected",
        [
            (["NOTE;ENCODING=QUOTED-PRINTABLE:caf=C3=A9=0D=0A=", "zwei"], "NOTE:café\\nzwei"),
            (["NOTE;QUOTED-PRINTABLE:a=", " b=", "c"], "NOTE:a bc"),
            # The specification's own example indents the lines of a label.
            (
                ["LABEL;QUOTED-PRINTABLE:123 Winding Way=0D=0A=", "  Any Town=0D=0A=", "  USA"],
                "LABEL:123 Winding Way\\nAny Town\\nUSA",
            ),
            (["LABEL;DOM;HOME,ENCODING=QUOTED-PRINTABLE:x=0D=0A=", "y"], "LABEL;TYPE=DOM,HOME:x\\ny"),
            (["NOTE;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:=FCber"], "NOTE:über"),
            (["NOTE;CHARSET=no-such;ENCODING=QUOTED-PRINTABLE:=FCber"], "NOTE:über"),
            (["NOTE;CHARSET=punycode:x"], "NOTE:x"),
            (["NOTE;CHARSET=shift_jis;ENCODING=QUOTED-PRINTABLE:=FF"], "NOTE:ÿ"),
            (["NOTE:one, two; three\\; four C:\\new"], "NOTE:one\\, two\\; three\\; four C:\\\\new"),
            (["NOTE:a line", " folded at a space"], "NOTE:a line folded at a space"),
            (["NOTE;ENCODING=8BIT:x"], "NOTE:x"),
            (["N;CHARSET=UTF-8:Public\\; Sons;John, Jack;;;"], "N:Public\\; Sons;John\\, Jack;;;"),
            (["CATEGORIES:one,two"], "CATEGORIES:one,two"),
            (["X-IRMC-FOO:a;b,c"], "X-IRMC-FOO:a;b,c"),
            (["NOTE;ENCODING=QUOTED-PRINTABLE:bell=07"], "NOTE:bell"),
        ],
    )
    def test_of_text(self, lines: list[str], expected: str) -> None:
        assert only(*lines) == expected

    def test_octets_of_windows_are_read_where_they_are_not_utf_8(self) -> None:
        assert only("NOTE:für", charset="cp1252") == "NOTE:für"
        assert only("NOTE;CHARSET=windows-1251:да", charset="cp1251") == "NOTE:да"

    def test_a_card_that_ends_in_a_soft_break_keeps_its_end(self) -> None:
        assert only("NOTE;QUOTED-PRINTABLE:a=") == "NOTE:a"

    def test_whole_cards(self) -> None:
        assert old().version == "2.1"
        assert parse(OUTLOOK).text("FN") == "Franz Strauß" and parse(OUTLOOK).text("NOTE") == "eins\nzwei; drei"
        assert parse(ANDROID).text("FN") == "Anders Ångström"


class TestParameters:
    """Verifies: RFC 2426, 5"""

    @pytest.mark.parametrize(
        "written, expected",
        [
            ("TEL;PREF;WORK;MSG;FAX:+1", "TEL;TYPE=PREF,WORK,MSG,FAX:+1"),
            ("TEL;TYPE=WORK;FAX:+1", "TEL;TYPE=WORK,FAX:+1"),
            ("ADR;LANGUAGE=fr-CA;HOME:;;x", "ADR;LANGUAGE=fr-CA;TYPE=HOME:;;x"),
            ("PHOTO;VALUE=URL;TYPE=GIF:file:///jqpublic.gif", "PHOTO;VALUE=uri;TYPE=GIF:file:///jqpublic.gif"),
            ("SOUND;VALUE=CONTENT-ID:<a.b@c>", "SOUND;VALUE=uri:cid:a.b@c"),
            ("NOTE;INLINE:x", "NOTE:x"),
            ("URL;VALUE=URL:http://a/b,c;d", "URL:http://a/b,c;d"),
            ("GEO:37.24,-17.87", "GEO:37.24;-17.87"),
            ("TZ:-0500", "TZ:-05:00"),
            ("TZ:+01", "TZ:+01:00"),
        ],
    )
    def test_of_parameters(self, written: str, expected: str) -> None:
        assert only(written) == expected


class TestBinary:
    """Verifies: RFC 2426, 5; RFC 2045, 6.8"""

    @pytest.mark.parametrize(
        "lines",
        [
            ["PHOTO;ENCODING=BASE64;TYPE=GIF:", "    R0lG", "    ODdh", ""],
            ["PHOTO;GIF;BASE64:R0lG", " ODdh"],
            # Some telephones do not indent.
            ["PHOTO;TYPE=GIF;ENCODING=BASE64:R0lG", "ODdh", ""],
        ],
    )
    def test_base64_ends_with_a_blank_line_or_the_next_property(self, lines: list[str]) -> None:
        assert only(*lines) == "PHOTO;ENCODING=b;TYPE=GIF:R0lGODdh"
        assert [line.name for line in old(*lines, "TEL:1").lines] == ["VERSION", "PHOTO", "TEL"]

    def test_a_picture_in_quoted_printable_becomes_base64(self) -> None:
        assert only("PHOTO;GIF;QUOTED-PRINTABLE:GIF87a=00") == "PHOTO;ENCODING=b;TYPE=GIF:R0lGODdhAA=="

    def test_an_agents_card_is_made_new_as_well(self) -> None:
        agent = ["AGENT:", "BEGIN:VCARD", "VERSION:2.1", "N:Friday;Fred", "TEL;WORK:1", "END:VCARD"]
        inside = "BEGIN:VCARD\\nVERSION:3.0\\nN:Friday\\;Fred\\nTEL\\;TYPE=WORK:1\\nEND:VCARD"
        assert only(*agent) == f"AGENT:{inside}"


class TestLaterCards:
    """A 3.0 with QUOTED-PRINTABLE in it is no 3.0, but is sent.

    Verifies: RFC 2426, 5
    """

    def test_its_text_is_decoded_and_the_rest_left_alone(self) -> None:
        data = (
            b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=\r\n=B6rg\r\n"
            b'NOTE:a\\, b\r\n  c\r\nTEL;TYPE="x;y":1\r\nEND:VCARD\r\n'
        )
        card = parse(data)
        assert card.version == "3.0" and card.text("FN") == "Jörg"
        assert card.lines[2].value == "a\\, b c"
        assert serialize(card) == data
        assert b"FN:J\xc3\xb6rg\r\n" in to_version(data, "4.0")

    def test_the_word_alone_changes_nothing(self) -> None:
        data = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nNOTE:is QUOTED-PRINTABLE, V\r\n ERSION:2.1\r\nEND:VCARD\r\n"
        assert parse(data).text("NOTE") == "is QUOTED-PRINTABLE, VERSION:2.1"

    def test_octets_that_are_no_utf_8_stay_refused(self) -> None:
        data = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN;ENCODING=QUOTED-PRINTABLE:=C3=\r\n=B6\r\nNOTE:\xff\r\nEND:VCARD\r\n"
        with pytest.raises(ContentError, match="UTF-8"):
            parse(data)

    def test_what_is_broken_stays_refused(self) -> None:
        with pytest.raises(ContentError, match="colon"):
            parse(b"BEGIN:VCARD\r\nVERSION:3.0\r\nNOTE:QUOTED-PRINTABLE\r\nx\r\nEND:VCARD\r\n")


class TestHostile:
    """Verifies: docs/architecture.md, Overload"""

    def test_there_are_limits(self) -> None:
        begin = b"BEGIN:VCARD\r\nVERSION:2.1\r\n"
        with pytest.raises(ContentError, match="octets"):
            parse(begin + b"x" * LIMITS.octets)
        with pytest.raises(ContentError, match="lines"):
            parse(begin + b"N:\n" * (LIMITS.lines + 1))
        with pytest.raises(ContentError, match="NUL"):
            parse(begin + b"N:\0\r\nEND:VCARD\r\n")

    @pytest.mark.parametrize("unit", [b"=\r\n", b" \r\n ", b";", b"=0D=0A=\r\n  ", b"AGENT:\r\n", b"\\;"])
    def test_work_grows_with_the_size(self, unit: bytes) -> None:
        def cost(count: int) -> float:
            data = b"BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE;QUOTED-PRINTABLE:" + unit * count + b"\r\nEND:VCARD\r\n"
            begun = time.process_time()
            try:
                parse(data)
            except ContentError:
                pass
            return time.process_time() - begun

        small = min([cost(2_000) for _ in range(3)])
        assert cost(20_000) < 40 * small + 0.05
