"""When a component takes place, and which ranges of time that overlaps.

In whole seconds, each condition of RFC 4791's tables says that a range has a second in common with a stretch of time,
its extent: `start <= DTSTART AND end > DTSTART` is the stretch of the one second at DTSTART, and `start < DUE AND
end >= DUE` that of the second before DUE.

Implements: RFC 4791, 9.9; RFC 5545, 3.3.6, 3.6.1, 3.6.2, 3.6.3, 3.8.5.3
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.values import DAY, Duration, Kind, Moment, duration, of_line
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import Zone
from davd.model.index import FOREVER


class Reach(enum.IntEnum):
    """How the extent follows from start and end: the rows of the tables that differ."""

    PLAIN = 0
    """VEVENT, VJOURNAL, and VTODO that has only DTSTART"""
    LASTING = 1
    """VTODO with DTSTART and DURATION"""
    DUE = 2
    """VTODO with DTSTART and DUE"""
    ONLY_DUE = 3
    """VTODO that has only DUE"""
    ALWAYS = 4
    """VTODO without any of them: its start and end are the extent"""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a component takes place.

    `anchor` is DTSTART, or DUE of a to-do without, and is what instances are counted from; None for a to-do that has
    neither, of which `fixed` is the extent. The end comes `days` on the clock of the anchor and then `seconds` after
    the start; both may be negative for a to-do that is due before it starts.
    """

    anchor: Moment | None
    reach: Reach
    days: int = 0
    seconds: int = 0
    fixed: tuple[int, int] = (-FOREVER, FOREVER)

    @property
    def length(self) -> int:
        """Seconds from start to end, where the clock does not change."""
        return self.days * DAY + self.seconds


def timing(component: Component, zones: Zones) -> Timing | None:
    """When a VEVENT, VTODO or VJOURNAL takes place; None when it overlaps no range at all.

    ContentError when a property that says when is none of its type.
    """
    if component.name == "VTODO":
        return _of_to_do(component, zones)
    line = component.first("DTSTART")
    if line is None:
        # Of a VJOURNAL without DTSTART the table says FALSE; a VEVENT needs one.
        return None
    start = of_line(line)
    whole_day = start.kind is Kind.DATE
    # "The duration of a VEVENT component with no DTEND and DURATION properties is 1 day (+P1D) when the DTSTART is a
    # DATE value, and 0 seconds when the DTSTART is a DATE-TIME value." The same is said of VJOURNAL.
    length = Duration(1, 0) if whole_day else Duration(0, 0)
    if component.name == "VEVENT":
        end = component.first("DTEND")
        lasting = component.first("DURATION")
        if end is not None:
            found = _between(start, of_line(end), zones)
            # Many take DTEND for the last day and not the one after it.
            length = found if found.days > 0 or found.seconds > 0 else length
        elif lasting is not None:
            length = _positive(duration(lasting.value))
    return Timing(start, Reach.PLAIN, length.days, length.seconds)


def _of_to_do(component: Component, zones: Zones) -> Timing:
    start = component.first("DTSTART")
    due = component.first("DUE")
    lasting = component.first("DURATION")
    if start is not None:
        anchor = of_line(start)
        if due is not None:
            length = _between(anchor, of_line(due), zones)
            return Timing(anchor, Reach.DUE, length.days, length.seconds)
        if lasting is not None:
            length = _positive(duration(lasting.value))
            return Timing(anchor, Reach.LASTING, length.days, length.seconds)
        return Timing(anchor, Reach.PLAIN)
    if due is not None:
        return Timing(of_line(due), Reach.ONLY_DUE)
    return Timing(None, Reach.ALWAYS, fixed=_of_records(component, zones))


def _of_records(component: Component, zones: Zones) -> tuple[int, int]:
    """The extent of a to-do of which is known only when it was CREATED or COMPLETED, or not even that."""
    created = _instant(component, "CREATED", zones)
    completed = _instant(component, "COMPLETED", zones)
    if completed is None:
        return (-FOREVER if created is None else created, FOREVER)
    if created is None:
        created = completed
    # "((start <= CREATED) OR (start <= COMPLETED)) AND ((end >= CREATED) OR (end >= COMPLETED))"
    return min(created, completed) - 1, max(created, completed) + 1


def _instant(component: Component, name: str, zones: Zones) -> int | None:
    line = component.first(name)
    if line is None:
        return None
    try:
        return zones.utc(of_line(line))
    except ContentError:
        # Some programs write the year 0 for what they do not know.
        return None


def _between(start: Moment, end: Moment, zones: Zones) -> Duration:
    if start.kind is Kind.DATE and end.kind is Kind.DATE:
        return Duration((end.wall - start.wall) // DAY, 0)
    # "If the duration of the recurring component is specified with the "DTEND" or "DUE" property, then the same exact
    # duration will apply to all the members of the generated recurrence set." (RFC 5545, 3.8.5.3)
    return Duration(0, zones.utc(end) - zones.utc(start))


def _positive(length: Duration) -> Duration:
    return length if length.days >= 0 and length.seconds >= 0 else Duration(0, 0)


def end_of(start: int, wall: int, zone: Zone, days: int, seconds: int) -> int:
    """The end of what starts at the instant `start`, when the clock of `zone` shows `wall`."""
    return (zone.utc(wall + days * DAY) if days else start) + seconds


def extent(reach: Reach, start: int, end: int) -> tuple[int, int]:
    """The stretch of time, its second bound exclusive, with which a range has to have a second in common.

    A range [s, e) does when e is greater than the first bound and s less than the second.
    """
    if end > start:
        # For LASTING: "(start <= DTSTART+DURATION) AND ((end > DTSTART) OR (end >= DTSTART+DURATION))"
        return start, end + (reach is Reach.LASTING)
    if reach is Reach.PLAIN:
        return start, start + 1
    if reach is Reach.ONLY_DUE:
        # "(start < DUE) AND (end >= DUE)"
        return start - 1, start
    # "((start < DUE) OR (start <= DTSTART)) AND ((end > DTSTART) OR (end >= DUE))", and what LASTING is for no time
    return end - 1, start + 1
