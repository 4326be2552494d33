"""Which days of a year a rule's day parts select.

January 1st falls on one of seven weekdays, and a year has one of two lengths: there are 14 kinds of years, and for each
the days are worked out once and kept.

Implements: RFC 5545, 3.3.10; RFC 7529, 4.1
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import lru_cache

from davd.formats.icalendar.recur.gregorian import (
    CYCLE_YEARS,
    LAST_DAY,
    WEEK,
    first_week,
    is_leap,
    month_starts,
    new_year,
    weekday,
    weeks,
    year_of,
)
from davd.formats.icalendar.recur.rule import Skip


@dataclass(frozen=True, slots=True)
class DayParts:
    """The parts of a rule that say something about days, as `Rule` has them.

    `weekdays` and `ordinals` are BYDAY without and with numeric values. The numbers count within the month when
    `by_month`, else within the year. `week_year` makes the weeks of BYWEEKNO whole, so that some days of the first and
    last ones are in the years before and after.
    """

    bymonth: tuple[int, ...] = ()
    byweekno: tuple[int, ...] = ()
    byyearday: tuple[int, ...] = ()
    bymonthday: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    ordinals: tuple[tuple[int, int], ...] = ()
    by_month: bool = False
    week_year: bool = False
    wkst: int = 0
    skip: Skip = Skip.OMIT


class DaySet:
    """The days that the parts select, year by year."""

    __slots__ = ("_months", "_parts", "_years")

    def __init__(self, parts: DayParts) -> None:
        self._parts = parts
        self._years: dict[tuple[bool, int], tuple[int, ...]] = {}
        self._months: dict[tuple[bool, int, int], tuple[int, ...]] = {}

    def year(self, year: int, begin: int) -> tuple[int, ...]:
        """The days, ascending, in days from `begin`, the day number of the year's January 1st.

        Moved days (SKIP) and whole weeks may lie up to a week before the year or after it.
        """
        return self._kind(is_leap(year), weekday(begin))

    def month(self, year: int, begin: int, month: int) -> tuple[int, ...]:
        """The days of one month, or those that the month's missing days have become, as `year` gives them."""
        leap = is_leap(year)
        first = weekday(begin)
        found = self._months.get((leap, first, month))
        if found is None:
            parts = self._parts
            if parts.bymonth and month not in parts.bymonth:
                found = ()
            else:
                found = _select(replace(parts, bymonth=(month,)), leap, first)
            self._months[leap, first, month] = found
        return found

    def contains(self, day: int) -> bool:
        """Whether the day is one of them."""
        year = year_of(day)
        begin = new_year(year)
        days = self.year(year, begin)
        index = bisect_left(days, day - begin)
        return index < len(days) and days[index] == day - begin

    def next(self, day: int) -> int | None:
        """The first of the days from `day` on; None when there is none before the calendar ends or repeats itself."""
        year = year_of(day)
        for current in range(year, year + CYCLE_YEARS + 1):
            begin = new_year(current)
            if begin > LAST_DAY:
                return None
            days = self.year(current, begin)
            index = bisect_left(days, day - begin)
            if index < len(days):
                return begin + days[index]
        return None

    def _kind(self, leap: bool, first: int) -> tuple[int, ...]:
        found = self._years.get((leap, first))
        if found is None:
            found = self._years[leap, first] = _select(self._parts, leap, first)
        return found


@lru_cache(maxsize=1_024)
def day_set(parts: DayParts) -> DaySet:
    """The set for these parts, shared by all who ask for it."""
    return DaySet(parts)


def _select(parts: DayParts, leap: bool, first: int) -> tuple[int, ...]:
    """The days of the kind of year, as `DaySet.year` gives them."""
    length = 366 if leap else 365
    months = _months(parts, leap)
    found: set[int] | None = None
    if parts.bymonthday:
        found = _month_days(parts, months)
    elif parts.bymonth:
        found = {day for begin, end in months for day in range(begin, end)}
    if parts.byyearday:
        days = _year_days(parts, length)
        found = days if found is None else found & days
    if parts.byweekno:
        days = _week_days(parts, leap, first)
        if not parts.week_year:
            days = {day for day in days if 0 <= day < length}
        found = days if found is None else found & days
    if parts.weekdays or parts.ordinals:
        days = set()
        among = range(length) if found is None else found
        if parts.weekdays:
            days = {day for day in among if (first + day) % WEEK in parts.weekdays}
        for begin, end in months if parts.by_month else ((0, length),):
            days |= _ordinal_days(parts.ordinals, first, begin, end)
        found = days if found is None else found & days
    return tuple(range(length)) if found is None else tuple(sorted(found))


def _months(parts: DayParts, leap: bool) -> list[tuple[int, int]]:
    """Where the months of BYMONTH, or all, begin and end."""
    starts = month_starts(leap)
    found = [(starts[month - 1], starts[month]) for month in parts.bymonth or range(1, 13)]
    if parts.week_year:
        # The days that whole weeks have in the neighbouring years are those of December and January.
        if not parts.bymonth or 12 in parts.bymonth:
            found.append((-31, 0))
        if not parts.bymonth or 1 in parts.bymonth:
            found.append((starts[12], starts[12] + 31))
    return found


def _month_days(parts: DayParts, months: list[tuple[int, int]]) -> set[int]:
    found = set()
    for begin, end in months:
        for number in parts.bymonthday:
            day = begin + number - 1 if number > 0 else end + number
            found |= _valid(day, begin, end, parts.skip)
    return found


def _year_days(parts: DayParts, length: int) -> set[int]:
    found = set()
    for number in parts.byyearday:
        found |= _valid(number - 1 if number > 0 else length + number, 0, length, parts.skip)
    return found


def _valid(day: int, begin: int, end: int, skip: Skip) -> set[int]:
    """The day, or what becomes of it when it is not in its month or year."""
    if begin <= day < end:
        return {day}
    if skip is Skip.OMIT:
        # "Recurrence rules may generate recurrence instances with an invalid date ... Such recurrence instances MUST be
        # ignored and MUST NOT be counted as part of the recurrence set."
        return set()
    # "a date with an invalid day-of-month is changed to the previous (valid) day-of-month", or the next.
    if day >= end:
        return {end - 1 if skip is Skip.BACKWARD else end}
    return {begin - 1 if skip is Skip.BACKWARD else begin}


def _week_days(parts: DayParts, leap: bool, first: int) -> set[int]:
    begin = first_week(first, parts.wkst)
    total = weeks(leap, first, parts.wkst)
    found: set[int] = set()
    for number in parts.byweekno:
        week = number - 1 if number > 0 else total + number
        for valid in _valid(week, 0, total, parts.skip):
            found.update(range(begin + valid * WEEK, begin + valid * WEEK + WEEK))
    return found


def _ordinal_days(ordinals: tuple[tuple[int, int], ...], first: int, begin: int, end: int) -> set[int]:
    """The nth weekdays between `begin` and `end`, counted from there for positive numbers, from here for negative."""
    found = set()
    for number, name in ordinals:
        if number > 0:
            day = begin + (name - first - begin) % WEEK + (number - 1) * WEEK
        else:
            day = end - 1 - (first + end - 1 - name) % WEEK + (number + 1) * WEEK
        if begin <= day < end:
            found.add(day)
    return found
