"""Trees of components, read and written back as the same octets.

Verifies: RFC 5545, 3.4, 3.5, 3.6
"""

from __future__ import annotations

import time

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError, Limits, make
from davd.formats.icalendar.object import Component, parse, parse_all, serialize
from tests.corpus.icalendar.objects import names, octets
from tests.formats.icalendar.models import CALENDARS

BOM = b"\xef\xbb\xbf"
PIECES = [
    *(b"BEGIN:VCALENDAR", b"BEGIN:VEVENT", b"BEGIN:VALARM", b"END:VALARM", b"END:VEVENT", b"END:VCALENDAR", b"begin:x"),
    *(
        b"UID:1",
        b"X:\xc3\xa4",
        b"\r\n",
        b"\r\n",
        b"\r\n",
        b"\n",
        b" ",
        b"\r",
        b":",
        b";",
        BOM,
        b"end:X",
        b"\xff",
        b"BEGIN:",
    ),
]
SCRAPS = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)
NESTED = b"".join(f"BEGIN:{name}\r\n".encode() for name in ("VCALENDAR", *"ABCD")) + b"".join(
    f"END:{name}\r\n".encode() for name in (*"DCBA", "VCALENDAR")
)


def same(one: Component, other: Component) -> bool:
    """Whether two components say the same."""
    return (
        one.name == other.name
        and [(line.name, line.params, line.value) for line in one.lines]
        == [(line.name, line.params, line.value) for line in other.lines]
        and len(one.components) == len(other.components)
        and all(map(same, one.components, other.components))
    )


class TestLossless:
    """Verifies: RFC 5545, 3.4, 3.6"""

    @pytest.mark.parametrize("name", names())
    def test_octets_come_back(self, name: str) -> None:
        for data in (octets(name), octets(name).replace(b"\r\n", b"\n"), BOM + octets(name).rstrip() + b"\r\n\r\n"):
            assert serialize(parse(data), data) == data

    @given(CALENDARS)
    def test_what_is_made_is_read(self, made: Component) -> None:
        written = serialize(made)
        found = parse(written)
        assert same(made, found)
        assert serialize(found, written) == written

    @given(st.one_of(st.binary(max_size=100), SCRAPS))
    def test_octets_come_back_or_are_refused(self, data: bytes) -> None:
        for read in (parse, parse_all):
            try:
                found = read(data)
            except ContentError as error:
                assert -1 <= error.offset <= len(data)
                continue
            if isinstance(found, Component):
                assert serialize(found, data) == data
            else:
                assert all(serialize(each, data) in data for each in found)

    def test_only_what_is_changed_is_written_anew(self) -> None:
        data = (
            b"begin:vcalendar\r\nVersion:2.0\r\nbegin:vevent\r\nuid:1\r\nSummary:a\r\n  b\r\n\r\nbegin:valarm\r\n"
            b"Action:x\r\nend:valarm\r\nlocation:c\r\nend:vevent\r\nend:vcalendar\r\n\r\n"
        )
        calendar = parse(data)
        event = calendar.components[0]
        event.lines[1] = make("SUMMARY", "new")
        assert serialize(calendar, data) == (
            b"begin:vcalendar\r\nVersion:2.0\r\nbegin:vevent\r\nuid:1\r\nSUMMARY:new\r\nlocation:c\r\nbegin:valarm\r\n"
            b"Action:x\r\nend:valarm\r\nend:vevent\r\nend:vcalendar\r\n\r\n"
        )

    @pytest.mark.parametrize("change", ["drop line", "add line", "swap lines", "drop component", "twice", "move"])
    def test_every_change_is_seen(self, change: str) -> None:
        data = (
            b"BEGIN:VCALENDAR\r\nA:1\r\nB:2\r\nBEGIN:X\r\nC:3\r\nEND:X\r\nBEGIN:X\r\nD:4\r\nEND:X\r\nEND:VCALENDAR\r\n"
        )
        calendar = parse(data)
        first, second = calendar.components
        if change == "drop line":
            del calendar.lines[0]
        elif change == "add line":
            calendar.lines.append(make("E", "5"))
        elif change == "swap lines":
            calendar.lines.reverse()
        elif change == "drop component":
            calendar.components.pop(0)
        elif change == "twice":
            calendar.components = [second, second]
        else:
            first.lines, second.lines = second.lines, first.lines
        written = serialize(calendar, data)
        assert written != data and same(parse(written), calendar)

    def test_a_mark_stays_with_what_is_not_changed(self) -> None:
        data = BOM + b"BEGIN:VCALENDAR\r\nA:1\r\nEND:VCALENDAR"
        calendar = parse(data)
        assert serialize(calendar, data) == data
        calendar.lines.append(make("B", "2"))
        assert serialize(calendar, data) == b"BEGIN:VCALENDAR\r\nA:1\r\nB:2\r\nEND:VCALENDAR"

    def test_a_part_can_be_written_by_itself(self) -> None:
        data = octets("client-apple")
        calendar = parse(data)
        for component in calendar.components:
            assert serialize(component, data) == data[component.start : component.end]
            assert serialize(component, data).startswith(b"BEGIN:" + component.name.encode())
        alone = Component("VCALENDAR", [make("VERSION", "2.0")], calendar.subs("VTIMEZONE"))
        written = serialize(alone, data)
        assert written.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\n")
        assert serialize(calendar.components[0], data) in written


class TestReading:
    """Verifies: RFC 5545, 3.4, 3.6"""

    def test_the_tree(self) -> None:
        calendar = parse(octets("client-apple"))
        assert [component.name for component in calendar.components] == ["VTIMEZONE", "VEVENT", "VEVENT"]
        event = calendar.subs("VEVENT")[0]
        assert [alarm.text("ACTION") for alarm in event.subs("VALARM")] == ["DISPLAY", "NONE"]
        assert event.text("LOCATION") == "Kaffee, Kuchen & Co.\nRingstraße 1, 1010 Wien, Österreich"
        assert event.first("RRULE") is event.all("RRULE")[0]
        assert event.first("COMMENT") is None and event.text("COMMENT") == "" and event.all("COMMENT") == []
        location = event.first("X-APPLE-STRUCTURED-LOCATION")
        assert location is not None and location.param("X-TITLE") == "Kaffee, Kuchen & Co."

    @pytest.mark.parametrize("name", names())
    def test_as_another_reader_has_it(self, name: str) -> None:
        theirs = icalendar.Calendar.from_ical(octets(name))
        pending = [(parse(octets(name)), theirs)]
        while pending:
            ours, other = pending.pop()
            assert ours.name == other.name
            assert {line.name for line in ours.lines} == set(other.keys()) | {name for name, _ in other.errors if name}
            assert len(ours.components) == len(other.subcomponents)
            pending += zip(ours.components, other.subcomponents, strict=True)

    def test_names_in_any_case_and_with_spaces(self) -> None:
        calendar = parse(b"Begin:vCalendar \nbegin: vevent\nuid:1\nend:VEVENT\nEND:VCALENDAR\n")
        assert calendar.components[0].name == "VEVENT" and calendar.components[0].text("UID") == "1"

    def test_several_calendars(self) -> None:
        data = octets("rfc5545-4-todo") + b"\r\n" + BOM + octets("rfc5545-4-journal")
        first, second = parse_all(data)
        assert first.subs("VTODO") and second.subs("VJOURNAL")
        assert parse_all(b"") == [] == parse_all(b"\r\n")

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "There is no VCALENDAR"),
            (octets("rfc5545-4-todo") * 2, "more than one"),
            (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "not a VCALENDAR"),
            (b"VERSION:2.0\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "outside"),
            (b"END:VCALENDAR\r\n", "outside"),
            (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nX:1\r\n", "outside"),
            (b"BEGIN:VCALENDAR\r\n", "VCALENDAR is not ended"),
            (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", "VEVENT is not ended where"),
            (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VTODO\r\n", "VEVENT is not ended where"),
            (NESTED.replace(b"END:D", b"BEGIN:E\r\nEND:E\r\nEND:D"), "deep"),
        ],
    )
    def test_refused(self, data: bytes, words: str) -> None:
        with pytest.raises(ContentError, match=words):
            parse(data)

    def test_limits(self) -> None:
        assert parse(NESTED).components[0].components[0].components[0].components[0].name == "D"
        for limits in (Limits(depth=3), Limits(lines=9), Limits(octets=len(NESTED) - 1)):
            with pytest.raises(ContentError):
                parse(NESTED, limits)
            with pytest.raises(ContentError):
                parse_all(NESTED, limits)

    @pytest.mark.parametrize("unit", [b"BEGIN:X\r\n", b"BEGIN:X\r\nEND:X\r\n", b"X:1\r\n", b"END:X\r\n"])
    def test_no_content_takes_long(self, unit: bytes) -> None:
        data = b"BEGIN:VCALENDAR\r\n" + unit * 20_000 + b"END:VCALENDAR\r\n"
        began = time.process_time()
        try:
            assert serialize(parse(data), data) == data
        except ContentError:
            assert unit in (b"BEGIN:X\r\n", b"END:X\r\n")
        # Tens of milliseconds; what grows with the square of the length takes a minute.
        assert time.process_time() - began < 3
