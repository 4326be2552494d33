"""LOCK: a new write lock, or more time for one.

Implements: RFC 4918, 6, 7, 9.10, 10.5, 10.7; RFC 4122, 4.4
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from uuid import uuid4

from davd.dav import guard, if_header, membership
from davd.dav.access.privileges import BIND, WRITE_CONTENT
from davd.dav.elements.lockinfo import LockInfo, parse_lockinfo
from davd.dav.exchange import Exchange
from davd.dav.properties.lockdiscovery import active_locks
from davd.dav.registry import Member, Method
from davd.formats.xml import writer
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.lock import EXCLUSIVE, Lock
from davd.model.resource import FILE, NewContent, Resource

_XML = "application/xml; charset=utf-8"
_NO_CONFLICT = "{DAV:}no-conflicting-lock"
_NOTHING = sha256(b"").hexdigest()


async def respond(exchange: Exchange) -> Response:
    """Take the lock that the body describes (200, or 201 with a new empty file), or refresh one without a body (200).

    423 with DAV:no-conflicting-lock where another lock is in the way, 207 when that one is below a collection to be
    locked with Depth infinity; 413 for a DAV:owner that is too long.
    """
    if exchange.content:
        return await _take(exchange)
    return await _refresh(exchange)


async def _take(exchange: Exchange) -> Response:
    info = parse_lockinfo(exchange.source, exchange.request.headers.get("content-type"))
    # It is told again for each resource in the scope of the lock.
    if len(info.owner) > exchange.settings.max_lock_owner_bytes:
        raise HTTPError(413)
    # RFC 4918, 9.10.3: "If no Depth header is submitted on a LOCK request, then the request MUST act as if a
    # 'Depth:infinity' had been submitted", and values other than 0 and infinity "MUST NOT be used".
    if exchange.fields.depth == "1":
        raise HTTPError(400, detail="LOCK with Depth 1")
    infinite = exchange.fields.depth != "0"
    node = exchange.node
    if node.resource is None:
        guard.require_parent(exchange, node, BIND)
        if node.path.slash:
            raise HTTPError(409, detail="a file whose URL ends with a slash")
    else:
        guard.require(exchange, node, WRITE_CONTENT)
    await guard.check_preconditions(exchange)
    covering = await guard.covering_locks(exchange, node.chain, node.resource is not None)
    conflicting = _conflicting(covering, info)
    if conflicting:
        raise HTTPError(423, _NO_CONFLICT, await guard.lock_roots(exchange, conflicting))
    if node.resource is not None and infinite and node.resource.is_collection:
        below = await exchange.transaction.locks_below(node.resource.id, exchange.now)
        conflicting = _conflicting(below, info)
        if conflicting:
            return await _prevented(exchange, conflicting)
    await _require_room(exchange)
    resource = node.resource if node.resource is not None else await _create(exchange)
    lock = await _add(exchange, resource, info, infinite)
    headers = {"Content-Type": _XML, "Lock-Token": f"<{lock.token}>"}
    # RFC 4918, 9.10.4: on an unmapped URL a successful LOCK "MUST result in the creation of an empty resource that is
    # locked (and that is not a collection)"; 9.10.6: that is a 201.
    status = 200 if node.resource is not None else 201
    return Response(status, headers, _discovery(exchange, resource, [*covering, lock]))


def _conflicting(locks: Iterable[Lock], info: LockInfo) -> list[Lock]:
    """RFC 4918, 9.10.5: an exclusive lock goes with no other, a shared one with shared ones."""
    return [lock for lock in locks if info.scope == EXCLUSIVE or lock.scope == EXCLUSIVE]


async def _prevented(exchange: Exchange, conflicting: list[Lock]) -> Response:
    # RFC 4918, 9.10.3: if the lock cannot be granted to all resources the server MUST return a Multi-Status with "a
    # 'response' element for at least one resource that prevented the lock from being granted", and "SHOULD include a
    # 'response' element for the Request-URI as well, with a 'status' element containing 424 Failed Dependency".
    roots = await guard.lock_roots(exchange, conflicting)
    own = exchange.href(exchange.node.path.segments, True)
    pieces = [writer.status_response(root, 423, _NO_CONFLICT, [root]) for root in roots]
    body = [writer.MULTISTATUS_OPEN, *pieces, writer.status_response(own, 424), writer.MULTISTATUS_CLOSE]
    return Response(207, {"Content-Type": _XML}, b"".join(body))


async def _require_room(exchange: Exchange) -> None:
    settings = exchange.settings
    resource = exchange.node.resource
    name = exchange.principal.name
    here, held = await exchange.transaction.lock_counts(0 if resource is None else resource.id, name, exchange.now)
    if held >= settings.max_locks_per_principal or (resource is not None and here >= settings.max_locks_per_resource):
        raise HTTPError(403, "{urn:davd}locks-within-limits")


async def _create(exchange: Exchange) -> Resource:
    """RFC 4918, 7.3: a locked empty resource is a resource like any other, a member of its parent."""
    node = exchange.node
    await guard.check_locks(exchange, [node.chain])
    parent = node.chain[-1]
    empty = NewContent(0, _NOTHING, data=b"")
    content = await membership.admit(exchange, parent, Member(node.path.name, FILE, empty)) or empty
    created: Resource = await exchange.transaction.create(
        parent, node.path.name, FILE, parent.owner, exchange.now, content, content.content_type or ""
    )
    return created


async def _add(exchange: Exchange, resource: Resource, info: LockInfo, infinite: bool) -> Lock:
    timeout = _granted(exchange)
    lock = Lock(
        # RFC 4918, 6.5: tokens "MUST be unique across all resources for all time"; 20.7: and not to be guessed.
        uuid4().urn,
        resource.id,
        info.scope,
        infinite,
        exchange.principal.name,
        info.owner,
        timeout,
        exchange.now + timeout,
        exchange.node.path.segments,
    )
    await exchange.transaction.add_lock(lock)
    return lock


def _granted(exchange: Exchange) -> int:
    """How long the lock lasts, in seconds: what the client asked for as far as the server allows it."""
    settings = exchange.settings
    wanted = exchange.fields.timeout
    if wanted is None:
        wanted = settings.default_lock_seconds
    return max(1, min(wanted, settings.max_lock_seconds))


async def _refresh(exchange: Exchange) -> Response:
    node = exchange.node
    # RFC 4918, 9.10.2: a refresh has no body and "MUST specify which lock to refresh by using the 'If' header with a
    # single lock token"; its Depth is ignored.
    text = exchange.fields.if_
    if text is None:
        raise HTTPError(400, detail="LOCK with neither a body nor an If header field")
    resource = guard.require(exchange, node, WRITE_CONTENT)
    tokens = if_header.parse_if(text).submitted_tokens()
    covering = await guard.covering_locks(exchange, node.chain)
    meant = [lock for lock in covering if lock.token in tokens]
    if not meant:
        # RFC 4918, 9.10.6: 412 "with 'lock-token-matches-request-uri'" when the URL is not in the scope of the lock.
        raise HTTPError(412, "{DAV:}lock-token-matches-request-uri")
    await guard.check_preconditions(exchange)
    if len(meant) > 1:
        raise HTTPError(400, detail="a refresh of more than one lock")
    lock = meant[0]
    if lock.principal != exchange.principal.name:
        raise HTTPError(403)
    timeout = _granted(exchange)
    refreshed = replace(lock, timeout=timeout, expires=exchange.now + timeout)
    await exchange.transaction.refresh_lock(lock.token, timeout, refreshed.expires)
    shown = [refreshed if other is lock else other for other in covering]
    # RFC 4918, 9.10.2: "The Lock-Token header is not returned in the response for a successful refresh LOCK request".
    return Response(200, {"Content-Type": _XML}, _discovery(exchange, resource, shown))


def _discovery(exchange: Exchange, resource: Resource, locks: list[Lock]) -> bytes:
    active = active_locks(locks, resource, exchange.settings.prefix, exchange.now)
    return writer.document("{DAV:}prop", writer.element("{DAV:}lockdiscovery", active))


LOCK = Method("LOCK", respond, writes=True, takes="xml", on_unmapped=True)
