"""Years, months and weeks as the periods of a rule, each with the days in it.

Implements: RFC 5545, 3.3.10
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Final, Protocol

from davd.formats.icalendar.recur.daysets import DaySet
from davd.formats.icalendar.recur.gregorian import (
    CYCLE_MONTHS,
    CYCLE_WEEKS,
    CYCLE_YEARS,
    WEEK,
    first_week,
    is_leap,
    month_starts,
    new_year,
    weekday,
    year_of,
)

_MONTHS: Final = 12


class Periods(Protocol):
    """Every INTERVALth period from the one with DTSTART on, numbered from 0.

    After `cycle` of them the days are the same again, and none has more than `most`. `countable` tells that `size`
    costs little.
    """

    cycle: int
    most: int
    countable: bool

    def at(self, day: int) -> int:
        """The last period that does not begin after the day."""
        ...

    def begin(self, period: int) -> int:
        """The first day of the period."""
        ...

    def days(self, period: int) -> Sequence[int]:
        """The selected days, ascending."""
        ...

    def size(self, period: int) -> int:
        """How many days are selected."""
        ...

    def following(self, period: int) -> int | None:
        """A later period, without leaving out one that has days; None when no later one has any."""
        ...


class Years:
    """Years; those of the weeks beginning with the weekday `week_start` where that is given."""

    countable = True
    most = 372
    __slots__ = ("_days", "_first", "_interval", "_week_start", "cycle")

    def __init__(self, days: DaySet, day: int, interval: int, week_start: int | None = None) -> None:
        self._days = days
        self._interval = interval
        self._week_start = week_start
        self._first = self._year(day)
        self.cycle = CYCLE_YEARS // gcd(CYCLE_YEARS, interval)

    def _year(self, day: int) -> int:
        year = year_of(day)
        if self._week_start is None:
            return year
        if day < self._begin(year):
            return year - 1
        return year + 1 if day >= self._begin(year + 1) else year

    def _begin(self, year: int) -> int:
        begin = new_year(year)
        return begin if self._week_start is None else begin + first_week(weekday(begin), self._week_start)

    def at(self, day: int) -> int:
        """See `Periods.at`."""
        return (self._year(day) - self._first) // self._interval

    def begin(self, period: int) -> int:
        """See `Periods.begin`."""
        return self._begin(self._first + period * self._interval)

    def days(self, period: int) -> Sequence[int]:
        """See `Periods.days`."""
        year = self._first + period * self._interval
        begin = new_year(year)
        return [begin + day for day in self._days.year(year, begin)]

    def size(self, period: int) -> int:
        """See `Periods.size`."""
        year = self._first + period * self._interval
        return len(self._days.year(year, new_year(year)))

    def following(self, period: int) -> int | None:
        """See `Periods.following`."""
        return period + 1


class Months:
    """Months."""

    countable = True
    most = 31
    __slots__ = ("_days", "_first", "_interval", "cycle")

    def __init__(self, days: DaySet, day: int, interval: int) -> None:
        self._days = days
        self._interval = interval
        self._first = _month(day)
        self.cycle = CYCLE_MONTHS // gcd(CYCLE_MONTHS, interval)

    def at(self, day: int) -> int:
        """See `Periods.at`."""
        return (_month(day) - self._first) // self._interval

    def begin(self, period: int) -> int:
        """See `Periods.begin`."""
        year, month = divmod(self._first + period * self._interval, _MONTHS)
        return new_year(year) + month_starts(is_leap(year))[month]

    def days(self, period: int) -> Sequence[int]:
        """See `Periods.days`."""
        year, month = divmod(self._first + period * self._interval, _MONTHS)
        begin = new_year(year)
        return [begin + day for day in self._days.month(year, begin, month + 1)]

    def size(self, period: int) -> int:
        """See `Periods.size`."""
        year, month = divmod(self._first + period * self._interval, _MONTHS)
        return len(self._days.month(year, new_year(year), month + 1))

    def following(self, period: int) -> int | None:
        """See `Periods.following`."""
        return period + 1


class Weeks:
    """Weeks that begin with the weekday `week_start`, and have days on the weekdays `names`."""

    countable = False
    __slots__ = ("_days", "_first", "_interval", "_offsets", "cycle", "most")

    def __init__(self, days: DaySet, day: int, interval: int, week_start: int, names: tuple[int, ...]) -> None:
        self._days = days
        self._interval = interval
        self._offsets = sorted((name - week_start) % WEEK for name in names)
        self.most = len(names)
        self._first = day - (weekday(day) - week_start) % WEEK
        self.cycle = CYCLE_WEEKS // gcd(CYCLE_WEEKS, interval)

    def at(self, day: int) -> int:
        """See `Periods.at`."""
        return (day - self._first) // (WEEK * self._interval)

    def begin(self, period: int) -> int:
        """See `Periods.begin`."""
        return self._first + period * WEEK * self._interval

    def days(self, period: int) -> Sequence[int]:
        """See `Periods.days`."""
        begin = self.begin(period)
        return [begin + offset for offset in self._offsets if self._days.contains(begin + offset)]

    def size(self, period: int) -> int:
        """See `Periods.size`."""
        return len(self.days(period))

    def following(self, period: int) -> int | None:
        """See `Periods.following`."""
        day = self._days.next(self.begin(period + 1))
        return None if day is None else self.at(day)


def _month(day: int) -> int:
    """The month that a day is in, counted from January of the year 0."""
    year = year_of(day)
    left = day - new_year(year)
    starts = month_starts(is_leap(year))
    month = left // 31
    return year * _MONTHS + (month + 1 if left >= starts[month + 1] else month)
