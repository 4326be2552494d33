"""The days that a rule's parts select.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.recur.daysets import DayParts, day_set
from davd.formats.icalendar.recur.gregorian import LAST_DAY, new_year, weekday
from davd.formats.icalendar.recur.rule import Skip

YEARS = st.integers(1970, 2400)
EPOCH = date(1970, 1, 1)


def days(parts: DayParts, year: int) -> list[date]:
    begin = new_year(year)
    return [EPOCH + timedelta(days=begin + day) for day in day_set(parts).year(year, begin)]


def signed(high: int, most: int) -> st.SearchStrategy[tuple[int, ...]]:
    numbers = st.integers(1, high).flatmap(lambda number: st.sampled_from([number, -number]))
    return st.lists(numbers, max_size=most, unique=True).map(sorted).map(tuple)


PARTS = st.builds(
    DayParts,
    bymonth=st.lists(st.integers(1, 12), max_size=4, unique=True).map(sorted).map(tuple),
    byyearday=signed(366, 30),
    bymonthday=signed(31, 8),
    weekdays=st.lists(st.integers(0, 6), max_size=3, unique=True).map(sorted).map(tuple),
)


def is_selected(parts: DayParts, day: date) -> bool:
    """The same, asked of one day."""
    length = 366 if calendar.isleap(day.year) else 365
    year_day = day.timetuple().tm_yday
    in_month = calendar.monthrange(day.year, day.month)[1]
    return (
        (not parts.bymonth or day.month in parts.bymonth)
        and (not parts.byyearday or bool({year_day, year_day - length - 1} & set(parts.byyearday)))
        and (not parts.bymonthday or bool({day.day, day.day - in_month - 1} & set(parts.bymonthday)))
        and (not parts.weekdays or day.weekday() in parts.weekdays)
    )


@given(PARTS, YEARS)
def test_parts_limit_each_other(parts: DayParts, year: int) -> None:
    first = date(year, 1, 1)
    every = [first + timedelta(days=number) for number in range(366 if calendar.isleap(year) else 365)]
    assert days(parts, year) == [day for day in every if is_selected(parts, day)]


@given(PARTS, st.dates(date(1970, 1, 1), date(2300, 1, 1)))
def test_the_next_day(parts: DayParts, day: date) -> None:
    number = (day - EPOCH).days
    found = day_set(parts).next(number)
    assert day_set(parts).contains(number) == is_selected(parts, day) == (found == number)
    if found is None:
        assert not any(days(parts, year) for year in range(day.year + 1, day.year + 401))
    else:
        assert is_selected(parts, EPOCH + timedelta(days=found))
        between = range(number, min(found, number + 800))
        assert not any(is_selected(parts, EPOCH + timedelta(days=other)) for other in between)


def test_there_is_no_day_after_the_last() -> None:
    assert day_set(DayParts(bymonth=(1,))).next(LAST_DAY) is None
    assert day_set(DayParts(bymonth=(12,))).next(LAST_DAY) == LAST_DAY


@given(YEARS, st.integers(1, 12), st.integers(0, 6))
def test_weekdays_are_counted_within_the_month_or_the_year(year: int, month: int, name: int) -> None:
    every = [date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]
    named = [day for day in every if day.weekday() == name]
    parts = DayParts(bymonth=(month,), ordinals=((1, name), (-1, name), (5, name)), by_month=True)
    assert days(parts, year) == sorted({named[0], named[-1], *named[4:]})
    begin = new_year(year)
    assert day_set(parts).month(year, begin, month) == day_set(parts).year(year, begin)
    assert day_set(parts).month(year, begin, month % 12 + 1) == ()
    of_year = days(DayParts(ordinals=((20, name), (-1, name), (53, name))), year)
    assert {day.weekday() for day in of_year} == {name}
    assert of_year[0] - timedelta(weeks=20) < date(year, 1, 1) <= of_year[0] - timedelta(weeks=19)
    assert of_year[-1] + timedelta(weeks=1) > date(year, 12, 31)


@given(YEARS, st.integers(0, 6), st.integers(1, 53), st.booleans())
def test_weeks_are_whole_or_cut_at_the_year(year: int, week_start: int, week: int, backward: bool) -> None:
    number = -week if backward else week
    whole = days(DayParts(byweekno=(number,), week_year=True, wkst=week_start), year)
    assert len(whole) in (0, 7)
    assert not whole or whole[0].weekday() == week_start
    assert bool(whole) or week == 53
    cut = days(DayParts(byweekno=(number,), wkst=week_start), year)
    assert cut == [day for day in whole if day.year == year]
    december = days(DayParts(byweekno=(number,), bymonth=(12,), week_year=True, wkst=week_start), year)
    assert december == [day for day in whole if day.month == 12]


class TestSkip:
    """Days that do not exist.

    Verifies: RFC 7529, 4.1
    """

    def test_of_a_month(self) -> None:
        forward = DayParts(bymonth=(2, 4), bymonthday=(30, 31), skip=Skip.FORWARD)
        assert days(forward, 2025) == [date(2025, 3, 1), date(2025, 4, 30), date(2025, 5, 1)]
        backward = DayParts(bymonth=(2, 4), bymonthday=(30, 31), skip=Skip.BACKWARD)
        assert days(backward, 2024) == [date(2024, 2, 29), date(2024, 4, 30)]

    def test_of_a_month_from_its_end(self) -> None:
        assert days(DayParts(bymonth=(4,), bymonthday=(-31,), skip=Skip.FORWARD), 2025) == [date(2025, 4, 1)]
        assert days(DayParts(bymonth=(4,), bymonthday=(-31,), skip=Skip.BACKWARD), 2025) == [date(2025, 3, 31)]

    def test_of_a_year(self) -> None:
        for number, skip, expected in (
            (366, Skip.FORWARD, date(2026, 1, 1)),
            (366, Skip.BACKWARD, date(2025, 12, 31)),
            (-366, Skip.FORWARD, date(2025, 1, 1)),
            (-366, Skip.BACKWARD, date(2024, 12, 31)),
        ):
            assert days(DayParts(byyearday=(number,), skip=skip), 2025) == [expected]
            assert days(DayParts(byyearday=(number,), skip=skip), 2024) == [
                date(2024, 12, 31) if number > 0 else date(2024, 1, 1)
            ]

    def test_of_the_weeks(self) -> None:
        week = DayParts(byweekno=(53,), week_year=True, skip=Skip.FORWARD)
        assert days(week, 2025)[0] == date(2025, 12, 29)
        assert days(DayParts(byweekno=(53,), week_year=True, skip=Skip.BACKWARD), 2025)[0] == date(2025, 12, 22)

    def test_weekdays_are_asked_after_the_move(self) -> None:
        # The 1st of March 2025 is a Saturday.
        assert weekday((date(2025, 3, 1) - EPOCH).days) == 5
        for name in range(7):
            parts = DayParts(bymonth=(2,), bymonthday=(30,), weekdays=(name,), skip=Skip.FORWARD)
            assert days(parts, 2025) == ([date(2025, 3, 1)] if name == 5 else [])
