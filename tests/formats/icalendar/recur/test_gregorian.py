"""The calendar, compared with the standard library's.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

import calendar
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.recur import gregorian

EPOCH = date(1970, 1, 1).toordinal()
DATES = st.dates()


@given(DATES)
def test_days(day: date) -> None:
    number = day.toordinal() - EPOCH
    assert gregorian.weekday(number) == day.weekday()
    assert gregorian.year_of(number) == day.year
    assert gregorian.new_year(day.year) == date(day.year, 1, 1).toordinal() - EPOCH
    assert gregorian.is_leap(day.year) == calendar.isleap(day.year)


def test_the_last_day() -> None:
    assert date.max.toordinal() - EPOCH == gregorian.LAST_DAY


def test_the_year_is_right_on_every_day_of_a_cycle() -> None:
    first = gregorian.new_year(2000)
    for year in range(2000, 2400):
        last = gregorian.new_year(year + 1) - 1
        assert (gregorian.year_of(first), gregorian.year_of(last)) == (year, year)
        first = last + 1
    assert first == gregorian.new_year(2000) + gregorian.CYCLE_DAYS
    assert gregorian.CYCLE_WEEKS * 7 == gregorian.CYCLE_DAYS


def test_months() -> None:
    for year in (2023, 2024):
        starts = gregorian.month_starts(gregorian.is_leap(year))
        assert [date(year, month, 1).timetuple().tm_yday - 1 for month in range(1, 13)] == list(starts[:12])
        assert starts[12] == date(year, 12, 31).timetuple().tm_yday


@given(st.integers(2, 9998))
def test_weeks_that_begin_on_monday_are_those_of_iso_8601(year: int) -> None:
    first = date(year, 1, 1)
    assert gregorian.first_week(first.weekday(), 0) == (date.fromisocalendar(year, 1, 1) - first).days
    assert gregorian.weeks(calendar.isleap(year), first.weekday(), 0) == date(year, 12, 28).isocalendar().week


@given(st.integers(2, 9998), st.integers(0, 6))
def test_the_first_week_has_four_days_in_the_year_whatever_it_begins_with(year: int, week_start: int) -> None:
    first = date(year, 1, 1)
    begin = gregorian.first_week(first.weekday(), week_start)
    assert (first.weekday() + begin) % 7 == week_start
    assert -3 <= begin <= 3
    after = gregorian.first_week(date(year + 1, 1, 1).weekday(), week_start) + (date(year + 1, 1, 1) - first).days
    assert begin + 7 * gregorian.weeks(calendar.isleap(year), first.weekday(), week_start) == after
