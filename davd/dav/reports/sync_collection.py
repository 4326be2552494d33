"""sync-collection: what has changed among the members of a collection since a client asked last.

Where the answer ends is settled in the transaction of the exchange: at the collection's change number of that moment.
A member that changes while the answer leaves gets a greater number than the token in the answer carries, so the next
report has it: nothing is lost, something may come twice.

Implements: RFC 6578, 3; RFC 8144, 2.1
"""

from __future__ import annotations

from davd.dav import multistatus
from davd.dav.elements.sync_collection import SyncCollection, parse_sync_collection
from davd.dav.exchange import Exchange
from davd.dav.properties.members import Listing
from davd.dav.properties.pages import WHOLE, further
from davd.dav.properties.responses import Responses, Wanted, document, responses
from davd.dav.registry import Report
from davd.dav.reports.changes import TOO_MANY, Changes
from davd.formats.xml.writer import sync_token
from davd.http.prefer import Preferences
from davd.http.response import Content, Response
from davd.model.errors import HTTPError
from davd.model.resource import Resource
from davd.model.synctoken import SyncToken


async def respond(exchange: Exchange) -> Response:
    """207 with the members that changed, 404 for those that went, and the new token.

    403 with DAV:valid-sync-token for a token of another store or collection or one that is too old, and with
    DAV:sync-traversal-supported for sync-level infinite.
    """
    headers = exchange.request.headers
    asked = parse_sync_collection(exchange.source, headers.get("content-type"))
    if _level(exchange, asked) != "1":
        raise HTTPError(403, "{DAV:}sync-traversal-supported")
    limit = exchange.settings.max_sync_results
    if asked.limit is not None:
        limit = min(limit, asked.limit)
    if limit == 0:
        # RFC 6578, 3.7: a server that cannot truncate at the requested limit "MUST fail the request with a
        # DAV:number-of-matches-within-limits postcondition error". After no line there is no state for a token.
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
        # A first synchronisation that needs no limit is a listing. Each member has a change number of its own, so that
        # there are no more of them than there are numbers.
        listing = Listing(exchange, collection, renderer, sync_token(str(now)))
        rows = await listing.first_members()
        if collection.sync_revision <= limit or len(rows) <= min(limit, WHOLE):
            return await listing.members(False, rows)
    changes = Changes(exchange, renderer, known, now, limit)
    pieces = await changes.page(exchange.transaction, WHOLE)
    if not changes.more:
        return document(renderer, pieces, changes.tail())
    return further(exchange, [renderer.open, *pieces], changes.further_page, changes.tail)


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


SYNC_COLLECTION = Report("{DAV:}sync-collection", respond, lambda resource: resource.is_collection)
