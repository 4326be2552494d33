"""Content lines read without loss, whatever wrote them, and written.

Verifies: RFC 5545, 3.1, 3.1.1, 3.1.4, 3.2; RFC 6350, 3.2, 3.3, 3.4
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar.parser import Contentline

from davd.formats.contentlines import (
    FOLD_AT,
    ContentError,
    Limits,
    Line,
    escape,
    folded,
    lines,
    make,
    split,
    unescape,
    write,
)

BOM = b"\xef\xbb\xbf"
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)
CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\t")
VALUES = st.text(CHARACTERS, max_size=60)
PARAM_VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters='\n"^:;,'), max_size=20
)
PARAMS = st.lists(st.tuples(NAMES, PARAM_VALUES), max_size=3)
MADE = st.lists(st.builds(make, NAMES, VALUES, PARAMS), max_size=8)
PIECES = [
    *(
        b"A:b",
        b"BEGIN:VCALENDAR",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b'"',
        b'="',
        b"=",
        b"\\",
        b"^n",
    ),
    *(b"\xc3", b"\xa4", b"\xff", b"\0", b"\x0b", BOM, b"item1.", b"X-\xc3\xa4:", b'A;B="c:d";E=f,"g,h":', b"\r\n \r\n"),
]
SCRAPS = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


def one(data: bytes) -> Line:
    found = lines(data)
    assert len(found) == 1
    return found[0]


def refused(data: bytes, limits: Limits | None = None) -> ContentError:
    with pytest.raises(ContentError) as caught:
        lines(data, limits or Limits())
    return caught.value


class TestWhatComesBack:
    """Verifies: RFC 5545, 3.1; RFC 6350, 3.2, 3.3"""

    @given(st.one_of(st.binary(max_size=200), SCRAPS))
    def test_octets_are_kept_or_refused(self, data: bytes) -> None:
        try:
            found = lines(data)
        except ContentError as error:
            assert -1 <= error.offset <= len(data) and str(error).endswith(".")
            return
        rest = data.removeprefix(BOM)
        kept = write(found, data)
        # Nothing but blank lines stands before the first line, and nothing between or after the lines.
        assert rest.endswith(kept) and not rest[: len(rest) - len(kept)].strip()
        assert all(one.end == two.start for one, two in zip(found, found[1:], strict=False))

    @given(MADE)
    def test_what_is_made_is_read(self, made: list[Line]) -> None:
        written = write(made)
        assert all(len(part) <= FOLD_AT for part in written.split(b"\r\n"))
        found = lines(written)
        assert [(line.name, line.raw_params, line.value) for line in found] == [
            (line.name, line.raw_params, line.value) for line in made
        ]
        assert write(found, written) == written

    @given(MADE, st.sampled_from([b"\r\n", b"\n", b"\r", b"\r\r\n"]), st.booleans(), st.data())
    def test_folds_anywhere_and_any_line_end(
        self, made: list[Line], end: bytes, marked: bool, data: st.DataObject
    ) -> None:
        plain = [folded(line).replace(b"\r\n ", b"") for line in made]
        mangled = BOM if marked else b""
        for octets in plain:
            content = octets[:-2]
            for cut in sorted(data.draw(st.lists(st.integers(1, len(content)), max_size=3)), reverse=True):
                content = content[:cut] + end + data.draw(st.sampled_from([b" ", b"\t"])) + content[cut:]
            mangled += content + end * data.draw(st.integers(1, 2))
        found = lines(mangled)
        assert [(line.name, line.params, line.value) for line in found] == [
            (line.name, line.params, line.value) for line in made
        ]
        assert BOM[: 3 * marked] + write(found, mangled) == mangled

    def test_line_ends_of_several_kinds(self) -> None:
        data = b"A:1\nB:2\r\nC:3\rD:4"
        assert [line.value for line in lines(data)] == ["1", "2", "3", "4"]
        assert write(lines(data), data) == data

    def test_spans_are_octets(self) -> None:
        data = BOM + "\r\nA:ä\r\nB;X=ö:\r\n c\r\n\r\nD:d".encode()
        assert [data[line.start : line.end].decode() for line in lines(data)] == [
            "A:ä\r\n",
            "B;X=ö:\r\n c\r\n\r\n",
            "D:d",
        ]

    def test_a_last_line_without_its_end_gets_one_where_it_is_not_last(self) -> None:
        data = b"A:1\r\nB:2"
        first, last = lines(data)
        assert write([last, first, make("c", "3")], data) == b"B:2\r\nA:1\r\nC:3\r\n"
        assert write([first, last], data) == data


class TestReading:
    """Verifies: RFC 5545, 3.1, 3.2; RFC 6350, 3.3"""

    def test_the_parts_of_a_line(self) -> None:
        data = b'item1.x-Foo;Type=a,"b:c";LANG=de:d:e\\,f\r\n'
        line = one(data)
        assert (line.name, line.group, line.value) == ("X-FOO", "item1", "d:e\\,f")
        assert line.raw_params == ';Type=a,"b:c";LANG=de'
        assert line.params == {"TYPE": ("a", "b:c"), "LANG": ("de",)}
        assert line.param("LANG") == "de" and line.param("VALUE") == ""
        assert (line.start, line.end) == (0, len(data))

    def test_a_fold_within_a_character(self) -> None:
        assert one("SUMMARY:ä".encode()[:-1] + b"\r\n " + "ä".encode()[-1:] + b"\r\n").value == "ä"

    def test_a_fold_within_a_name_and_within_a_line_end(self) -> None:
        assert one(b"SUM\r\n MARY\r\n :x\r\n").name == "SUMMARY"
        assert one(b"SUMMARY:a\r\n \r\n\tb\r\n").value == "ab"

    def test_a_line_goes_on_after_blank_ones(self) -> None:
        assert [line.value for line in lines(b"A:b\r\n\r\n c\r\n\r\nD:e\r\n")] == ["bc", "e"]

    def test_only_one_white_space_is_taken_away(self) -> None:
        assert one(b"A:b\r\n  c \r\n\t\td\r\n").value == "b c \td"

    def test_blank_lines_are_no_lines(self) -> None:
        assert lines(b"") == [] == lines(b"\r\n\r\n") == lines(BOM + b" \n\t\n")

    def test_marks_where_files_were_joined(self) -> None:
        assert [line.name for line in lines(b"BEGIN:A\r\n" + BOM + b"begin:B\r\n")] == ["BEGIN", "BEGIN"]

    def test_control_characters_stay(self) -> None:
        assert one(b"DESCRIPTION:a\x0bb\x07\r\n").value == "a\x0bb\x07"

    @pytest.mark.parametrize(
        ("raw", "params"),
        [
            (';CN="a:b;c,d"', {"CN": ("a:b;c,d",)}),
            (";CN=", {"CN": ("",)}),
            (';CN="";X=1', {"CN": ("",), "X": ("1",)}),
            (";CN=Foo, Bar", {"CN": ("Foo", " Bar")}),
            (';CN=Foo "the" Bar', {"CN": ('Foo "the" Bar',)}),
            (';CN="Foo" Bar', {"CN": ("Foo Bar",)}),
            (';CN="a', {"CN": ('"a',)}),
            (';CN="a;X=b', {"CN": ('"a',), "X": ("b",)}),
            (';M="a","b",c', {"M": ("a", "b", "c")}),
            (";TYPE=a;TYPE=b;type=c", {"TYPE": ("a", "b", "c")}),
            (";HOME;PREF", {"HOME": (), "PREF": ()}),
            (";TZID= Europe/Berlin ", {"TZID": (" Europe/Berlin ",)}),
            (";A==b=c", {"A": ("=b=c",)}),
        ],
    )
    def test_parameters(self, raw: str, params: dict[str, tuple[str, ...]]) -> None:
        line = one(f"A{raw}:v\r\n".encode())
        assert (line.raw_params, line.value, line.params) == (raw, "v", params)

    def test_a_quote_that_is_never_closed_ends_at_the_colon(self) -> None:
        line = one(b'ATTENDEE;CN="Foo:mailto:"bar"@example.com\r\n')
        assert (line.param("CN"), line.value) == ('"Foo', 'mailto:"bar"@example.com')
        line = one(b'ATTENDEE;CN="Foo:mailto:bar@example.com\r\n')
        assert (line.param("CN"), line.value) == ('"Foo', "mailto:bar@example.com")

    @given(st.lists(st.tuples(NAMES, st.text('abä^":;,\n=', max_size=12)), unique_by=lambda pair: pair[0].upper()))
    def test_params_as_another_reader_has_them(self, params: list[tuple[str, str]]) -> None:
        line = make("ATTENDEE", "mailto:a@b.c", params)
        name, theirs, value = Contentline.from_ical(folded(line)[:-2]).parts()
        assert (name, value) == (line.name, line.value)
        assert {
            key: (found,) if isinstance(found, str) else tuple(found) for key, found in theirs.items()
        } == line.params


class TestRefused:
    """Verifies: RFC 5545, 3.1, 3.1.4"""

    @pytest.mark.parametrize(
        ("data", "word", "offset"),
        [
            (b"A:b\r\nthis is no line\r\n", "colon", 5),
            (b"A:b\r\nno name: x\r\n", "name", 5),
            (b":x\r\n", "name", 0),
            (b".A:x\r\n", "name", 0),
            (b"A.B.C:x\r\n", "name", 0),
            ("Ä:x\r\n".encode(), "name", 0),
            (b"A;x\r\n", "colon", 0),
            (b"A:b\r\nC:\xff\r\n", "UTF-8", 5),
            (b"A:\xed\xa0\x80\r\n", "UTF-8", 0),
            (b"A:\0\r\n", "NUL", 2),
        ],
    )
    def test_what_no_reading_makes_sense_of(self, data: bytes, word: str, offset: int) -> None:
        error = refused(data)
        assert word in str(error) and error.offset == offset

    def test_limits(self) -> None:
        assert lines(b"A:b\r\n" * 3, Limits(octets=15, lines=3))
        assert "octets" in str(refused(b"A:b\r\n" * 3, Limits(octets=14)))
        for end in (b"\r\n", b"\n", b"\r"):
            assert "lines" in str(refused((b"A:b" + end) * 3, Limits(lines=2)))
            # What a line is folded into counts as well where that is cheaper to count.
            assert lines((b"A:b" + end) * 3, Limits(lines=3))


class TestText:
    """Verifies: RFC 5545, 3.3.11; RFC 6350, 3.4"""

    @given(st.text())
    def test_what_is_escaped_is_unescaped(self, text: str) -> None:
        assert unescape(escape(text)) == text.replace("\r\n", "\n").replace("\r", "\n")

    @given(st.lists(st.text(), min_size=1), st.sampled_from(",;"))
    def test_what_is_joined_is_split(self, parts: list[str], separator: str) -> None:
        escaped = [escape(part) for part in parts]
        assert split(separator.join(escaped), separator) == escaped

    @pytest.mark.parametrize(
        ("value", "parts"),
        [
            ("", [""]),
            ("a,b", ["a", "b"]),
            ("a\\,b,c", ["a\\,b", "c"]),
            ("a\\\\,b", ["a\\\\", "b"]),
            ("a\\\\\\,b", ["a\\\\\\,b"]),
            ("a,", ["a", ""]),
            ("a,b\\", ["a", "b\\"]),
            ("a\\,", ["a\\,"]),
        ],
    )
    def test_split(self, value: str, parts: list[str]) -> None:
        assert split(value, ",") == parts

    def test_a_backslash_that_escapes_nothing_stays(self) -> None:
        assert unescape("C:\\temp\\x\\n\\N\\\\n\\;\\,\\") == "C:\\temp\\x\n\n\\n;,\\"


class TestMaking:
    """Verifies: RFC 5545, 3.1, 3.2; RFC 6868, 3, 3.1"""

    def test_parameters_are_quoted_and_encoded(self) -> None:
        line = make(
            "attendee", "mailto:a@b.c", [("CN", 'George "Babe" ^\nRuth'), ("X", "a;b"), ("M", "1,2"), ("M", "3")]
        )
        assert folded(line).replace(b"\r\n ", b"") == (
            b'ATTENDEE;CN=George ^\'Babe^\' ^^^nRuth;X="a;b";M="1,2",3:mailto:a@b.c\r\n'
        )
        assert line.params == {"CN": ('George "Babe" ^\nRuth',), "X": ("a;b",), "M": ("1,2", "3")}

    def test_carets_that_encode_nothing_stay(self) -> None:
        assert one(b"A;X=^a^ ^asd^^n:v\r\n").param("X") == "^a^ ^asd^n"

    @given(st.text(CHARACTERS, min_size=1, max_size=300))
    def test_folds_split_no_character(self, value: str) -> None:
        octets = folded(make("X", value))
        assert octets.endswith(b"\r\n")
        parts = octets[:-2].split(b"\r\n ")
        assert all(part.decode("utf-8") for part in parts)
        assert all(len(part) <= FOLD_AT - bool(number) for number, part in enumerate(parts))
        # No more room is left than the next character, of four octets at most, would not have had.
        assert all(len(part) > FOLD_AT - 5 for part in parts[:-1])
        assert b"".join(parts) == f"X:{value}".encode()

    def test_groups(self) -> None:
        assert folded(make("tel", "1", group="item1")) == b"item1.TEL:1\r\n"

    @pytest.mark.parametrize("value", ["a\r\nATTENDEE:x", "a\nb", "\0", "\x7f"])
    def test_nothing_gets_out_of_its_line(self, value: str) -> None:
        with pytest.raises(ContentError):
            make("A", value)
        with pytest.raises(ContentError):
            make("A", "", [("X", value.replace("\n", "\r"))])

    def test_equality_knows_nothing_of_what_was_asked(self) -> None:
        one_line, other = make("A", "b", [("C", "d")]), make("A", "b", [("C", "d")])
        assert one_line.param("C") == "d" and one_line == other
        assert one_line != make("A", "b") and one_line != "A"
        assert one(b"A:b\r\n") != make("A", "b")


@pytest.mark.parametrize(
    "unit",
    [
        *(b"A:b\r\n", b"A:b\n", b"A:b\r", b"\r\n", b"\r\n ", b" ", b"A:b\r\n\r\n c\r\n", b'A;B="', b"A;", b"A;B=c,"),
        *(
            b'"',
            b'A;B="c";',
            b"A:\\",
            b"A:,\\,",
            b"A;B=^^^n",
            b"A;B=c;",
            b'A;B="c",',
            b'A;B="c"d,"',
            b"\xc3\xa4:",
            b"A.",
        ),
    ],
)
def test_no_content_takes_long(unit: bytes) -> None:
    size = 256 * 1024
    for data in (unit * (size // len(unit)), b"X" + unit.replace(b"\r\n", b"") * (size // len(unit)) + b":x\r\n"):
        began = time.process_time()
        try:
            for line in lines(data):
                assert line.params is not None
                split(unescape(line.value), ",")
        except ContentError:
            pass
        # Some 0.1 s for the slowest of them; what grows with the square of the length takes minutes.
        assert time.process_time() - began < 5


@settings(max_examples=50)
@given(
    st.lists(
        st.sampled_from([b"A", b";", b"=", b'"', b",", b":", b"x", b"\r\n", b"^", b"\\", b"."]), min_size=1, max_size=6
    )
)
def test_no_repetition_takes_long(parts: list[bytes]) -> None:
    data = b"A;B=" + b"".join(parts) * (20_000 // len(parts))
    began = time.process_time()
    try:
        for line in lines(data):
            assert line.params is not None
    except ContentError:
        pass
    assert time.process_time() - began < 2
