"""When components take place, and the tables that say which ranges that overlaps.

Verifies: RFC 4791, 9.9
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.timing import Reach, Timing, end_of, extent, timing
from davd.formats.icalendar.values import DAY
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import UTC, Zone
from davd.model.index import FOREVER
from tests.formats.icalendar.calendars import calendar, utc

ZERO = utc("20250301T120000")
# Ranges whose bounds are at, just before and just after everything.
BOUNDS = sorted({ZERO + hour * 3600 + off for hour in (-1, 0, 1, 2, 5, 24) for off in (-1, 0, 1)})
RANGES = [(start, end) for start, end in product([-FOREVER, *BOUNDS], [*BOUNDS, FOREVER]) if start < end]


def when(lines: str, name: str = "VEVENT", floating: Zone = UTC) -> Timing | None:
    object_ = calendar(lines, name=name)
    return timing(object_.components[0], Zones(object_, floating))


def bounds(lines: str, name: str = "VEVENT") -> tuple[int, int]:
    """Start and end of a component's own instance."""
    found = when(lines, name)
    assert found is not None
    if found.anchor is None:
        return found.fixed
    start = UTC.utc(found.anchor.wall)
    return start, end_of(start, found.anchor.wall, UTC, found.days, found.seconds)


def verdicts(lines: str, name: str) -> list[bool]:
    """For each range, whether the component overlaps it."""
    found = when(lines, name)
    if found is None:
        return [False] * len(RANGES)
    low, high = found.fixed if found.anchor is None else extent(found.reach, *bounds(lines, name))
    return [low < end and high > start for start, end in RANGES]


def table(condition: Callable[[int, int], bool]) -> list[bool]:
    """For each range, what the table says."""
    return [condition(start, end) for start, end in RANGES]


def at(hours: int) -> str:
    minutes, _ = divmod(ZERO + hours * 3600 - utc("20250301"), 60)
    days, minutes = divmod(minutes, 1440)
    return f"202503{days + 1:02}T{minutes // 60:02}{minutes % 60:02}00Z"


def time(hours: int) -> int:
    return ZERO + hours * 3600


class TestTables:
    """The conditions as the tables have them, for ranges around every bound.

    Verifies: RFC 4791, 9.9
    """

    def test_events(self) -> None:
        dtstart, dtend = time(0), time(2)
        both = table(lambda start, end: start < dtend and end > dtstart)
        moment = table(lambda start, end: start <= dtstart and end > dtstart)
        assert verdicts(f"DTSTART:{at(0)} DTEND:{at(2)}", "VEVENT") == both
        assert verdicts(f"DTSTART:{at(0)} DURATION:PT2H", "VEVENT") == both
        assert verdicts(f"DTSTART:{at(0)} DURATION:PT0S", "VEVENT") == moment
        assert verdicts(f"DTSTART:{at(0)}", "VEVENT") == moment
        midnight = utc("20250301")
        whole_day = table(lambda start, end: start < midnight + DAY and end > midnight)
        assert verdicts("DTSTART:20250301", "VEVENT") == whole_day
        assert verdicts("DTSTART:20250301 DTEND:20250302", "VEVENT") == whole_day

    @pytest.mark.parametrize(("first", "last"), [(0, 2), (0, 0), (2, 0)])
    def test_to_dos_with_times(self, first: int, last: int) -> None:
        dtstart, due = time(first), time(last)
        assert verdicts(f"DTSTART:{at(first)} DUE:{at(last)}", "VTODO") == table(
            lambda start, end: (start < due or start <= dtstart) and (end > dtstart or end >= due)
        )
        assert verdicts(f"DTSTART:{at(first)}", "VTODO") == table(lambda start, end: start <= dtstart and end > dtstart)
        assert verdicts(f"DUE:{at(last)}", "VTODO") == table(lambda start, end: start < due and end >= due)
        if last >= first:
            assert verdicts(f"DTSTART:{at(first)} DURATION:PT{last - first}H", "VTODO") == table(
                lambda start, end: start <= due and (end > dtstart or end >= due)
            )

    @pytest.mark.parametrize(("first", "last"), [(0, 2), (0, 0), (2, 0)])
    def test_to_dos_with_records(self, first: int, last: int) -> None:
        created, completed = time(first), time(last)
        assert verdicts(f"CREATED:{at(first)} COMPLETED:{at(last)}", "VTODO") == table(
            lambda start, end: (start <= created or start <= completed) and (end >= created or end >= completed)
        )
        assert verdicts(f"COMPLETED:{at(last)}", "VTODO") == table(
            lambda start, end: start <= completed and end >= completed
        )
        assert verdicts(f"CREATED:{at(first)}", "VTODO") == table(lambda start, end: end > created)
        assert all(verdicts("SUMMARY:Milk", "VTODO"))

    def test_journals(self) -> None:
        midnight = utc("20250301")
        assert verdicts(f"DTSTART:{at(0)}", "VJOURNAL") == table(lambda start, end: start <= time(0) and end > time(0))
        assert verdicts("DTSTART:20250301", "VJOURNAL") == table(
            lambda start, end: start < midnight + DAY and end > midnight
        )
        assert not any(verdicts("SUMMARY:Dear~diary", "VJOURNAL"))


class TestLengths:
    """How long components are.

    Verifies: RFC 5545, 3.3.6, 3.8.2.2, 3.8.2.5, 3.8.5.3
    """

    def test_an_end_gives_an_exact_length(self) -> None:
        found = when("DTSTART;TZID=Europe/Berlin:20250329T220000 DTEND;TZID=Europe/Berlin:20250330T070000")
        assert found is not None
        assert (found.days, found.seconds, found.length) == (0, 8 * 3600, 8 * 3600)

    def test_zones_of_start_and_end_may_differ(self) -> None:
        found = when("DTSTART;TZID=Europe/Berlin:20250110T100000 DTEND;TZID=America/New_York:20250110T130000")
        assert found is not None and found.length == 9 * 3600

    def test_days_are_days_of_the_calendar(self) -> None:
        berlin = named("Europe/Berlin")
        assert berlin is not None
        found = when("DTSTART;VALUE=DATE:20250330 DTEND;VALUE=DATE:20250331", floating=berlin)
        assert found is not None and found.anchor is not None
        assert (found.days, found.seconds) == (1, 0)
        start = berlin.utc(found.anchor.wall)
        assert end_of(start, found.anchor.wall, berlin, 1, 0) == start + 23 * 3600

    def test_a_duration_is_nominal_in_its_days(self) -> None:
        found = when("DTSTART:20250329T120000 DURATION:P1DT1H")
        assert found is not None and (found.days, found.seconds) == (1, 3600)

    def test_an_end_at_the_start_means_no_length_or_that_day(self) -> None:
        assert bounds("DTSTART:20250301T120000Z DTEND:20250301T120000Z") == (ZERO, ZERO)
        assert bounds("DTSTART:20250301 DTEND:20250301") == (utc("20250301"), utc("20250302"))

    def test_no_length_is_negative(self) -> None:
        assert bounds("DTSTART:20250301T120000Z DTEND:20250301T110000Z") == (ZERO, ZERO)
        assert bounds("DTSTART:20250301T120000Z DURATION:-PT1H") == (ZERO, ZERO)
        assert bounds("DTSTART:20250301T120000Z DURATION:-PT1H", "VTODO") == (ZERO, ZERO)

    def test_a_to_do_has_its_due_time_rather_than_a_duration(self) -> None:
        found = when("DTSTART:20250301T120000Z DUE:20250301T130000Z DURATION:PT5H", "VTODO")
        assert found is not None and (found.reach, found.length) == (Reach.DUE, 3600)
        found = when("DTSTART:20250301 DUE:20250303", "VTODO")
        assert found is not None and (found.reach, found.days) == (Reach.DUE, 2)

    def test_records_that_are_no_time_are_as_if_they_were_not_there(self) -> None:
        found = when("CREATED:00001231T000000Z", "VTODO")
        assert found is not None and found.fixed == (-FOREVER, FOREVER)

    @pytest.mark.parametrize(
        ("name", "lines"),
        [
            ("VEVENT", "DTSTART:soon"),
            ("VEVENT", "DTSTART:20250301 DTEND:later"),
            ("VEVENT", "DTSTART:20250301 DURATION:long"),
            ("VTODO", "DUE:soon"),
            ("VTODO", "DTSTART:20250301 DURATION:long"),
            ("VJOURNAL", "DTSTART:soon"),
        ],
    )
    def test_what_is_no_time_is_told(self, name: str, lines: str) -> None:
        with pytest.raises(ContentError):
            when(lines, name)

    def test_an_event_without_a_start_is_never(self) -> None:
        assert when("SUMMARY:When?") is None
