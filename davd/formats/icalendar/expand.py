"""Instances as components of their own.

Implements: RFC 4791, 9.6.5
"""

from __future__ import annotations

from typing import Final

from davd.formats.contentlines import ContentError, Line, make
from davd.formats.icalendar.instance import Instance
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.values import (
    DAY,
    Duration,
    Kind,
    Moment,
    duration,
    moments,
    of_line,
    write_duration,
    write_moment,
)
from davd.formats.icalendar.zones.resolve import Zones

_RECURRENCE: Final = frozenset(("RRULE", "RDATE", "EXDATE", "EXRULE"))


def expand_component(instance: Instance, zones: Zones) -> Component:
    """A component that is the instance alone: its times, RECURRENCE-ID where it recurs, nothing that makes it recur.

    Times with a time zone are in UTC; dates and floating times stay what they are. `zones` are those of the calendar
    object. What did not change is kept as it was read.
    """
    source = instance.component
    lines: list[Line] = []
    for line in source.lines:
        name = line.name
        # "The returned calendar components MUST NOT use recurrence properties (i.e., EXDATE, EXRULE, RDATE, and RRULE)
        # and MUST NOT have reference to or include VTIMEZONE components. Date and local time with reference to time
        # zone information MUST be converted into date with UTC time."
        if name in _RECURRENCE or name == "RECURRENCE-ID":
            continue
        if name == "DTSTART":
            lines.append(_timed(line, instance.start, zones))
        elif name in ("DTEND", "DUE"):
            lines.append(_timed(line, instance.end, zones))
        elif name == "DURATION":
            lines.append(_lasting(line, instance, zones))
        else:
            lines.append(_in_utc(line, zones))
    if instance.recurrence is not None:
        # "Recurring components, other than the initial instance, MUST include a RECURRENCE-ID property indicating which
        # instance they refer to." The initial one may.
        lines.append(_made("RECURRENCE-ID", _utc(instance.recurrence, zones), []))
    if source.name == "VEVENT" and not any(line.name in ("DTEND", "DURATION") for line in lines):
        lines += _end(instance, zones)
    return _with(source, lines, [_inner(component, zones) for component in source.components])


def _with(source: Component, lines: list[Line], components: list[Component]) -> Component:
    return Component(source.name, lines, components, source.start, source.end, source.head, source.tail)


def _inner(component: Component, zones: Zones) -> Component:
    lines = [_in_utc(line, zones) for line in component.lines]
    return _with(component, lines, [_inner(inner, zones) for inner in component.components])


def _timed(line: Line, instant: int, zones: Zones) -> Line:
    """The property with another time, of the kind that it has."""
    written = of_line(line)
    zone = zones.zone(written)
    if written.kind is Kind.DATE:
        moment = Moment(zone.wall(instant) // DAY * DAY, Kind.DATE)
    elif written.kind is Kind.FLOATING:
        moment = Moment(zone.wall(instant), Kind.FLOATING)
    else:
        moment = Moment(instant, Kind.UTC)
    return line if moment == written else _made(line.name, moment, _others(line))


def _lasting(line: Line, instance: Instance, zones: Zones) -> Line:
    """DURATION, in exact seconds where that of the component is not this instance's."""
    lasting = duration(line.value)
    seconds = instance.end - instance.start
    if seconds == lasting.days * DAY + lasting.seconds:
        return line
    start = instance.component.first("DTSTART")
    if start is not None:
        written = of_line(start)
        if written.kind in (Kind.DATE, Kind.FLOATING):
            # Nominal days stay what they are on a clock that is not changed to UTC.
            zone = zones.zone(written)
            if zone.utc(zone.wall(instance.start) + lasting.days * DAY) + lasting.seconds == instance.end:
                return line
    return make("DURATION", write_duration(Duration(0, seconds)))


def _end(instance: Instance, zones: Zones) -> list[Line]:
    """DTEND for an instance that got a length from RDATE, while its component has none."""
    start = instance.component.first("DTSTART")
    if start is None or instance.end <= instance.start or of_line(start).kind is Kind.DATE:
        return []
    return [_timed(Line("DTEND", "", start.raw_params, start.value), instance.end, zones)]


def _in_utc(line: Line, zones: Zones) -> Line:
    """Any other property, in UTC if it names a time zone."""
    if "TZID" not in line.params:
        return line
    value = line.value
    try:
        value = ",".join(write_moment(_utc(moment, zones)) for moment in moments(line))
    except ContentError:
        # No time after all: without the reference it still says what it said.
        pass
    return make(line.name, value, _others(line, "VALUE"), line.group)


def _utc(moment: Moment, zones: Zones) -> Moment:
    return Moment(zones.utc(moment), Kind.UTC) if moment.kind is Kind.ZONED else moment


def _made(name: str, moment: Moment, params: list[tuple[str, str]]) -> Line:
    if moment.kind is Kind.DATE:
        params = [("VALUE", "DATE"), *params]
    return make(name, write_moment(moment), params)


def _others(line: Line, *kept: str) -> list[tuple[str, str]]:
    """The parameters but for those that go with a time as it was."""
    return [
        (name, value)
        for name, values in line.params.items()
        if name in kept or name not in ("TZID", "VALUE", "RANGE")
        for value in values
    ]
