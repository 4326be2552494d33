"""Whether times of a calendar object overlap the range that a filter names.

Implements: RFC 4791, 7.3, 7.4, 9.9; RFC 5545, 3.8.6.2, 3.8.6.3; RFC 7953, 7.2
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from davd.caldav.alarms import is_absolute, length, repetitions
from davd.caldav.data_parts import stretch
from davd.caldav.elements.filter import PropFilter
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.objects import CalendarObject
from davd.formats.contentlines import ContentError, Line
from davd.formats.icalendar.availability import bounds
from davd.formats.icalendar.instances import Instance, RecurringObject
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.values import DAY, duration, moments, of_line, periods
from davd.formats.icalendar.zones.zone import Zone
from davd.model.index import FOREVER

# Days on the clock differ from days of 24 hours by less than that.
_SLACK: Final = 3 * 3600

_RECURRING: Final = frozenset(("VEVENT", "VTODO", "VJOURNAL"))


class Times:
    """The times of one object, with floating ones in the zone `floating`; all that is asked shares the budget."""

    __slots__ = ("_budget", "_found", "_zone", "_zones")

    def __init__(self, found: CalendarObject, floating: Zone, budget: Budget) -> None:
        self._found = found
        self._zone = floating
        self._zones = found.zones(floating)
        self._budget = budget

    # ------------------------------------------------------------------------------------------------- components

    def of_components(self, components: Sequence[Component], span: TimeRange) -> bool:
        """Whether an instance of one of the components, which have one name, overlaps `span`."""
        name = components[0].name
        if name in _RECURRING:
            return any(True for _ in self._instances(components, span.first, span.last))
        overlaps = self._free_busy if name == "VFREEBUSY" else self._availability
        return any(overlaps(component, span) for component in components)

    def _instances(self, components: Sequence[Component], start: int, end: int) -> Iterator[Instance]:
        """The instances in a range that are of one of the components, some of them twice."""
        calendar = self._found.calendar
        overrides = [component for component in components if component.first("RECURRENCE-ID") is not None]
        if overrides:
            # Each is one instance by itself; the series they are taken from may have no end.
            alone = Component("VCALENDAR", [], [*calendar.subs("VTIMEZONE"), *overrides])
            yield from RecurringObject(alone, self._zone).between(start, end, self._budget)
        if len(overrides) < len(components) or any(_is_range(component) for component in overrides):
            yield from self._of_series(components, start, end)

    def _of_series(self, components: Sequence[Component], start: int, end: int) -> Iterator[Instance]:
        """The same of the master, and of overrides that describe the instances that follow, too."""
        last: int | None = None
        wanted = {id(component) for component in components}
        for instance in self._found.recurring(self._zone).between(start, end, self._budget):
            if id(instance.component) in wanted:
                yield instance
            elif instance.recurrence is not None:
                # After the last instance that is overridden, all are of the same component.
                last = self._last_override() if last is None else last
                if self._zones.utc(instance.recurrence) > last:
                    return

    def _last_override(self) -> int:
        """When the last of the overridden instances would originally have been; long before all without any."""
        last = -FOREVER
        for component in self._found.calendar.components:
            line = component.first("RECURRENCE-ID")
            if line is not None:
                try:
                    last = max(last, self._utc(line))
                except ContentError:
                    continue
        return last

    def _free_busy(self, component: Component, span: TimeRange) -> bool:
        first, last = component.first("DTSTART"), component.first("DTEND")
        if first is not None and last is not None:
            return span.first <= self._utc(last) and span.last > self._utc(first)
        found = [stretch(period, self._zones) for line in component.all("FREEBUSY") for period in periods(line)]
        return any(span.first < end and span.last > start for start, end in found)

    def _availability(self, component: Component, span: TimeRange) -> bool:
        start, end = bounds(component, self._zones)
        return span.first < end and span.last > start

    # ------------------------------------------------------------------------------------------------- properties

    def of_property(self, component: Component, asked: PropFilter, lines: Sequence[Line]) -> bool:
        """Whether the time of a property is in the range that is asked for; `lines` are those that may be meant."""
        span, name = asked.span, asked.name
        assert span is not None
        for line in lines:
            if any(_is_in(self._zones.utc(moment), span) for moment in moments(line)):
                return True
        if name not in ("DTSTART", "DTEND", "DUE") or component.name not in _RECURRING:
            return False
        if not lines and (asked.params or name == "DTSTART" or not _has_length(component)):
            return False
        # RFC 4791, 9.9: "Testing recurrence instances requires the server to infer an effective value for DTSTART,
        # DTEND, DURATION, and DUE properties for an instance". An instance that ends where the range begins counts too.
        for instance in self._instances([component], span.first - 1, span.last):
            if _is_in(instance.start if name == "DTSTART" else instance.end, span):
                return True
        return False

    # ----------------------------------------------------------------------------------------------------- alarms

    def of_alarms(self, component: Component, alarms: Sequence[Component], span: TimeRange) -> bool:
        """Whether one of the alarms of a component goes off in the range."""
        for alarm in alarms:
            try:
                if self._goes_off(component, alarm, span):
                    return True
            except ContentError:
                # An alarm that is set to no time.
                continue
        return False

    def _goes_off(self, component: Component, alarm: Component, span: TimeRange) -> bool:
        trigger = alarm.first("TRIGGER")
        if trigger is None:
            return False
        again = repetitions(alarm)
        if is_absolute(alarm):
            at = self._utc(trigger)
            return any(_is_in(at + later, span) for later in again)
        start = component.first("DTSTART")
        dated = start or component.first("DUE")
        if dated is None:
            return False
        offset = duration(trigger.value)
        distance = length(offset)
        slack = _SLACK if offset.days else 0
        # An instance that ends where the range begins does not overlap it.
        early = span.first - distance - again[-1] - slack - 1
        late = span.last - distance + slack
        # RFC 5545, 3.8.6.3: a to-do without DTSTART has nothing but DUE to go by.
        by_end = trigger.param("RELATED").upper() == "END" or start is None
        # On whose clock the component's days are counted.
        zone = self._zones.zone(of_line(dated))
        for instance in self._instances([component], max(early, -FOREVER), min(late, FOREVER)):
            at = instance.end if by_end else instance.start
            if offset.days:
                at = zone.utc(zone.wall(at) + offset.days * DAY)
            at += offset.seconds
            if any(_is_in(at + later, span) for later in again):
                return True
        return False

    def _utc(self, line: Line) -> int:
        return self._zones.utc(of_line(line))


def _is_range(override: Component) -> bool:
    line = override.first("RECURRENCE-ID")
    return line is not None and "RANGE" in line.params


def _is_in(moment: int, span: TimeRange) -> bool:
    # RFC 4791, 9.9: "(start <= date-time) AND (end > date-time)".
    return span.first <= moment < span.last


def _has_length(component: Component) -> bool:
    # RFC 4791, 9.9: "if DTEND is not present in a VEVENT, but DURATION is, then the test should instead operate on the
    # 'effective' DTEND, i.e., DTSTART+DURATION. Similarly, if DUE is not present in a VTODO".
    return component.first("DTSTART") is not None and component.first("DURATION") is not None
