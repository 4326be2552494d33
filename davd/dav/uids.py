"""Objects of a collection that each have a UID of their own there.

Implements: RFC 3744, 3.1; RFC 4791, 4.1, 5.3.2.1; RFC 6352, 5.1, 6.3.2.1
"""

from __future__ import annotations

from davd.dav import guard
from davd.dav.exchange import Exchange
from davd.dav.registry import Member
from davd.model.errors import HTTPError
from davd.model.index import IndexQuery
from davd.model.path import Path
from davd.model.resource import FILE, Resource


async def require_own_uid(exchange: Exchange, collection: Resource, member: Member, uid: str, condition: str) -> None:
    """409 with `condition` when another member has the UID, or the one that is overwritten has another UID.

    RFC 4791, 5.3.2.1 (RFC 6352, 6.3.2.1 says the same of address books): the resource "MUST NOT specify an iCalendar
    UID property value already in use in the targeted calendar collection or overwrite an existing calendar object
    resource with one that has a different UID property value. Servers SHOULD report the URL of the resource that is
    already making use of the same UID property value in the DAV:href element".
    """
    transaction = exchange.transaction
    replaced, source = member.replaced, member.source
    moved = source.id if source is not None and exchange.request.method == "MOVE" else None
    same = False
    for found in await transaction.find(collection.id, IndexQuery(uids=(uid,)), 3):
        if replaced is not None and found.id == replaced.id:
            same = True
        elif found.id != moved:
            raise await _conflict(exchange, collection, found.name, condition)
    if replaced is None or same or replaced.type != FILE:
        return
    if replaced.id in await transaction.index([replaced.id]):
        raise await _conflict(exchange, collection, replaced.name, condition)


async def _conflict(exchange: Exchange, collection: Resource, name: str, condition: str) -> HTTPError:
    path = Path((*(await exchange.transaction.segments(collection.id) or ()), name))
    # RFC 3744, 3.1: what may not be read is not told of; its UID is taken all the same.
    shown = (await guard.find(exchange, path)).resource is not None
    hrefs = [exchange.href(path.segments, False)] if shown else []
    # RFC 4791, 1.3: 409 is for what "it is expected that the user might be able to resolve"; clients take a 403 for the
    # want of a privilege.
    return HTTPError(409, condition, hrefs)
