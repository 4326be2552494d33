"""Property values of iCalendar, by integer arithmetic.

TEXT is in davd.formats.contentlines, RECUR in davd.formats.icalendar.recur; a URI is its own value.

Implements: RFC 5545, 3.3.1, 3.3.2, 3.3.3, 3.3.4, 3.3.5, 3.3.6, 3.3.7, 3.3.8, 3.3.9, 3.3.12, 3.3.14
"""

from __future__ import annotations

import base64
import enum
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from davd.formats.contentlines import ContentError, Line

DAY: Final = 86_400

_DATE: Final = re.compile(r"[0-9]{8}", re.ASCII)
_DATE_TIME: Final = re.compile(r"[0-9]{8}[Tt][0-9]{6}[Zz]?", re.ASCII)
_TIME: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([Zz]?)", re.ASCII)
_DURATION: Final = re.compile(
    r"([+-]?)P(?=[0-9T])(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?",
    re.ASCII | re.IGNORECASE,
)
_OFFSET: Final = re.compile(r"([+-]?)([0-9]{2})([0-9]{2})([0-9]{2})?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?[0-9]{1,32}(?:\.[0-9]{1,32})?", re.ASCII)
_MONTH_DAYS: Final = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Kind(enum.IntEnum):
    """What clock a moment stands on: a day without time, any clock, UTC, or the clock of a time zone."""

    DATE = 0
    FLOATING = 1
    UTC = 2
    ZONED = 3


# A module's names are found faster than an enumeration's.
_DAY, _FLOATING, _UTC, _ZONED = Kind


class Moment(msgspec.Struct, frozen=True, gc=False):
    """A DATE or DATE-TIME.

    `wall` is seconds from 1970-01-01T00:00:00 on the clock it names, in the proleptic Gregorian calendar and without
    leap seconds; a DATE is its midnight. `tzid` is not empty for ZONED alone, and is stripped of white space.
    """

    wall: int
    kind: Kind
    tzid: str = ""


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration: nominal days (weeks are seven) and exact seconds, both negative in a negative one."""

    days: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Period:
    """A period that has either an end or a duration."""

    start: Moment
    end: Moment | None = None
    duration: Duration | None = None


def day_number(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a day of the proleptic Gregorian calendar; nothing is checked."""
    if month < 3:
        year -= 1
        month += 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719_469


def civil(number: int) -> tuple[int, int, int]:
    """Year, month and day of a day number."""
    number += 719_468
    era, day_of_era = divmod(number, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    year = year_of_era + era * 400
    return (year, shifted + 3, day) if shifted < 10 else (year + 1, shifted - 9, day)


def moment(value: str, tzid: str = "", is_date: bool = False) -> Moment:
    """A DATE or DATE-TIME; eight digits are a DATE even where the property does not say so.

    `tzid` is the property's parameter; it is ignored for a DATE and for UTC, to which it "MUST NOT be applied". With
    `is_date` a time is refused. Second 60 is taken for 59, as RFC 5545, 3.3.12 wants it.
    """
    if not is_date and _DATE_TIME.fullmatch(value) is not None:
        hour, rest = divmod(int(value[9:15]), 10_000)
        minute, second = divmod(rest, 100)
        if hour > 23 or minute > 59 or second > 60:
            raise ContentError(f"There is no such time: {_shown(value)}")
        wall = _midnight(value[:8]) + hour * 3600 + minute * 60 + (second if second < 60 else 59)
        if len(value) == 16:
            return Moment(wall, _UTC)
        return Moment(wall, _ZONED, tzid) if tzid else Moment(wall, _FLOATING)
    if _DATE.fullmatch(value) is not None:
        return Moment(_midnight(value), _DAY)
    stripped = value.strip()
    if stripped != value:
        return moment(stripped, tzid, is_date)
    raise ContentError(f"Not a {'DATE' if is_date else 'DATE-TIME'}: {_shown(value)}")


# Most values of a calendar lie on a few days.
@lru_cache(maxsize=4_096)
def _midnight(date: str) -> int:
    """The seconds from 1970 to a day of eight digits."""
    year, rest = divmod(int(date), 10_000)
    month, day = divmod(rest, 100)
    if not (1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month] and year):
        raise ContentError(f"There is no such day: {_shown(date)}")
    if day == 29 and month == 2 and (year % 4 or (year % 100 == 0 and year % 400)):
        raise ContentError(f"There is no such day: {_shown(date)}")
    return day_number(year, month, day) * DAY


def of_line(line: Line) -> Moment:
    """The DATE or DATE-TIME that is the value of a property, with its VALUE and TZID parameters."""
    if not line.raw_params:
        return moment(line.value)
    return moment(line.value, line.param("TZID").strip(), line.param("VALUE").upper() == "DATE")


def moments(line: Line) -> list[Moment]:
    """The DATEs or DATE-TIMEs of a property that may have several; an empty value is none."""
    if not line.value.strip():
        return []
    tzid = line.param("TZID").strip()
    is_date = line.param("VALUE").upper() == "DATE"
    return [moment(part, tzid, is_date) for part in line.value.split(",")]


def write_moment(value: Moment) -> str:
    """The moment as a property's value; its time zone belongs into the parameter TZID."""
    number, rest = divmod(value.wall, DAY)
    year, month, day = civil(number)
    if not 1 <= year <= 9999:
        raise ContentError(f"The year {year} cannot be written.")
    if value.kind is Kind.DATE:
        return f"{year:04}{month:02}{day:02}"
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    return f"{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}{'Z' if value.kind is Kind.UTC else ''}"


def duration(text: str) -> Duration:
    """A DURATION; weeks beside days are let pass."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ContentError(f"Not a DURATION: {_shown(text)}")
    sign, weeks, days, hours, minutes, seconds = match.groups()
    whole = int(weeks or 0) * 7 + int(days or 0)
    rest = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return Duration(-whole, -rest) if sign == "-" else Duration(whole, rest)


def write_duration(value: Duration) -> str:
    """The duration as a property's value."""
    days, seconds = value.days, value.seconds
    sign = "-" if days < 0 or seconds < 0 else ""
    days, seconds = abs(days), abs(seconds)
    if not seconds:
        return f"{sign}P{days}D" if days else "PT0S"
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    # "H", "M" and "S" follow each other in the grammar: none may be left out between two others.
    time = f"{hour}H{minute}M{second}S" if hour and second else ""
    if not time:
        time = (f"{hour}H" if hour else "") + (f"{minute}M" if minute else "") + (f"{second}S" if second else "")
    return f"{sign}P{f'{days}D' if days else ''}T{time}"


def period(text: str, tzid: str = "") -> Period:
    """A PERIOD: two DATE-TIMEs, or one and a DURATION."""
    first, slash, last = text.partition("/")
    if not slash:
        raise ContentError(f"Not a PERIOD: {_shown(text)}")
    start = moment(first, tzid)
    if "P" in last or "p" in last:
        return Period(start, duration=duration(last))
    return Period(start, moment(last, tzid))


def periods(line: Line) -> list[Period]:
    """The PERIODs of FREEBUSY, or of RDATE;VALUE=PERIOD; an empty value is none."""
    if not line.value.strip():
        return []
    tzid = line.param("TZID").strip()
    return [period(part, tzid) for part in line.value.split(",")]


def utc_offset(text: str) -> int:
    """A UTC-OFFSET in seconds, positive to the east; a missing sign is taken for plus."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None or int(match[2]) > 23 or int(match[3]) > 59 or int(match[4] or 0) > 59:
        raise ContentError(f"Not a UTC-OFFSET: {_shown(text)}")
    seconds = int(match[2]) * 3600 + int(match[3]) * 60 + int(match[4] or 0)
    return -seconds if match[1] == "-" else seconds


def write_utc_offset(seconds: int) -> str:
    """An offset in seconds as a property's value."""
    minutes, second = divmod(abs(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{'-' if seconds < 0 else '+'}{hour:02}{minute:02}{f'{second:02}' if second else ''}"


def time(text: str) -> int:
    """The seconds since midnight of a TIME; on which clock is for the caller to know (`Z`, or the parameter TZID)."""
    match = _TIME.fullmatch(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3]) > 60:
        raise ContentError(f"Not a TIME: {_shown(text)}")
    return int(match[1]) * 3600 + int(match[2]) * 60 + min(int(match[3]), 59)


def integer(text: str) -> int:
    """An INTEGER, "The valid range for \\"integer\\" is -2147483648 to 2147483647." (RFC 5545, 3.3.8)"""
    text = text.strip()
    if _INTEGER.fullmatch(text):
        number = int(text)
        if -2_147_483_648 <= number <= 2_147_483_647:
            return number
    raise ContentError(f"Not an INTEGER: {_shown(text)}")


def floating(text: str) -> float:
    """A FLOAT."""
    text = text.strip()
    if _FLOAT.fullmatch(text):
        return float(text)
    raise ContentError(f"Not a FLOAT: {_shown(text)}")


def boolean(text: str) -> bool:
    """A BOOLEAN, of either case."""
    upper = text.strip().upper()
    if upper in ("TRUE", "FALSE"):
        return upper == "TRUE"
    raise ContentError(f"Not a BOOLEAN: {_shown(text)}")


def cal_address(text: str) -> str:
    """A CAL-ADDRESS in the form in which two of them are compared: mailto: addresses in lower case."""
    text = text.strip()
    return text.lower() if text[:7].lower() == "mailto:" else text


def binary(text: str) -> bytes:
    """The octets of a BINARY; the padding may be missing, as it is in RFC 5545's own example."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise ContentError("Not a BINARY: the base64 is broken.") from None


def _shown(value: str) -> str:
    """What of a wrong value is repeated in a message."""
    return repr(value[:40])
