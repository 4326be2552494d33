"""Times of components, properties and alarms against ranges of time: the tables of RFC 4791 as they are printed.

Verifies: RFC 4791, 7.3, 7.4, 9.9; RFC 5545, 3.8.6.2, 3.8.6.3; RFC 7953, 7.2
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from davd.caldav.elements.filter import CompFilter, PropFilter
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.filter import matches
from davd.caldav.filter_time import Times
from davd.caldav.objects import CalendarObject
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.values import moment
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.zone import UTC, Zone
from davd.model.index import FOREVER
from tests.caldav.reports.questions import event

HOUR = 3600
# 2026-01-05T10:00:00Z
TEN = moment("20260105T100000Z").wall
MIDNIGHT = TEN - 10 * HOUR
DAY = 24 * HOUR


def holds(calendar: str, asked: CompFilter, zone: Zone = UTC) -> bool:
    found = CalendarObject(calendar.replace("\n", "\r\n").encode())
    whole = CompFilter("VCALENDAR", comps=(asked,))
    return matches(whole, found.calendar, Times(found, zone, Budget()))


def overlaps(content: str, start: int | None, end: int | None, name: str = "VEVENT", zone: Zone = UTC) -> bool:
    return holds(event("1", content, name), CompFilter(name, span=TimeRange(start, end)), zone)


# What a row of a table says, and the properties that make a component one of that row. Each condition is a function of
# start and end; the moments are those of the properties.
EVENTS: list[tuple[str, Callable[[int, int], bool]]] = [
    ("DTSTART:20260105T100000Z\nDTEND:20260105T110000Z", lambda s, e: s < TEN + HOUR and e > TEN),
    ("DTSTART:20260105T100000Z\nDURATION:PT1H", lambda s, e: s < TEN + HOUR and e > TEN),
    ("DTSTART:20260105T100000Z\nDURATION:PT0S", lambda s, e: s <= TEN < e),
    ("DTSTART:20260105T100000Z", lambda s, e: s <= TEN < e),
    ("DTSTART;VALUE=DATE:20260105", lambda s, e: s < MIDNIGHT + DAY and e > MIDNIGHT),
    ("DTSTART;VALUE=DATE:20260105\nDTEND;VALUE=DATE:20260107", lambda s, e: s < MIDNIGHT + 2 * DAY and e > MIDNIGHT),
]
DUE = TEN + 2 * HOUR
CREATED = TEN - 5 * HOUR
COMPLETED = TEN + 5 * HOUR
TO_DOS: list[tuple[str, Callable[[int, int], bool]]] = [
    (
        "DTSTART:20260105T100000Z\nDURATION:PT1H",
        lambda s, e: s <= TEN + HOUR and (e > TEN or e >= TEN + HOUR),
    ),
    (
        "DTSTART:20260105T100000Z\nDUE:20260105T120000Z\nCOMPLETED:20260105T150000Z",
        lambda s, e: (s < DUE or s <= TEN) and (e > TEN or e >= DUE),
    ),
    ("DTSTART:20260105T100000Z\nDUE:20260105T100000Z", lambda s, e: (s < TEN or s <= TEN) and (e > TEN or e >= TEN)),
    ("DTSTART:20260105T100000Z\nCREATED:20260105T050000Z", lambda s, e: s <= TEN < e),
    ("DUE:20260105T120000Z\nCREATED:20260105T050000Z", lambda s, e: s < DUE <= e),
    (
        "COMPLETED:20260105T150000Z\nCREATED:20260105T050000Z",
        lambda s, e: (s <= CREATED or s <= COMPLETED) and (e >= CREATED or e >= COMPLETED),
    ),
    ("COMPLETED:20260105T150000Z", lambda s, e: s <= COMPLETED <= e),
    ("CREATED:20260105T050000Z", lambda s, e: e > CREATED),
    ("SUMMARY:Sometime", lambda s, e: True),
]
JOURNALS: list[tuple[str, Callable[[int, int], bool]]] = [
    ("DTSTART:20260105T100000Z", lambda s, e: s <= TEN < e),
    ("DTSTART;VALUE=DATE:20260105", lambda s, e: s < MIDNIGHT + DAY and e > MIDNIGHT),
    ("SUMMARY:Never", lambda s, e: False),
]
BUSY: list[tuple[str, Callable[[int, int], bool]]] = [
    (
        "DTSTART:20260105T100000Z\nDTEND:20260105T120000Z\nFREEBUSY:20260105T150000Z/PT1H",
        lambda s, e: s <= DUE and e > TEN,
    ),
    ("DTSTART:20260105T100000Z\nDTEND:20260105T120000Z", lambda s, e: s <= DUE and e > TEN),
    (
        "DTSTART:20260105T100000Z\nFREEBUSY;FBTYPE=FREE:20260105T100000Z/PT1H,20260105T150000Z/20260105T160000Z",
        lambda s, e: (s < TEN + HOUR and e > TEN) or (s < COMPLETED + HOUR and e > COMPLETED),
    ),
    ("DTSTART:20260105T100000Z\nDURATION:PT1H", lambda s, e: False),
]
AVAILABILITIES: list[tuple[str, Callable[[int, int], bool]]] = [
    ("DTSTART:20260105T100000Z\nDTEND:20260105T120000Z", lambda s, e: s < DUE and e > TEN),
    ("DTSTART:20260105T100000Z\nDURATION:PT2H", lambda s, e: s < DUE and e > TEN),
    ("DTSTART:20260105T100000Z", lambda s, e: e > TEN),
    ("DTEND:20260105T120000Z", lambda s, e: s < DUE),
    ("SUMMARY:Always", lambda s, e: True),
]
TABLES = [
    *[("VEVENT", *row) for row in EVENTS],
    *[("VTODO", *row) for row in TO_DOS],
    *[("VJOURNAL", *row) for row in JOURNALS],
    *[("VFREEBUSY", *row) for row in BUSY],
    *[("VAVAILABILITY", *row) for row in AVAILABILITIES],
]
# Every moment at which a condition can change, and the seconds beside it.
CHANGES = (MIDNIGHT, CREATED, TEN, TEN + HOUR, DUE, COMPLETED, COMPLETED + HOUR, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)
MOMENTS = sorted({at + beside for at in CHANGES for beside in (-1, 0, 1)})


class TestComponents:
    """Verifies: RFC 4791, 9.9; RFC 7953, 7.2"""

    @pytest.mark.parametrize(("name", "content", "condition"), TABLES)
    def test_each_row_of_the_tables(self, name: str, content: str, condition: Callable[[int, int], bool]) -> None:
        found = CalendarObject(event("1", content, name).replace("\n", "\r\n").encode())
        times = Times(found, UTC, Budget(instances=1_000_000))
        (component,) = found.calendar.components
        for first in [None, *MOMENTS]:
            for last in [None, *MOMENTS]:
                start = -FOREVER if first is None else first
                end = FOREVER if last is None else last
                if start < end and not (first is None and last is None):
                    span = TimeRange(first, last)
                    assert times.of_components([component], span) == condition(start, end), (start - TEN, end - TEN)

    def test_every_instance_counts(self) -> None:
        weekly = "DTSTART:20260105T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20260112T100000Z"
        week = 7 * DAY
        assert overlaps(weekly, TEN, TEN + 1)
        assert not overlaps(weekly, TEN + week, TEN + week + HOUR)
        assert overlaps(weekly, TEN + 2 * week + HOUR - 1, None)
        assert not overlaps(weekly, TEN + 2 * week + HOUR, None)

    def test_a_to_do_that_is_due_again_and_again(self) -> None:
        daily = "DUE:20260105T120000Z\nRRULE:FREQ=DAILY;COUNT=3"
        assert overlaps(daily, DUE + DAY - 1, DUE + DAY, "VTODO")
        assert not overlaps(daily, DUE + 2 * DAY, None, "VTODO")


class TestZones:
    """Verifies: RFC 4791, 7.3"""

    @pytest.mark.parametrize(
        "content", ["DTSTART:20260105T100000\nDURATION:PT1H", "DTSTART;TZID=Nowhere:20260105T100000"]
    )
    def test_floating_times_are_those_of_the_zone(self, content: str) -> None:
        tokyo = named("Asia/Tokyo")
        assert tokyo is not None
        there = TEN - 9 * HOUR
        assert overlaps(content, there, there + 1, zone=tokyo)
        assert not overlaps(content, TEN, TEN + HOUR, zone=tokyo)
        assert overlaps(content, TEN, TEN + 1)

    def test_days_are_those_of_the_zone(self) -> None:
        tokyo = named("Asia/Tokyo")
        assert tokyo is not None
        day = "DTSTART;VALUE=DATE:20260105"
        assert overlaps(day, MIDNIGHT - 9 * HOUR, MIDNIGHT - 9 * HOUR + 1, zone=tokyo)
        assert not overlaps(day, MIDNIGHT + 15 * HOUR, None, zone=tokyo)

    def test_times_in_another_zone_are_not_touched(self) -> None:
        tokyo = named("Asia/Tokyo")
        assert tokyo is not None
        assert overlaps("DTSTART;TZID=Europe/Berlin:20260105T110000", TEN, TEN + 1, zone=tokyo)


class TestProperties:
    """Verifies: RFC 4791, 9.9"""

    @pytest.mark.parametrize(
        ("name", "content", "prop", "at"),
        [
            ("VEVENT", "DTSTART:20260105T100000Z", "DTSTART", TEN),
            ("VEVENT", "DTSTART:20260105T100000Z\nDTEND:20260105T120000Z", "DTEND", DUE),
            ("VEVENT", "DTSTART:20260105T100000Z\nDURATION:PT2H", "DTEND", DUE),
            ("VEVENT", "DTSTART:20260105T100000Z\nCREATED:20260105T050000Z", "CREATED", CREATED),
            ("VEVENT", "DTSTART:20260105T100000Z\nLAST-MODIFIED:20260105T050000Z", "LAST-MODIFIED", CREATED),
            ("VTODO", "COMPLETED:20260105T150000Z", "COMPLETED", COMPLETED),
            ("VTODO", "DUE;TZID=Europe/Berlin:20260105T130000", "DUE", DUE),
            ("VTODO", "DTSTART:20260105T100000Z\nDURATION:PT2H", "DUE", DUE),
            ("VTODO", "DTSTART;VALUE=DATE:20260105\nDUE;VALUE=DATE:20260106", "DUE", MIDNIGHT + DAY),
            ("VFREEBUSY", "DTSTART:20260105T100000Z\nDTEND:20260105T120000Z", "DTEND", DUE),
            ("VEVENT", "DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY\nDURATION:PT2H", "DTSTART", TEN),
            ("VEVENT", "DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY\nDURATION:PT2H", "DTEND", DUE),
            ("VEVENT", "DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY\nDTEND:20260101T120000Z", "DTEND", DUE),
            ("VTODO", "DUE:20260101T120000Z\nRRULE:FREQ=DAILY", "DUE", DUE),
        ],
    )
    def test_the_range_has_the_moment_in_it(self, name: str, content: str, prop: str, at: int) -> None:
        def found(start: int | None, end: int | None) -> bool:
            span = TimeRange(start, end)
            return holds(event("1", content, name), CompFilter(name, props=(PropFilter(prop, span=span),)))

        assert found(at, at + 1)
        assert found(at - 1, at + 1)
        assert found(at, None)
        assert not found(at - 1, at)
        assert not found(at + 1, at + 2)

    @pytest.mark.parametrize(
        ("content", "prop"),
        [
            ("DTSTART;VALUE=DATE:20260105", "DTEND"),
            ("DTSTART:20260105T100000Z", "COMPLETED"),
            ("DTSTART:20260105T100000Z", "DUE"),
        ],
    )
    def test_what_is_not_there_has_no_time(self, content: str, prop: str) -> None:
        asked = CompFilter("VEVENT", props=(PropFilter(prop, span=TimeRange(0, None)),))
        assert not holds(event("1", content), asked)


class TestAlarms:
    """Verifies: RFC 4791, 9.9; RFC 5545, 3.8.6.2, 3.8.6.3"""

    @staticmethod
    def found(content: str, alarm: str, start: int | None, end: int | None, name: str = "VEVENT") -> bool:
        text = f"{content}\nBEGIN:VALARM\nACTION:AUDIO\n{alarm}\nEND:VALARM"
        asked = CompFilter(name, comps=(CompFilter("VALARM", span=TimeRange(start, end)),))
        return holds(event("1", text, name), asked)

    @pytest.mark.parametrize(
        ("content", "alarm", "name", "at"),
        [
            ("DTSTART:20260105T100000Z", "TRIGGER:-PT15M", "VEVENT", TEN - 900),
            ("DTSTART:20260105T100000Z", "TRIGGER;RELATED=START:PT15M", "VEVENT", TEN + 900),
            ("DTSTART:20260105T100000Z", "TRIGGER;VALUE=DURATION:-P1W", "VEVENT", TEN - 7 * DAY),
            ("DTSTART:20260105T100000Z\nDURATION:PT2H", "TRIGGER;RELATED=END:PT0S", "VEVENT", DUE),
            ("DTSTART:20260105T100000Z", "TRIGGER;VALUE=DATE-TIME:20260105T050000Z", "VEVENT", CREATED),
            ("DTSTART:20260105T100000Z", "TRIGGER:20260105T050000Z", "VEVENT", CREATED),
            ("DTSTART;VALUE=DATE:20260105", "TRIGGER:PT10H", "VEVENT", TEN),
            ("DUE:20260105T120000Z", "TRIGGER:-PT15M", "VTODO", DUE - 900),
            ("DUE:20260105T120000Z", "TRIGGER;RELATED=END:-PT15M", "VTODO", DUE - 900),
            ("DTSTART:20260105T100000Z\nDUE:20260105T120000Z", "TRIGGER;RELATED=END:-PT15M", "VTODO", DUE - 900),
            # Days are days on the clock: from Sunday to Monday summer time begins.
            ("DTSTART;TZID=Europe/Berlin:20260330T100000", "TRIGGER:-P1D", "VEVENT", moment("20260329T080000Z").wall),
            ("DTSTART;TZID=Europe/Berlin:20260329T100000", "TRIGGER:-P1D", "VEVENT", moment("20260328T090000Z").wall),
            ("DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY", "TRIGGER:-PT15M", "VEVENT", TEN - 900),
            ("DTSTART:20260101T100000Z\nRRULE:FREQ=WEEKLY;COUNT=9", "TRIGGER:-P10D", "VEVENT", TEN),
        ],
    )
    def test_it_goes_off_within_the_range(self, content: str, alarm: str, name: str, at: int) -> None:
        assert self.found(content, alarm, at, at + 1, name)
        assert self.found(content, alarm, None, at + 1, name)
        assert not self.found(content, alarm, at - 1, at, name)
        assert not self.found(content, alarm, at + 1, at + 2, name)

    def test_it_goes_off_again(self) -> None:
        content, alarm = "DTSTART:20260105T100000Z", "TRIGGER:-PT15M\nREPEAT:2\nDURATION:PT5M"
        for later in (0, 300, 600):
            assert self.found(content, alarm, TEN - 900 + later, TEN - 900 + later + 1)
        assert not self.found(content, alarm, TEN - 299, None)
        assert not self.found(content, "TRIGGER:-PT15M\nREPEAT:2", TEN - 600, None)
        absolute = "TRIGGER;VALUE=DATE-TIME:20260105T050000Z\nREPEAT:1\nDURATION:PT5M"
        assert self.found(content, absolute, CREATED + 300, CREATED + 301)

    @pytest.mark.parametrize(
        ("content", "alarm", "name"),
        [
            ("DTSTART:20260105T100000Z", "DESCRIPTION:never", "VEVENT"),
            ("DTSTART:20260105T100000Z", "TRIGGER:soon", "VEVENT"),
            ("DTSTART:20260105T100000Z", "TRIGGER:PT", "VEVENT"),
            ("SUMMARY:Sometime", "TRIGGER:-PT15M", "VTODO"),
        ],
    )
    def test_some_never_go_off(self, content: str, alarm: str, name: str) -> None:
        assert not self.found(content, alarm, None, moment("99990101T000000Z").wall, name)

    def test_one_of_several_is_enough(self) -> None:
        more = "TRIGGER:soon\nEND:VALARM\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT15M"
        assert self.found("DTSTART:20260105T100000Z", more, TEN - 900, TEN)
