"""PUT: new content for a file, or a new file.

Implements: RFC 4918, 9.7; RFC 9110, 9.3.4, 12.5.1, 13, 14.5; RFC 7240, 4.2; RFC 4331, 6
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from davd.dav import content_type, guard, membership, quota
from davd.dav.access.privileges import BIND, WRITE_CONTENT
from davd.dav.exchange import Exchange
from davd.dav.methods import get
from davd.dav.registry import Member, Method
from davd.dav.upload import expected_length
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import FILE, NewContent, Resource

_SECONDS = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?")


async def check(exchange: Exchange) -> int | None:
    """Refuse, before any content is read, what would be refused with it: see `respond`.

    Gives the length in bytes beyond which the owner's quota leaves no room, None without a limit.
    """
    length = expected_length(exchange.request)
    if length is not None and length > exchange.settings.max_file_bytes:
        raise HTTPError(413)
    parent = await _permit(exchange, length or 0)
    membership.check_length(exchange.registry, parent, length or 0)
    quota.require_disk(exchange.store, exchange.settings, _growth(exchange, length or 0))
    left = await quota.room(exchange.transaction, exchange.settings, parent.owner)
    resource = exchange.node.resource
    return left if left is None or resource is None else left + resource.content_length


async def examine(exchange: Exchange) -> Callable[[], object] | None:
    """What the collection that `exchange.upload` is for has to find out about it; None for nothing."""
    parent, content = exchange.node.parent, exchange.upload
    kind = None if parent is None else exchange.registry.collection_types.get(parent.type)
    if content is None or kind is None or kind.examine is None:
        return None
    if kind.max_bytes is not None and content.length > kind.max_bytes:
        # It will be refused, however sound it is.
        return None
    stated = content_type.stated(exchange.request.headers.get("content-type"))
    return partial(kind.examine, content, exchange.store.blobs, stated, exchange.now)


async def respond(exchange: Exchange) -> Response:
    """Store `exchange.upload`; 201 for a new file, 204 for new content, with the ETag of what was stored.

    409 without a parent collection, 412 when a precondition fails, 423 when a lock stands in the way, 507 when the
    owner's quota is used up or the disk has no room. With `Prefer: return=representation` small content is sent back
    (200 or 201).
    """
    upload = exchange.upload
    if upload is None:
        raise ValueError("PUT without an upload")
    parent = await _permit(exchange, upload.length)
    if upload.blob is None:
        quota.require_disk(exchange.store, exchange.settings, _growth(exchange, upload.length))
    node, transaction, now = exchange.node, exchange.transaction, exchange.now
    kind = content_type.stated(exchange.request.headers.get("content-type"))
    modified = _modified(exchange)
    changed = await membership.admit(exchange, parent, Member(node.path.name, FILE, upload, kind, node.resource))
    if changed is not None:
        await quota.require_room(transaction, exchange.settings, parent.owner, _growth(exchange, changed.length))
        exchange.upload = upload = changed
    kind = _kind(exchange, parent, upload, kind)
    stored: Resource
    if node.resource is None:
        stored = await transaction.create(parent, node.path.name, FILE, parent.owner, now, upload, kind, modified)
    else:
        stored = await transaction.replace(node.resource, upload, kind, now, modified)
    status = 201 if node.resource is None else 204
    # RFC 9110, 9.3.4: an origin server "MUST NOT send a validator field" unless the content "was saved without any
    # transformation".
    headers = {} if changed is not None else {"ETag": stored.etag}
    if modified is not None:
        headers["X-OC-MTime"] = "accepted"
    preferences = Preferences.from_headers(exchange.request.headers)
    if preferences.return_representation and upload.data is not None:
        shown = await _representation(exchange, parent, stored, upload.data)
        headers |= shown.headers
        headers["Content-Location"] = exchange.href(node.path.segments, False)
        headers["Preference-Applied"] = preferences.applied("return")
        return Response(200 if status == 204 else status, headers, shown.body)
    return Response(status, headers)


async def _representation(exchange: Exchange, parent: Resource, stored: Resource, content: bytes) -> Response:
    """What was stored, in the form that GET would give the client or, where it accepts any, in the one that it sent.

    It is given as it was stored when another form takes long, or there is none that the client accepts.
    """
    holder = exchange.registry.collection_types.get(parent.type)
    if holder is not None and holder.represent_member is not None:
        # The conditional fields, whose names begin so, were about what had been there before.
        headers = {name: value for name, value in exchange.request.headers.items() if not name.startswith("if")}
        headers["accept"] = headers.get("accept") or headers.get("content-type", "")
        asked = replace(exchange, request=replace(exchange.request, method="GET", headers=headers))
        with suppress(HTTPError):
            shown = await holder.represent_member(asked, stored)
            if shown is not None and asked.later is None:
                return shown
    return Response(200, get.description(stored, min(stored.modified, exchange.now)), content)


async def _permit(exchange: Exchange, length: int) -> Resource:
    """The parent collection, when content of `length` bytes may be stored at the request URI."""
    node = exchange.node
    resource = node.resource
    parent = guard.require_parent(exchange, node, BIND) if resource is None else node.chain[-2]
    if resource is not None:
        guard.require(exchange, node, WRITE_CONTENT)
    elif node.path.slash:
        raise HTTPError(409, detail="a file whose URL ends with a slash")
    # RFC 9110, 14.5: an origin server "SHOULD respond with a 400 (Bad Request) response if it receives Content-Range on
    # a PUT for a target resource that does not support partial PUT requests".
    if "content-range" in exchange.request.headers:
        raise HTTPError(400, detail="PUT with Content-Range")
    await guard.check_preconditions(exchange)
    # RFC 4918, 7.4: adding a member changes a locked collection, changing the content of one does not.
    await guard.check_locks(exchange, [node.chain])
    await quota.require_room(exchange.transaction, exchange.settings, parent.owner, _growth(exchange, length))
    return parent


def _kind(exchange: Exchange, parent: Resource, content: NewContent, stated: str) -> str:
    """The media type to store content under, of which the client said that it is `stated`."""
    if content.content_type is not None:
        return content.content_type
    if stated:
        return stated
    holder = exchange.registry.collection_types.get(parent.type)
    return "" if holder is None else holder.members_type


def _growth(exchange: Exchange, length: int) -> int:
    """How many bytes more its owner has when the file has `length` bytes."""
    resource = exchange.node.resource
    return length if resource is None else length - resource.content_length


def _modified(exchange: Exchange) -> float | None:
    """The modification time that the client wants kept, from ownCloud's X-OC-Mtime."""
    text = exchange.request.headers.get("x-oc-mtime")
    return float(text) if text is not None and _SECONDS.fullmatch(text) else None


PUT = Method(
    "PUT",
    respond,
    writes=True,
    takes="upload",
    check=check,
    examine=examine,
    on_collection=False,
    on_unmapped=True,
)
