"""Objects expanded and limited to a range of time.

Verifies: RFC 4791, 7.6, 9.6.5, 9.6.6
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import pytest

from davd.caldav.data_recurrence import expanded, limited
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.objects import CalendarObject
from davd.formats.icalendar.object import Component, serialize
from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.values import moment
from davd.formats.icalendar.zones.zone import UTC
from tests.caldav.reports.questions import event

Value = TypeVar("Value")

ZONE = (
    "BEGIN:VTIMEZONE\nTZID:Here\nBEGIN:STANDARD\nDTSTART:20000101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\n"
    "END:STANDARD\nEND:VTIMEZONE\n"
)


def override(content: str, name: str = "VEVENT") -> str:
    return f"BEGIN:{name}\nUID:1\nDTSTAMP:20260101T000000Z\n{content}\nEND:{name}\n"


def series(*overrides: str, rule: str = "RRULE:FREQ=DAILY") -> CalendarObject:
    """A daily event from January 1 on, at 10:00 UTC, for an hour."""
    text = event("1", f"DTSTART;TZID=Here:20260101T120000\nDURATION:PT1H\n{rule}\nSUMMARY:Series")
    text = text.replace("BEGIN:VEVENT", ZONE + "BEGIN:VEVENT").replace("END:VCAL", "".join(overrides) + "END:VCAL")
    return CalendarObject(text.replace("\n", "\r\n").encode())


def time(start: str, end: str) -> TimeRange:
    return TimeRange(moment(start).wall, moment(end).wall)


def value(steps: Generator[None, None, Value]) -> Value:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Value = stop.value
            return found


def expand(found: CalendarObject, asked: TimeRange, budget: Budget | None = None) -> list[Component]:
    return [part for part in expanded(found, asked, UTC, budget or Budget()) if part is not None]


def limit(found: CalendarObject, asked: TimeRange, budget: Budget | None = None) -> list[str]:
    components = value(limited(found, asked, UTC, budget or Budget()))
    return [component.text("SUMMARY") or component.name for component in components]


class TestExpanded:
    """Verifies: RFC 4791, 9.6.5"""

    def test_each_instance_is_a_component(self) -> None:
        found = series(override("RECURRENCE-ID;TZID=Here:20260103T120000\nDTSTART:20260103T150000Z\nSUMMARY:Moved"))
        components = expand(found, time("20260102T000000Z", "20260105T000000Z"))
        told = [[component.text(name) for name in ("DTSTART", "RECURRENCE-ID", "SUMMARY")] for component in components]
        assert told == [
            ["20260102T100000Z", "20260102T100000Z", "Series"],
            ["20260103T150000Z", "20260103T100000Z", "Moved"],
            ["20260104T100000Z", "20260104T100000Z", "Series"],
        ]
        written = b"".join([serialize(component, found.content) for component in components])
        assert b"TZID" not in written and b"RRULE" not in written

    def test_only_instances_within_the_range_are_given(self) -> None:
        assert not expand(series(), time("20250101T000000Z", "20260101T000000Z"))
        assert not expand(series(rule="COMMENT:once"), time("20270101T000000Z", "20280101T000000Z"))
        assert len(expand(series(rule="COMMENT:once"), time("20260101T000000Z", "20280101T000000Z"))) == 1

    @pytest.mark.parametrize("name", ["VTODO", "VJOURNAL"])
    def test_other_components_recur_too(self, name: str) -> None:
        text = event("1", "DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY", name)
        found = CalendarObject(text.encode())
        components = expand(found, time("20260102T000000Z", "20260104T000000Z"))
        assert [component.text("DTSTART") for component in components] == ["20260102T100000Z", "20260103T100000Z"]
        assert {component.name for component in components} == {name}

    def test_what_never_recurs_is_as_it_is(self) -> None:
        found = CalendarObject(event("1", "DTSTART:20260101T100000Z", "VFREEBUSY").encode())
        assert expand(found, time("20270101T000000Z", "20270102T000000Z")) == found.calendar.components

    def test_too_many_are_too_much(self) -> None:
        with pytest.raises(TooMuch):
            expand(series(), time("20260101T000000Z", "20270101T000000Z"), Budget(instances=300))

    def test_there_are_breaths_where_nothing_is_found(self) -> None:
        found = series(rule="RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYSECOND=1")
        parts = list(expanded(found, time("20260101T000000Z", "20280101T000000Z"), UTC, Budget()))
        assert all(part is None for part in parts[1:])


class TestLimited:
    """Verifies: RFC 4791, 9.6.6"""

    def test_an_override_is_kept_by_its_own_time_or_by_the_original_one(self) -> None:
        found = series(
            override("RECURRENCE-ID;TZID=Here:20260103T120000\nDTSTART:20260203T150000Z\nSUMMARY:From 3"),
            override("RECURRENCE-ID:20260213T100000Z\nDTSTART:20260104T150000Z\nSUMMARY:To 4"),
            override("RECURRENCE-ID:20260214T100000Z\nDTSTART:20260214T150000Z\nSUMMARY:On 14"),
        )
        assert limit(found, time("20260103T103000Z", "20260103T120000Z")) == ["VTIMEZONE", "Series", "From 3"]
        assert limit(found, time("20260103T110000Z", "20260103T120000Z")) == ["VTIMEZONE", "Series"]
        assert limit(found, time("20260203T000000Z", "20260204T000000Z")) == ["VTIMEZONE", "Series", "From 3"]
        assert limit(found, time("20260104T000000Z", "20260105T000000Z")) == ["VTIMEZONE", "Series", "To 4"]
        assert limit(found, time("20260213T000000Z", "20260214T000000Z")) == ["VTIMEZONE", "Series", "To 4"]
        assert limit(found, time("20250101T000000Z", "20250102T000000Z")) == ["VTIMEZONE", "Series"]

    def test_one_for_all_that_follow_is_kept_where_it_matters(self) -> None:
        ranged = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Here:20260110T120000\n"
        found = series(override(ranged + "DTSTART:20260110T150000Z\nDURATION:PT1H\nSUMMARY:Later"))
        assert limit(found, time("20260301T000000Z", "20260302T000000Z"))[2:] == ["Later"]
        # Originally there was something at that time.
        assert limit(found, time("20260301T100000Z", "20260301T110000Z"))[2:] == ["Later"]
        assert limit(found, time("20260301T120000Z", "20260301T130000Z"))[2:] == []
        assert limit(found, time("20260105T000000Z", "20260106T000000Z"))[2:] == []

    def test_an_object_without_overrides_is_whole(self) -> None:
        found = series()
        assert value(limited(found, time("20250101T000000Z", "20250102T000000Z"), UTC, Budget())) == (
            found.calendar.components
        )

    def test_overrides_without_a_master(self) -> None:
        text = event("1", "RECURRENCE-ID:20260103T100000Z\nDTSTART:20260104T100000Z\nSUMMARY:Alone")
        found = CalendarObject(text.encode())
        assert limit(found, time("20260104T000000Z", "20260105T000000Z")) == ["Alone"]
        assert limit(found, time("20260105T000000Z", "20260106T000000Z")) == []

    def test_what_cannot_be_told_is_given_whole(self) -> None:
        found = series(override("RECURRENCE-ID:20260213T100000Z\nDTSTART:20260104T150000Z\nSUMMARY:To 4"))
        wide = time("20260301T000000Z", "20270301T000000Z")
        assert limit(found, wide) == ["VTIMEZONE", "Series"]
        assert limit(found, wide, Budget(instances=100)) == ["VTIMEZONE", "Series", "To 4"]

    def test_a_broken_override_is_left_out(self) -> None:
        found = series(override("RECURRENCE-ID:soon\nDTSTART:20260104T150000Z\nSUMMARY:Broken"))
        assert limit(found, time("20260104T000000Z", "20260105T000000Z")) == ["VTIMEZONE", "Series"]
