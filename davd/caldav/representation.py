"""GET on calendars and on what is in them: a whole calendar as one object, one object as jCal, a page for people.

Implements: RFC 4791, 5.3.4; RFC 5545, 3.4; RFC 7265, 3, 7; RFC 9110, 9.3.1, 12.5.1; RFC 7809, 7.1
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from davd.caldav import names
from davd.caldav.by_reference import given, may_change, wish
from davd.caldav.merged import CLOSING, Merger, opening, properties
from davd.caldav.page import CalendarPage
from davd.caldav.settings import CalDavSettings
from davd.dav import content_type, representation
from davd.dav.contents import Page, contents_of, is_long
from davd.dav.exchange import Exchange
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.jcal import array, to_jcal
from davd.formats.icalendar.object import Component
from davd.http.response import Response
from davd.model.resource import Resource

Represent = Callable[[Exchange, Resource], Awaitable[Response | None]]

_HTML: Final = "text/html"
_OF_CALENDAR: Final = (names.TEXT_CALENDAR, names.JCAL, _HTML)
_OF_OBJECT: Final = (names.TEXT_CALENDAR, names.JCAL)
_ENDINGS: Final = {names.TEXT_CALENDAR: "ics", names.JCAL: "json"}
# A link on the page leads to the calendar itself, whatever the browser says that it accepts.
EXPORT: Final = "export"
# What the forms of a calendar, and of an object in it, are chosen by.
VARIES: Final = "Accept, CalDAV-Timezones"


def make_represent(settings: CalDavSettings) -> Represent:
    """The `CollectionType.represent` of calendars."""

    async def represent(exchange: Exchange, calendar: Resource) -> Response:
        """The calendar as iCalendar or jCal, or the page about it."""
        kind = names.TEXT_CALENDAR
        if exchange.request.query != EXPORT:
            kind = representation.wanted(exchange, _OF_CALENDAR)
        if kind == _HTML:
            # It shows what is to come from now on.
            exchange.fleeting = True
            exchange.later = CalendarPage(exchange, calendar, settings).respond
            return Response(200, {"Vary": VARIES})
        return await _whole(exchange, calendar, kind)

    return represent


async def represent_object(exchange: Exchange, resource: Resource) -> Response | None:
    """A calendar object as jCal, or with time zones that are not in it as it is stored, for who would rather have that.

    None for the octets as they were stored.
    """
    headers = exchange.request.headers
    defined = wish(headers)
    as_jcal = "json" in headers.get("accept", "") and representation.wanted(exchange, _OF_OBJECT) == names.JCAL
    if not as_jcal and defined is None:
        return None
    # RFC 4791, 5.3.4: "A response to a GET request targeted at a calendar object resource MUST contain an ETag response
    # header field indicating the current value of the strong entity tag of the calendar object resource": the one that
    # DAV:getetag has and PUT is asked for, in whatever form the object is given.
    unsent = representation.unsent(exchange, resource.etag, VARIES)
    if unsent is not None:
        return unsent
    (data,) = await contents_of(exchange.transaction, exchange.store.blobs, [resource])
    if not as_jcal and defined is not None and not may_change(data, defined):
        return None
    if not is_long(data):
        body = _formed(data, as_jcal, defined)
        return None if body is None else _shown(resource, as_jcal, body)

    async def later() -> Response:
        body = await exchange.aside(partial(_formed, data, as_jcal, defined))
        return _shown(resource, as_jcal, body) if isinstance(body, bytes) else _shown(resource, False, data)

    exchange.later = later
    return Response(200)


def _shown(resource: Resource, as_jcal: bool, body: bytes) -> Response:
    kind = names.JCAL if as_jcal else content_type.of(resource)
    return Response(200, {"Content-Type": kind, "ETag": resource.etag, "Vary": VARIES}, body)


def _formed(data: bytes, as_jcal: bool, defined: bool | None) -> bytes | None:
    """The object as the client would have it; None where that is what is stored."""
    changed = data if defined is None else given(data, defined)
    if as_jcal:
        return _jcal(changed)
    return None if changed is data else changed


def _jcal(data: bytes) -> bytes | None:
    """The object as jCal; None for what is none, which was stored by something else than davd."""
    try:
        return to_jcal(data)
    except ContentError:
        return None


async def _whole(exchange: Exchange, calendar: Resource, kind: str) -> Response:
    ending = _ENDINGS[kind]
    defined = wish(exchange.request.headers) is not False
    etag = representation.whole_tag(exchange, calendar, ending if defined else f"{ending}-f")
    unsent = representation.unsent(exchange, etag, VARIES)
    if unsent is not None:
        return unsent
    stored = (await exchange.transaction.properties([calendar.id])).get(calendar.id, {})
    head = Component("VCALENDAR", properties(stored, calendar.name))
    write = _as_icalendar if kind == names.TEXT_CALENDAR else _as_jcal
    written = partial(write, exchange, head, Merger(defined))
    return await representation.whole(exchange, calendar, kind, ending, written, etag, VARIES)


async def _as_icalendar(
    exchange: Exchange, head: Component, merger: Merger, read: AsyncIterator[Page]
) -> AsyncIterator[bytes]:
    yield opening(head.lines)
    async for part in read:
        yield await part.worked_on(exchange, partial(_octets, merger, part))
    yield CLOSING


def _octets(merger: Merger, part: Page) -> bytes:
    return b"".join([merger.octets(data) for data in part.contents])


async def _as_jcal(
    exchange: Exchange, head: Component, merger: Merger, read: AsyncIterator[Page]
) -> AsyncIterator[bytes]:
    # RFC 7265, 3.3: a component is an array of its name, its properties and its components.
    yield msgspec.json.encode(array(head))[:-2]
    comma = b""
    async for part in read:
        found = await part.worked_on(exchange, partial(_arrays, merger, part))
        if found:
            yield comma + found
            comma = b","
    yield b"]]"


def _arrays(merger: Merger, part: Page) -> bytes:
    """The components of a page as jCal, with commas between them."""
    return msgspec.json.encode([component for data in part.contents for component in merger.arrays(data)])[1:-1]
