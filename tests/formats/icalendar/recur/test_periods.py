"""Years, months and weeks.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.recur.daysets import DayParts, day_set
from davd.formats.icalendar.recur.periods import Months, Periods, Weeks, Years

EPOCH = date(1970, 1, 1)
DAYS = st.dates(date(1970, 1, 1), date(2100, 1, 1)).map(lambda day: (day - EPOCH).days)
MARCH_AND_JULY = day_set(DayParts(bymonth=(3, 7)))


def make(kind: str, day: int, interval: int) -> Periods:
    if kind == "years":
        return Years(MARCH_AND_JULY, day, interval)
    if kind == "weeks of years":
        weeks = day_set(DayParts(byweekno=(1, -1), week_year=True, wkst=6))
        return Years(weeks, day, interval, 6)
    if kind == "months":
        return Months(MARCH_AND_JULY, day, interval)
    return Weeks(MARCH_AND_JULY, day, interval, 6, (0, 2, 5))


KINDS = st.sampled_from(["years", "weeks of years", "months", "weeks"])


@given(KINDS, DAYS, st.integers(1, 30), DAYS)
def test_a_day_is_in_the_period_it_is_said_to_be_in(kind: str, start: int, interval: int, day: int) -> None:
    periods = make(kind, start, interval)
    assert periods.at(start) == 0
    assert periods.begin(0) <= start < periods.begin(1)
    number = periods.at(day)
    assert periods.begin(number) <= day < periods.begin(number + 1)


@given(KINDS, DAYS, st.integers(1, 30), st.integers(0, 60))
def test_days_ascend_and_lie_in_their_period(kind: str, start: int, interval: int, number: int) -> None:
    periods = make(kind, start, interval)
    days = list(periods.days(number))
    assert days == sorted(set(days))
    assert periods.size(number) == len(days) <= periods.most
    assert all(periods.begin(number) <= day < periods.begin(number + 1) for day in days)


@given(KINDS, DAYS, st.integers(1, 30), st.integers(0, 60))
def test_no_period_with_days_is_left_out(kind: str, start: int, interval: int, number: int) -> None:
    periods = make(kind, start, interval)
    following = periods.following(number)
    assert following is not None and following > number
    assert not any(periods.size(between) for between in range(number + 1, following))


@given(KINDS, DAYS, st.integers(1, 30), st.integers(0, 60))
def test_after_a_cycle_the_days_are_the_same(kind: str, start: int, interval: int, number: int) -> None:
    periods = make(kind, start, interval)
    again = number + periods.cycle
    first, later = periods.begin(number), periods.begin(again)
    assert [day - first for day in periods.days(number)] == [day - later for day in periods.days(again)]


def test_weeks_without_days_have_no_following() -> None:
    nothing = day_set(DayParts(bymonth=(2,), bymonthday=(30,)))
    assert Weeks(nothing, 0, 1, 0, (0,)).following(3) is None


@pytest.mark.parametrize("day", [date(2013, 12, 30), date(2021, 1, 3), date(2020, 12, 28)])
def test_the_year_of_a_week_is_not_always_the_calendars(day: date) -> None:
    weeks = Years(day_set(DayParts(byweekno=(1, 53), week_year=True)), (day - EPOCH).days, 1, 0)
    found = [EPOCH + timedelta(days=number) for number in weeks.days(0)]
    assert day in found
    assert {other.isocalendar().year for other in found} == {day.isocalendar().year}
