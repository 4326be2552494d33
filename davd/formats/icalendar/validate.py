"""Whether an iCalendar object may be stored as a calendar object resource, and what a server has to know of it.

What RFC 4791 asks for as such is refused under the precondition it names: METHOD, several types of component, several
UIDs, no UID. What RFC 5545 asks for is in davd.formats.icalendar.rules. A TZID needs no VTIMEZONE (RFC 7809 lets
clients leave it out), and text may have control characters other than NUL. XML cannot hold them, so whoever puts the
object into XML drops them.

Implements: RFC 4791, 4.1, 5.2.2, 5.2.6, 5.2.7, 5.2.8, 5.2.9, 5.3.2.1; RFC 7809, 3.1.4; RFC 7953, 7.2.4
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from davd.formats.contentlines import LIMITS, ContentError, Limits, unescape
from davd.formats.icalendar import rules, values
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.rules import MAX_INSTANCES, VALID_DATA, VALID_RESOURCE, CalendarLimits, InvalidCalendar

__all__ = [
    "CALENDAR_LIMITS",
    "CalendarLimits",
    "Checked",
    "InvalidCalendar",
    "check",
    "check_availability",
    "check_timezone",
    "read",
]

CALENDAR_LIMITS: Final = CalendarLimits()


@dataclass(slots=True)
class Checked:
    """A calendar object that may be stored.

    `kind` is the name of its components in upper case; `uid` is unescaped (the TZID where there are only VTIMEZONEs).
    `master` is the component without RECURRENCE-ID, None where somebody has only instances of a series; `overrides` are
    those with one, in order. `organizer` and `attendees` (each once, in order) are addresses as
    `davd.formats.icalendar.values.cal_address` gives them, the organizer empty where there is none.
    """

    calendar: Component
    kind: str
    uid: str
    master: Component | None
    overrides: list[Component] = field(default_factory=list)
    organizer: str = ""
    attendees: tuple[str, ...] = ()


def read(data: bytes, limits: CalendarLimits = CALENDAR_LIMITS, size: Limits = LIMITS) -> Checked:
    """The calendar object in `data`, parsed and checked; InvalidCalendar where it cannot be stored."""
    try:
        calendar = parse(data, size)
    except ContentError as error:
        raise InvalidCalendar(VALID_DATA, str(error)) from None
    return check(calendar, limits)


def check(calendar: Component, limits: CalendarLimits = CALENDAR_LIMITS) -> Checked:
    """What a server has to know of a calendar object; InvalidCalendar where it cannot be stored."""
    kind = ""
    uid = ""
    master: Component | None = None
    overrides: list[Component] = []
    addresses: dict[str, None] = {}
    organizer = ""
    rules.of_calendar(calendar)
    for component in calendar.components:
        if component.name == "VTIMEZONE":
            rules.of_time_zone(component)
            continue
        if not kind:
            kind = component.name
        elif component.name != kind:
            # "MUST NOT contain more than one type of calendar component (e.g., VEVENT, VTODO, VJOURNAL, VFREEBUSY,
            # etc.) with the exception of VTIMEZONE components" (RFC 4791, 4.1)
            raise InvalidCalendar(VALID_RESOURCE, f"There are both {kind} and {component.name}.")
        found = rules.of_component(component, limits)
        line = found.get("UID")
        its = unescape(line.value).strip() if line is not None else ""
        if not its or (uid and its != uid):
            # "Calendar components in a calendar collection that have different UID property values MUST be stored in
            # separate calendar object resources." (RFC 4791, 4.1)
            raise InvalidCalendar(VALID_RESOURCE, f"{kind}: {'The UIDs differ' if its else 'There is no UID'}.")
        uid = its
        if "RECURRENCE-ID" in found:
            overrides.append(component)
            if len(overrides) > limits.instances:
                raise InvalidCalendar(MAX_INSTANCES, f"More than {limits.instances} instances are overridden.")
        elif master is not None:
            raise InvalidCalendar(VALID_RESOURCE, f"There are two {kind} of one UID and without RECURRENCE-ID.")
        else:
            master = component
        if "ORGANIZER" in found:
            organizer = values.cal_address(found["ORGANIZER"].value)
        for attendee in component.all("ATTENDEE"):
            addresses[values.cal_address(attendee.value)] = None
    if not kind:
        return _only_time_zones(calendar)
    if len(uid) > limits.uid:
        raise InvalidCalendar(VALID_RESOURCE, f"The UID is longer than {limits.uid} characters.")
    if len(overrides) > 1:
        _distinct(overrides)
    return Checked(calendar, kind, uid, master, overrides, organizer, tuple(addresses))


def check_timezone(calendar: Component) -> Component:
    """The VTIMEZONE of "an iCalendar object with exactly one VTIMEZONE component", which CALDAV:calendar-timezone is.

    InvalidCalendar where it is not that.
    """
    rules.of_calendar(calendar)
    if [component.name for component in calendar.components] != ["VTIMEZONE"]:
        raise InvalidCalendar(VALID_DATA, "There is not exactly one VTIMEZONE, or something beside it.")
    rules.of_time_zone(calendar.components[0])
    return calendar.components[0]


def check_availability(calendar: Component, limits: CalendarLimits = CALENDAR_LIMITS) -> list[Component]:
    """The VAVAILABILITYs of a CALDAV:calendar-availability property, none or more, whatever their UIDs.

    InvalidCalendar where anything but VTIMEZONEs stands beside them.
    """
    rules.of_calendar(calendar)
    available = []
    for component in calendar.components:
        if component.name == "VTIMEZONE":
            rules.of_time_zone(component)
        elif component.name == "VAVAILABILITY":
            rules.of_component(component, limits)
            available.append(component)
        else:
            raise InvalidCalendar(VALID_DATA, f"{component.name} is not VAVAILABILITY.")
    return available


def _only_time_zones(calendar: Component) -> Checked:
    """VTIMEZONE is a type of component too, which a calendar may support (RFC 4791, 5.2.3)."""
    first = calendar.components[0]
    return Checked(calendar, first.name, first.text("TZID").strip(), first)


def _distinct(overrides: list[Component]) -> None:
    seen = set()
    for component in overrides:
        line = component.first("RECURRENCE-ID")
        assert line is not None
        seen.add(values.of_line(line))
    if len(seen) != len(overrides):
        raise InvalidCalendar(VALID_RESOURCE, "Two components have one RECURRENCE-ID.")
