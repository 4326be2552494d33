"""3.0 as 4.0, property by property.

Verifies: RFC 6350, 6, A.1, A.2
"""

from __future__ import annotations

import base64

import pytest

from davd.formats.vcard.card import parse
from davd.formats.vcard.convert import to_version
from davd.formats.vcard.upward import full_name
from tests.performance.calls import counted

CASES = [
    ("EMAIL;TYPE=INTERNET,PREF:a@b.c", ["EMAIL;TYPE=INTERNET;PREF=1:a@b.c"]),
    ("TEL;TYPE=pref;PREF=50:1", ["TEL;PREF=50:1"]),
    ("TEL;HOME;VALUE=phone-number:1", ["TEL;TYPE=HOME:1"]),
    ("NOTE;CHARSET=UTF-8:x", ["NOTE:x"]),
    ("X-FOO;VALUE=URL:x:y", ["X-FOO;VALUE=uri:x:y"]),
    ("BDAY:1996-04-15", ["BDAY:19960415"]),
    ("BDAY;VALUE=date:19960415", ["BDAY:19960415"]),
    ("BDAY;VALUE=date-time:1953-10-15T23:10:00Z", ["BDAY:19531015T231000Z"]),
    ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", ["BDAY:--0415"]),
    ("BDAY:some day", ["BDAY;VALUE=text:some day"]),
    ("BDAY:", ["BDAY:"]),
    ("REV:1995-10-31T22:27:10Z", ["REV:19951031T222710Z"]),
    ("REV:1995-10-31", ["REV:19951031T000000Z"]),
    ("REV:1", ["REV:1"]),
    ("TZ:-05:00", ["TZ;VALUE=utc-offset:-0500"]),
    ("TZ;VALUE=text:-05:00; EST; Raleigh", ["TZ:-05:00; EST; Raleigh"]),
    ("TZ;VALUE=uri:http://tz", ["TZ;VALUE=uri:http://tz"]),
    ("GEO:37.386013;-122.082932", ["GEO:geo:37.386013,-122.082932"]),
    ("GEO:37.386013\\;-122.082932", ["GEO:geo:37.386013,-122.082932"]),
    ("GEO;VALUE=uri:geo:1,2,3;u=1", ["GEO:geo:1,2,3;u=1"]),
    ("UID:1234", ["UID;VALUE=text:1234"]),
    ("UID:urn:uuid:1", ["UID:urn:uuid:1"]),
    ("item1.URL;type=pref:http\\://a/", ["item1.URL;PREF=1:http://a/"]),
    ("URL:http://a/,b", ["URL:http://a/,b"]),
    ("CLASS:PRIVATE", ["CLASS:PRIVATE"]),
    ("MAILER:x", ["MAILER:x"]),
    ("PROFILE:VCARD", []),
    ("NAME:The source", ["NAME:The source"]),
    ("X-ADDRESSBOOKSERVER-KIND:group", ["KIND:group"]),
    ("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", ["MEMBER:urn:uuid:1"]),
    ("X-ABSHOWAS:COMPANY", ["KIND:org"]),
    ("X-ABSHOWAS:PERSON", ["X-ABSHOWAS:PERSON"]),
    ("X-DAVD-FN;LANGUAGE=fr:y", ["FN;LANGUAGE=fr:y"]),
    ("LABEL;TYPE=HOME:a\\nb\\, c", ['ADR;TYPE=HOME;LABEL="a^nb, c":;;;;;;']),
    ("X-ANNIVERSARY:2006-01-08", ["X-ANNIVERSARY:2006-01-08", "ANNIVERSARY:20060108"]),
    ("X-ANNIVERSARY:always", ["X-ANNIVERSARY:always"]),
    ("AGENT;VALUE=uri:CID:a@b", ["RELATED;TYPE=agent:CID:a@b"]),
    ("AGENT:Fred Friday", ["RELATED;VALUE=text;TYPE=agent:Fred Friday"]),
    ("X-ABRELATEDNAMES;type=pref:Jenny", ["RELATED;VALUE=text;PREF=1:Jenny"]),
    ("KIND:location", ["KIND:location"]),
    ("X-UNKNOWN;X-A=b:c\\:d", ["X-UNKNOWN;X-A=b:c\\:d"]),
]


def up(*lines: str, name: str = "N:A;;;;\r\nFN:A") -> list[str]:
    """The properties of a 3.0 in 4.0, without VERSION and the names."""
    data = "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *([name] if name else []), *lines, "END:VCARD", ""]).encode()
    card = parse(to_version(data, "4.0"))
    names = 3 if name else 1
    return [
        f"{f'{line.group}.' if line.group else ''}{line.name}{line.raw_params}:{line.value}"
        for line in card.lines[names:]
    ]


class TestProperties:
    """Verifies: RFC 6350, 6, A.1, A.2"""

    @pytest.mark.parametrize("line, expected", CASES)
    def test_one(self, line: str, expected: list[str]) -> None:
        assert up(line) == expected

    def test_an_agents_card(self) -> None:
        found = up("AGENT:BEGIN:VCARD\\nVERSION:3.0\\nFN:x\\, y\\nEND:VCARD")
        head, _, payload = found[0].partition(",")
        assert head == "RELATED;TYPE=agent:data:text/vcard;base64"
        assert base64.b64decode(payload) == b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x, y\r\nEND:VCARD"

    def test_the_string_to_sort_by_goes_with_the_name(self) -> None:
        assert up("SORT-STRING:Harten", name="N:van der Harten;;;;\r\nFN:x") == []
        data = b"BEGIN:VCARD\r\nVERSION:3.0\r\nSORT-STRING:Harten\\, x\r\nFN:R\r\nN:van der Harten\r\nEND:VCARD\r\n"
        line = parse(to_version(data, "4.0")).first("N")
        assert line is not None and line.param("SORT-AS") == "Harten, x"

    def test_without_a_name_it_stays(self) -> None:
        assert up("FN:x", "SORT-STRING:Harten", name="") == ["FN:x", "SORT-STRING:Harten"]


class TestLabelled:
    """Verifies: RFC 6350, 6.2.6, 6.6.6"""

    def test_an_anniversary_takes_its_label_along(self) -> None:
        assert up("item1.X-ABDATE:2006-01-08", "item1.X-ABLABEL:_$!<Anniversary>!$_") == ["item1.ANNIVERSARY:20060108"]

    def test_other_dates_stay(self) -> None:
        lines = ["item1.X-ABDATE:2006-01-08", "item1.X-ABLABEL:First met"]
        assert up(*lines) == lines

    def test_there_is_one_anniversary(self) -> None:
        lines = ["item1.X-ABDATE:2006-01-08", "item1.X-ABLABEL:_$!<Anniversary>!$_", "ANNIVERSARY:2007-01-08"]
        assert up(*lines) == [*lines[:2], "ANNIVERSARY:20070108"]

    def test_a_relation_keeps_its_label_beside_the_type(self) -> None:
        assert up("item1.X-ABRELATEDNAMES:Byron", "item1.X-ABLABEL:_$!<Father>!$_") == [
            "item1.RELATED;VALUE=text;TYPE=parent:Byron",
            "item1.X-ABLABEL:_$!<Father>!$_",
        ]


class TestAddresses:
    """Verifies: RFC 6350, 6.3.1"""

    def test_a_label_goes_to_the_address_of_its_types(self) -> None:
        assert up("ADR;TYPE=HOME,PREF:;;a", "ADR;TYPE=WORK:;;b", "LABEL;TYPE=work:B", "LABEL;TYPE=HOME:A") == [
            "ADR;TYPE=HOME;PREF=1;LABEL=A:;;a",
            "ADR;TYPE=WORK;LABEL=B:;;b",
        ]

    def test_a_label_right_behind_an_address_goes_to_that(self) -> None:
        assert up("ADR;TYPE=HOME:;;a", "ADR;TYPE=HOME:;;b", "LABEL;TYPE=HOME:B") == [
            "ADR;TYPE=HOME:;;a",
            "ADR;TYPE=HOME;LABEL=B:;;b",
        ]


class TestFullName:
    """Verifies: RFC 6350, 6.2.1"""

    @pytest.mark.parametrize(
        "line, expected",
        [
            ("N:Stevenson;John;Philip,Paul;Dr.;Jr.", "Dr. John Philip Paul Stevenson Jr."),
            ("N:;;;;\r\nORG:A\\, Inc.;B", "A, Inc."),
            ("NICKNAME:Jim,Jimmie", "Jim"),
            ("EMAIL:a@b.c", "a@b.c"),
            ("NOTE:x", ""),
        ],
    )
    def test_is_made_of_what_there_is(self, line: str, expected: str) -> None:
        data = f"BEGIN:VCARD\r\nVERSION:3.0\r\n{line}\r\nEND:VCARD\r\n".encode()
        assert full_name(parse(data)) == expected
        assert parse(to_version(data, "4.0")).text("FN") == expected


def test_labels_and_addresses_by_the_thousand() -> None:
    """What finding an address for each label costs grows with their number, not with its square."""

    def calls(number: int) -> int:
        data = card(*["LABEL:x"] * number, *["ADR:;;x"] * number)
        return counted(lambda: to_version(data, "4.0"))

    def card(*lines: str) -> bytes:
        return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", "FN:x", *lines, "END:VCARD", ""]).encode()

    assert calls(400) < 3 * calls(200)


def test_the_first_label_goes_to_the_first_address() -> None:
    """Of several that are alike, those that come first go together."""
    assert up("LABEL:A", "LABEL:B", "ADR:;;a", "ADR:;;b", "NOTE:x", "LABEL:C") == [
        "ADR;LABEL=A:;;a",
        "ADR;LABEL=B:;;b",
        "NOTE:x",
        "ADR;LABEL=C:;;;;;;",
    ]
