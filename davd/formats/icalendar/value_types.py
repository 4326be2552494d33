"""Which type of value a property has where its VALUE parameter does not say so, and which properties hold lists.

Implements: RFC 5545, 3.7, 3.8; RFC 7808, 7.1, 7.2; RFC 7953, 3.2; RFC 7986, 5; RFC 9073, 6; RFC 9074, 6.1, 8.1;
RFC 9253, 8
"""

from __future__ import annotations

from typing import Final

from davd.formats.contentlines import Line

# A property without a default (some of RFC 7986, 9073 and 9253 have to say it, and nobody knows of X- properties).
UNKNOWN: Final = "UNKNOWN"

_PROPERTIES: Final = {
    "CAL-ADDRESS": "ATTENDEE ORGANIZER CALENDAR-ADDRESS",
    "DATE-TIME": (
        "COMPLETED DTEND DUE DTSTART EXDATE RDATE RECURRENCE-ID CREATED DTSTAMP LAST-MODIFIED ACKNOWLEDGED TZUNTIL"
    ),
    "DURATION": "DURATION TRIGGER",
    "FLOAT": "GEO",
    "INTEGER": "PERCENT-COMPLETE PRIORITY REPEAT SEQUENCE",
    "PERIOD": "FREEBUSY",
    "RECUR": "RRULE EXRULE",
    "TEXT": (
        "CALSCALE METHOD PRODID VERSION CATEGORIES CLASS COMMENT DESCRIPTION LOCATION RESOURCES STATUS SUMMARY TRANSP "
        "TZID TZNAME CONTACT RELATED-TO UID ACTION REQUEST-STATUS TZID-ALIAS-OF BUSYTYPE NAME COLOR LOCATION-TYPE "
        "PARTICIPANT-TYPE RESOURCE-TYPE PROXIMITY REFID"
    ),
    "URI": "ATTACH TZURL URL SOURCE CONCEPT",
    "UTC-OFFSET": "TZOFFSETFROM TZOFFSETTO",
}

DEFAULTS: Final[dict[str, str]] = {name: kind for kind, names in _PROPERTIES.items() for name in names.split()}

# "Values in a list of values MUST be separated by a COMMA character." (RFC 5545, 3.1.1)
LISTS: Final = frozenset({"CATEGORIES", "RESOURCES", "EXDATE", "RDATE", "FREEBUSY", "LOCATION-TYPE"})

# "These structured property values MUST have their value parts separated by a SEMICOLON character." (RFC 5545, 3.1.1)
# RECUR has them too, but is a type of its own.
STRUCTURED: Final = frozenset({"GEO", "REQUEST-STATUS"})


def value_type(line: Line) -> str:
    """The type of the property's value in upper case: its VALUE parameter, its default, or UNKNOWN."""
    if line.raw_params:
        said = line.param("VALUE")
        if said:
            return said.strip().upper()
    return DEFAULTS.get(line.name, UNKNOWN)
