"""What a calendar tells of the limits of the objects it takes.

CALDAV:max-instances is not among them. RFC 4791, 5.2.8: where it is defined, "any attempt to store a calendar object
resource with a recurrence pattern that generates more instances than this value MUST result in an error"; davd takes
rules without an end.

Implements: RFC 4791, 5.2.5, 5.2.6, 5.2.7, 5.2.9
"""

from __future__ import annotations

from davd.caldav import names
from davd.caldav.names import CALENDAR_TYPE
from davd.caldav.settings import CalDavSettings
from davd.dav.properties.constant import constant
from davd.dav.registry import LiveProperty


def rows(settings: CalDavSettings) -> list[LiveProperty]:
    """The properties with the values of `settings`."""
    values = {
        names.MAX_RESOURCE_SIZE: str(settings.max_resource_size),
        names.MIN_DATE_TIME: settings.min_date_time,
        names.MAX_DATE_TIME: settings.max_date_time,
        names.MAX_ATTENDEES_PER_INSTANCE: str(settings.max_attendees),
    }
    return [constant(name, text.encode(), CALENDAR_TYPE) for name, text in values.items()]
