"""The time zone of a calendar, as a definition or by its name: two views of one thing.

Whichever a client sets is kept, and the other one follows from it.

Implements: RFC 4791, 5.2.2, 5.2.10; RFC 7809, 3.1.5, 5.2
"""

from __future__ import annotations

from typing import Final

from davd.caldav import names
from davd.caldav.zone_of import identifier_in
from davd.dav.exchange import Exchange
from davd.dav.properties.view import STORED, View
from davd.dav.registry import LiveProperty
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import parse
from davd.formats.icalendar.validate import InvalidCalendar, check_timezone
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.vtimezone import vtimezone
from davd.formats.xml.fragment import stored_text
from davd.model.errors import HTTPError
from davd.model.resource import Resource

_BEGIN: Final = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//davd//davd//EN\r\n"
_END: Final = "END:VCALENDAR\r\n"


def _check_definition(text: str | None) -> None:
    if text is None:
        return
    try:
        # RFC 4791, 5.2.10: "The time zone specified in CALDAV:calendar-timezone property MUST be a valid iCalendar
        # object containing a single valid VTIMEZONE component."
        check_timezone(parse(text.encode()))
    except (ContentError, InvalidCalendar) as error:
        raise HTTPError(403, names.VALID_CALENDAR_DATA, detail=str(error)) from None


def _check_identifier(text: str | None) -> None:
    # RFC 7809, 3.1.5: for a value "that does not correspond to a time zone that is known to the server, the server MUST
    # reject the property update using a CALDAV:valid-timezone pre-condition error."
    if text is not None and named(text.strip()) is None:
        raise HTTPError(403, names.VALID_TIMEZONE)


# RFC 7809, 3.1.5: "The server MUST accept clients that set either the CALDAV:calendar-timezone or the
# CALDAV:calendar-timezone-id, and it MUST adjust the value of the alternate property to reflect any changes."
async def _forget_identifier(exchange: Exchange, resource: Resource, text: str | None) -> Resource:
    return await _forget(exchange, resource, names.CALENDAR_TIMEZONE_ID)


async def _forget_definition(exchange: Exchange, resource: Resource, text: str | None) -> Resource:
    return await _forget(exchange, resource, names.CALENDAR_TIMEZONE)


async def _forget(exchange: Exchange, resource: Resource, name: str) -> Resource:
    changed: Resource = await exchange.transaction.set_properties(resource, [(name, None)], exchange.now)
    return changed


def _definition(view: View, resource: Resource) -> str | None:
    identifier = view.stored.get(resource.id, {}).get(names.CALENDAR_TIMEZONE_ID)
    if identifier is None:
        return None
    name = stored_text(identifier).strip()
    return None if named(name) is None else _BEGIN + vtimezone(name).decode() + _END


def _identifier(view: View, resource: Resource) -> str | None:
    definition = view.stored.get(resource.id, {}).get(names.CALENDAR_TIMEZONE)
    return None if definition is None else identifier_in(stored_text(definition)) or None


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty(
        names.CALENDAR_TIMEZONE,
        _definition,
        in_allprop=False,
        needs=frozenset((STORED,)),
        set=_forget_identifier,
        check=_check_definition,
        stored=True,
    ),
    LiveProperty(
        names.CALENDAR_TIMEZONE_ID,
        _identifier,
        in_allprop=False,
        needs=frozenset((STORED,)),
        set=_forget_definition,
        check=_check_identifier,
        stored=True,
    ),
)
