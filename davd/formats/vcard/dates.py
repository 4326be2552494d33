"""Dates and times of vCards in ISO 8601's basic form (4.0) and extended form (3.0, jCard), whole or truncated.

Implements: RFC 6350, 4.3, 4.7; RFC 2426, 3.1.5, 3.6.4; RFC 7095, 3.5.3, 3.5.4, 3.5.5
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_DATE: Final = re.compile(
    r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)|(?P<year1>\d{4})-(?P<month1>\d\d)|(?P<year2>\d{4})"
    r"|--(?P<month2>\d\d)(?:-?(?P<day2>\d\d))?|---(?P<day3>\d\d)",
    re.ASCII,
)
_TIME: Final = re.compile(
    r"(?:(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d+)?)?)?"
    r"|-(?P<minute1>\d\d)(?::?(?P<second1>\d\d))?|--(?P<second2>\d\d))"
    r"(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_OFFSET: Final = re.compile(r"([+-]\d\d)(?::?(\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class DateAndOrTime:
    """A date, a time or both, each part None or empty where it is not said.

    The numbers are kept as digits. `timed` tells that there is a time; its parts may be missing from the left. `zone`
    is `"Z"`, an offset such as `"-0500"` or `"-05"`, or empty.
    """

    year: str = ""
    month: str = ""
    day: str = ""
    timed: bool = False
    hour: str = ""
    minute: str = ""
    second: str = ""
    zone: str = ""

    @property
    def dated(self) -> bool:
        """Whether there is a date at all."""
        return bool(self.year or self.month or self.day)

    @property
    def complete(self) -> bool:
        """Whether year, month and day are said."""
        return bool(self.year and self.month and self.day)

    def basic(self) -> str:
        """As vCard 4.0 writes it: `19961022T140000Z`, `--0412`, `---12`, `1985-04`, `T102200`."""
        if self.month and not self.day and self.year:
            date = f"{self.year}-{self.month}"
        elif self.year:
            date = self.year + self.month + self.day
        elif self.month:
            date = f"--{self.month}{self.day}"
        else:
            date = f"---{self.day}" if self.day else ""
        return f"{date}T{self._time('')}{self.zone}" if self.timed else date

    def extended(self) -> str:
        """As vCard 3.0 and jCard write it: `1996-10-22T14:00:00Z`, `--04-12`, `---12`, `1985-04`, `T10:22:00`."""
        parts = [part for part in (self.year, self.month, self.day) if part]
        before = "" if self.year else "--" if self.month else "---" if self.day else ""
        date = before + "-".join(parts)
        zone = f"{self.zone[:3]}:{self.zone[3:]}" if len(self.zone) == 5 else self.zone
        return f"{date}T{self._time(':')}{zone}" if self.timed else date

    def _time(self, colon: str) -> str:
        if self.hour:
            return colon.join([part for part in (self.hour, self.minute, self.second) if part])
        if self.minute:
            return "-" + colon.join([part for part in (self.minute, self.second) if part])
        return f"--{self.second}"


def read(text: str) -> DateAndOrTime | None:
    """A date, a time after `T`, or both, in either form; None for anything else, impossible months and hours included.

    Fractions of a second, which 4.0 has not, are left out.
    """
    date, mark, time = text.strip().partition("T")
    year = month = day = hour = minute = second = zone = ""
    if date:
        found = _DATE.fullmatch(date)
        if found is None:
            return None
        year = found["year"] or found["year1"] or found["year2"] or ""
        month = found["month"] or found["month1"] or found["month2"] or ""
        day = found["day"] or found["day2"] or found["day3"] or ""
        if (month and not "01" <= month <= "12") or (day and not "01" <= day <= "31"):
            return None
    if mark:
        found = _TIME.fullmatch(time)
        if found is None:
            return None
        hour = found["hour"] or ""
        minute = found["minute"] or found["minute1"] or ""
        second = found["second"] or found["second1"] or found["second2"] or ""
        zone = (found["zone"] or "").upper().replace(":", "")
        if hour > "24" or minute > "59" or second > "60":
            return None
    elif not date:
        return None
    return DateAndOrTime(year, month, day, bool(mark), hour, minute, second, zone)


def offset(text: str, colon: str) -> str | None:
    """A UTC offset with `colon` (a colon or nothing) between hours and minutes; None when it is none."""
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        return None
    return f"{found[1]}{colon}{found[2] or '00'}"
