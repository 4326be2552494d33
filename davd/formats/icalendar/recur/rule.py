"""Recurrence rules, read and put into one form.

Implements: RFC 5545, 3.3.10; RFC 7529, 4
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.values import Moment, moment

# Rules up to this length are remembered, since most calendars have the same few.
_REMEMBERED: Final = 200
# No rule that says something new in each of its parts is longer.
_LONGEST: Final = 65_536

_WEEKDAYS: Final = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_WEEKDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
# CLDR calls it "gregorian", and "gregory" where names are short.
_GREGORIAN: Final = frozenset(("GREGORIAN", "GREGORY"))


class UnknownScale(ContentError):
    """The rule counts in a calendar (RSCALE) other than the Gregorian; whoever stores it can go by DTSTART."""


class Freq(enum.IntEnum):
    """The FREQ rule part, from the longest period to the shortest."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6


class Skip(enum.IntEnum):
    """The SKIP rule part: what becomes of a day that does not exist."""

    OMIT = 0
    BACKWARD = 1
    FORWARD = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A RECUR value; lists are ascending and without repetitions, empty where the part is missing.

    `wkst` and the weekdays of `byday` count from 0 for Monday; `byday` holds pairs of the numeric value (0 when there
    is none) and the weekday. Second 60 is 59, as there are no leap seconds here.
    """

    freq: Freq
    interval: int = 1
    count: int | None = None
    until: Moment | None = None
    wkst: int = 0
    bymonth: tuple[int, ...] = ()
    byweekno: tuple[int, ...] = ()
    byyearday: tuple[int, ...] = ()
    bymonthday: tuple[int, ...] = ()
    byday: tuple[tuple[int, int], ...] = ()
    byhour: tuple[int, ...] = ()
    byminute: tuple[int, ...] = ()
    bysecond: tuple[int, ...] = ()
    bysetpos: tuple[int, ...] = ()
    skip: Skip = Skip.OMIT


def parse_rule(text: str) -> Rule:
    """The rule in a RECUR value; case and white space do not matter, nor does the order of its parts.

    ContentError for what is none; its subclass UnknownScale for a rule in another calendar. Parts that "MUST NOT" stand
    with a FREQ (BYMONTHDAY with WEEKLY, and the like) are let pass: they limit, as they do with other frequencies.
    """
    return _remembered(text) if len(text) <= _REMEMBERED else _parse(text)


def _parse(text: str) -> Rule:
    if len(text) > _LONGEST:
        raise ContentError("The recurrence rule is too long.")
    parts: dict[str, str] = {}
    for part in "".join(text.split()).upper().split(";"):
        name, _, value = part.partition("=")
        if name in parts:
            # "Individual rule parts MUST only be specified once."
            raise ContentError(f"The recurrence rule has two parts {name[:20]!r}.")
        if part:
            parts[name] = value
    if "FREQ" not in parts:
        # "This rule part MUST be specified in the recurrence rule."
        raise ContentError("The recurrence rule has no FREQ.")
    if "COUNT" in parts and "UNTIL" in parts:
        # "The UNTIL or COUNT rule parts are OPTIONAL, but they MUST NOT occur in the same 'recur'."
        raise ContentError("The recurrence rule has both COUNT and UNTIL.")
    _check_scale(parts)
    read: dict[str, Any] = {}
    for name, value in parts.items():
        reader = _READERS.get(name)
        if reader is None:
            if name.startswith("X-"):
                continue
            raise ContentError(f"A recurrence rule has no part {name[:20]!r}.")
        read[name.lower()] = reader(name, value)
    read.pop("rscale", None)
    return Rule(**read)


_remembered = lru_cache(maxsize=2_048)(_parse)


def _check_scale(parts: dict[str, str]) -> None:
    scale = parts.get("RSCALE")
    if scale is None:
        if "SKIP" in parts:
            # "MUST NOT be present unless "RSCALE" is present."
            raise ContentError("The recurrence rule has SKIP without RSCALE.")
    elif scale not in _GREGORIAN:
        raise UnknownScale(f"Recurrence in the calendar {scale[:20]!r} is not known.")


def _word(name: str, value: str) -> str:
    return value


def _freq(name: str, value: str) -> Freq:
    try:
        return Freq[value]
    except KeyError:
        raise ContentError(f"There is no recurrence {value[:20]!r}.") from None


def _skip(name: str, value: str) -> Skip:
    try:
        return Skip[value]
    except KeyError:
        raise ContentError(f"There is no SKIP {value[:20]!r}.") from None


def _until(name: str, value: str) -> Moment:
    return moment(value)


def _positive(name: str, value: str) -> int:
    number = _number(name, value)
    if number < 1:
        # INTERVAL "contains a positive integer"; a COUNT of none would contradict DTSTART, which is always there.
        raise ContentError(f"{name} has to be at least 1.")
    return number


def _weekday(name: str, value: str) -> int:
    found = _WEEKDAYS.get(value)
    if found is None:
        raise ContentError(f"{name} has no weekday {value[:20]!r}.")
    return found


def _weekdays(name: str, value: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for item in value.split(","):
        match = _WEEKDAY.fullmatch(item)
        if match is None:
            raise ContentError(f"{name} has no weekday {item[:20]!r}.")
        ordinal = int(match[1]) if match[1] else 0
        if match[1] and not 1 <= abs(ordinal) <= 53:
            raise ContentError(f"{name} has a value out of range: {item[:20]!r}")
        found.add((ordinal, _WEEKDAYS[match[2]]))
    return tuple(sorted(found))


def _number(name: str, value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise ContentError(f"{name} has no number: {value[:20]!r}")
    return int(value)


def _numbers(low: int, high: int, signed: bool = False) -> Callable[[str, str], tuple[int, ...]]:
    """A reader of lists of numbers from `low` to `high`, or also from -`high` to -`low`."""

    def read(name: str, value: str) -> tuple[int, ...]:
        found = set()
        for item in value.split(","):
            number = _number(name, item)
            if not low <= (abs(number) if signed else number) <= high:
                raise ContentError(f"{name} has a value out of range: {item[:20]!r}")
            found.add(number)
        return tuple(sorted(found))

    return read


def _seconds(name: str, value: str) -> tuple[int, ...]:
    # "Valid values are 0 to 60"; where leap seconds are unknown, 60 is taken for 59 (RFC 5545, 3.3.12).
    return tuple(sorted({min(second, 59) for second in _numbers(0, 60)(name, value)}))


_READERS: Final[dict[str, Callable[[str, str], object]]] = {
    "FREQ": _freq,
    "INTERVAL": _positive,
    "COUNT": _positive,
    "UNTIL": _until,
    "WKST": _weekday,
    "BYMONTH": _numbers(1, 12),
    "BYWEEKNO": _numbers(1, 53, signed=True),
    "BYYEARDAY": _numbers(1, 366, signed=True),
    "BYMONTHDAY": _numbers(1, 31, signed=True),
    "BYDAY": _weekdays,
    "BYHOUR": _numbers(0, 23),
    "BYMINUTE": _numbers(0, 59),
    "BYSECOND": _seconds,
    "BYSETPOS": _numbers(1, 366, signed=True),
    "RSCALE": _word,
    "SKIP": _skip,
}
