"""DELETE: a resource and all below it, at once or not at all.

Implements: RFC 4918, 9.6; RFC 9110, 9.3.5
"""

from __future__ import annotations

from davd.dav import guard
from davd.dav.access.privileges import READ, UNBIND
from davd.dav.exchange import Exchange
from davd.dav.registry import Method
from davd.http.response import Response
from davd.model.errors import HTTPError


async def respond(exchange: Exchange) -> Response:
    """Remove the resource; 204.

    403 for the root and for what may not be removed (a home, a principal), 423 when a lock on it, on its parent or on
    anything below it stands in the way.
    """
    node = exchange.node
    resource = guard.require(exchange, node, READ)
    guard.require_parent(exchange, node, UNBIND)
    # RFC 4918, 9.6.1: "A client MUST NOT submit a Depth header with a DELETE on a collection with any value but
    # infinity."
    if resource.is_collection and exchange.fields.depth not in (None, "infinity"):
        raise HTTPError(400, detail="DELETE of a collection with a finite Depth")
    await guard.check_preconditions(exchange)
    # RFC 4918, 9.6.1: a member that cannot be deleted "can" make the answer a 207. Here nothing at all is deleted then,
    # so no member has a status of its own, and 423 names the locked one (16.3).
    below = [resource] if resource.is_collection else []
    await guard.check_locks(exchange, [node.chain[:-1], node.chain], below)
    await exchange.transaction.delete(resource, exchange.now)
    return Response(204)


DELETE = Method("DELETE", respond, writes=True)
