"""Recurrence sets.

Verifies: RFC 5545, 3.8.5
"""

from __future__ import annotations

from datetime import UTC as PY_UTC
from datetime import datetime

import pytest

from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.series import Series
from davd.formats.icalendar.values import of_line
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import UTC, Zone
from davd.model.index import FOREVER
from tests.formats.icalendar.calendars import calendar, utc

BERLIN = "DTSTART;TZID=Europe/Berlin:20250301T090000"


def series(lines: str, floating: Zone = UTC) -> Series:
    object_ = calendar(lines)
    component = object_.components[0]
    start = component.first("DTSTART")
    assert start is not None
    return Series(component, of_line(start), Zones(object_, floating))


def starts(lines: str, low: str = "", high: str = "", floating: Zone = UTC) -> list[str]:
    """The starts in UTC that are not before `low` and before `high`."""
    first = utc(low) if low else -FOREVER
    last = utc(high) if high else FOREVER
    found = series(lines, floating).starts(first, last, Budget())
    walls = [one.utc for one in found if one is not None and first <= one.utc < last]
    return [datetime.fromtimestamp(wall, PY_UTC).strftime("%m%dT%H%M") for wall in walls]


class TestSets:
    """DTSTART, RRULE, RDATE and EXDATE.

    Verifies: RFC 5545, 3.8.5.1, 3.8.5.2, 3.8.5.3
    """

    def test_nothing_recurs_without_them(self) -> None:
        assert starts(BERLIN) == ["0301T0800"]
        assert not series(BERLIN).recurs
        assert series(f"{BERLIN} RRULE:FREQ=DAILY").recurs
        assert series(f"{BERLIN} RDATE:20250302T080000Z").recurs

    def test_clocks_change(self) -> None:
        assert starts(f"{BERLIN} RRULE:FREQ=WEEKLY", "20250322", "20250406") == ["0322T0800", "0329T0800", "0405T0700"]

    def test_two_of_a_time_are_one(self) -> None:
        lines = (
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=3 RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3 RDATE:20250302T080000Z "
            "RDATE;TZID=Europe/Berlin:20250302T090000,20250302T100000"
        )
        assert starts(lines) == ["0301T0800", "0302T0800", "0302T0900", "0303T0800", "0305T0800"]

    def test_exceptions_have_the_last_word(self) -> None:
        lines = (
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=3 RDATE:20250310T080000Z,20250311T080000Z "
            "EXDATE:20250301T080000Z,20250310T080000Z EXDATE;TZID=Europe/Berlin:20250303T090000"
        )
        assert starts(lines) == ["0302T0800", "0311T0800"]

    def test_dtstart_need_not_match(self) -> None:
        assert starts(f"{BERLIN} RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2") == ["0301T0800", "0303T0800"]

    def test_a_period_has_its_own_length_even_at_the_time_of_another(self) -> None:
        found = series(f"{BERLIN} RRULE:FREQ=DAILY;COUNT=2 RDATE;VALUE=PERIOD:20250302T080000Z/PT5H").starts(0, FOREVER)
        assert [one.length for one in found if one is not None] == [None, 5 * 3600]

    @pytest.mark.parametrize("rule", ["FREQ=DAILY;INTERVAL=0", "nonsense", "RSCALE=HEBREW;FREQ=YEARLY"])
    def test_a_rule_that_cannot_be_followed_leaves_dtstart(self, rule: str) -> None:
        assert starts(f"{BERLIN} RRULE:{rule}") == ["0301T0800"]
        assert starts(f"{BERLIN} RRULE:{rule} RRULE:FREQ=DAILY;COUNT=2") == ["0301T0800", "0302T0800"]


class TestUntil:
    """The last occurrence.

    Verifies: RFC 5545, 3.3.10
    """

    @pytest.mark.parametrize(
        ("until", "last"),
        [
            ("20250303T080000Z", "0303T0800"),
            ("20250303T075959Z", "0302T0800"),
            # Values of other types, which many programs write.
            ("20250303", "0303T0800"),
            ("20250303T090000", "0303T0800"),
            ("20250303T085959", "0302T0800"),
            ("20250201T000000Z", "0301T0800"),
        ],
    )
    def test_of_times(self, until: str, last: str) -> None:
        assert starts(f"{BERLIN} RRULE:FREQ=DAILY;UNTIL={until}")[-1] == last

    @pytest.mark.parametrize("until", ["20250303", "20250303T000000Z", "20250303T235959Z", "20250303T120000"])
    def test_of_days(self, until: str) -> None:
        assert starts(f"DTSTART;VALUE=DATE:20250301 RRULE:FREQ=DAILY;UNTIL={until}") == [
            "0301T0000",
            "0302T0000",
            "0303T0000",
        ]

    def test_of_floating_times(self) -> None:
        berlin = named("Europe/Berlin")
        assert berlin is not None
        lines = "DTSTART:20250301T090000 RRULE:FREQ=DAILY;UNTIL=20250302T080000Z"
        assert starts(lines, floating=berlin) == ["0301T0800", "0302T0800"]

    def test_where_the_clock_shows_a_time_twice(self) -> None:
        # 02:30 is meant the first time, at 00:30 in UTC.
        rule = "DTSTART;TZID=Europe/Berlin:20251025T023000 RRULE:FREQ=DAILY"
        assert starts(f"{rule};UNTIL=20251026T003000Z") == ["1025T0030", "1026T0030"]
        assert starts(f"{rule};UNTIL=20251026T011500Z") == ["1025T0030", "1026T0030"]
        assert starts(f"{rule};UNTIL=20251026T002959Z") == ["1025T0030"]
        rule = "DTSTART;TZID=Europe/Berlin:20251025T030000 RRULE:FREQ=DAILY"
        assert starts(f"{rule};UNTIL=20251026T011500Z") == ["1025T0100"]


class TestClocks:
    """Times that the clock leaves out or shows twice.

    Verifies: RFC 5545, 3.3.5, 3.3.10
    """

    def test_a_time_that_does_not_exist_is_read_on_the_clock_before(self) -> None:
        lines = "DTSTART;TZID=Europe/Berlin:20250329T023000 RRULE:FREQ=DAILY;COUNT=3"
        assert starts(lines) == ["0329T0130", "0330T0130", "0331T0030"]

    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [
            ("20250330T013000", "20250330T013001", ["0330T0130"]),
            ("20250330T010000", "20250330T020000", ["0330T0100", "0330T0115", "0330T0130", "0330T0145"]),
            ("20251026T003000", "20251026T003001", ["1026T0030"]),
            ("20251026T000000", "20251026T011500", ["1026T0000", "1026T0015", "1026T0030", "1026T0045"]),
            ("20251026T010000", "20251026T020000", []),
        ],
    )
    def test_bounds_at_a_change(self, low: str, high: str, expected: list[str]) -> None:
        lines = "DTSTART;TZID=Europe/Berlin:20250101T000000 RRULE:FREQ=MINUTELY;INTERVAL=15"
        assert sorted(set(starts(lines, low, high))) == expected

    def test_a_lone_time_that_does_not_exist(self) -> None:
        lines = "DTSTART;TZID=Europe/Berlin:20250329T023000 RRULE:FREQ=DAILY"
        assert starts(lines, "20250330T013000", "20250330T013001") == ["0330T0130"]

    @pytest.mark.parametrize("how", ["RRULE:FREQ=DAILY", "RDATE;TZID=Pacific/Apia:20111230T090000"])
    def test_a_day_that_does_not_exist(self, how: str) -> None:
        lines = f"DTSTART;TZID=Pacific/Apia:20111229T090000 {how}"
        assert starts(lines, "20111230T190000", "20111230T190001") == ["1230T1900"]


class TestBudgets:
    """What a set may cost.

    Verifies: RFC 4791, 11
    """

    def test_instances_of_all_kinds_are_paid_for(self) -> None:
        lines = f"{BERLIN} RRULE:FREQ=DAILY;COUNT=5 RDATE:20260302T080000Z,20260303T080000Z"
        assert len(list(series(lines).starts(-FOREVER, FOREVER, Budget(instances=7)))) == 7
        with pytest.raises(TooMuch):
            list(series(lines).starts(-FOREVER, FOREVER, Budget(instances=6)))

    def test_one_that_is_taken_out_is_a_breath(self) -> None:
        found = list(series(f"{BERLIN} RRULE:FREQ=DAILY;COUNT=3 EXDATE:20250302T080000Z").starts(0, FOREVER))
        assert [one is None for one in found] == [False, True, False]

    def test_breaths_of_several_rules_come_through(self) -> None:
        rule = "RRULE:FREQ=DAILY;INTERVAL=773;BYMONTH=2;BYMONTHDAY=29"
        found = list(series(f"{BERLIN} {rule} {rule};COUNT=5 RRULE:FREQ=DAILY;COUNT=2").starts(0, FOREVER))
        assert len([one for one in found if one is not None]) == 2
        assert None in found
