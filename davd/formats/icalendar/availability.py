"""When somebody is available: VAVAILABILITY components combined by priority, and the busy time they leave.

Implements: RFC 7953, 3.1, 3.2, 4, 5
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.freebusy import STRENGTHS, UNAVAILABLE, Busy, FreeBusyType, fbtype, merged, union, without
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.values import DAY, duration, integer, of_line
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import Zone

_FOREVER: Final = 1 << 60

_Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Availability:
    """One VAVAILABILITY: time from `start` up to `end` (POSIX seconds) is busy as `kind` says, unless it is available.

    `rank` is the PRIORITY turned about, 0 for none up to 9 for PRIORITY 1: the higher overrides the lower. `available`
    are the AVAILABLE components, one entry for each UID.
    """

    start: int
    end: int
    kind: FreeBusyType
    rank: int
    available: tuple[RecurringObject, ...]


def availabilities(calendar: Component, floating: Zone) -> list[Availability]:
    """The VAVAILABILITYs of a VCALENDAR; ContentError for values that cannot be read.

    Times "MUST be ... either the date with UTC time or the date with local time and a time zone reference"; others are
    taken for those of the zone `floating`.
    """
    zones = Zones(calendar, floating)
    time_zones = calendar.subs("VTIMEZONE")
    return [_availability(one, zones, time_zones, floating) for one in calendar.subs("VAVAILABILITY")]


def bounds(component: Component, zones: Zones) -> tuple[int, int]:
    """Start and end of a VAVAILABILITY, POSIX seconds.

    "If "DTSTART" is not present, then the start time is unbounded. If "DTEND" or "DURATION" are not present, then the
    end time is unbounded."
    """
    first, last, length = component.first("DTSTART"), component.first("DTEND"), component.first("DURATION")
    start = -_FOREVER
    end = _FOREVER
    if first is not None:
        moment = of_line(first)
        start = zones.utc(moment)
        if length is not None:
            lasting = duration(length.value)
            end = zones.zone(moment).utc(moment.wall + lasting.days * DAY) + lasting.seconds
    if last is not None:
        end = zones.utc(of_line(last))
    return start, end


def unavailable(found: Iterable[Availability], start: int, end: int, budget: Budget) -> list[Busy]:
    """The busy time in [`start`, `end`) that follows from all of somebody's availabilities together, ascending.

    Components of one rank count together: their time is busy, in the strongest of the ways they name, but for what any
    of them has as available. The time of a higher rank replaces that of the lower ones. Time that no component is about
    is free. TooMuch when the budget is spent.
    """
    return [one for one in unavailable_steps(found, start, end, budget) if one is not None]


def unavailable_steps(found: Iterable[Availability], start: int, end: int, budget: Budget) -> Iterator[Busy | None]:
    """As `unavailable`, with None in between whenever some work was done, so that others can be let in."""
    busy: dict[FreeBusyType, _Spans] = {kind: [] for kind in STRENGTHS}
    for together in reversed(_relevant(found, start, end)):
        free: _Spans = []
        for one in together:
            low, high = max(start, one.start), min(end, one.end)
            for available in one.available:
                for instance in available.steps(low, high, budget):
                    if instance is not None:
                        free.append((max(instance.start, low), min(instance.end, high)))
                    yield None
        free = union(free)
        covered = _covered(together, start, end)
        stronger: _Spans = []
        for kind in STRENGTHS:
            mine = _covered([one for one in together if one.kind is kind], start, end)
            busy[kind] = union(without(busy[kind], covered) + without(without(mine, stronger), free))
            stronger = union(stronger + mine)
    yield from merged(Busy(first, last, kind) for kind, spans in busy.items() for first, last in spans)


def _relevant(found: Iterable[Availability], start: int, end: int) -> list[list[Availability]]:
    """Those that have to be looked at, by rank, the highest first.

    "Note that, if any "VAVAILABILITY" component completely covers the date range of interest, then any lower priority
    "VAVAILABILITY" components can be ignored."
    """
    by_rank = sorted((one for one in found if one.start < end and one.end > start), key=lambda one: -one.rank)
    ranks: list[list[Availability]] = []
    for _, group in groupby(by_rank, key=lambda one: one.rank):
        ranks.append(list(group))
        if _covered(ranks[-1], start, end) == [(start, end)]:
            break
    return ranks


def _covered(together: Iterable[Availability], start: int, end: int) -> _Spans:
    """The part of [`start`, `end`) that the components are about."""
    return union((max(one.start, start), min(one.end, end)) for one in together)


def _availability(component: Component, zones: Zones, time_zones: list[Component], floating: Zone) -> Availability:
    by_uid: dict[str, list[Component]] = {}
    for available in component.subs("AVAILABLE"):
        # They recur and are overridden like events.
        by_uid.setdefault(available.text("UID"), []).append(Component("VEVENT", available.lines))
    start, end = bounds(component, zones)
    return Availability(
        start,
        end,
        fbtype(component.text("BUSYTYPE") or UNAVAILABLE),
        _rank(component),
        tuple(RecurringObject(Component("VCALENDAR", [], time_zones + same), floating) for same in by_uid.values()),
    )


def _rank(component: Component) -> int:
    """ "... an absence of a "PRIORITY" property or a value of 0 implies the lowest level of priority." """
    line = component.first("PRIORITY")
    try:
        priority = 0 if line is None else integer(line.value)
    except ContentError:
        return 0
    return 10 - priority if 1 <= priority <= 9 else 0
