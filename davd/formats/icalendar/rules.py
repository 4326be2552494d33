"""What RFC 5545 wants of components and their properties, as far as a server's answers rest on it.

What widely used clients break, and other servers let them break, is let pass here:

- PRODID, VERSION and DTSTAMP may be missing, but VERSION must not be another than 2.0;
- DTEND may equal DTSTART, and eight digits are a DATE without VALUE=DATE;
- a to-do may be due before its start, mix DATE and DATE-TIME, and recur without DTSTART;
- DTSTAMP, CREATED, LAST-MODIFIED and COMPLETED need the form of a time, but may name the year 0;
- DISPLAY and EMAIL alarms may lack DESCRIPTION, SUMMARY and ATTENDEE, and REPEAT and DURATION each other;
- a VTIMEZONE needs no observances, and UNTIL not the type of DTSTART.

Implements: RFC 5545, 3.4, 3.6, 3.8.2.2, 3.8.2.3, 3.8.2.4, 3.8.2.5, 3.8.5, 3.8.6; RFC 7529, 10; RFC 7953, 3.1;
RFC 9074, 4
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from davd.formats.contentlines import ContentError, Line
from davd.formats.icalendar import values
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.recur.rule import UnknownScale, parse_rule
from davd.formats.icalendar.values import Kind, Moment
from davd.formats.xml.names import CALDAV, join

VALID_DATA: Final = join(CALDAV, "valid-calendar-data")
VALID_RESOURCE: Final = join(CALDAV, "valid-calendar-object-resource")
MIN_DATE_TIME: Final = join(CALDAV, "min-date-time")
MAX_DATE_TIME: Final = join(CALDAV, "max-date-time")
MAX_INSTANCES: Final = join(CALDAV, "max-instances")
MAX_ATTENDEES: Final = join(CALDAV, "max-attendees-per-instance")
SUPPORTED_RSCALE: Final = join(CALDAV, "supported-rscale")


class InvalidCalendar(ValueError):
    """A calendar object that is refused.

    `condition` is the precondition that it fails, in Clark notation; `detail` says in a sentence what is wrong with it.
    """

    def __init__(self, condition: str, detail: str) -> None:
        super().__init__(detail)
        self.condition = condition
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CalendarLimits:
    """What a calendar object may have at most.

    `attendees`, `alarms` and `rules` (RRULEs) in each component, `repeat` of each alarm, `instances` that are listed
    (RDATEs and overridden ones; EXDATEs as well), `uid` in characters. `earliest` and `latest` are bounds of all dates
    and times, as seconds from 1970 on whatever clock they name. `other_scales` admits rules in other calendars than the
    Gregorian.
    """

    attendees: int = 100
    alarms: int = 20
    repeat: int = 100
    instances: int = 3_000
    rules: int = 10
    uid: int = 1_024
    earliest: int | None = None
    latest: int | None = None
    other_scales: bool = False


_EVERY = "UID DTSTAMP DTSTART CLASS CREATED LAST-MODIFIED ORGANIZER RECURRENCE-ID SEQUENCE STATUS SUMMARY URL"
_ONCE: Final[dict[str, frozenset[str]]] = {
    name: frozenset(once.split())
    for name, once in {
        "VCALENDAR": "PRODID VERSION CALSCALE METHOD",
        "VEVENT": _EVERY + " DESCRIPTION GEO LOCATION PRIORITY TRANSP DTEND DURATION",
        "VTODO": _EVERY + " DESCRIPTION GEO LOCATION PRIORITY COMPLETED PERCENT-COMPLETE DUE DURATION",
        "VJOURNAL": _EVERY,
        "VFREEBUSY": "UID DTSTAMP DTSTART DTEND DURATION CONTACT ORGANIZER URL",
        "VTIMEZONE": "TZID LAST-MODIFIED TZURL",
        "STANDARD": "DTSTART TZOFFSETFROM TZOFFSETTO",
        "DAYLIGHT": "DTSTART TZOFFSETFROM TZOFFSETTO",
        "VALARM": "ACTION TRIGGER DURATION REPEAT UID ACKNOWLEDGED",
        "VAVAILABILITY": _EVERY + " BUSYTYPE DESCRIPTION LOCATION PRIORITY DTEND DURATION",
        "AVAILABLE": _EVERY + " DESCRIPTION LOCATION DTEND DURATION",
    }.items()
}
_ANY_COMPONENT: Final = frozenset({"UID", "DTSTART", "RECURRENCE-ID"})
# Components that stand directly in a VCALENDAR or nowhere.
_OUTER: Final = frozenset({"VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY"})
_STAMP: Final = re.compile(r"[0-9]{8}(?:[Tt][0-9]{6}[Zz]?)?", re.ASCII)
_STAMPS: Final = ("DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED")


def of_calendar(calendar: Component) -> None:
    """The VCALENDAR's own properties; InvalidCalendar where they break a rule."""
    found = _once(calendar)
    if "METHOD" in found:
        # "Calendar object resources contained in calendar collections MUST NOT specify the iCalendar METHOD property."
        raise InvalidCalendar(VALID_RESOURCE, "METHOD belongs to messages, not to what is stored.")
    if "VERSION" in found and found["VERSION"].value.split(";")[-1].strip() != "2.0":
        raise InvalidCalendar(VALID_DATA, "The VERSION is not 2.0.")
    if "CALSCALE" in found and found["CALSCALE"].value.strip().upper() != "GREGORIAN":
        raise InvalidCalendar(VALID_DATA, "The CALSCALE is not GREGORIAN.")
    if not calendar.components:
        # "it MUST include at least one calendar component" (RFC 5545, 3.6)
        raise InvalidCalendar(VALID_DATA, "There is no component in it.")


def of_component(component: Component, limits: CalendarLimits) -> dict[str, Line]:
    """Any other component: its properties that may stand once only, by name. InvalidCalendar where it breaks a rule."""
    found = _found(component, limits)
    _CHECKS.get(component.name, _other)(component, found, limits)
    return found


def _once(component: Component) -> dict[str, Line]:
    """The properties that may stand once only, by name."""
    once = _ONCE.get(component.name, _ANY_COMPONENT)
    found: dict[str, Line] = {}
    for line in component.lines:
        name = line.name
        if name in once:
            if name in found:
                raise InvalidCalendar(VALID_DATA, f"{component.name}: There is more than one {name}.")
            found[name] = line
    return found


def _found(component: Component, limits: CalendarLimits) -> dict[str, Line]:
    """As `_once`, with what holds for every component that stands for itself."""
    found = _once(component)
    attendees = 0
    rules = 0
    dates = 0
    for line in component.lines:
        name = line.name
        if name == "ATTENDEE":
            attendees += 1
        elif name == "RRULE":
            # One "SHOULD NOT occur more than once" (RFC 5545, 3.6.1).
            rules += 1
            if rules > limits.rules:
                raise InvalidCalendar(VALID_DATA, f"{component.name}: There are more than {limits.rules} RRULEs.")
            _rule(component, line, limits)
        elif name == "EXDATE" or name == "RDATE":
            dates += 1 + line.value.count(",")
            if dates > limits.instances:
                raise InvalidCalendar(MAX_INSTANCES, f"More than {limits.instances} dates are listed.")
            _dates(component, line, limits)
    if attendees > limits.attendees:
        raise InvalidCalendar(MAX_ATTENDEES, f"More than {limits.attendees} attendees.")
    for name in _STAMPS:
        stamp = found.get(name)
        if stamp is not None and not _STAMP.fullmatch(stamp.value.strip()):
            raise InvalidCalendar(VALID_DATA, f"{component.name}: {name} is no time.")
    if "RECURRENCE-ID" in found:
        _moment(component, found["RECURRENCE-ID"], limits)
    if component.components:
        _inner(component, limits)
    return found


def _rule(component: Component, line: Line, limits: CalendarLimits) -> None:
    try:
        parse_rule(line.value)
    except UnknownScale as error:
        # "The server SHOULD return an HTTP 403 response with a DAV:error element containing a CALDAV:supported-rscale
        # XML element" (RFC 7529, 10)
        if not limits.other_scales:
            raise InvalidCalendar(SUPPORTED_RSCALE, str(error)) from None
    except ContentError as error:
        raise _wrong(component, line, error) from None


def _dates(component: Component, line: Line, limits: CalendarLimits) -> None:
    try:
        if line.raw_params and line.param("VALUE").upper() == "PERIOD":
            found = [period.start for period in values.periods(line)]
        else:
            found = values.moments(line)
    except ContentError as error:
        raise _wrong(component, line, error) from None
    for moment in found:
        _within(component, line, moment, limits)


def _moment(component: Component, line: Line, limits: CalendarLimits) -> Moment:
    try:
        moment = values.of_line(line)
    except ContentError as error:
        raise _wrong(component, line, error) from None
    _within(component, line, moment, limits)
    return moment


def _within(component: Component, line: Line, moment: Moment, limits: CalendarLimits) -> None:
    if limits.earliest is not None and moment.wall < limits.earliest:
        raise InvalidCalendar(MIN_DATE_TIME, f"{component.name}: {line.name} is too early.")
    if limits.latest is not None and moment.wall > limits.latest:
        raise InvalidCalendar(MAX_DATE_TIME, f"{component.name}: {line.name} is too late.")


def _wrong(component: Component, line: Line, error: ContentError) -> InvalidCalendar:
    return InvalidCalendar(VALID_DATA, f"{component.name}: {line.name}: {error}")


# ------------------------------------------------------------------------------------------------------ by component


def _extent(component: Component, found: dict[str, Line], last: str, limits: CalendarLimits) -> None:
    """DTSTART, and either the property `last` or DURATION, in their order."""
    start = _moment(component, found["DTSTART"], limits) if "DTSTART" in found else None
    end = _moment(component, found[last], limits) if last in found else None
    if "DURATION" in found:
        if end is not None:
            # "'dtend' and 'duration' MUST NOT occur in the same 'eventprop'" (RFC 5545, 3.6.1; and 3.6.2 of 'due')
            raise InvalidCalendar(VALID_DATA, f"{component.name}: There are both {last} and DURATION.")
        try:
            length = values.duration(found["DURATION"].value)
        except ContentError as error:
            raise _wrong(component, found["DURATION"], error) from None
        if length.days < 0 or length.seconds < 0:
            raise InvalidCalendar(VALID_DATA, f"{component.name}: DURATION is negative.")
    if start is None or end is None or component.name == "VTODO":
        return
    if (start.kind is Kind.DATE) is not (end.kind is Kind.DATE):
        # "The value type of this property MUST be the same as the "DTSTART" property" (RFC 5545, 3.8.2.2)
        raise InvalidCalendar(VALID_DATA, f"{component.name}: One of DTSTART and {last} is a DATE, the other is not.")
    # Clocks that differ do so by 26 hours at most.
    slack = 0 if start.kind is end.kind and start.tzid == end.tzid else 26 * 3600
    if end.wall + slack < start.wall:
        # "its value MUST be later in time than the value of the "DTSTART" property" (RFC 5545, 3.8.2.2)
        raise InvalidCalendar(VALID_DATA, f"{component.name}: {last} is before DTSTART.")


def _event(component: Component, found: dict[str, Line], limits: CalendarLimits) -> None:
    if "DTSTART" not in found:
        # "The following is REQUIRED if the component appears in an iCalendar object that doesn't specify the "METHOD"
        # property" (RFC 5545, 3.6.1)
        raise InvalidCalendar(VALID_DATA, "VEVENT: There is no DTSTART.")
    _extent(component, found, "DTEND", limits)


def _to_do(component: Component, found: dict[str, Line], limits: CalendarLimits) -> None:
    if "DURATION" in found and "DTSTART" not in found:
        # "If 'duration' appear in a 'todoprop', then 'dtstart' MUST also appear in the same 'todoprop'." (3.6.2)
        raise InvalidCalendar(VALID_DATA, "VTODO: There is DURATION without DTSTART.")
    _extent(component, found, "DUE", limits)


def _journal(component: Component, found: dict[str, Line], limits: CalendarLimits) -> None:
    if "DTSTART" in found:
        _moment(component, found["DTSTART"], limits)
    elif component.first("RRULE") is not None:
        # DTSTART "is REQUIRED in all types of recurring calendar components that specify the "RRULE" property."
        raise InvalidCalendar(VALID_DATA, "VJOURNAL: There is RRULE without DTSTART.")


def _free_busy(component: Component, found: dict[str, Line], limits: CalendarLimits) -> None:
    _extent(component, found, "DTEND", limits)
    for line in component.lines:
        if line.name == "FREEBUSY":
            try:
                values.periods(line)
            except ContentError as error:
                raise _wrong(component, line, error) from None
        elif line.name in ("RRULE", "RDATE", "EXDATE"):
            # "The recurrence properties ("RRULE", "RDATE", "EXDATE") are not permitted within a "VFREEBUSY"" (3.6.4)
            raise InvalidCalendar(VALID_DATA, f"VFREEBUSY: There is {line.name}.")


def _availability(component: Component, found: dict[str, Line], limits: CalendarLimits) -> None:
    if "UID" not in found:
        raise InvalidCalendar(VALID_DATA, "VAVAILABILITY: There is no UID.")
    _extent(component, found, "DTEND", limits)
    for inner in component.components:
        if inner.name == "AVAILABLE":
            its = _found(inner, limits)
            if "DTSTART" not in its or "UID" not in its:
                # "dtstamp / dtstart / uid" are REQUIRED (RFC 7953, 3.1), though its own examples have no DTSTAMP.
                raise InvalidCalendar(VALID_DATA, "AVAILABLE: There is no UID or no DTSTART.")
            _extent(inner, its, "DTEND", limits)


def _other(component: Component, found: dict[str, Line], limits: CalendarLimits) -> None:
    """A type nothing is known of: "Applications MUST ignore x-comp and iana-comp values they don't recognize"."""
    if "DTSTART" in found:
        _moment(component, found["DTSTART"], limits)


_CHECKS: Final[dict[str, Callable[[Component, dict[str, Line], CalendarLimits], None]]] = {
    "VEVENT": _event,
    "VTODO": _to_do,
    "VJOURNAL": _journal,
    "VFREEBUSY": _free_busy,
    "VAVAILABILITY": _availability,
}


def _inner(component: Component, limits: CalendarLimits) -> None:
    """The components inside one: alarms where they may be, and none that has to stand outside."""
    alarms = 0
    for inner in component.components:
        name = inner.name
        if name == "VALARM":
            alarms += 1
            if component.name not in ("VEVENT", "VTODO"):
                # "MUST only appear within either a "VEVENT" or "VTODO" calendar component" (RFC 5545, 3.6.6)
                raise InvalidCalendar(VALID_DATA, f"{component.name}: There is a VALARM.")
            if alarms > limits.alarms:
                raise InvalidCalendar(VALID_DATA, f"{component.name}: There are more than {limits.alarms} alarms.")
            _alarm(inner, limits)
        elif name in _OUTER:
            raise InvalidCalendar(VALID_DATA, f"{component.name}: There is a {name} inside.")


def _alarm(alarm: Component, limits: CalendarLimits) -> None:
    found = _once(alarm)
    if "ACTION" not in found or "TRIGGER" not in found:
        # "'action' and 'trigger' are both REQUIRED" (RFC 5545, 3.6.6)
        raise InvalidCalendar(VALID_DATA, "VALARM: There is no ACTION or no TRIGGER.")
    if any(inner.name in _OUTER or inner.name == "VALARM" for inner in alarm.components):
        raise InvalidCalendar(VALID_DATA, "VALARM: There is a component inside that cannot be there.")
    line = found["TRIGGER"]
    try:
        if line.value.lstrip()[:1].isdigit():
            values.of_line(line)
        else:
            values.duration(line.value)
        if "DURATION" in found:
            line = found["DURATION"]
            values.duration(line.value)
        if "REPEAT" in found:
            line = found["REPEAT"]
            if not 0 <= values.integer(line.value) <= limits.repeat:
                raise ContentError(f"Not from 0 to {limits.repeat}.")
    except ContentError as error:
        raise _wrong(alarm, line, error) from None


def of_time_zone(zone: Component) -> None:
    """A VTIMEZONE; InvalidCalendar where it breaks a rule."""
    found = _once(zone)
    if "TZID" not in found or not found["TZID"].value.strip():
        # "'tzid' is REQUIRED, but MUST NOT occur more than once." (RFC 5545, 3.6.5)
        raise InvalidCalendar(VALID_DATA, "VTIMEZONE: There is no TZID.")
    for observance in zone.components:
        if observance.name not in ("STANDARD", "DAYLIGHT"):
            continue
        its = _once(observance)
        if len(its) != 3:
            # "'dtstart', 'tzoffsetto', 'tzoffsetfrom' ... are REQUIRED" (RFC 5545, 3.6.5)
            raise InvalidCalendar(VALID_DATA, f"{observance.name}: There is no DTSTART, TZOFFSETFROM or TZOFFSETTO.")
        for line in observance.lines:
            check_value = _OBSERVANCE.get(line.name)
            if check_value is not None:
                try:
                    check_value(line)
                except ContentError as error:
                    raise _wrong(observance, line, error) from None


_OBSERVANCE: Final[dict[str, Callable[[Line], object]]] = {
    "DTSTART": values.of_line,
    "TZOFFSETFROM": lambda line: values.utc_offset(line.value),
    "TZOFFSETTO": lambda line: values.utc_offset(line.value),
    "RRULE": lambda line: parse_rule(line.value),
    "RDATE": values.moments,
}
