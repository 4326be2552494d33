"""Dates as HTTP and WebDAV write them. Times are POSIX seconds; no function here looks at a clock.

Implements: RFC 9110, 5.6.7; RFC 3339, 5.6; RFC 4918, 15.1
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from time import gmtime
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS: Final = {name: number for number, name in enumerate(_MONTHS, 1)}

_DAY_NAME: Final = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH_NAME: Final = "(" + "|".join(_MONTHS) + ")"
_TIME: Final = "([0-2][0-9]):([0-5][0-9]):([0-6][0-9])"
_IMF_FIXDATE: Final = re.compile(rf"{_DAY_NAME}, ([0-3][0-9]) {_MONTH_NAME} ([0-9]{{4}}) {_TIME} GMT")
_RFC850: Final = re.compile(
    "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday), "
    rf"([0-3][0-9])-{_MONTH_NAME}-([0-9]{{2}}) {_TIME} GMT"
)
_ASCTIME: Final = re.compile(rf"{_DAY_NAME} {_MONTH_NAME} ([0-3 ][0-9]) {_TIME} ([0-9]{{4}})")

# The span in which four-digit years are true: 0001-01-01 and 9999-12-31T23:59:59.
_FIRST: Final = -62135596800
_LAST: Final = 253402300799

# Two-digit years are read as seen from 2026 unless the caller knows the time.
_REFERENCE: Final = 1767225600.0


def http_date(seconds: float) -> str:
    """`Sun, 06 Nov 1994 08:49:37 GMT`; fractions are cut off, times beyond four-digit years are clamped."""
    return _http_date(int(seconds // 1))


def iso_date(seconds: float) -> str:
    """`1994-11-06T08:49:37Z`, the form of DAV:creationdate; fractions are cut off, years are clamped."""
    return _iso_date(int(seconds // 1))


@lru_cache(maxsize=8192)
def _http_date(second: int) -> str:
    year, month, day, hour, minute, rest, weekday, _, _ = gmtime(min(max(second, _FIRST), _LAST))
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{rest:02} GMT"


@lru_cache(maxsize=8192)
def _iso_date(second: int) -> str:
    year, month, day, hour, minute, rest, *_ = gmtime(min(max(second, _FIRST), _LAST))
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{rest:02}Z"


def parse_http_date(text: str, now: float = _REFERENCE) -> int | None:
    """Read any of the three forms; None when it is no date.

    "A recipient that parses a timestamp value in an HTTP field MUST accept all three HTTP-date formats." The weekday is
    not compared with the date, a leap second is taken for the second before. `now` places the two-digit years.
    """
    if len(text) > 40:
        return None
    match = _IMF_FIXDATE.fullmatch(text)
    if match is not None:
        day, month, year, hour, minute, second = match.groups()
        return _seconds(int(year), month, day, hour, minute, second)
    match = _ASCTIME.fullmatch(text)
    if match is not None:
        month, day, hour, minute, second, year = match.groups()
        return _seconds(int(year), month, day, hour, minute, second)
    match = _RFC850.fullmatch(text)
    if match is None:
        return None
    day, month, short, hour, minute, second = match.groups()
    # "Recipients of a timestamp value in rfc850-date format, which uses a two-digit year, MUST interpret a timestamp
    # that appears to be more than 50 years in the future as representing the most recent year in the past that had the
    # same last two digits."
    this_year = gmtime(min(max(now, _FIRST), _LAST)).tm_year
    full = this_year - this_year % 100 + int(short)
    if full > this_year + 50:
        full -= 100
    elif full <= this_year - 50:
        full += 100
    return _seconds(full, month, day, hour, minute, second)


def _seconds(year: int, month: str, day: str, hour: str, minute: str, second: str) -> int | None:
    try:
        moment = datetime(
            year, _MONTH_NUMBERS[month], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        )
    except ValueError:
        return None
    return int(moment.timestamp())
