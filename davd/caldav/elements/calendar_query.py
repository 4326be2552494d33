"""The body of the calendar-query report.

Implements: RFC 4791, 7.8, 9.5, 9.8; RFC 7809, 3.1.6, 6.1, 6.2
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.caldav.elements.calendar_data import CalendarData, read_calendar_data
from davd.caldav.elements.filter import CompFilter, ranges, read_filter
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.names import (
    CALENDAR_DATA,
    CALENDAR_QUERY,
    FILTER,
    TIMEZONE,
    TIMEZONE_ID,
    VALID_CALENDAR_DATA,
    VALID_TIMEZONE,
)
from davd.dav.elements.asked import Asked, read_asked
from davd.dav.elements.source import expect_root, reading
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import parse
from davd.formats.icalendar.validate import InvalidCalendar, check_timezone
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import resolve
from davd.formats.icalendar.zones.zone import Zone
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class CalendarQuery:
    """What is asked of each object, and which objects are meant.

    `zone` is the one in which floating times are meant, None for that of the calendar.
    """

    asked: Asked[CalendarData]
    filter: CompFilter
    zone: Zone | None

    @property
    def ranges(self) -> list[TimeRange]:
        """All ranges of time in it."""
        return ranges(self.filter) + ([] if self.asked.data is None else self.asked.data.ranges)


def parse_calendar_query(source: bytes | Element, content_type: str | None = None) -> CalendarQuery:
    """Read a calendar-query body.

    HTTPError 400 when something is missing or there twice, 403 with the precondition that fails: those of the filter
    and of the calendar data, CALDAV:valid-calendar-data and CALDAV:valid-timezone for the time zone.
    """
    return _parse(source, content_type)


def _read(root: Element) -> CalendarQuery:
    expect_root(root, CALENDAR_QUERY)
    asked = read_asked(root, CALENDAR_DATA, read_calendar_data)
    filters = root.findall(FILTER)
    if len(filters) != 1:
        raise HTTPError(400, detail="a calendar-query without a filter or with several")
    return CalendarQuery(asked, read_filter(filters[0]), _zone(root))


_parse = reading(_read)


def _zone(root: Element) -> Zone | None:
    found = [*root.findall(TIMEZONE), *root.findall(TIMEZONE_ID)]
    if not found:
        return None
    if len(found) > 1:
        raise HTTPError(400, detail="a calendar-query in two time zones")
    text = string_value(found[0]).strip()
    if found[0].tag == TIMEZONE:
        return _defined(text)
    zone = named(text)
    if zone is None:
        # RFC 7809, 3.1.6: for a zone that is not known "the server MUST reject the request with a CALDAV:valid-timezone
        # precondition error".
        raise HTTPError(403, VALID_TIMEZONE)
    return zone


def _defined(text: str) -> Zone:
    # RFC 4791, 7.8: "The time zone specified in the REPORT request MUST be a valid iCalendar object containing a single
    # valid VTIMEZONE component."
    try:
        calendar = parse(text.encode())
        zone = resolve(check_timezone(calendar).text("TZID"), calendar)
    except (ContentError, InvalidCalendar) as error:
        raise HTTPError(403, VALID_CALENDAR_DATA, detail=str(error)) from None
    if zone is None:
        raise HTTPError(403, VALID_CALENDAR_DATA, detail="a VTIMEZONE that defines no zone")
    return zone
