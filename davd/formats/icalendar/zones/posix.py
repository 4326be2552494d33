"""The TZ string that ends a TZif file and rules all times after its table.

Implements: RFC 9636, 3.3, 3.3.1
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from davd.formats.icalendar.values import DAY, civil, day_number

_NAME: Final = r"([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_TIME: Final = r"[+-]?\d{1,3}(?::\d{1,2}){0,2}"
_DATE: Final = rf"(M\d{{1,2}}\.\d\.\d|J\d{{1,3}}|\d{{1,3}})(?:/({_TIME}))?"
_STRING: Final = re.compile(rf"{_NAME}({_TIME})(?:{_NAME}({_TIME})?,{_DATE},{_DATE})?", re.ASCII)
# The time on a day for which none is given (POSIX, 8.3).
_TWO: Final = 7_200


class TzStringError(ValueError):
    """The text is no TZ string with explicit rules."""


class LocalTime(NamedTuple):
    """A local time type: seconds ahead of UTC, whether it is called daylight saving time, and its abbreviation."""

    offset: int
    is_daylight: bool
    name: str


class Change(NamedTuple):
    """The instant from which another local time type is in force."""

    instant: int
    before: LocalTime
    after: LocalTime


@dataclass(frozen=True, slots=True)
class YearDay:
    """A day of each year and the clock time on it, -167 to 167 hours from its midnight.

    Form "M": `day` is the weekday (0 is Sunday) that is the `week`-th in `month`, 5 for the last. Form "J": `day` 1 to
    365, 29 February is never counted. Form "N": `day` 0 to 365, 29 February is counted.
    """

    form: Literal["M", "J", "N"]
    month: int
    week: int
    day: int
    time: int

    def wall(self, year: int) -> int:
        """The clock's reading in that year, in seconds from 1970-01-01T00:00:00."""
        if self.form == "M":
            first = day_number(year, self.month, 1)
            # 1970-01-01 was a Thursday.
            day = first + (self.day - first - 4) % 7 + 7 * (self.week - 1)
            following = day_number(year + (self.month == 12), self.month % 12 + 1, 1)
            if day >= following:
                day -= 7
        elif self.form == "J":
            # The days up to 28 February count from the start of the year, those after it from its end.
            day = day_number(year, 1, self.day) if self.day < 60 else day_number(year, 12, 31) - 365 + self.day
        else:
            day = day_number(year, 1, 1) + self.day
        return day * DAY + self.time


@dataclass(frozen=True, slots=True)
class Footer:
    """What holds in every year after the table: one local time, or two with the days on which they change."""

    standard: LocalTime
    daylight: LocalTime | None = None
    start: YearDay | None = None
    end: YearDay | None = None

    def to_daylight(self, year: int) -> Change:
        """The change by rule `start`; only where there are rules."""
        assert self.daylight is not None and self.start is not None
        return Change(self.start.wall(year) - self.standard.offset, self.standard, self.daylight)

    def to_standard(self, year: int) -> Change:
        """The change by rule `end`; only where there are rules."""
        assert self.daylight is not None and self.end is not None
        return Change(self.end.wall(year) - self.daylight.offset, self.daylight, self.standard)

    def changes(self, low: int, high: int) -> list[Change]:
        """The changes with `low` < instant <= `high`, ascending, preceded by the one in force at `low` if any."""
        if self.daylight is None:
            return []
        # A rule's instant may lie a week outside its year; the one in force may be of the year before that.
        years = range(civil(low // DAY)[0] - 2, civil(high // DAY)[0] + 2)
        every = [change for year in years for change in (self.to_standard(year), self.to_daylight(year))]
        every.sort(key=lambda change: change.instant)
        instants = [change.instant for change in every]
        return every[bisect_right(instants, low) - 1 : bisect_right(instants, high)]

    def at(self, instant: int) -> LocalTime:
        """The local time in force at `instant`."""
        return self.changes(instant, instant)[-1].after if self.daylight is not None else self.standard


def parse(text: str) -> Footer:
    """The footer of a TZ string; TzStringError where it is none, or names rules by their place (":")."""
    match = _STRING.fullmatch(text)
    if match is None:
        raise TzStringError(f"Not a TZ string: {text[:80]!r}")
    standard = LocalTime(-_seconds(match[2], 24), False, match[1].strip("<>"))
    if match[3] is None:
        return Footer(standard)
    # Without an offset of its own it is an hour ahead (POSIX, 8.3).
    offset = -_seconds(match[4], 24) if match[4] else standard.offset + 3600
    daylight = LocalTime(offset, True, match[3].strip("<>"))
    footer = Footer(standard, daylight, _year_day(match[5], match[6]), _year_day(match[7], match[8]))
    if all(footer.to_standard(year).instant >= footer.to_daylight(year + 1).instant for year in (2023, 2024, 2025)):
        # So is written that daylight saving time never ends: it would end when it starts again.
        return Footer(daylight)
    return footer


def _year_day(day: str, time: str | None) -> YearDay:
    seconds = _seconds(time, 167) if time is not None else _TWO
    if day[0] == "M":
        month, week, weekday = map(int, day[1:].split("."))
        if not (1 <= month <= 12 and 1 <= week <= 5 and weekday <= 6):
            raise TzStringError(f"There is no such day: {day}")
        return YearDay("M", month, week, weekday, seconds)
    form: Literal["J", "N"] = "J" if day[0] == "J" else "N"
    number = int(day.removeprefix("J"))
    if number > 365 or (form == "J" and not number):
        raise TzStringError(f"There is no such day: {day}")
    return YearDay(form, 0, 0, number, seconds)


def _seconds(text: str, hours: int) -> int:
    """`[+-]h[:m[:s]]` in seconds, the hours bounded."""
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    hour, minute, second = parts + [0] * (3 - len(parts))
    if hour > hours or minute > 59 or second > 59:
        raise TzStringError(f"There is no such time: {text}")
    total = hour * 3600 + minute * 60 + second
    return -total if text[0] == "-" else total
