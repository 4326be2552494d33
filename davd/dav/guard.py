"""What stands between a verb and its work: privileges, preconditions, locks.

What belongs to others is looked at through `arrive`, `find` and `visible` alone: they learn what decides on it, take
off what may not be known, and note that the answer rests on access control lists and groups. A verb then asks in this
order, which is that of RFC 4918, 8.1 ("Servers MUST return authorization errors in preference to other errors") and
RFC 9110, 13.2.1 (preconditions come after every check that does not depend on them): `require` or `require_parent`, its
own checks of the tree, `check_preconditions`, `check_locks`.

Implements: RFC 3744, 3, 7.1.1; RFC 4791, 6.1.1; RFC 4918, 6, 7, 8.1, 10.4, 16; RFC 6578, 5; RFC 9110, 13.2, 15.5.6
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from davd.dav import fields, if_header
from davd.dav.access import decide
from davd.dav.access.acquaintance import Acquaintance, acquainted
from davd.dav.access.privileges import READ
from davd.dav.exchange import Exchange
from davd.dav.registry import Method
from davd.formats.xml import writer
from davd.http import conditional
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.lock import Lock
from davd.model.path import Path
from davd.model.resource import Resource
from davd.model.synctoken import SyncToken
from davd.tree.locate import locate
from davd.tree.node import Node

_CONDITIONAL = frozenset(("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"))


async def arrive(exchange: Exchange) -> None:
    """Take from the exchange's node what the principal may not know, so that it looks absent to the verb."""
    node = exchange.node
    if node.chain[-1].owner != exchange.principal.name:
        method = exchange.registry.methods.get(exchange.request.method)
        privilege = READ if method is None else method.reveals
        exchange.node = await _reach(exchange, node, exchange.transaction, privilege)


async def find(exchange: Exchange, path: Path, transaction: IReadTransaction | None = None) -> Node:
    """The node at another path than the request URI, as the principal may know it.

    It is sought in `transaction` when that of the exchange is over.
    """
    transaction = transaction or exchange.transaction
    node = await locate(transaction, path)
    if node.chain[-1].owner != exchange.principal.name:
        return await _reach(exchange, node, transaction, READ)
    return node


async def _reach(exchange: Exchange, node: Node, transaction: IReadTransaction, privilege: str) -> Node:
    if not node.chain[-1].owner:
        return node
    exchange.rests_on_store = True
    await _acquaint(exchange, node.chain, transaction)
    return decide.conceal(exchange.principal, node, privilege)


async def visible(
    exchange: Exchange,
    members: Sequence[Resource],
    collection: Resource,
    transaction: IReadTransaction | None = None,
    privilege: str = READ,
) -> Sequence[Resource]:
    """Those of `members` on which the principal holds `privilege`, as they do on `collection`; in their order.

    `transaction` as for `find`.
    """
    name = exchange.principal.name
    if collection.owner == name:
        return members
    others = [member for member in members if member.owner and member.owner != name]
    if others:
        exchange.rests_on_store = True
        await _acquaint(exchange, others, transaction or exchange.transaction)
    return decide.visible(exchange.principal, members, collection, privilege)


async def _acquaint(exchange: Exchange, resources: Sequence[Resource], transaction: IReadTransaction) -> None:
    exchange.principal = await acquainted(exchange.principal, acquaintance_of(exchange), transaction, resources)


def acquaintance_of(exchange: Exchange) -> Acquaintance:
    """What has been asked about who asks; nothing to begin with."""
    known = exchange.acquaintance
    if known is None:
        known = exchange.acquaintance = Acquaintance(exchange.settings.principal_search == "all")
    return known


def require(exchange: Exchange, node: Node, privilege: str) -> Resource:
    """The resource of `node`, on which the principal holds `privilege`.

    404 when the node is unmapped or may not be read, which are one and the same to the client; 403 with
    DAV:need-privileges when it may be read only.
    """
    if node.resource is None:
        raise HTTPError(404)
    held = decide.privileges(exchange.principal, node.chain)
    if privilege not in held:
        if READ not in held:
            raise HTTPError(404)
        raise missing(exchange, node.chain[-1], node.path.segments, privilege)
    return node.resource


def require_parent(exchange: Exchange, node: Node, privilege: str) -> Resource:
    """The collection that holds, or would hold, `node`, on which the principal holds `privilege`.

    403 for the root, which nothing holds; 409 when the parent is missing or no collection; 403 with
    DAV:need-privileges without the privilege. The parent of what may be read is known, even if it may not be read.
    """
    segments = node.path.segments
    if not segments:
        raise HTTPError(403)
    parent = node.parent
    if parent is None or not parent.is_collection:
        # RFC 4918, 9.3.1, 9.7.1, 9.8.5: "A resource cannot be created at the destination until one or more
        # intermediate collections have been created."
        raise HTTPError(409)
    held = decide.privileges(exchange.principal, node.chain[: len(segments)])
    if privilege not in held:
        if READ not in held and (
            node.resource is None or READ not in decide.privileges(exchange.principal, node.chain)
        ):
            raise HTTPError(404)
        raise missing(exchange, parent, segments[:-1], privilege)
    return parent


def missing(exchange: Exchange, resource: Resource, segments: tuple[str, ...], privilege: str) -> HTTPError:
    """The error of a principal who does not hold `privilege` on `resource`, which is at `segments`."""
    # RFC 3744, 7.1.1: "the response body to the "403 Forbidden" error MUST contain the <DAV:error> element, which in
    # turn contains the <DAV:need-privileges> element, which contains one or more <DAV:resource> elements indicating
    # which resource had insufficient privileges, and what the lacking privileges were".
    content = writer.element(
        "{DAV:}resource",
        [
            writer.href(exchange.href(segments, resource.is_collection)),
            writer.element("{DAV:}privilege", [writer.element(privilege)]),
        ],
    )
    return HTTPError(403, "{DAV:}need-privileges", content=content)


def require_allowed(exchange: Exchange, method: Method) -> None:
    """405 with Allow where `method` is known but not for the resource at the request URI; 404 without a resource."""
    resource = exchange.node.resource
    if resource is None:
        if not method.on_unmapped:
            raise HTTPError(404)
    elif not (method.on_collection if resource.is_collection else method.on_file):
        # RFC 9110, 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
        raise HTTPError(405, headers={"Allow": ", ".join(exchange.registry.allowed(resource))})


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
    if not _CONDITIONAL.isdisjoint(headers):
        resource = exchange.node.resource
        etag, modified = (None, None) if resource is None else (resource.etag or None, resource.modified)
        status = conditional.evaluate(exchange.request.method, headers, etag, modified, resource is not None)
        if status is not None:
            raise HTTPError(status)
    await check_if(exchange)


async def check_if(exchange: Exchange) -> None:
    """412 unless the If field holds; 400 when it is malformed. Without the field there is nothing to hold."""
    text = exchange.fields.if_
    if text is None:
        return
    condition = if_header.parse_if(text)
    exchange.rests_on_store = True
    states = {tag: await _state(exchange, tag) for tag in condition.tags()}
    if not if_header.evaluate(condition, states.__getitem__):
        raise HTTPError(412)


async def _state(exchange: Exchange, tag: str | None) -> if_header.State:
    node = exchange.node
    if tag is not None:
        path = _reference(exchange, tag)
        if path is None:
            return if_header.UNMAPPED
        node = await find(exchange, path)
    resource = node.resource
    depth = len(node.path.segments)
    if resource is None and len(node.chain) < depth:
        return if_header.UNMAPPED
    if resource is not None and READ not in decide.privileges(exchange.principal, node.chain):
        return if_header.UNMAPPED
    tokens = [lock.token for lock in await covering_locks(exchange, node.chain, resource is not None)]
    if resource is None:
        return if_header.State(None, tokens)
    if resource.is_collection:
        # RFC 6578, 5: a sync token is a state token of its collection.
        tokens.append(str(SyncToken(exchange.store.epoch, resource.id, resource.sync_revision)))
    return if_header.State(resource.etag or None, tokens)


def _reference(exchange: Exchange, tag: str) -> Path | None:
    request, settings = exchange.request, exchange.settings
    return fields.parse_reference(tag, request.authority, settings.hostnames, request.scheme, settings.prefix)


async def check_locks(exchange: Exchange, chains: Iterable[Sequence[Resource]], below: Sequence[Resource] = ()) -> None:
    """423 unless the request carries a token for everything locked that it is about to change.

    Each of `chains` ends in a resource whose own state changes: content, properties, or the set of members. `below` are
    collections whose every descendant is removed; they are the ends of some of `chains`.
    """
    known: list[Lock] = []
    for chain in chains:
        covering = await covering_locks(exchange, chain)
        if covering:
            await _require_token(exchange, covering, covering)
            known += covering
    for collection in below:
        inside: list[Lock] = await exchange.transaction.locks_below(collection.id, exchange.now)
        for lock in inside:
            scope = [other for other in [*known, *inside] if _covers(other, lock)]
            await _require_token(exchange, scope, [lock])


def _covers(outer: Lock, inner: Lock) -> bool:
    if outer.resource_id == inner.resource_id:
        return True
    return outer.infinite and inner.root[: len(outer.root)] == outer.root


async def _require_token(exchange: Exchange, scope: Sequence[Lock], named: Sequence[Lock]) -> None:
    """423 naming the roots of `named` unless the token of one of the locks in `scope` came with the request.

    Several locks cover one resource only when they are shared, and then any of them lets its holder in.
    """
    text = exchange.fields.if_
    tokens = frozenset[str]() if text is None else if_header.parse_if(text).submitted_tokens()
    name = exchange.principal.name
    for lock in scope:
        # RFC 4918, 6.4: whoever knows a token is not thereby the lock's creator, and only the creator may use it.
        if lock.token in tokens and lock.principal == name:
            return
    # RFC 4918, 16.3: the element "MUST contain at least one URL of a locked resource that prevented the request".
    raise HTTPError(423, "{DAV:}lock-token-submitted", await lock_roots(exchange, named))


async def lock_roots(exchange: Exchange, locks: Iterable[Lock]) -> list[str]:
    """The references of the locks' roots, each once."""
    hrefs: dict[str, None] = {}
    for lock in locks:
        root: Resource | None = await exchange.transaction.resource(lock.resource_id)
        hrefs[exchange.href(lock.root, root is not None and root.is_collection)] = None
    return list(hrefs)
