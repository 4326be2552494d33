"""GET on calendars and on what is in them: a whole calendar as one object, one object as jCal, a page for people.

Implements: RFC 4791, 5.3.4; RFC 5545, 3.4; RFC 7265, 3, 7; RFC 9110, 9.3.1, 12.5.1
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from davd.caldav import names
from davd.caldav.merged import CLOSING, Merger, opening, properties
from davd.caldav.page import CalendarPage
from davd.caldav.settings import CalDavSettings
from davd.dav import content_type, representation
from davd.dav.contents import Page, contents_of
from davd.dav.exchange import Exchange
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.jcal import array, to_jcal
from davd.formats.icalendar.object import Component
from davd.http.response import Response
from davd.model.resource import Resource

Represent = Callable[[Exchange, Resource], Awaitable[Response | None]]

# What is longer takes more than a few milliseconds.
_SMALL: Final = 32 * 1024
_HTML: Final = "text/html"
_OF_CALENDAR: Final = (names.TEXT_CALENDAR, names.JCAL, _HTML)
_OF_OBJECT: Final = (names.TEXT_CALENDAR, names.JCAL)
_ENDINGS: Final = {names.TEXT_CALENDAR: "ics", names.JCAL: "json"}
# A link on the page leads to the calendar itself, whatever the browser says that it accepts.
EXPORT: Final = "export"


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
            return Response(200, {"Vary": "Accept"})
        return await _whole(exchange, calendar, kind)

    return represent


async def represent_object(exchange: Exchange, resource: Resource) -> Response | None:
    """A calendar object as jCal for who would rather have that; None for the octets as they were stored."""
    accept = exchange.request.headers.get("accept", "")
    if "json" not in accept or representation.wanted(exchange, _OF_OBJECT) != names.JCAL:
        return None
    etag = f'{resource.etag[:-1]}-jcal"'
    unsent = representation.unsent(exchange, etag)
    if unsent is not None:
        return unsent
    (data,) = await contents_of(exchange.transaction, exchange.store.blobs, [resource])
    headers = {"Content-Type": names.JCAL, "ETag": etag, "Vary": "Accept"}
    if len(data) <= _SMALL:
        body = _jcal(data)
        return None if body is None else Response(200, headers, body)

    async def later() -> Response:
        body = await exchange.aside(partial(_jcal, data))
        if isinstance(body, bytes):
            return Response(200, headers, body)
        return Response(200, {"Content-Type": content_type.of(resource), "ETag": resource.etag, "Vary": "Accept"}, data)

    exchange.later = later
    return Response(200)


def _jcal(data: bytes) -> bytes | None:
    """The object as jCal; None for what is none, which was stored by something else than davd."""
    try:
        return to_jcal(data)
    except ContentError:
        return None


async def _whole(exchange: Exchange, calendar: Resource, kind: str) -> Response:
    ending = _ENDINGS[kind]
    unsent = representation.unsent(exchange, representation.whole_tag(exchange, calendar, ending))
    if unsent is not None:
        return unsent
    stored = (await exchange.transaction.properties([calendar.id])).get(calendar.id, {})
    head = Component("VCALENDAR", properties(stored, calendar.name))
    write = _as_icalendar if kind == names.TEXT_CALENDAR else _as_jcal
    return await representation.whole(exchange, calendar, kind, ending, partial(write, exchange, head))


async def _as_icalendar(exchange: Exchange, head: Component, read: AsyncIterator[Page]) -> AsyncIterator[bytes]:
    merger = Merger()
    yield opening(head.lines)
    async for part in read:
        yield await part.worked_on(exchange, partial(_octets, merger, part))
    yield CLOSING


def _octets(merger: Merger, part: Page) -> bytes:
    return b"".join([merger.octets(data) for data in part.contents])


async def _as_jcal(exchange: Exchange, head: Component, read: AsyncIterator[Page]) -> AsyncIterator[bytes]:
    merger = Merger()
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
