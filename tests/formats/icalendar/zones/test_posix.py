"""TZ strings.

Verifies: RFC 9636, 3.3, 3.3.1
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.zones.database import load
from davd.formats.icalendar.zones.posix import LocalTime, TzStringError, YearDay, parse
from tests.formats.icalendar.zones import oracle
from tests.formats.icalendar.zones.oracle import seconds


def test_a_string_without_rules() -> None:
    footer = parse("<+0530>-5:30")
    assert footer.standard == LocalTime(19_800, False, "+0530")
    assert footer.daylight is None
    assert footer.changes(seconds(2020), seconds(2030)) == []
    assert footer.at(seconds(2025)) == footer.standard


def test_rules_by_weekday_with_default_and_given_times() -> None:
    footer = parse("CET-1CEST,M3.5.0,M10.5.0/3")
    assert footer.standard == LocalTime(3600, False, "CET")
    assert footer.daylight == LocalTime(7200, True, "CEST")
    assert [change.instant for change in footer.changes(seconds(2025), seconds(2026))][1:] == [
        seconds(2025, 3, 30, 1),
        seconds(2025, 10, 26, 1),
    ]


def test_the_change_in_force_comes_first() -> None:
    footer = parse("CET-1CEST,M3.5.0,M10.5.0/3")
    at = seconds(2025, 3, 30, 1)
    assert [change.instant for change in footer.changes(at - 1, at - 1)] == [seconds(2024, 10, 27, 1)]
    assert [change.instant for change in footer.changes(at, at)] == [at]
    assert footer.at(at - 1).name == "CET"
    assert footer.at(at).name == "CEST"


def test_a_south_that_has_summer_over_new_year() -> None:
    footer = parse("AEST-10AEDT,M10.1.0,M4.1.0/3")
    assert footer.at(seconds(2025, 1, 1)).name == "AEDT"
    assert footer.at(seconds(2025, 7, 1)).name == "AEST"


def test_daylight_saving_time_that_saves_less_than_none() -> None:
    footer = parse("IST-1GMT0,M10.5.0,M3.5.0/1")
    assert footer.at(seconds(2025, 1, 1)) == LocalTime(0, True, "GMT")
    assert footer.at(seconds(2025, 7, 1)) == LocalTime(3600, False, "IST")


def test_hours_far_outside_the_day() -> None:
    # The Saturday after the fourth Thursday, two in the morning; and the eve of a Sunday, eleven at night.
    assert parse("EET-2EEST,M3.4.4/50,M10.4.4/50").changes(seconds(2027), seconds(2027, 6))[1].instant == seconds(
        2027, 3, 27
    )
    assert parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0").changes(seconds(2026), seconds(2026, 6))[1].instant == seconds(
        2026, 3, 29, 1
    )
    assert YearDay("M", 1, 1, 1, 167 * 3600).wall(2024) == seconds(2024, 1, 7, 23)
    assert YearDay("M", 1, 1, 1, -167 * 3600).wall(2024) == seconds(2023, 12, 25, 1)


def test_a_daylight_offset_of_its_own_to_the_second() -> None:
    footer = parse("XXX-1:02:03YYY-2:04:06,M3.1.0/1:30:15,M9.1.0")
    assert footer.standard.offset == 3723
    assert footer.daylight is not None
    assert footer.daylight.offset == 7446
    assert footer.start is not None
    assert footer.start.time == 5415


@given(st.integers(1, 9998))
def test_julian_days_never_count_29_february(year: int) -> None:
    assert YearDay("J", 0, 0, 59, 0).wall(year) == seconds(year, 2, 28)
    assert YearDay("J", 0, 0, 60, 0).wall(year) == seconds(year, 3, 1)
    assert YearDay("J", 0, 0, 1, 0).wall(year) == seconds(year, 1, 1)
    assert YearDay("J", 0, 0, 365, 0).wall(year) == seconds(year, 12, 31)
    assert YearDay("N", 0, 0, 0, 0).wall(year) == seconds(year, 1, 1)
    assert YearDay("N", 0, 0, 59, 0).wall(year) == seconds(year, 2, 28) + oracle.DAY


@pytest.mark.parametrize("text", ["EST5EDT,0/0,J365/25", "XXX3EDT4,0/0,J365/23"])
def test_daylight_saving_time_all_year(text: str) -> None:
    # RFC 9636, 3.3.1, gives both forms, one with hours beyond the day and one within it.
    footer = parse(text)
    for day in range(seconds(2019), seconds(2026), oracle.DAY // 4):
        assert footer.at(day).name == "EDT"
    assert footer.changes(seconds(2020), seconds(2030)) == []


def test_every_footer_of_the_database_is_read_as_the_standard_library_reads_it() -> None:
    for name in oracle.DISTINCT:
        footer = load(name).footer
        theirs = oracle.zoneinfo(name)
        assert footer is not None
        for change in footer.changes(seconds(2090), seconds(2110)):
            for instant in (change.instant - 1, change.instant):
                assert footer.at(instant).offset == oracle.offset(theirs, instant), name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CET",
        "CE-1",
        "CET-25",
        "CET-1:60",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J0,J100",
        "CET-1CEST,J366,J100",
        "CET-1CEST,366,100",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0 ",
        ":Europe/Berlin",
        "<CET-1",
    ],
)
def test_what_is_no_tz_string(text: str) -> None:
    with pytest.raises(TzStringError):
        parse(text)
