"""The rows of CalDAV.

Implements: RFC 4791, 4.2, 5.1, 5.3; RFC 5689, 3.3; RFC 7953, 7.2.1
"""

from __future__ import annotations

from davd.caldav import names
from davd.caldav.members import make_check, make_examine
from davd.caldav.methods.mkcalendar import MKCALENDAR
from davd.caldav.properties import availability, calendar, limits, principal, supported, timezone
from davd.caldav.properties.principal import HOMES
from davd.caldav.provision import make_provision
from davd.caldav.reports.rows import make_reports
from davd.caldav.representation import VARIES, make_represent, represent_object
from davd.caldav.settings import CalDavSettings
from davd.caldav.zone_of import default_zone
from davd.dav.registry import CollectionType, Extension
from davd.model.resource import COLLECTION


def make(settings: CalDavSettings) -> Extension:
    """CalDAV with these settings; ValueError with one sentence for settings that cannot be."""
    # Looked up now, so that a name nobody knows stops the start.
    default_zone(settings.time_zone)
    return Extension(
        "caldav",
        methods=[MKCALENDAR],
        reports=make_reports(settings),
        properties=[
            *calendar.ROWS,
            *supported.ROWS,
            *timezone.ROWS,
            *availability.ROWS,
            *limits.rows(settings),
            *principal.ROWS,
        ],
        collection_types=[calendar_type(settings)],
        # RFC 4791, 5.1; RFC 7953, 7.2.1. RFC 7809's "calendar-no-timezone" is for servers that have a time zone
        # distribution service (RFC 7809, 3.1.2), and davd has none; it takes objects without definitions all the same,
        # and leaves them out for who says so.
        compliance=["calendar-access", "calendar-availability"],
        provision=make_provision(settings),
    )


def calendar_type(settings: CalDavSettings) -> CollectionType:
    """What a calendar is."""
    examine = make_examine(settings)
    return CollectionType(
        names.CALENDAR_TYPE,
        ("{DAV:}collection", names.CALENDAR),
        # RFC 4791, 4.2: "'nesting' of calendar collections within other calendar collections at any depth is not
        # allowed": no calendar holds collections, so that only the parent has to be looked at.
        allowed_parents=frozenset((COLLECTION,)),
        # RFC 4791, 6.2.1: the home is where "calendar collections owned by the principal may be found": nobody would
        # look for one among files.
        within=HOMES,
        check_member=make_check(examine),
        examine=examine,
        represent=make_represent(settings),
        represent_member=represent_object,
        varies=VARIES,
        members_type=names.TEXT_CALENDAR,
        location_condition=names.CALENDAR_COLLECTION_LOCATION_OK,
        max_bytes=settings.max_resource_size,
        size_condition=names.MAX_RESOURCE_SIZE,
    )
