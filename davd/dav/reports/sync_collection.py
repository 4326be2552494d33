"""sync-collection: what has changed among the members of a collection since a client asked last.

What is to be reported is settled in the transaction of the exchange: all lines of the change log up to the collection's
change number at that moment, or up to the limit. A member that changes while the answer leaves gets a greater number
than the token in the answer carries, so the next report has it: nothing is lost, something may come twice.

Implements: RFC 6578, 3; RFC 8144, 2.1
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from davd.dav import guard, multistatus
from davd.dav.access.decide import visible
from davd.dav.elements.sync_collection import SyncCollection, parse_sync_collection
from davd.dav.exchange import Exchange
from davd.dav.methods.propfind import PAGE, Listing, base_href
from davd.dav.properties.responses import Responses, Wanted, document, encoded, responses
from davd.dav.properties.view import load
from davd.dav.registry import Report
from davd.formats.xml.writer import MULTISTATUS_CLOSE, status_response, sync_token
from davd.http.prefer import Preferences
from davd.http.response import Content, Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.path import quote_segment
from davd.model.resource import Change, Resource
from davd.model.synctoken import SyncToken

TOO_MANY = "{DAV:}number-of-matches-within-limits"


async def respond(exchange: Exchange) -> Response:
    """207 with the members that changed, 404 for those that went, and the new token.

    403 with DAV:valid-sync-token for a token of another store or collection or one that is too old, and with
    DAV:sync-traversal-supported for sync-level infinite.
    """
    headers = exchange.request.headers
    asked = parse_sync_collection(exchange.content, headers.get("content-type"))
    if _level(exchange, asked) != "1":
        raise HTTPError(403, "{DAV:}sync-traversal-supported")
    limit = exchange.settings.max_sync_results
    if asked.limit is not None:
        limit = min(limit, asked.limit)
    if limit == 0:
        # RFC 6578, 3.6: a server that cannot truncate at the requested limit "MUST fail the request with a DAV:number-
        # of-matches-within-limits postcondition failure". After no line there is no state a token could stand for.
        raise HTTPError(507, TOO_MANY)
    preferences = Preferences.from_headers(headers)
    wanted = Wanted("prop", asked.names, preferences.return_minimal)
    renderer = responses(exchange.registry, wanted)
    body = await _body(exchange, renderer, asked.token, limit)
    return multistatus.respond(body, preferences.applied("return"))


def _level(exchange: Exchange, asked: SyncCollection) -> str:
    depth = exchange.fields.depth
    # RFC 6578, 3.2 asks for Depth 0 and calls for 400 otherwise, but Thunderbird says 1 and means what it says in
    # sync-level; refusing it would only leave its users without synchronisation.
    return asked.level_at(None if depth == "1" and asked.level is not None else depth)


async def _body(exchange: Exchange, renderer: Responses, token: str, limit: int) -> Content:
    collection = exchange.node.chain[-1]
    known = await _known(exchange, collection, token)
    now = SyncToken(exchange.store.epoch, collection.id, collection.sync_revision)
    if not token:
        # A first synchronisation that needs no limit is a listing.
        listing = Listing(exchange, collection, renderer, sync_token(str(now)))
        rows = await listing.first_members()
        if len(rows) <= min(limit, listing.whole):
            return await listing.members(False, rows)
    news = await _gather(exchange, collection, known, now, limit)
    if not token and not news.truncated:
        return await listing.members(False, rows)
    return await _answer(exchange, renderer, collection, news)


async def _known(exchange: Exchange, collection: Resource, text: str) -> SyncToken:
    """What the client knows; for a first synchronisation, nothing."""
    if not text:
        return SyncToken(exchange.store.epoch, collection.id, 0, collection.sync_revision)
    token = SyncToken.parse(text)
    if (
        token is None
        or token.epoch != exchange.store.epoch
        or token.collection != collection.id
        or max(token.revision, token.began) > collection.sync_revision
        or max(token.revision, token.began) < await exchange.transaction.oldest_revision(collection.id)
    ):
        # RFC 6578, 3.2: "The DAV:sync-token element value MUST be a valid token".
        raise HTTPError(403, "{DAV:}valid-sync-token")
    return token


@dataclass(slots=True)
class _News:
    """The lines to report, the token after them, and whether there are more."""

    lines: list[Change]
    token: SyncToken
    truncated: bool


async def _gather(exchange: Exchange, collection: Resource, known: SyncToken, now: SyncToken, limit: int) -> _News:
    """At most `limit` lines after `known` and up to `now`, oldest first."""
    found: list[Change] = []
    position = known.revision
    # Above the homes, which of the others came or went is nobody's business, and must not count either.
    shared = not collection.owner
    while True:
        lines: list[Change] = await exchange.transaction.changes(collection.id, position, now.revision, PAGE)
        for line in lines:
            if (line.removed and line.revision <= known.began) or (shared and not await _is_own(exchange, line)):
                position = line.revision
                continue
            if len(found) == limit:
                began = known.began if position < known.began else 0
                return _News(found, SyncToken(now.epoch, now.collection, position, began), True)
            found.append(line)
            position = line.revision
        if len(lines) < PAGE:
            return _News(found, now, False)


async def _is_own(exchange: Exchange, line: Change) -> bool:
    """Whether a line of the log of the target, which belongs to nobody, is about what the principal may know of."""
    if line.removed:
        return False
    node = await guard.find(exchange, exchange.node.path.child(line.name))
    return node.resource is not None


async def _answer(exchange: Exchange, renderer: Responses, collection: Resource, news: _News) -> Content:
    segments = exchange.node.path.segments
    tail = sync_token(str(news.token))
    if news.truncated:
        # RFC 6578, 3.6: the truncated answer "MUST" have a response with 507 for the request URI.
        tail = status_response(exchange.href(segments, True), 507, TOO_MANY) + tail
    page = _Page(exchange, renderer, collection, segments)
    first = await page.render(exchange.transaction, news.lines[: page.length])
    if len(news.lines) <= page.length:
        return document(renderer, first, tail)
    return _further(page, [renderer.open, *first], news.lines, tail + MULTISTATUS_CLOSE)


async def _further(page: _Page, first: Sequence[str], lines: Sequence[Change], last: bytes) -> AsyncIterator[bytes]:
    for part in encoded(first):
        yield part
    for start in range(page.length, len(lines), page.length):
        async with page.exchange.store.read() as transaction:
            piece = await page.render(transaction, lines[start : start + page.length])
        for part in encoded(piece):
            yield part
    yield last


@dataclass(slots=True)
class _Page:
    """Writes lines of a collection's change log, at most `length` of them at once."""

    exchange: Exchange
    renderer: Responses
    collection: Resource
    segments: tuple[str, ...]

    @property
    def length(self) -> int:
        """How many lines go into one page."""
        return min(PAGE, self.renderer.most)

    async def render(self, transaction: IReadTransaction, lines: Sequence[Change]) -> list[str]:
        """DAV:response elements in pieces; what went after the lines were read is left to the next report."""
        base = base_href(self.exchange, self.segments) + "/"
        rows = [] if all(line.removed for line in lines) else await self._rows(transaction, lines)
        shown = visible(self.exchange.principal, rows)
        view = await load(self.exchange, transaction, self.renderer.needs, shown, self.exchange.node.chain)
        pieces = self.renderer.render(view, base, [quote_segment(row.name) for row in shown], shown)
        # RFC 6578, 3.5.2: for a removed member "the DAV:response MUST contain one DAV:status with a value set to 404".
        for line in lines:
            if line.removed:
                pieces.append(status_response(self.exchange.href((*self.segments, line.name), False), 404).decode())
        return pieces

    async def _rows(self, transaction: IReadTransaction, lines: Sequence[Change]) -> list[Resource]:
        rows = []
        for line in lines:
            if not line.removed:
                chain = await transaction.resolve((*self.segments, line.name))
                if len(chain) == len(self.segments) + 2 and chain[-2].id == self.collection.id:
                    rows.append(chain[-1])
        return rows


SYNC_COLLECTION = Report("{DAV:}sync-collection", respond, lambda resource: resource.is_collection)
