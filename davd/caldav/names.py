"""Names of CalDAV and of what calendar clients add to it, in Clark notation.

Implements: RFC 4791, 4.2, 5.2, 5.3, 6.1, 6.2, 7, 9; RFC 6638, 2.4, 9.1; RFC 7809, 5; RFC 7953, 7
"""

from __future__ import annotations

from typing import Final

from davd.formats.xml.names import APPLE_ICAL, CALDAV, CALENDARSERVER

_C: Final = "{" + CALDAV + "}"
_CS: Final = "{" + CALENDARSERVER + "}"
_A: Final = "{" + APPLE_ICAL + "}"


def join_caldav(local: str) -> str:
    """The Clark notation of a name in the namespace of CalDAV."""
    return _C + local


# Resource types, as `davd.model.resource.Resource.type` names them, and their elements.
CALENDAR_TYPE: Final = "calendar"
CALENDAR: Final = _C + "calendar"

# Components a calendar may hold.
VEVENT: Final = "VEVENT"
VTODO: Final = "VTODO"
VJOURNAL: Final = "VJOURNAL"
VFREEBUSY: Final = "VFREEBUSY"
VAVAILABILITY: Final = "VAVAILABILITY"

# Media types (RFC 4791, 5.2.4; RFC 7265, 7).
TEXT_CALENDAR: Final = "text/calendar"
JCAL: Final = "application/calendar+json"

# MKCALENDAR (RFC 4791, 5.3.1).
MKCALENDAR: Final = _C + "mkcalendar"
MKCALENDAR_RESPONSE: Final = _C + "mkcalendar-response"

# Reports (RFC 4791, 7).
CALENDAR_QUERY: Final = _C + "calendar-query"
CALENDAR_MULTIGET: Final = _C + "calendar-multiget"
FREE_BUSY_QUERY: Final = _C + "free-busy-query"

# Elements of reports (RFC 4791, 9; RFC 7809, 6.2).
CALENDAR_DATA: Final = _C + "calendar-data"
COMP: Final = _C + "comp"
ALLCOMP: Final = _C + "allcomp"
ALLPROP: Final = _C + "allprop"
PROP: Final = _C + "prop"
EXPAND: Final = _C + "expand"
LIMIT_RECURRENCE_SET: Final = _C + "limit-recurrence-set"
LIMIT_FREEBUSY_SET: Final = _C + "limit-freebusy-set"
FILTER: Final = _C + "filter"
COMP_FILTER: Final = _C + "comp-filter"
PROP_FILTER: Final = _C + "prop-filter"
PARAM_FILTER: Final = _C + "param-filter"
IS_NOT_DEFINED: Final = _C + "is-not-defined"
TEXT_MATCH: Final = _C + "text-match"
TIME_RANGE: Final = _C + "time-range"
TIMEZONE: Final = _C + "timezone"
TIMEZONE_ID: Final = _C + "timezone-id"

# Properties of calendars (RFC 4791, 5.2; RFC 6638, 9.1; RFC 7809, 5.2).
CALENDAR_DESCRIPTION: Final = _C + "calendar-description"
CALENDAR_TIMEZONE: Final = _C + "calendar-timezone"
CALENDAR_TIMEZONE_ID: Final = _C + "calendar-timezone-id"
SUPPORTED_CALENDAR_COMPONENT_SET: Final = _C + "supported-calendar-component-set"
SUPPORTED_CALENDAR_COMPONENT_SETS: Final = _C + "supported-calendar-component-sets"
SUPPORTED_CALENDAR_DATA: Final = _C + "supported-calendar-data"
SUPPORTED_COLLATION_SET: Final = _C + "supported-collation-set"
SUPPORTED_RSCALE_SET: Final = _C + "supported-rscale-set"
MAX_RESOURCE_SIZE: Final = _C + "max-resource-size"
MIN_DATE_TIME: Final = _C + "min-date-time"
MAX_DATE_TIME: Final = _C + "max-date-time"
MAX_INSTANCES: Final = _C + "max-instances"
MAX_ATTENDEES_PER_INSTANCE: Final = _C + "max-attendees-per-instance"
SCHEDULE_CALENDAR_TRANSP: Final = _C + "schedule-calendar-transp"
CALENDAR_AVAILABILITY: Final = _C + "calendar-availability"
CALENDARSERVER_AVAILABILITY: Final = _CS + "calendar-availability"
CALENDAR_COLOR: Final = _A + "calendar-color"
CALENDAR_ORDER: Final = _A + "calendar-order"

# Properties of principals (RFC 4791, 6.2; RFC 6638, 2.4).
CALENDAR_HOME_SET: Final = _C + "calendar-home-set"
CALENDAR_USER_ADDRESS_SET: Final = _C + "calendar-user-address-set"
CALENDAR_USER_TYPE: Final = _C + "calendar-user-type"
EMAIL_ADDRESS_SET: Final = _CS + "email-address-set"
EMAIL_ADDRESS: Final = _CS + "email-address"

# Privileges (RFC 4791, 6.1).
READ_FREE_BUSY: Final = _C + "read-free-busy"

# Preconditions and postconditions (RFC 4791, 5.3.1.1, 5.3.2.1, 7.8, 7.9, 7.10; RFC 7809, 5). Those that limit a value
# are called like the property that tells the limit.
CALENDAR_COLLECTION_LOCATION_OK: Final = _C + "calendar-collection-location-ok"
VALID_CALENDAR_DATA: Final = _C + "valid-calendar-data"
SUPPORTED_CALENDAR_COMPONENT: Final = _C + "supported-calendar-component"
NO_UID_CONFLICT: Final = _C + "no-uid-conflict"
VALID_FILTER: Final = _C + "valid-filter"
SUPPORTED_FILTER: Final = _C + "supported-filter"
SUPPORTED_COLLATION: Final = _C + "supported-collation"
VALID_TIMEZONE: Final = _C + "valid-timezone"
RESOURCE_MUST_BE_NULL: Final = "{DAV:}resource-must-be-null"
