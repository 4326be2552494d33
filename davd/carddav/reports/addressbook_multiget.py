"""addressbook-multiget: the cards that a client names.

Implements: RFC 6352, 8.7
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from davd.carddav.data import Conversions
from davd.carddav.elements.addressbook_multiget import parse_addressbook_multiget
from davd.carddav.names import TOO_MANY
from davd.carddav.reports.cards import Cards
from davd.carddav.reports.stream import Part, answer, first_of
from davd.carddav.reports.targets import book_of
from davd.carddav.settings import CardDavSettings
from davd.dav import guard, multistatus
from davd.dav.contents import PAGE, contents_of
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_reference
from davd.formats.xml.writer import escape, status_response
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.resource import FILE, Resource


def make_respond(settings: CardDavSettings, conversions: Conversions) -> Callable[[Exchange], Awaitable[Response]]:
    """The `Report.respond` of addressbook-multiget."""

    async def respond(exchange: Exchange) -> Response:
        """207 with a response for each href, 404 for those that lead to no card of the address book.

        403 with CARDDAV:supported-address-data, 507 for more hrefs than one report may have.
        """
        headers = exchange.request.headers
        asked = parse_addressbook_multiget(exchange.source, headers.get("content-type"))
        if len(asked.hrefs) > settings.max_multiget:
            raise HTTPError(507, TOO_MANY)
        preferences = Preferences.from_headers(headers)
        cards = Cards(exchange, asked.asked, preferences.return_minimal, conversions)
        course = Named(exchange, cards, asked.hrefs)
        return multistatus.respond(await answer(exchange, cards.open, course), preferences.applied("return"))

    return respond


class Named:
    """The cards that `hrefs` lead to, in pages; what they lead to elsewhere is not found."""

    __slots__ = ("_book", "_cards", "_collection", "_exchange", "_hrefs", "_only", "_position", "more")

    def __init__(self, exchange: Exchange, cards: Cards, hrefs: Sequence[str]) -> None:
        self.more = True
        self._exchange = exchange
        self._cards = cards
        self._hrefs = hrefs
        self._position = 0
        self._book = book_of(exchange)
        segments = exchange.node.path.segments
        is_card = exchange.node.chain[-1].type == FILE
        self._collection = segments[:-1] if is_card else segments
        # RFC 6352, 8.7: the hrefs "all need to be members (not necessarily internal members) of the resource identified
        # by the Request-URI"; of a card that is the card itself.
        self._only = segments[-1] if is_card else None

    async def page(self, transaction: IReadTransaction) -> list[Part]:
        """The parts of the responses to the next hrefs."""
        hrefs = self._hrefs[self._position : self._position + PAGE]
        names = [self._name(href) for href in hrefs]
        found = await self._found(transaction, [name for name in names if name is not None])
        there = [(href, found[name]) for href, name in zip(hrefs, names, strict=True) if name in found]
        rows = [row for _, row in there]
        data: list[bytes] = []
        count = len(rows)
        if self._cards.needs_content:
            count = first_of(rows)
            data = await contents_of(transaction, self._exchange.store.blobs, rows[:count])
        if count < len(rows):
            hrefs = hrefs[: hrefs.index(there[count][0])]
        self._position += len(hrefs)
        self.more = self._position < len(self._hrefs)
        rows = rows[:count]
        # The client finds what it asked for by the href that it wrote.
        written = [escape(href.rstrip("/")) for href, _ in there[:count]]
        view = await self._cards.load(transaction, rows)
        known = {href for href, _ in there}
        missing = [href for href in hrefs if href not in known]
        write = self._cards.write
        portions = list(self._cards.portions(data))
        if len(portions) == 1 and portions[0][1]:
            return [Part(lambda: write(view, rows, written, data) + _not_found(missing))]
        parts = [Part(partial(write, view, rows[some], written[some], data[some]), light) for some, light in portions]
        return [*parts, Part(partial(_not_found, missing))]

    def _name(self, href: str) -> str | None:
        """The name of the member that an href leads to; None for one that leads elsewhere."""
        request, settings = self._exchange.request, self._exchange.settings
        try:
            path = parse_reference(href, request.authority, settings.hostnames, request.scheme, settings.prefix)
        except HTTPError:
            return None
        if path is None or path.segments[:-1] != self._collection or not path.segments:
            return None
        name = path.segments[-1]
        return name if self._only in (None, name) else None

    async def _found(self, transaction: IReadTransaction, names: list[str]) -> dict[str, Resource]:
        """The cards of those names that the principal may read."""
        if not names:
            return {}
        chain, members = await transaction.resolve_members(self._collection, names)
        if chain[-1].id != self._book.id:
            # The address book has gone since the answer began.
            return {}
        files = [row for row in members.values() if row.type == FILE]
        shown = await guard.visible(self._exchange, files, self._book, transaction)
        return {row.name: row for row in shown}

    def tail(self) -> bytes:
        """Nothing follows."""
        return b""


def _not_found(hrefs: Sequence[str]) -> list[str]:
    return [status_response(href, 404).decode() for href in hrefs]
