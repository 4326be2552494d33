"""What a recurrence rule asks of the Gregorian calendar, on day numbers counted from 1970-01-01.

Implements: RFC 5545, 3.3.10
"""

from __future__ import annotations

from typing import Final

DAY: Final = 86_400
WEEK: Final = 7

# 9999-12-31, the last day that a DATE can name.
LAST_DAY: Final = 2_932_896

# The calendar repeats itself after 400 years: so many days, or weeks, or months.
CYCLE_YEARS: Final = 400
CYCLE_MONTHS: Final = 4_800
CYCLE_WEEKS: Final = 20_871
CYCLE_DAYS: Final = 146_097

_STARTS: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_LEAP_STARTS: Final = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366)


def weekday(day: int) -> int:
    """The day of the week, 0 for Monday."""
    return (day + 3) % WEEK


def is_leap(year: int) -> bool:
    """Whether the year has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def new_year(year: int) -> int:
    """The day number of January 1st."""
    before = year - 1
    return 365 * before + before // 4 - before // 100 + before // 400 - 719_162


def year_of(day: int) -> int:
    """The year that a day is in."""
    # The mean year never puts a day more than one year off.
    year = (day + 719_162) * CYCLE_YEARS // CYCLE_DAYS + 1
    if day < new_year(year):
        return year - 1
    return year + 1 if day >= new_year(year + 1) else year


def month_starts(leap: bool) -> tuple[int, ...]:
    """How many days of the year are over when each month begins, and in a thirteenth place when the year is over."""
    return _LEAP_STARTS if leap else _STARTS


def first_week(first: int, week_start: int) -> int:
    """Where week 1 begins, in days from January 1st, which is the weekday `first`; from -3 to 3.

    "Week number one of the calendar year is the first week that contains at least four (4) days in that calendar year."
    """
    into = (first - week_start) % WEEK
    return -into if into <= 3 else WEEK - into


def weeks(leap: bool, first: int, week_start: int) -> int:
    """How many weeks the year has, 52 or 53."""
    length = 366 if leap else 365
    end = length + first_week((first + length) % WEEK, week_start)
    return (end - first_week(first, week_start)) // WEEK
