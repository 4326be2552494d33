"""Calendar objects with their instances spelled out, or with those components alone that matter to a range of time.

Implements: RFC 4791, 7.6, 9.6.5, 9.6.6
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

from davd.caldav.elements.time_range import TimeRange
from davd.caldav.objects import CalendarObject
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.instances import RecurringObject, expand_component
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.overrides import override
from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.timing import timing
from davd.formats.icalendar.zones.zone import Zone

_RECURRING: Final = frozenset(("VEVENT", "VTODO", "VJOURNAL"))
# So many instances are found without a breath: some 0.3 ms.
_BREATH: Final = 30


def expanded(found: CalendarObject, asked: TimeRange, floating: Zone, budget: Budget) -> Iterator[Component | None]:
    """The components of an object, with one for each instance that overlaps the range, without rules and time zones.

    None in between are breaths: whoever must not keep others waiting can pause at any item. TooMuch when there are more
    than the budget allows.
    """
    recurs = False
    for component in found.calendar.components:
        if component.name in _RECURRING:
            recurs = True
        elif component.name != "VTIMEZONE":
            yield component
    if recurs:
        zones = found.zones(floating)
        for instance in found.recurring(floating).steps(asked.first, asked.last, budget):
            yield None if instance is None else expand_component(instance, zones)


def limited(
    found: CalendarObject, asked: TimeRange, floating: Zone, budget: Budget
) -> Generator[None, None, list[Component]]:
    """The components of an object, of those that override others only what has to do with the range.

    They are all of them where it cannot be told within the budget which these are: a client can do with more. What it
    gives on the way are breaths.
    """
    components = found.calendar.components
    overrides = [component for component in components if _overrides(component)]
    if not overrides:
        return components
    try:
        kept = yield from _impacting(found, overrides, asked, floating, budget)
    except TooMuch:
        return components
    return [component for component in components if not _overrides(component) or id(component) in kept]


def _overrides(component: Component) -> bool:
    return component.name in _RECURRING and component.first("RECURRENCE-ID") is not None


def _impacting(
    found: CalendarObject, overrides: list[Component], asked: TimeRange, floating: Zone, budget: Budget
) -> Generator[None, None, set[int]]:
    """The identities of the overrides that impact the range.

    RFC 4791, 9.6.6: one does "if its current start and end times overlap the time range, or if the original start and
    end times -- the ones that would have been used if the instance were not overridden -- overlap the time range", and
    with a RANGE if some of the instances that it is about do.
    """
    kept: set[int] = set()
    for number, instance in enumerate(found.recurring(floating).steps(asked.first, asked.last, budget)):
        if instance is not None:
            kept.add(id(instance.component))
        if number % _BREATH == 0:
            yield
    rest = [component for component in overrides if id(component) not in kept]
    master = _master(found.calendar)
    if not rest or master is None:
        return kept
    zones = found.zones(floating)
    when = timing(master, zones)
    anchor = None if when is None else when.anchor
    alone = Component("VCALENDAR", [], [*found.calendar.subs("VTIMEZONE"), master])
    originals: set[int] = set()
    for number, instance in enumerate(RecurringObject(alone, floating).steps(asked.first, asked.last, budget)):
        if instance is not None:
            originals.add(instance.start)
        if number % _BREATH == 0:
            yield
    last = max(originals, default=None)
    for component in rest:
        try:
            read = override(component, anchor, zones)
        except ContentError:
            continue
        if read is None:
            continue
        own, shift = read
        # Of those that follow too it has to do with the range unless it comes after all that is in there.
        if own.identity in originals or (shift is not None and last is not None and own.identity <= last):
            kept.add(id(component))
    return kept


def _master(calendar: Component) -> Component | None:
    for component in calendar.components:
        if component.name in _RECURRING and component.first("RECURRENCE-ID") is None:
            return component
    return None
