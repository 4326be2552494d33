"""Components with a RECURRENCE-ID: the instances they stand for, and how those that follow are moved.

Implements: RFC 5545, 3.2.13, 3.8.4.4
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.formats.contentlines import Line
from davd.formats.icalendar.instance import Instance
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.timing import Timing, end_of, extent, timing
from davd.formats.icalendar.values import DAY, Kind, Moment, of_line
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import Zone


@dataclass(slots=True)
class Override:
    """An override: `identity` is the instant of the original start; `low` and `high` are the extent of `instance`."""

    identity: int
    low: int
    high: int
    instance: Instance


@dataclass(slots=True)
class Shift:
    """What describes the instances whose original start is `begin` or later, until the next shift.

    An instance starts `delta` seconds later than originally on the clock of `zone`; None is for the master, which moves
    nothing and whose clock is that of the series.
    """

    begin: int
    component: Component
    timing: Timing
    zone: Zone
    delta: int | None = None

    def apply(self, utc: int, wall: int) -> tuple[int, int]:
        """Start and end of the instance that originally starts at `utc`, `wall` on the clock of the series."""
        if self.delta is not None:
            wall = self.zone.wall(utc) + self.delta
            utc = self.zone.utc(wall)
        return utc, end_of(utc, wall, self.zone, self.timing.days, self.timing.seconds)


def override(component: Component, anchor: Moment | None, zones: Zones) -> tuple[Override, Shift | None] | None:
    """What a component with RECURRENCE-ID stands for in the series that is counted from `anchor`.

    With RANGE=THISANDFUTURE it describes the following instances as well. None when it overlaps no range; ContentError
    when a property that says when is none of its type.
    """
    line = component.first("RECURRENCE-ID")
    assert line is not None
    recurrence = of_line(line)
    when = timing(component, zones)
    if when is None:
        return None
    identity = _identity(recurrence, anchor, zones)
    if when.anchor is None:
        start, end = when.fixed
        low, high = when.fixed
        return Override(identity, low, high, Instance(start, end, recurrence, component, True)), None
    zone = zones.zone(when.anchor)
    start = zone.utc(when.anchor.wall)
    end = end_of(start, when.anchor.wall, zone, when.days, when.seconds)
    low, high = extent(when.reach, start, end)
    own = Override(identity, low, high, Instance(start, end, recurrence, component, True))
    if not _is_range(line):
        return own, None
    # "all subsequent instances are also rescheduled by the same time difference": by clock, so that they stay at the
    # same hour when clocks change.
    return own, Shift(identity, component, when, zone, when.anchor.wall - zone.wall(identity))


def _is_range(line: Line) -> bool:
    # "The value "THISANDPRIOR" is deprecated by this revision of iCalendar and MUST NOT be generated".
    return bool(line.raw_params) and line.param("RANGE").strip().upper() == "THISANDFUTURE"


def _identity(recurrence: Moment, anchor: Moment | None, zones: Zones) -> int:
    """The instant of the original start, also where RECURRENCE-ID is a DATE and DTSTART is none, or the other way."""
    if anchor is not None and recurrence.kind is not anchor.kind:
        if anchor.kind is Kind.DATE:
            return zones.zone(anchor).utc(recurrence.wall // DAY * DAY)
        if recurrence.kind is Kind.DATE:
            return zones.zone(anchor).utc(recurrence.wall + anchor.wall % DAY)
    return zones.utc(recurrence)
