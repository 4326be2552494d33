"""What stands between a verb and its work: privileges, preconditions, locks.

A verb asks in this order, which is that of RFC 4918, 8.1 ("Servers MUST return authorization errors in preference to
other errors") and RFC 9110, 13.2.1 (preconditions come after every check that does not depend on them): `require` or
`require_parent`, its own checks of the tree, `check_preconditions`, `check_locks`.

Implements: RFC 3744, 7.1.1; RFC 4918, 6, 7, 8.1, 10.4, 16; RFC 9110, 13.2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from davd.dav import if_header
from davd.dav.access import decide
from davd.dav.access.privileges import READ
from davd.dav.exchange import Exchange
from davd.formats.xml import writer
from davd.http import conditional
from davd.model.errors import HTTPError
from davd.model.lock import Lock
from davd.model.path import Path
from davd.model.resource import Resource
from davd.tree.locate import locate
from davd.tree.node import Node

LOCK_TOKEN_SUBMITTED = "{DAV:}lock-token-submitted"
_CONDITIONAL = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


def require(exchange: Exchange, node: Node, privilege: str) -> Resource:
    """The resource of `node`, on which the principal holds `privilege`.

    404 when the node is unmapped or may not be read, which are one and the same to the client; 403 with
    DAV:need-privileges when it may be read only.
    """
    if node.resource is None:
        raise HTTPError(404)
    _require(exchange, node.chain, node.path.segments, privilege)
    return node.resource


def require_parent(exchange: Exchange, node: Node, privilege: str) -> Resource:
    """The collection that holds, or would hold, `node`, on which the principal holds `privilege`.

    403 for the root, which nothing holds; 409 when the parent is missing or no collection.
    """
    segments = node.path.segments
    if not segments:
        raise HTTPError(403)
    parent = node.parent
    if parent is None or not parent.is_collection:
        # RFC 4918, 9.3.1, 9.7.1, 9.8.5: "A resource cannot be created at the destination until one or more
        # intermediate collections have been created."
        raise HTTPError(409)
    _require(exchange, node.chain[: len(segments)], segments[:-1], privilege)
    return parent


def _require(exchange: Exchange, chain: Sequence[Resource], segments: tuple[str, ...], privilege: str) -> None:
    held = decide.privileges(exchange.principal, chain)
    if privilege in held:
        return
    if READ not in held:
        raise HTTPError(404)
    # RFC 3744, 7.1.1: the body "SHOULD contain" the resource and the privilege that was missing.
    content = writer.element(
        "{DAV:}resource",
        [
            writer.href(exchange.href(segments, chain[-1].is_collection)),
            writer.element("{DAV:}privilege", [writer.element(privilege)]),
        ],
    )
    raise HTTPError(403, "{DAV:}need-privileges", content=content)


async def covering_locks(exchange: Exchange, chain: Sequence[Resource], mapped: bool = True) -> list[Lock]:
    """The locks in whose scope the last resource of `chain` is; with `mapped` false, a new member of it.

    RFC 4918, 6.1: a lock covers its root and, with Depth infinity, everything below it.
    """
    locks: list[Lock] = await exchange.transaction.locks([resource.id for resource in chain], exchange.now)
    if not locks:
        return locks
    own = chain[-1].id if mapped else None
    return [lock for lock in locks if lock.infinite or lock.resource_id == own]


async def check_preconditions(exchange: Exchange) -> None:
    """412 unless the conditional fields and the If field of the request hold for the request URI.

    For verbs that change something; GET and HEAD, whose answer may be 304, evaluate the conditional fields themselves.
    """
    headers = exchange.request.headers
    if any([name in headers for name in _CONDITIONAL]):
        resource = exchange.node.resource
        etag, modified = (resource.etag, resource.modified) if resource is not None else ("", None)
        status = conditional.evaluate(exchange.request.method, headers, etag, modified, resource is not None)
        if status is not None:
            raise HTTPError(status)
    if "if" in headers:
        await check_if(exchange)


async def check_if(exchange: Exchange) -> None:
    """412 unless the If field holds; 400 when it is malformed. Without the field there is nothing to hold."""
    condition = exchange.fields.if_
    if condition is None:
        return
    states: dict[str | None, if_header.State] = {}
    for tag in condition.tags:
        states[tag] = await _state(exchange, await _tagged(exchange, tag))
    if not condition.evaluate(states):
        raise HTTPError(412)


async def _tagged(exchange: Exchange, tag: str | None) -> Node | None:
    if tag is None:
        return exchange.node
    path = exchange.fields.path_of(tag, exchange.settings)
    if path is None:
        return None
    return await find(exchange, path)


async def find(exchange: Exchange, path: Path) -> Node:
    """The node at another path than the request URI, as the principal may know it."""
    return decide.conceal(exchange.principal, await locate(exchange.transaction, path))


async def _state(exchange: Exchange, node: Node | None) -> if_header.State:
    if node is None:
        return if_header.State(None, frozenset())
    locks = await covering_locks(exchange, node.chain, node.resource is not None)
    etag = node.resource.etag if node.resource is not None else None
    return if_header.State(etag or None, frozenset([lock.token for lock in locks]))


async def check_locks(
    exchange: Exchange, chains: Iterable[Sequence[Resource]], below: Sequence[Resource] = ()
) -> None:
    """423 unless the request carries a token for everything locked that it is about to change.

    Each of `chains` ends in a resource whose own state changes: content, properties, or the set of members. `below` are
    collections whose every descendant is removed; they are the ends of some of `chains`.
    """
    locks: dict[str, Lock] = {}
    for chain in chains:
        covering = await covering_locks(exchange, chain)
        if covering:
            _submitted(exchange, covering, covering)
            locks.update({lock.token: lock for lock in covering})
    for collection in below:
        inside = await exchange.transaction.locks_below(collection.id, exchange.now)
        for lock in inside:
            scope = [other for other in [*locks.values(), *inside] if _covers(other, lock)]
            _submitted(exchange, scope, [lock])


def _covers(outer: Lock, inner: Lock) -> bool:
    if outer.root == inner.root:
        return True
    return outer.infinite and inner.root[: len(outer.root)] == outer.root


def _submitted(exchange: Exchange, scope: Sequence[Lock], named: Sequence[Lock]) -> None:
    """RFC 4918, 7: of several shared locks on one resource the token of one is enough."""
    name = exchange.principal.name
    tokens = exchange.fields.submitted
    for lock in scope:
        # RFC 4918, 6.4: a token in a request of somebody else than the lock's creator opens nothing.
        if lock.token in tokens and lock.principal == name:
            return
    # RFC 4918, 16.3: the error element "MUST contain at least one URL of a locked resource".
    hrefs = [await_href(exchange, lock) for lock in named]
    raise HTTPError(423, LOCK_TOKEN_SUBMITTED, hrefs)
