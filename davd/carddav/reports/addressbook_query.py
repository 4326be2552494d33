"""addressbook-query: the cards that match a filter.

Implements: RFC 6352, 8.2, 8.6, 8.6.1, 8.6.2
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from davd.carddav.data import Conversions
from davd.carddav.elements.addressbook_query import AddressbookQuery, parse_addressbook_query
from davd.carddav.elements.filter import Filter
from davd.carddav.filter import matches
from davd.carddav.filter_index import plan
from davd.carddav.names import TOO_MANY
from davd.carddav.reports.cards import Cards
from davd.carddav.reports.stream import Part, answer, first_of
from davd.carddav.reports.targets import book_of
from davd.carddav.settings import CardDavSettings
from davd.dav import guard, multistatus
from davd.dav.contents import contents_of, portions
from davd.dav.exchange import Exchange
from davd.dav.properties.pages import base_href
from davd.dav.properties.view import View
from davd.formats.contentlines import ContentError
from davd.formats.vcard.card import parse
from davd.formats.xml.writer import status_response
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.path import quote_segment
from davd.model.resource import FILE, Resource

# As many members as a book may have, to the store.
_ALL: Final = 1 << 40
# So many rows are looked up in one go where no content has to be read.
_ROWS: Final = 250


def make_respond(settings: CardDavSettings, conversions: Conversions) -> Callable[[Exchange], Awaitable[Response]]:
    """The `Report.respond` of addressbook-query."""

    async def respond(exchange: Exchange) -> Response:
        """207 with the cards that match; with a 507 for the request URI when there are more than the limit.

        403 with CARDDAV:supported-collation or CARDDAV:supported-address-data.
        """
        headers = exchange.request.headers
        asked = parse_addressbook_query(exchange.source, headers.get("content-type"))
        preferences = Preferences.from_headers(headers)
        cards = Cards(exchange, asked.asked, preferences.return_minimal, conversions)
        limit = settings.max_query_results
        if asked.limit is not None:
            limit = min(limit, asked.limit)
        course = await _begin(exchange, asked, cards, limit)
        return multistatus.respond(await answer(exchange, cards.open, course), preferences.applied("return"))

    return respond


async def _begin(exchange: Exchange, asked: AddressbookQuery, cards: Cards, limit: int) -> Matching:
    book = book_of(exchange)
    target = exchange.node.chain[-1]
    if target.type == FILE:
        # RFC 6352, 8: the reports are for address object resources too.
        return Matching(exchange, book, cards, asked.filter, [target.id], limit)
    # RFC 6352, 8.6: "The request MUST include a Depth header." Where it does not, it is hardly about the collection
    # alone, which is no card.
    if exchange.fields.depth == "0":
        return Matching(exchange, book, cards, None, [], limit)
    planned = plan(asked.filter)
    # With one more than is told there are too many.
    most = limit + 1 if planned.settled else _ALL
    found = await exchange.transaction.find(book.id, planned.query, most)
    return Matching(
        exchange, book, cards, None if planned.settled else asked.filter, [each.id for each in found], limit
    )


class Matching:
    """The cards in `book` whose ids are `ids` and that match `asked` (None: all do), `limit` of them at most."""

    __slots__ = ("_asked", "_base", "_book", "_cards", "_exchange", "_ids", "_left", "_position", "_truncated", "more")

    def __init__(
        self, exchange: Exchange, book: Resource, cards: Cards, asked: Filter | None, ids: list[int], limit: int
    ) -> None:
        self.more = True
        self._exchange = exchange
        self._book = book
        self._cards = cards
        self._asked = asked
        self._ids = ids
        self._position = 0
        self._left = limit
        self._truncated = False
        node = exchange.node
        depth = len(node.path.segments) - (node.chain[-1].type == FILE)
        self._base = base_href(exchange, node.path.segments[:depth]) + "/"

    async def page(self, transaction: IReadTransaction) -> list[Part]:
        """The parts of the responses about the next cards."""
        ids = self._ids[self._position : self._position + _ROWS]
        rows = [row for row in await transaction.resources(ids) if row.parent_id == self._book.id]
        rows = list(await guard.visible(self._exchange, rows, self._book, transaction))
        data: list[bytes] = []
        reads = self._asked is not None or self._cards.needs_content
        if reads:
            count = first_of(rows)
            # What is not there any more, or not for the principal, is passed over with the last one that is.
            ids = ids if count == len(rows) else ids[: ids.index(rows[count].id)]
            rows = rows[:count]
            data = await contents_of(transaction, self._exchange.store.blobs, rows)
        self._position += len(ids)
        self.more = self._position < len(self._ids)
        view = await self._cards.load(transaction, rows)
        if not reads:
            return [Part(partial(self._write, view, rows, data))]
        found = self._cards.portions(data) if self._asked is None else portions(data)
        return [Part(partial(self._write, view, rows[some], data[some]), light) for some, light in found]

    def _write(self, view: View, rows: Sequence[Resource], data: Sequence[bytes]) -> list[str]:
        """The responses about those of the cards that match, as far as there is room for them in the answer."""
        if self._truncated:
            return []
        if self._asked is not None:
            kept = [number for number, content in enumerate(data) if _matches(self._asked, content)]
            rows = [rows[number] for number in kept]
            data = [data[number] for number in kept]
        if len(rows) > self._left:
            rows, data = rows[: self._left], data[: self._left]
            self._truncated = True
            self.more = False
        self._left -= len(rows)
        return self._cards.write(view, rows, [self._base + quote_segment(row.name) for row in rows], data)

    def tail(self) -> bytes:
        """The response that says that there are more."""
        if not self._truncated:
            return b""
        # RFC 6352, 8.6.2: the response must "indicate a status of 507 (Insufficient Storage) for the Request-URI. That
        # DAV:response element SHOULD include a DAV:error element with the DAV:number-of-matches-within-limits
        # precondition".
        node = self._exchange.node
        return status_response(self._exchange.href(node.path.segments, node.chain[-1].is_collection), 507, TOO_MANY)


def _matches(asked: Filter, content: bytes) -> bool:
    try:
        return matches(asked, parse(content))
    except ContentError:
        # What cannot be read is found by nobody.
        return False
