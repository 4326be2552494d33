"""Busy time: what events and VFREEBUSY components take up, and the component that tells others.

Implements: RFC 4791, 7.10; RFC 5545, 3.2.9, 3.6.4, 3.8.2.6; RFC 5546, 3.3.2
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from davd.formats.contentlines import Line, escape, folded, make
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.values import DAY, Kind, Moment, Period, cal_address, periods, write_moment
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import Zone


class FreeBusyType(enum.StrEnum):
    """The values of FBTYPE that RFC 5545 defines."""

    FREE = "FREE"
    BUSY = "BUSY"
    UNAVAILABLE = "BUSY-UNAVAILABLE"
    TENTATIVE = "BUSY-TENTATIVE"


FREE: Final = FreeBusyType.FREE
BUSY: Final = FreeBusyType.BUSY
UNAVAILABLE: Final = FreeBusyType.UNAVAILABLE
TENTATIVE: Final = FreeBusyType.TENTATIVE

# From the strongest to the weakest: "BUSY > BUSY-UNAVAILABLE > BUSY-TENTATIVE" (RFC 7953, 4).
STRENGTHS: Final = (BUSY, UNAVAILABLE, TENTATIVE)

_STATUS: Final = {"CANCELLED": FREE, "TENTATIVE": TENTATIVE}
_PARTICIPATION: Final = {"DECLINED": FREE, "DELEGATED": FREE, "TENTATIVE": TENTATIVE, "NEEDS-ACTION": TENTATIVE}


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch of time, POSIX seconds from `start` up to but not including `end`, that is not free."""

    start: int
    end: int
    kind: FreeBusyType


def busy_steps(
    calendar: Component, start: int, end: int, floating: Zone, budget: Budget, attendees: Collection[str] = ()
) -> Iterator[Busy | None]:
    """What one calendar object (a VCALENDAR) takes up of [`start`, `end`), cut to that, in no order.

    None stands in between whenever some work was done that found nothing, so whoever must not keep others waiting can
    pause at any item. Floating times and dates are those of the zone `floating`. With `attendees`, addresses as
    `cal_address` gives them, events that one of them has declined take up nothing, and those not answered are
    tentative. ContentError for values that cannot be read; TooMuch when the budget is spent.
    """
    kinds = {id(event): event_type(event, attendees) for event in calendar.subs("VEVENT")}
    if any(kind is not FREE for kind in kinds.values()):
        for instance in RecurringObject(calendar, floating).steps(start, end, budget):
            # Of a to-do or an entry of a journal nothing is known here.
            kind = FREE if instance is None else kinds.get(id(instance.component), FREE)
            if instance is None or kind is FREE:
                yield None
            else:
                yield from _cut(instance.start, instance.end, kind, start, end)
    published = calendar.subs("VFREEBUSY")
    if published:
        zones = Zones(calendar, floating)
        for component in published:
            for line in component.all("FREEBUSY"):
                kind = fbtype(line.param("FBTYPE"))
                for period in periods(line):
                    yield from _cut(zones.utc(period.start), _end(period, zones), kind, start, end)


def event_type(event: Component, attendees: Collection[str] = ()) -> FreeBusyType:
    """Whether and how an event takes up time, by its TRANSP and STATUS, and by PARTSTAT of the given attendees.

    "Only VEVENT components without a TRANSP property or with the TRANSP property set to OPAQUE ... SHOULD be
    considered"; STATUS decides on the rest (RFC 4791, 7.10).
    """
    if event.text("TRANSP").strip().upper() == "TRANSPARENT":
        return FREE
    kind = _STATUS.get(event.text("STATUS").strip().upper(), BUSY)
    if kind is BUSY and attendees:
        for line in event.all("ATTENDEE"):
            if cal_address(line.value) in attendees:
                return _PARTICIPATION.get(line.param("PARTSTAT").upper() or "NEEDS-ACTION", BUSY)
    return kind


def fbtype(text: str) -> FreeBusyType:
    """The meaning of FBTYPE, or of BUSYTYPE, BUSY where it is missing.

    "Applications MUST treat x-name and iana-token values they don't recognize the same way as they would the BUSY
    value." (RFC 5545, 3.2.9)
    """
    try:
        return FreeBusyType(text.strip().upper())
    except ValueError:
        return BUSY


def merged(found: Iterable[Busy]) -> list[Busy]:
    """The same time in as few stretches as can be, ascending.

    "Servers SHOULD coalesce consecutive or overlapping busy time periods of the same type. Busy time periods with
    different FBTYPE parameter values MAY overlap." (RFC 4791, 7.10)
    """
    by_kind: dict[FreeBusyType, list[tuple[int, int]]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append((one.start, one.end))
    joined = [Busy(start, end, kind) for kind, spans in by_kind.items() for start, end in union(spans)]
    return sorted(joined, key=lambda one: (one.start, one.end, one.kind))


def write(
    found: Iterable[Busy],
    start: int,
    end: int,
    *,
    prodid: str,
    uid: str,
    stamp: int,
    method: str = "",
    properties: Sequence[Line] = (),
) -> bytes:
    """A VCALENDAR with one VFREEBUSY about [`start`, `end`): the answer to a free-busy-query, or with a METHOD to iTIP.

    `stamp` is when it is made, POSIX seconds. `properties` are further ones, ORGANIZER and ATTENDEE of a request that
    is answered. Nothing but periods and their types is told of what takes up the time, as RFC 7953, 9 wants it.
    """
    content = [
        make("BEGIN", "VCALENDAR"),
        make("VERSION", "2.0"),
        make("PRODID", escape(prodid)),
        *([make("METHOD", method)] if method else []),
        make("BEGIN", "VFREEBUSY"),
        make("UID", escape(uid)),
        make("DTSTAMP", _written(stamp)),
        # "The "DTSTART" and "DTEND" properties SHOULD be specified prior to any "FREEBUSY" properties."
        make("DTSTART", _written(start)),
        make("DTEND", _written(end)),
        *properties,
    ]
    together = merged(found)
    for kind in STRENGTHS:
        # "... SHOULD be sorted in ascending order, based on start time and then end time".
        spans = [f"{_written(one.start)}/{_written(one.end)}" for one in together if one.kind is kind]
        if spans:
            content.append(make("FREEBUSY", ",".join(spans), [("FBTYPE", kind)]))
    content += [make("END", "VFREEBUSY"), make("END", "VCALENDAR")]
    return b"".join([folded(line) for line in content])


def union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The time in any of the spans, as ascending spans that do not touch; empty ones are left out."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def without(spans: Sequence[tuple[int, int]], removed: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The time in `spans` that is not in `removed`; all three are as `union` gives them."""
    left: list[tuple[int, int]] = []
    at = 0
    for start, end in spans:
        while at < len(removed) and removed[at][1] <= start:
            at += 1
        # The last one that is looked at may reach into the next span.
        next_at = at
        while next_at < len(removed) and removed[next_at][0] < end:
            if removed[next_at][0] > start:
                left.append((start, removed[next_at][0]))
            start = removed[next_at][1]
            next_at += 1
        if start < end:
            left.append((start, end))
    return left


def _cut(first: int, last: int, kind: FreeBusyType, start: int, end: int) -> Iterator[Busy]:
    first, last = max(first, start), min(last, end)
    if first < last and kind is not FREE:
        yield Busy(first, last, kind)


def _end(period: Period, zones: Zones) -> int:
    if period.end is not None:
        return zones.utc(period.end)
    length = period.duration
    assert length is not None
    zone = zones.zone(period.start)
    # Days are nominal: where the clock changes they are longer or shorter.
    return zone.utc(period.start.wall + length.days * DAY) + length.seconds


def _written(instant: int) -> str:
    return write_moment(Moment(instant, Kind.UTC))
