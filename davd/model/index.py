"""What the store knows of a calendar or contact object beside its bytes, so that queries need not read every object.

Implements: RFC 4791, 9.9; RFC 6352, 8.6
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

FOREVER: Final = 1 << 60
Match = Literal["equals", "starts-with", "ends-with", "contains"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, POSIX seconds in UTC, within which an object has all or some of its instances.

    The object is to be found by a time range that has any moment in common with [`start`, `end`); an `end` equal to
    `start` is a moment. -FOREVER and FOREVER stand for no beginning and no end. `exact` tells that whatever the range
    has in common with the span, it overlaps an instance; otherwise the object has to be looked at.
    """

    start: int
    end: int
    exact: bool


@dataclass(frozen=True, slots=True)
class ObjectIndex:
    """The index of one object.

    `uid` is the object's UID, `component` the upper-case name of its main component (`VEVENT`, `VTODO`, `VJOURNAL`,
    `VFREEBUSY`, `VCARD`). `spans` are at most 200, calendar objects only. `terms` are (upper-case property name,
    case-folded text) of what text is sought in, and of a calendar object what queries ask beside its times.
    """

    uid: str
    component: str
    spans: tuple[Span, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A text that is sought in the terms of one name; `text` is case-folded."""

    name: str
    match: Match
    text: str


def in_small_letters(uid: str) -> str:
    """A UID with the capital letters of ASCII made small, and no others."""
    return uid.lower() if uid.isascii() else uid.encode().lower().decode()


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """Which members of a collection may be wanted; what is None is not asked about.

    `components` are names of main components. `start` and `end` are a time range, POSIX seconds, either of which may be
    missing. `uids` are whole UIDs, of which the object has one; `uid_parts` are texts without capital letters of ASCII,
    all of which its UID has in it when these letters are made small in it. `terms` are sought together: all of them
    have to be found when `every`, else one. `beside` are terms of objects that are wanted whatever their times are, so
    they mean something with a range only.
    """

    components: frozenset[str] | None = None
    start: int | None = None
    end: int | None = None
    uids: tuple[str, ...] | None = None
    terms: tuple[Term, ...] = ()
    every: bool = False
    uid_parts: tuple[str, ...] = ()
    beside: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A member that a query found.

    `exact` tells that the query's time range, if it has one, is known to hold without a look at the object.
    """

    id: int
    name: str
    uid: str
    component: str
    exact: bool
