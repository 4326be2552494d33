"""MOVE: a resource and all below it under another name.

Implements: RFC 4918, 7.6, 9.9; RFC 4331, 6
"""

from __future__ import annotations

from davd.dav import guard, membership, quota
from davd.dav.access.privileges import READ, UNBIND
from davd.dav.exchange import Exchange
from davd.dav.membership import Entry
from davd.dav.methods.destination import Destination, check_overwrite, destination, tree_length, written
from davd.dav.methods.relocation import examine
from davd.dav.registry import Method
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import Resource


async def respond(exchange: Exchange) -> Response:
    """Give the resource its new place; 201, or 204 when something was overwritten.

    403 for the root, homes and principals; 412 with `Overwrite: F` at a mapped destination; 423 when a lock is in the
    way at either place or below.
    """
    node, transaction, now = exchange.node, exchange.transaction, exchange.now
    source = guard.require(exchange, node, READ)
    guard.require_parent(exchange, node, UNBIND)
    # RFC 4918, 9.9.2: "A client MUST NOT submit a Depth header on a MOVE on a collection with any value but
    # 'infinity'."
    if source.is_collection and exchange.fields.depth not in (None, "infinity"):
        raise HTTPError(400, detail="MOVE of a collection with a finite Depth")
    place = await destination(exchange)
    await guard.check_preconditions(exchange)
    check_overwrite(exchange, place)
    below = [*place.below, source] if source.is_collection else place.below
    await guard.check_locks(exchange, [node.chain[:-1], node.chain, *place.locked], below)
    entry = await membership.admit_existing(exchange, place.parent, place.name, source, place.overwritten)
    await quota.require_room(transaction, exchange.settings, place.parent.owner, await _growth(exchange, place, entry))
    if place.overwritten is not None:
        # RFC 4918, 9.9.3: "prior to performing the move, the server MUST perform a DELETE with 'Depth: infinity' on the
        # destination resource."
        await transaction.delete(place.overwritten, now)
    moved: Resource = await transaction.move(source, place.parent, place.name, place.parent.owner, now)
    await membership.settle(exchange, moved, entry)
    return written(exchange, place, moved)


async def _growth(exchange: Exchange, place: Destination, entry: Entry) -> int:
    """How many bytes more the owner of the new place has afterwards."""
    source = exchange.node.chain[-1]
    before = source.content_length
    if place.parent.owner != source.owner:
        # What changes hands counts for its new owner, all of it.
        before = 0
    elif entry.changed is None:
        return 0
    if entry.changed is not None:
        length = entry.changed.length
    else:
        length = await tree_length(exchange, source, True, limited=False)
    freed = 0 if place.overwritten is None else await tree_length(exchange, place.overwritten, True, limited=False)
    return length - before - freed


MOVE = Method("MOVE", respond, writes=True, examine=examine)
