"""4.0 as 3.0, property by property.

Verifies: RFC 2426, 3, 4; RFC 6350, A.1, A.2
"""

from __future__ import annotations

import base64

import pytest

from davd.formats.vcard.card import parse
from davd.formats.vcard.convert import to_version
from tests.performance.calls import counted

CASES = [
    ("EMAIL;PREF=1;TYPE=home:a@b.c", ["EMAIL;TYPE=home,PREF:a@b.c"]),
    ("EMAIL;PREF=7:a@b.c", ["EMAIL;PREF=7;TYPE=PREF:a@b.c"]),
    ("EMAIL;PREF=much:a@b.c", ["EMAIL;PREF=much:a@b.c"]),
    ("TEL;VALUE=uri;TYPE=\"voice,home\":tel:+1-555-5555;ext=5555", ["TEL;TYPE=voice,home:+1-555-5555\\;ext=5555"]),
    ("TEL;VALUE=uri:sip:a@b", ["TEL;VALUE=uri:sip:a@b"]),
    ("TEL;VALUE=text;PREF=1:1", ["TEL;TYPE=PREF:1"]),
    ("BDAY:19960415", ["BDAY:1996-04-15"]),
    ("BDAY:--0415", ["BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15"]),
    ("BDAY;VALUE=date-and-or-time:19531015T231000Z", ["BDAY;VALUE=date-time:1953-10-15T23:10:00Z"]),
    ("BDAY:1996", ["BDAY;VALUE=date-and-or-time:1996"]),
    ("BDAY;VALUE=text:circa 1800", ["BDAY;VALUE=text:circa 1800"]),
    ("ANNIVERSARY:20060108", ["item1.X-ABDATE:2006-01-08", "item1.X-ABLABEL:_$!<Anniversary>!$_"]),
    ("ANNIVERSARY:--0108", ["item1.X-ABDATE;X-APPLE-OMIT-YEAR=1604:1604-01-08", "item1.X-ABLABEL:_$!<Anniversary>!$_"]),
    ("ANNIVERSARY:2006-01", ["ANNIVERSARY;VALUE=date-and-or-time:2006-01"]),
    ("ANNIVERSARY;VALUE=text:in spring", ["ANNIVERSARY;VALUE=text:in spring"]),
    ("REV:19951031T222710Z", ["REV:1995-10-31T22:27:10Z"]),
    ("REV:some day", ["REV:some day"]),
    ("TZ;VALUE=utc-offset:-0500", ["TZ:-05:00"]),
    ("TZ:-0500", ["TZ:-05:00"]),
    ("TZ:Raleigh/North America", ["TZ;VALUE=text:Raleigh/North America"]),
    ("TZ;VALUE=uri:http://tz", ["TZ;VALUE=uri:http://tz"]),
    ("GEO:geo:37.386013,-122.082932", ["GEO:37.386013;-122.082932"]),
    ("GEO:geo:1,2,3", ["GEO;VALUE=uri:geo:1,2,3"]),
    ("GEO:1;2", ["GEO:1;2"]),
    ("UID;VALUE=text:1234", ["UID:1234"]),
    ("UID:urn:uuid:1", ["UID:urn:uuid:1"]),
    ("KIND:group", ["X-ADDRESSBOOKSERVER-KIND:group"]),
    ("KIND:org", ["X-ABSHOWAS:COMPANY"]),
    ("KIND:individual", ["KIND:individual"]),
    ("MEMBER:urn:uuid:1", ["X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1"]),
    ("RELATED;TYPE=friend:urn:uuid:1", ["RELATED;TYPE=friend:urn:uuid:1"]),
    ("RELATED:urn:uuid:1", ["RELATED:urn:uuid:1"]),
    ("RELATED;VALUE=text;TYPE=spouse:Jenny", ["item1.X-ABRELATEDNAMES:Jenny", "item1.X-ABLABEL:_$!<Spouse>!$_"]),
    ("RELATED;VALUE=text;TYPE=muse,crush:J", ["item1.X-ABRELATEDNAMES;TYPE=crush:J", "item1.X-ABLABEL:muse"]),
    ("RELATED;VALUE=text:Jenny", ["X-ABRELATEDNAMES:Jenny"]),
    ("RELATED;TYPE=agent:http://a/b.vcf", ["AGENT;VALUE=uri:http://a/b.vcf"]),
    ("RELATED;TYPE=agent:data:text/vcard,BEGIN:VCARD%0D%0AEND:VCARD", ["AGENT:BEGIN:VCARD\\nEND:VCARD"]),
    ("RELATED;TYPE=agent:data:text/vcard;base64,/w==", ["RELATED;TYPE=agent:data:text/vcard;base64,/w=="]),
    ("ADR;LABEL=\"a^nb, c\";TYPE=home:;;x", ["ADR;TYPE=home:;;x", "LABEL;TYPE=home:a\\nb\\, c"]),
    ("ADR;LABEL=\"a\\nb\":;;x", ["ADR:;;x", "LABEL:a\\nb"]),
    ("ADR;LABEL=a;TYPE=home:;;;;;;", ["LABEL;TYPE=home:a"]),
    ("ADR:;;x", ["ADR:;;x"]),
    ("GENDER:O;it is complicated", ["GENDER:O;it is complicated"]),
    ("LANG;PREF=2;TYPE=work:fr", ["LANG;PREF=2;TYPE=work,PREF:fr"]),
    ("CLIENTPIDMAP:1;urn:uuid:1", ["CLIENTPIDMAP:1;urn:uuid:1"]),
    ("BIRTHPLACE;VALUE=uri:geo:1,2", ["BIRTHPLACE;VALUE=uri:geo:1,2"]),
    ("DEATHDATE:19960415", ["DEATHDATE:1996-04-15"]),
    ("EXPERTISE;LEVEL=expert:chess", ["EXPERTISE;LEVEL=expert:chess"]),
    ("SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://a/@b", ["SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://a/@b"]),
    ("JSPROP;JSPTR=a/b:1", ["JSPROP;JSPTR=a/b:1"]),
    ("X-UNKNOWN;PID=1.1:x", ["X-UNKNOWN;PID=1.1:x"]),
]  # fmt: skip


def down(*lines: str, name: str = "N:A;;;;\r\nFN:A") -> list[str]:
    """The properties of a 4.0 in 3.0, without VERSION and the names."""
    data = "\r\n".join(["BEGIN:VCARD", "VERSION:4.0", *([name] if name else []), *lines, "END:VCARD", ""]).encode()
    card = parse(to_version(data, "3.0"))
    names = 3 if name else 1
    return [
        f"{f'{line.group}.' if line.group else ''}{line.name}{line.raw_params}:{line.value}"
        for line in card.lines[names:]
    ]


class TestProperties:
    """Verifies: RFC 2426, 3, 4; RFC 6350, A.1; RFC 6473, 2; RFC 6474, 2; RFC 6715, 2; RFC 9554, 3; RFC 9555, 4"""

    @pytest.mark.parametrize("line, expected", CASES)
    def test_one(self, line: str, expected: list[str]) -> None:
        assert down(line) == expected

    def test_the_lowest_pref_is_the_preferred_one(self) -> None:
        found = down("TEL;PREF=20:2", "TEL;PREF=10:1", "TEL:3", "EMAIL;PREF=50:e")
        assert found == ["TEL;PREF=20:2", "TEL;PREF=10;TYPE=PREF:1", "TEL:3", "EMAIL;PREF=50;TYPE=PREF:e"]

    def test_an_agents_card(self) -> None:
        packed = base64.b64encode(b"BEGIN:VCARD\r\nFN:a, b\r\nEND:VCARD").decode()
        assert down(f"RELATED;TYPE=agent:data:text/vcard;base64,{packed}") == [
            "AGENT:BEGIN:VCARD\\nFN:a\\, b\\nEND:VCARD"
        ]

    def test_a_relation_with_a_label_keeps_that(self) -> None:
        lines = ["item1.RELATED;VALUE=text;TYPE=parent:Byron", "item1.X-ABLABEL:_$!<Father>!$_"]
        assert down(*lines) == ["item1.X-ABRELATEDNAMES:Byron", lines[1]]

    def test_an_anniversary_told_twice_is_told_once(self) -> None:
        assert down("X-EVOLUTION-ANNIVERSARY:2006-01-08", "ANNIVERSARY:20060108") == [
            "X-EVOLUTION-ANNIVERSARY:2006-01-08"
        ]


class TestNames:
    """Verifies: RFC 2426, 3.1.1, 3.1.2, 3.6.5, 4"""

    def test_what_is_missing_is_made(self) -> None:
        assert down("FN:Ada Lovelace\\, x", name="") == ["N:Ada Lovelace\\, x;;;;", "FN:Ada Lovelace\\, x"]
        assert down("ORG:A;B", name="") == ["FN:A", "N:A;;;;", "ORG:A;B"]

    def test_of_several_names_the_preferred_one_is_the_name(self) -> None:
        lines = ["FN;LANGUAGE=fr:x", "FN;PREF=1:y", "N;ALTID=1:a;b", "N;ALTID=1;LANGUAGE=jp:c;d"]
        expected = ["X-DAVD-FN;LANGUAGE=fr:x", "FN;TYPE=PREF:y", "N;ALTID=1:a;b", "X-DAVD-N;ALTID=1;LANGUAGE=jp:c;d"]
        assert down(*lines, name="") == expected

    def test_they_come_back(self) -> None:
        data = b"BEGIN:VCARD\r\nVERSION:4.0\r\nN:a;;;;\r\nFN;LANGUAGE=fr:x\r\nFN;PREF=1:y\r\nEND:VCARD\r\n"
        assert to_version(to_version(data, "3.0"), "4.0") == data

    def test_the_string_to_sort_by(self) -> None:
        found = parse(
            to_version(b'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nN;SORT-AS="Harten,Rene":v\r\nEND:VCARD\r\n', "3.0")
        )
        assert found.text("SORT-STRING") == "Harten,Rene"


def test_anniversaries_by_the_thousand() -> None:
    """What it costs to see whether each is there already grows with their number, not with its square."""

    def calls(number: int) -> int:
        days = [f"ANNIVERSARY:{1900 + n % 100}0101" for n in range(number)]
        others = [f"X-ANNIVERSARY:{2000 + n % 100}0101" for n in range(number)]
        data = "\r\n".join(["BEGIN:VCARD", "VERSION:4.0", "FN:x", *days, *others, "END:VCARD", ""]).encode()
        return counted(lambda: to_version(data, "3.0"))

    assert calls(400) < 3 * calls(200)
