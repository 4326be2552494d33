"""COPY: a duplicate of a resource, with its properties, in another place.

Implements: RFC 4918, 7.6, 9.8; RFC 3744, 7.3; RFC 4331, 6
"""

from __future__ import annotations

from dataclasses import replace

from davd.dav import guard, membership, quota
from davd.dav.access.privileges import READ
from davd.dav.exchange import Exchange
from davd.dav.methods.destination import Destination, check_overwrite, destination, tree_length, written
from davd.dav.methods.relocation import examine
from davd.dav.registry import Method
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.lock import Lock
from davd.model.resource import Resource


async def respond(exchange: Exchange) -> Response:
    """Duplicate the resource, all below it too unless Depth is 0; 201, or 204 when something was overwritten.

    403 for what is nobody's or stands for a user, and for trees of more than `max_tree_nodes`; 412 with `Overwrite: F`
    at a mapped destination; 423 when a lock is in the way there; 507 when the owner's quota is used up.
    """
    source = guard.require(exchange, exchange.node, READ)
    # RFC 4918, 9.8.3: "A client may submit a Depth header on a COPY on a collection with a value of '0' or 'infinity'."
    if source.is_collection and exchange.fields.depth == "1":
        raise HTTPError(400, detail="COPY of a collection with Depth 1")
    infinite = exchange.fields.depth != "0"
    place = await destination(exchange, within=not infinite, rewritten=True)
    if not source.owner:
        # The levels above the homes hold what belongs to others.
        raise HTTPError(403, detail="a resource that cannot be copied")
    await guard.check_preconditions(exchange)
    check_overwrite(exchange, place)
    await guard.check_locks(exchange, place.locked, place.below)
    entry = await membership.admit_existing(exchange, place.parent, place.name, source, place.overwritten)
    length = await tree_length(exchange, source, infinite) if entry.changed is None else entry.changed.length
    freed = 0 if place.overwritten is None else await tree_length(exchange, place.overwritten, True, limited=False)
    await quota.require_room(exchange.transaction, exchange.settings, place.parent.owner, length - freed)
    # Copies share their blobs: what they take of the disk is little, but not nothing.
    quota.require_disk(exchange.store, exchange.settings, 1)
    resource = await _copy(exchange, source, place, infinite)
    await membership.settle(exchange, resource, entry)
    return written(exchange, place, resource)


async def _copy(exchange: Exchange, source: Resource, place: Destination, infinite: bool) -> Resource:
    transaction, now = exchange.transaction, exchange.now
    kept: list[Lock] = []
    entries = ""
    if place.overwritten is not None:
        # RFC 3744, 7.3: the DAV:acl at the destination "MUST be the same as if the resource was created by an
        # individual resource creation request": PUT leaves the entries of what is there alone. RFC 4918, 9.8.4: who
        # would have the state there wiped out "could send a DELETE to the destination before the COPY". Members of a
        # collection that gives way are gone, and their entries with them.
        entries = place.overwritten.acl
        # RFC 4918, 6.1, 9.8.4: COPY changes what is at the destination URL without unmapping it, so a lock with its
        # root there stays; RFC 4918, 7.6: those of the source do not come along.
        kept = await transaction.locks([place.overwritten.id], now)
        await transaction.delete(place.overwritten, now)
    parent = place.parent
    resource: Resource = await transaction.copy(source, parent, place.name, infinite, parent.owner, now)
    if entries and place.overwritten is not None and place.overwritten.owner == resource.owner:
        resource = await transaction.set_acl(resource, entries, now)
    for lock in kept:
        await transaction.add_lock(replace(lock, resource_id=resource.id))
    return resource


COPY = Method("COPY", respond, writes=True, examine=examine)
