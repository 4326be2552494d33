"""jCard, both ways.

Verifies: RFC 7095, 3, 4, 5
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError
from davd.formats.vcard.card import parse
from davd.formats.vcard.convert import to_version
from davd.formats.vcard.jcard import from_jcard, to_jcard
from tests.corpus.vcard.cards import OLD, RFC6350, VALID
from tests.formats.vcard.models import cards_3, model

# Line of 4.0, property of jCard; the examples of RFC 7095 and of RFC 6350 among them.
CASES = [
    ("FN:John Doe", ["fn", {}, "text", "John Doe"]),
    ("N:Stevenson;John;Philip,Paul;Dr.;", ["n", {}, "text", ["Stevenson", "John", ["Philip", "Paul"], "Dr.", ""]]),
    ("ORG:ABC\\, Inc.;Marketing", ["org", {}, "text", ["ABC, Inc.", "Marketing"]]),
    ("GENDER:M", ["gender", {}, "text", "M"]),
    ("GENDER:;it's complicated", ["gender", {}, "text", ["", "it's complicated"]]),
    ("CONTACT.FN:Mr. John Q. Public\\, Esq.", ["fn", {"group": "CONTACT"}, "text", "Mr. John Q. Public, Esq."]),
    ("CATEGORIES:computers,cameras", ["categories", {}, "text", "computers", "cameras"]),
    ("TEL;TYPE=work,voice;VALUE=uri:tel:+1", ["tel", {"type": ["work", "voice"]}, "uri", "tel:+1"]),
    ("BDAY:--0412", ["bday", {}, "date-and-or-time", "--04-12"]),
    ("BDAY;VALUE=text:circa 1800", ["bday", {}, "text", "circa 1800"]),
    ("REV:20130214T123000Z", ["rev", {}, "timestamp", "2013-02-14T12:30:00Z"]),
    ("TZ;VALUE=utc-offset:-0500", ["tz", {}, "utc-offset", "-05:00"]),
    ("LANG:de", ["lang", {}, "language-tag", "de"]),
    ("NOTE;LANGUAGE=en:a\\nb", ["note", {"language": "en"}, "text", "a\nb"]),
    ("X-FOO:a\\,b;c", ["x-foo", {}, "unknown", "a\\,b;c"]),
    ("X-FOO;VALUE=integer:1,-2", ["x-foo", {}, "integer", 1, -2]),
    ("X-FOO;VALUE=float:30.5", ["x-foo", {}, "float", 30.5]),
    ("X-FOO;VALUE=boolean:TRUE", ["x-foo", {}, "boolean", True]),
    ("X-FOO;VALUE=integer:many", ["x-foo", {}, "integer", "many"]),
    ("X-FOO;VALUE=date:19850412,19850413", ["x-foo", {}, "date", "1985-04-12", "1985-04-13"]),
    ("X-FOO;VALUE=time:102200", ["x-foo", {}, "time", "10:22:00"]),
    ("X-FOO;VALUE=x-own:1", ["x-foo", {}, "x-own", "1"]),
    ("CLIENTPIDMAP:1;urn:uuid:5", ["clientpidmap", {}, "text", ["1", "urn:uuid:5"]]),
    ("RELATED;TYPE=friend:urn:uuid:5", ["related", {"type": "friend"}, "uri", "urn:uuid:5"]),
]  # fmt: skip


def card(line: str) -> bytes:
    return f"BEGIN:VCARD\r\nVERSION:4.0\r\n{line}\r\nEND:VCARD\r\n".encode()


class TestProperties:
    """Verifies: RFC 7095, 3.3, 3.4, 3.5, 3.6, 5.1"""

    @pytest.mark.parametrize("line, expected", CASES)
    def test_to_jcard(self, line: str, expected: list[object]) -> None:
        found = json.loads(to_jcard(card(line)))
        assert found == ["vcard", [["version", {}, "text", "4.0"], expected]]

    @pytest.mark.parametrize("line, expected", CASES)
    def test_from_jcard(self, line: str, expected: list[object]) -> None:
        assert model(from_jcard(json.dumps(["vcard", [expected]]).encode())) == model(card(line))

    def test_structures_of_others_are_taken(self) -> None:
        data = json.dumps(["vcard", [["x-foo", {}, "text", ["a;b", ["c", "d"]]]]]).encode()
        assert parse(from_jcard(data)).lines[1].value == "a\\;b;c,d"


class TestWhole:
    """Verifies: RFC 7095, 3.1, 3.2, 4"""

    @pytest.mark.parametrize("name", [*VALID, *OLD])
    def test_cards_of_any_version_there_and_back(self, name: str) -> None:
        data = {**VALID, **OLD}[name]
        assert model(from_jcard(to_jcard(data))) == model_of_4(data)

    def test_version_comes_first(self) -> None:
        data = b"BEGIN:VCARD\r\nFN:x\r\nVERSION:4.0\r\nEND:VCARD\r\n"
        assert to_jcard(data) == b'["vcard",[["version",{},"text","4.0"],["fn",{},"text","x"]]]'
        assert from_jcard(to_jcard(data)).startswith(b"BEGIN:VCARD\r\nVERSION:4.0\r\n")

    @settings(max_examples=80, deadline=None)
    @given(cards_3())
    def test_any_card_there_and_back(self, data: bytes) -> None:
        there = to_jcard(data)
        assert to_jcard(from_jcard(there)) == there

    def test_the_rfcs_own_card(self) -> None:
        found = json.loads(to_jcard(RFC6350))[1]
        assert ["tel", {"type": ["work", "voice"], "pref": "1"}, "uri", "tel:+1-418-656-9254;ext=102"] in found
        assert ["n", {}, "text", ["Perreault", "Simon", "", "", ["ing. jr", "M.Sc."]]] in found
        assert ["anniversary", {}, "date-and-or-time", "2009-08-08T14:30-05:00"] in found


def model_of_4(data: bytes) -> object:
    """What the card says in 4.0, with what jCard does not tell apart made the same."""
    found = model(to_version(data, "4.0"))
    same = type(found)()
    for (group, name, params, value), count in found.items():
        default = {("TZ", "text"), ("KEY", "uri")}
        kept = frozenset([pair for pair in params if pair[0] != "VALUE" or (name, pair[1]) not in default])
        same[group, name, kept, value] += count
    return same


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=12,
)


class TestRefused:
    """Verifies: RFC 7095, 3.2, 3.3, 4"""

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"\xff",
            b"[" * 100_000,
            b"[]",
            b'["vcalendar",[]]',
            b'["vcard",{}]',
            b'["vcard",[1]]',
            b'["vcard",[["fn",{},"text"]]]',
            b'["vcard",[["fn",[],"text","x"]]]',
            b'["vcard",[["f n",{},"text","x"]]]',
            b'["vcard",[["fn",{},"te xt","x"]]]',
            b'["vcard",[["fn",{"a":1},"text","x"]]]',
            b'["vcard",[["fn",{"a b":"c"},"text","x"]]]',
            b'["vcard",[["fn",{"group":"a.b"},"text","x"]]]',
            b'["vcard",[["fn",{},"text",null]]]',
            b'["vcard",[["fn",{},"uri",["x"]]]]',
            b'["vcard",[["url",{},"uri","x\\ny:z"]]]',
            b'["vcard",[["fn",{},"text","\\u0000"]]]',
            b'["vcard",[["fn",{},"date",1e999]]]',
        ],
    )
    def test_what_is_none(self, data: bytes) -> None:
        with pytest.raises(ContentError):
            from_jcard(data)

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(
            st.one_of(
                JSON, st.tuples(st.sampled_from(["fn", "n", "bday", "tz", "x-a"]), JSON, st.text(max_size=9), JSON)
            )
        )
    )
    def test_nothing_raises_anything_else(self, properties: list[object]) -> None:
        try:
            found = from_jcard(json.dumps(["vcard", properties]).encode())
        except ContentError:
            return
        assert parse(found).version == "4.0"


def test_values_of_one_parameter_by_the_thousand() -> None:
    """They are one array, however many there are."""
    kinds = [f"k{number}" for number in range(100_000)]
    card = f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nTEL;TYPE={','.join(kinds)}:1\r\nEND:VCARD\r\n".encode()
    assert json.loads(to_jcard(card))[1][2] == ["tel", {"type": kinds}, "text", "1"]
