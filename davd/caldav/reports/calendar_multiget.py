"""calendar-multiget: the calendar objects that a client names.

Implements: RFC 4791, 7.9
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from davd.caldav.elements.calendar_multiget import CalendarMultiget, parse_calendar_multiget
from davd.caldav.names import CALENDAR_TYPE
from davd.caldav.objects import CalendarObjects
from davd.caldav.reports.limits import Purse, check_ranges
from davd.caldav.reports.stream import answer
from davd.caldav.reports.targets import TOO_MANY, is_object
from davd.caldav.reports.telling import Batch, Piece, Telling
from davd.caldav.settings import CalDavSettings
from davd.caldav.zone_of import default_zone, floating_zone
from davd.dav import guard, multistatus
from davd.dav.contents import readable
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_reference
from davd.formats.icalendar.zones.zone import Zone
from davd.formats.xml.writer import status_response
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.resource import FILE, Resource

# So many are read at once; fewer when finding them takes long.
_READ: Final = 100
_LONG: Final = 4_000

# What it costs in microseconds or so to find an href, a collection and each level above one, and to tell of what is
# missing.
_HREF: Final = 6
_COLLECTION: Final = 40
_LEVEL: Final = 5
_MISSING: Final = 10

Segments = tuple[str, ...]


async def respond(exchange: Exchange, settings: CalDavSettings, memory: CalendarObjects) -> Response:
    """207 with a response for each href, 404 in those that lead to no calendar object within the target.

    403 with the precondition that the question fails, 507 with DAV:number-of-matches-within-limits for too many hrefs.
    """
    headers = exchange.request.headers
    asked = parse_calendar_multiget(exchange.source, headers.get("content-type"))
    if len(asked.hrefs) > settings.max_multiget:
        raise HTTPError(507, TOO_MANY)
    check_ranges(asked.ranges, settings)
    is_object(exchange)
    telling = Telling(exchange, asked.asked, memory, Purse(settings))
    course = _Course(exchange, settings, asked, telling)
    body = await answer(exchange, telling.renderer, course)
    return multistatus.respond(body, Preferences.from_headers(headers).applied("return"))


class _Course:
    """The hrefs on their way into one answer, in their order."""

    def __init__(self, exchange: Exchange, settings: CalDavSettings, asked: CalendarMultiget, telling: Telling) -> None:
        self.purse = telling.purse
        self.more = True
        self._exchange = exchange
        self._telling = telling
        self._default = default_zone(settings.time_zone)
        self._hrefs = asked.hrefs
        self._position = 0
        self._zones: dict[int, Zone] = {}
        # Of each href of the batch that was loaded last, the row that it leads to.
        self._led: list[tuple[str, int | None]] = []

    def tail(self) -> bytes:
        """Nothing follows the last response."""
        return b""

    # -- loading --------------------------------------------------------------------------------------------------

    async def load(self, transaction: IReadTransaction) -> Batch:
        """What the next hrefs lead to."""
        telling = self._telling
        some: list[str] = []
        paths: list[Segments | None] = []
        by_collection: dict[Segments, list[str]] = {}
        work = 0
        while self._position < len(self._hrefs) and len(some) < _READ and work < _LONG:
            href = self._hrefs[self._position]
            self._position += 1
            path = self._path(href)
            some.append(href)
            paths.append(path)
            work += _HREF
            if path is not None:
                if path[:-1] not in by_collection:
                    work += _COLLECTION + _LEVEL * len(path)
                by_collection.setdefault(path[:-1], []).append(path[-1])
        self.purse.work += work
        self.more = self._position < len(self._hrefs)
        found: dict[Segments, Resource] = {}
        above: dict[int, Resource] = {}
        for collection, names in by_collection.items():
            for resource in await self._members(transaction, collection, names, found):
                above[resource.id] = resource
        rows: list[Resource] = []
        hrefs: list[str] = []
        self._led = []
        for href, path in zip(some, paths, strict=True):
            row = None if path is None else found.get(path)
            self._led.append((href, None if row is None else len(rows)))
            if row is not None:
                rows.append(row)
                hrefs.append(href)
        if telling.form is not None:
            rows, hrefs = self._first_of(rows, hrefs)
        return await telling.load(transaction, rows, hrefs, list(above.values()))

    def _first_of(self, rows: list[Resource], hrefs: list[str]) -> tuple[list[Resource], list[str]]:
        """As many of the rows as are read in one go; the others, and what follows them, are left to the next batch."""
        room = readable(rows)
        if room == len(rows):
            return rows, hrefs
        left = [index for _, index in self._led].index(room)
        self._position -= len(self._led) - left
        self.more = True
        del self._led[left:]
        return rows[:room], hrefs[:room]

    def _path(self, href: str) -> Segments | None:
        """Where an href leads, if that is within the target."""
        exchange = self._exchange
        request, settings = exchange.request, exchange.settings
        path: Path | None
        try:
            path = parse_reference(href, request.authority, settings.hostnames, request.scheme, settings.prefix)
            if path is None and settings.prefix:
                # Behind a proxy that takes the prefix off, clients may have learnt hrefs that are without it.
                path = parse_reference(href, request.authority, settings.hostnames, request.scheme)
        except HTTPError:
            return None
        own = exchange.node.path.segments
        # RFC 4791, 7.9: "If the Request-URI is a collection resource, then the DAV:href elements MUST refer to calendar
        # object resources within that collection, and they MAY refer to calendar object resources at any depth within
        # the collection." "If the Request-URI refers to a non-collection resource, then there MUST be a single DAV:href
        # element that is equivalent to the Request-URI."
        if path is None or not path.segments or path.segments[: len(own)] != own:
            return None
        return path.segments

    async def _members(
        self, transaction: IReadTransaction, segments: Segments, names: Sequence[str], found: dict[Segments, Resource]
    ) -> Sequence[Resource]:
        """Put the objects of these names in a calendar into `found`; the resources along the path to the calendar."""
        exchange = self._exchange
        own = exchange.node.path.segments
        if len(segments) > len(own):
            # What lies deeper than the members changes without a trace in the target.
            exchange.rests_on_store = True
            node = await guard.find(exchange, Path(segments, True), transaction)
            if node.resource is None:
                return ()
        chain, members = await transaction.resolve_members(segments, names)
        if not members or chain[-1].type != CALENDAR_TYPE:
            return ()
        calendar = chain[-1]
        rows = [row for row in members.values() if row.type == FILE]
        for row in await guard.visible(exchange, rows, calendar, transaction):
            found[(*segments, row.name)] = row
        if self._telling.reads and calendar.id not in self._zones:
            self._zones[calendar.id] = await floating_zone(transaction, calendar, self._default)
        return chain

    # -- telling --------------------------------------------------------------------------------------------------

    def tell(self, batch: Batch) -> Iterator[Piece]:
        """A response to each href of the batch that was loaded last."""
        telling = self._telling
        for href, index in self._led:
            if index is None:
                self.purse.work += _MISSING
                yield status_response(href, 404).decode()
            elif telling.form is None:
                yield from telling.some(batch, [index])
            else:
                yield from telling.one(batch, index, self._zones.get(batch.rows[index].parent_id or 0))
