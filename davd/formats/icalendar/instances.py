"""The instances of a calendar object: recurrence set, overrides and time zones taken together.

Implements: RFC 4791, 9.9; RFC 5545, 3.8.4.4, 3.8.5; RFC 7529, 10
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.expand import expand_component
from davd.formats.icalendar.instance import Instance
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.overrides import Override, Shift, override
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.series import Series
from davd.formats.icalendar.spans import spans
from davd.formats.icalendar.timing import Timing, extent, timing
from davd.formats.icalendar.values import Moment
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import Zone
from davd.model.index import FOREVER, Span

__all__ = ["Instance", "RecurringObject", "expand_component"]

_NAMES: Final = frozenset(("VEVENT", "VTODO", "VJOURNAL"))
# Clocks change by less, so that what is moved by clock is not farther off than this.
_SLACK: Final = 3 * 3600
# How many overrides are read between two pauses.
_AT_ONCE: Final = 32


class RecurringObject:
    """The VEVENTs, VTODOs or VJOURNALs of one UID: a master, its overrides, or overrides alone.

    Of several types in `calendar` the first counts, and of several components without RECURRENCE-ID too. Floating times
    and dates are on the clock of `floating`. ContentError when there is none of these components, or when what says
    when the master takes place is broken; broken overrides and rules are passed over.
    """

    __slots__ = ("_master", "_overrides", "_series", "_shifts", "_timing", "_unread", "_zones")

    def __init__(self, calendar: Component, floating: Zone) -> None:
        self._zones = Zones(calendar, floating)
        self._master: Component | None = None
        self._unread: list[Component] = []
        name = ""
        for component in calendar.components:
            if component.name in _NAMES and component.name == (name or component.name):
                name = component.name
                if component.first("RECURRENCE-ID") is not None:
                    self._unread.append(component)
                elif self._master is None:
                    self._master = component
        # The first is read first, so that of two for one instance the last one counts.
        self._unread.reverse()
        if not name:
            raise ContentError("There is no VEVENT, VTODO or VJOURNAL.")
        self._timing: Timing | None = timing(self._master, self._zones) if self._master is not None else None
        self._series: Series | None = None
        if self._master is not None and self._timing is not None and self._timing.anchor is not None:
            self._series = Series(self._master, self._timing.anchor, self._zones)
        self._overrides: dict[int, Override] = {}
        self._shifts: list[Shift] = []

    def between(self, start: int, end: int, budget: Budget | None = None) -> Iterator[Instance]:
        """The instances that overlap the range from `start`, inclusive, to `end`, exclusive, in POSIX seconds.

        They come in the order of their starts, but for those that RANGE=THISANDFUTURE or a change of the clock moves
        past others. An override whose original instance does not exist is an instance of its own. TooMuch when the
        budget is spent; without one a series that never ends has instances until the year 9999.
        """
        return (instance for instance in self.steps(start, end, budget) if instance is not None)

    def steps(self, start: int, end: int, budget: Budget | None = None) -> Iterator[Instance | None]:
        """As `between`, with None in between whenever some work was done that found nothing.

        So whoever must not keep others waiting can pause at any item.
        """
        yield from self._read_overrides()
        changed = self._overrides
        pending = [own for own in changed.values() if own.low < end and own.high > start]
        if budget is not None:
            budget.found(len(pending))
        pending.sort(key=lambda own: own.instance.start, reverse=True)
        for instance in self._regular(start, end, budget):
            if instance is not None:
                while pending and pending[-1].instance.start <= instance.start:
                    yield pending.pop().instance
            yield instance
        while pending:
            yield pending.pop().instance

    def _read_overrides(self) -> Iterator[None]:
        """Sees to it that the overrides are known, in small pieces."""
        anchor = self._timing.anchor if self._timing is not None else None
        while self._unread:
            for component in reversed(self._unread[-_AT_ONCE:]):
                try:
                    read = override(component, anchor, self._zones)
                except ContentError:
                    continue
                if read is not None:
                    own, shift = read
                    self._overrides[own.identity] = own
                    if shift is not None:
                        self._shifts.append(shift)
            del self._unread[-_AT_ONCE:]
            self._shifts.sort(key=lambda shift: shift.begin)
            yield None

    def _regular(self, start: int, end: int, budget: Budget | None) -> Iterator[Instance | None]:
        """The instances that no override describes alone."""
        master, when, series = self._master, self._timing, self._series
        if master is None or when is None:
            return
        if series is None:
            low, high = when.fixed
            if low < end and high > start:
                yield Instance(low, high, None, master, False)
            return
        parts = [Shift(-FOREVER, master, when, series.zone), *self._shifts]
        periods = series.rdates is not None and series.rdates.have_periods
        for number, part in enumerate(parts):
            following = parts[number + 1].begin if number + 1 < len(parts) else FOREVER
            low, high = _window(part, start, end)
            if (low < following or periods) and high > part.begin:
                bounds = max(low, part.begin), min(high, following)
                yield from self._of_part(series, part, bounds, (start, end), budget)

    def _of_part(
        self, series: Series, part: Shift, bounds: tuple[int, int], window: tuple[int, int], budget: Budget | None
    ) -> Iterator[Instance | None]:
        start, end = window
        low, high = bounds
        changed = self._overrides
        component, reach, apply = part.component, part.timing.reach, part.apply
        is_override = component is not self._master
        anchor = series.anchor
        kind, tzid = anchor.kind, anchor.tzid
        recurs = series.recurs or bool(changed)
        for found in series.starts(low, high, budget):
            instance = None
            if found is not None and part.begin <= found.utc < high and found.utc not in changed:
                utc, wall, length = found
                begin, stop = apply(utc, wall)
                if length is not None:
                    stop = begin + length
                first, last = extent(reach, begin, stop)
                if first < end and last > start:
                    recurrence = Moment(wall, kind, tzid) if recurs else None
                    instance = Instance(begin, stop, recurrence, component, is_override)
            yield instance

    def spans(self, now: int) -> list[Span]:
        """Where in time the instances are, for an index that is asked around `now` and later (POSIX seconds).

        One that does not recur has one exact span. Of those that recur, instances less than 40 days apart share a span;
        those more than 10 years before `now`, and those more than 30 years after it or after the first instance, share
        one each. There are at most 200 spans, and none when no range overlaps the object.
        """
        for _ in self._read_overrides():
            pass
        return spans(self._timing, self._series, list(self._overrides.values()), self._shifts, now)


def _window(part: Shift, start: int, end: int) -> tuple[int, int]:
    """Between which instants the original start is of an instance that overlaps the range, and some others'."""
    length = part.timing.length
    low = start - max(length, 0)
    # A to-do may overlap a range that ends where it is due.
    high = end - min(length, 0) + 1
    delta = part.delta or 0
    if part.timing.days or delta:
        low -= _SLACK
        high += _SLACK
    return low - delta, high - delta
