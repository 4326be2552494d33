"""UNLOCK: the end of a lock.

Implements: RFC 4918, 9.11, 10.5, 16.2; RFC 3744, 3.5
"""

from __future__ import annotations

from davd.dav import guard
from davd.dav.access.privileges import READ
from davd.dav.access.privileges import UNLOCK as UNLOCK_LOCKS
from davd.dav.exchange import Exchange
from davd.dav.registry import Method
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.lock import Lock


async def respond(exchange: Exchange) -> Response:
    """End the lock named by Lock-Token, wherever in its scope the request URI is; 204.

    400 without a Lock-Token, 409 with DAV:lock-token-matches-request-uri when no such lock covers the request URI, 403
    when somebody else holds it and the principal may not end the locks of others here.
    """
    node = exchange.node
    guard.require(exchange, node, READ)
    token = exchange.fields.lock_token
    # RFC 4918, 9.11.1: "400 (Bad Request) - No lock token was provided."
    if token is None:
        raise HTTPError(400, detail="UNLOCK without a Lock-Token")
    await guard.check_preconditions(exchange)
    # RFC 4918, 10.5: the token "MUST identify a lock that contains the resource identified by Request-URI as a member".
    lock = _named(await guard.covering_locks(exchange, node.chain), token)
    if lock is None:
        raise HTTPError(409, "{DAV:}lock-token-matches-request-uri")
    # RFC 3744, 3.5: "the principal that created a lock can always perform an UNLOCK", others with DAV:unlock.
    if lock.principal != exchange.principal.name:
        guard.require(exchange, node, UNLOCK_LOCKS)
    await exchange.transaction.remove_lock(token)
    return Response(204)


def _named(locks: list[Lock], token: str) -> Lock | None:
    for lock in locks:
        if lock.token == token:
            return lock
    return None


UNLOCK = Method("UNLOCK", respond, writes=True)
