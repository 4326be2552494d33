"""Parts of calendar objects, made without changing the objects.

Implements: RFC 4791, 9.6, 9.6.1, 9.6.4, 9.6.7
"""

from __future__ import annotations

from davd.caldav.elements.calendar_data import Comp
from davd.caldav.elements.time_range import TimeRange
from davd.formats.contentlines import ContentError, Line
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.values import DAY, Period, periods
from davd.formats.icalendar.zones.resolve import Zones


def with_parts(component: Component, lines: list[Line], components: list[Component]) -> Component:
    """The component with other properties and components: those that were read keep their octets."""
    return Component(component.name, lines, components, component.start, component.end, component.head, component.tail)


def chosen(component: Component, wanted: Comp) -> Component:
    """What is wanted of a component that has the name of `wanted`."""
    lines = component.lines
    if wanted.props is not None:
        values = dict(wanted.props)
        lines = [line if values[line.name] else _without_value(line) for line in lines if line.name in values]
    components = component.components
    if wanted.comps is not None:
        by_name = {comp.name: comp for comp in wanted.comps}
        components = [chosen(inner, by_name[inner.name]) for inner in components if inner.name in by_name]
    return with_parts(component, lines, components)


def _without_value(line: Line) -> Line:
    # RFC 4791, 9.6.4: "just the iCalendar property name and any iCalendar parameters and a trailing ":" without the
    # subsequent value data".
    return Line(line.name, line.group, line.raw_params, "")


def with_free_busy(component: Component, asked: TimeRange, zones: Zones) -> Component:
    """A VFREEBUSY with those values of FREEBUSY alone that overlap a range of time; any other component as it is."""
    if component.name != "VFREEBUSY":
        return component
    return with_parts(component, _overlapping(component.lines, asked, zones), component.components)


def _overlapping(lines: list[Line], asked: TimeRange, zones: Zones) -> list[Line]:
    kept = []
    for line in lines:
        if line.name != "FREEBUSY":
            kept.append(line)
            continue
        try:
            overlap = [_overlaps(period, asked, zones) for period in periods(line)]
        except ContentError:
            # Nobody can tell when that is.
            kept.append(line)
            continue
        if all(overlap):
            kept.append(line)
        elif any(overlap):
            texts = line.value.split(",")
            value = ",".join([text for text, fits in zip(texts, overlap, strict=True) if fits])
            kept.append(Line(line.name, line.group, line.raw_params, value))
    return kept


def _overlaps(period: Period, asked: TimeRange, zones: Zones) -> bool:
    start, end = stretch(period, zones)
    # RFC 4791, 9.9: "(start < freebusy-period-end) AND (end > freebusy-period-start)".
    return asked.first < end and asked.last > start


def stretch(period: Period, zones: Zones) -> tuple[int, int]:
    """Beginning and end of a period, POSIX seconds."""
    start = zones.utc(period.start)
    if period.end is not None:
        return start, zones.utc(period.end)
    length = period.duration
    if length is None:
        return start, start
    zone = zones.zone(period.start)
    return start, zone.utc(period.start.wall + length.days * DAY) + length.seconds
