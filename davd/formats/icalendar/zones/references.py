"""Time zones that iCalendar objects and CalDAV properties refer to.

Implements: RFC 5545, 3.2.19, 3.6.5; RFC 4791, 5.2.2, 9.8; RFC 7809, 3.1.3, 3.1.5
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from davd.formats.contentlines import ContentError, Line
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.values import DAY, moment
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import resolve
from davd.formats.icalendar.zones.vtimezone import vtimezone
from davd.formats.icalendar.zones.zone import Zone

# No offset makes a wall and its instant differ by more; alarms and durations stay well inside.
_MARGIN: Final = 2 * DAY


def used_zones(component: Component, into: dict[str, int] | None = None) -> dict[str, int]:
    """The TZIDs that properties of the component and of those inside name, each with the earliest wall on its clock.

    VTIMEZONEs count for nothing. With `into`, what is found goes there, so that many objects add up.
    """
    found = {} if into is None else into
    for line in component.lines:
        if line.raw_params and "TZID" in line.raw_params.upper():
            tzid = line.param("TZID").strip()
            if tzid:
                wall = _earliest(line)
                found[tzid] = min(found.get(tzid, wall), wall)
    for sub in component.components:
        if sub.name != "VTIMEZONE":
            used_zones(sub, found)
    return found


def _earliest(line: Line) -> int:
    """The earliest wall of a property's dates; values have a fixed width, so the least text is the least wall."""
    first = min(part.partition("/")[0].strip() for part in line.value.split(","))
    try:
        return moment(first).wall
    except ContentError:
        return 0


def vtimezones(used: Mapping[str, int]) -> dict[str, bytes]:
    """VTIMEZONE components that hold from each TZID's earliest wall on, for those TZIDs that are known by name."""
    # Whole years, so that few different texts are asked for.
    return {
        tzid: vtimezone(tzid, begin=(wall - _MARGIN) // (366 * DAY) * (366 * DAY))
        for tzid, wall in used.items()
        if named(tzid) is not None
    }


def vtimezones_for(calendars: Iterable[Component]) -> dict[str, bytes]:
    """The VTIMEZONE components, by TZID, that lack when these VCALENDARs are made one.

    "An individual "VTIMEZONE" calendar component MUST be specified for each unique "TZID" parameter value specified in
    the iCalendar object." TZIDs that some VCALENDAR defines itself, and those that nobody knows, are not among them.
    """
    used: dict[str, int] = {}
    own: set[str] = set()
    for calendar in calendars:
        used_zones(calendar, used)
        own.update(sub.text("TZID").strip() for sub in calendar.components if sub.name == "VTIMEZONE")
    return vtimezones({tzid: wall for tzid, wall in used.items() if tzid not in own})


def calendar_timezone(data: bytes) -> tuple[str, Zone]:
    """The TZID in the value of CALDAV:calendar-timezone or CALDAV:timezone, and the zone it stands for there.

    ContentError unless it is "an iCalendar object with exactly one VTIMEZONE component" (RFC 4791, 5.2.2) whose rules
    can be followed, or whose name is known.
    """
    calendar = parse(data.strip() + b"\r\n")
    if [sub.name for sub in calendar.components] != ["VTIMEZONE"]:
        raise ContentError("There has to be exactly one VTIMEZONE, and nothing else.")
    tzid = calendar.components[0].text("TZID").strip()
    if not tzid:
        # "The "VTIMEZONE" calendar component MUST include the "TZID" property".
        raise ContentError("The VTIMEZONE has no TZID.")
    zone = resolve(tzid, calendar)
    if zone is None:
        raise ContentError("The VTIMEZONE has no rules that can be followed.")
    return tzid, zone
