"""GET: the content of a file, or a listing of a collection for people.

Implements: RFC 4918, 9.4; RFC 9110, 8.6, 8.8, 9.3.1, 13, 14, 15.4.5; RFC 9530, 2, 3, 4; RFC 6266, 4.2
"""

from __future__ import annotations

import os
import re
from secrets import token_hex
from typing import Final, cast

from davd.dav import content_type, guard, listing
from davd.dav.access.privileges import READ
from davd.dav.exchange import Exchange
from davd.dav.registry import Method
from davd.http import conditional, digest, ranges, security
from davd.http.dates import http_date
from davd.http.response import FileRange, Response
from davd.interfaces.store import IBlobStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.resource import Resource

_ATTEMPTS: Final = 5

# RFC 9530, 4: the value is a preference from 0 to 10; 0 means "not acceptable".
_WANTS_SHA256 = re.compile(r"(?:^|[,\s])sha-256\s{0,4}=\s{0,4}(?:[1-9]|10)(?![0-9])")


_FIXED: Final[dict[str, str]] = {}


class _Overtaken(Exception):
    """The blob of a file went between reading the file's row and opening the blob."""


async def respond(exchange: Exchange) -> Response:
    """The content whole or in part (200, 206), 304 when the client has it already, or the listing of a collection."""
    try:
        return await _answer(exchange)
    except _Overtaken:
        return await _answer_anew(exchange)


async def _answer_anew(exchange: Exchange) -> Response:
    """The answer by what is in the store now; 503 when it is replaced each time it is about to be sent."""
    for _ in range(_ATTEMPTS):
        # Who removes a blob has committed before: a new view shows what came after.
        async with exchange.store.read() as view:
            exchange.transaction = cast(ITransaction, view)
            exchange.node = await guard.find(exchange, exchange.node.path)
            try:
                return await _answer(exchange)
            except _Overtaken:
                continue
    raise HTTPError(503, headers={"Retry-After": "1"})


async def _answer(exchange: Exchange) -> Response:
    resource = guard.require(exchange, exchange.node, READ)
    headers = exchange.request.headers
    if exchange.fields.if_ is not None:
        await guard.check_if(exchange)
    if resource.is_collection:
        kind = exchange.registry.collection_types.get(resource.type)
        if kind is not None and kind.represent is not None:
            represented = await kind.represent(exchange, resource)
            if represented is not None:
                return represented
        # A listing has no validators, so that of these fields only an asterisk can name it.
        status = conditional.evaluate(exchange.request.method, headers, None, None, True)
        if status is not None:
            return _unsent(status, {})
        return await listing.respond(exchange, resource)
    kind = exchange.registry.collection_types.get(exchange.node.chain[-2].type)
    varies = _FIXED
    if kind is not None and kind.represent_member is not None:
        represented = await kind.represent_member(exchange, resource)
        if represented is not None:
            return represented
        varies = {"Vary": kind.varies}
    modified = _last_modified(exchange, resource)
    status = conditional.evaluate(exchange.request.method, headers, resource.etag, modified, True)
    if status is not None:
        tag = conditional.named_tag(headers, resource.etag)
        return _unsent(status, {"ETag": tag, "Last-Modified": http_date(modified), **varies})
    described = description(resource, modified)
    described |= varies
    # RFC 9530, 3: Repr-Digest is of the whole representation, Content-Digest of what is in this message.
    wanted = headers.get("want-repr-digest")
    if wanted is not None and _WANTS_SHA256.search(wanted):
        described["Repr-Digest"] = digest.content_digest(resource.sha256)
    if exchange.request.method == "HEAD":
        described["Content-Length"] = str(resource.content_length)
        return Response(200, described)
    selected = None
    if "range" in headers:
        selected = ranges.select(headers, resource.content_length, resource.etag, modified, exchange.now)
    if selected is not None:
        return await _partial(exchange, resource, described, selected)
    wanted = headers.get("want-content-digest")
    if wanted is not None and _WANTS_SHA256.search(wanted):
        described["Content-Digest"] = digest.content_digest(resource.sha256)
    if resource.blob is None:
        return Response(200, described, await exchange.transaction.content(resource))
    blob = _OpenBlob(exchange.store.blobs, resource.blob, 1)
    return Response(200, described, FileRange(blob.descriptor, 0, resource.content_length, blob.close))


def _unsent(status: int, validators: dict[str, str]) -> Response:
    if status == 412:
        raise HTTPError(412)
    return Response(status, validators)


def _last_modified(exchange: Exchange, resource: Resource) -> float:
    """When a file was last changed, in POSIX seconds, never later than now."""
    if resource.modified <= exchange.now:
        return resource.modified
    # RFC 9110, 8.8.2.1: if the time "is derived from implementation-specific metadata that evaluates to some time in
    # the future [...] then the origin server MUST replace that value with the message origination date."
    exchange.fleeting = True
    return exchange.now


def description(resource: Resource, modified: float) -> dict[str, str]:
    """The header fields that describe a file's content, which was last changed at `modified` (POSIX seconds)."""
    kind, attachment = security.stored_type(content_type.of(resource))
    headers = {
        "Content-Type": kind,
        "ETag": resource.etag,
        "Last-Modified": http_date(modified),
        "Accept-Ranges": "bytes",
    }
    if attachment:
        # What a browser could run is saved instead of shown.
        headers["Content-Disposition"] = "attachment"
    return headers


async def _partial(
    exchange: Exchange, resource: Resource, headers: dict[str, str], selected: list[ranges.Range]
) -> Response:
    length = resource.content_length
    parts: list[bytes | FileRange]
    if resource.blob is None:
        content = await exchange.transaction.content(resource)
        parts = [content[start:stop] for start, stop in selected]
    else:
        blob = _OpenBlob(exchange.store.blobs, resource.blob, len(selected))
        parts = [FileRange(blob.descriptor, start, stop - start, blob.close) for start, stop in selected]
    if len(selected) == 1:
        headers["Content-Range"] = ranges.content_range(*selected[0], length)
        return Response(206, headers, parts[0])
    # RFC 9110, 15.3.7.2: several parts are sent as multipart/byteranges, and the server "MUST NOT generate a
    # Content-Range header field in the HTTP header section of a multiple part response".
    boundary = token_hex(16)
    heads, closing, _ = ranges.multipart(selected, length, headers["Content-Type"], boundary)
    headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    body: list[bytes | FileRange] = []
    for head, part in zip(heads, parts, strict=True):
        body += [head, part]
    body.append(closing)
    return Response(206, headers, body)


class _OpenBlob:
    """A blob's descriptor, closed when each of the parts that share it has been closed."""

    __slots__ = ("_parts", "descriptor")

    def __init__(self, blobs: IBlobStore, name: str, parts: int) -> None:
        try:
            self.descriptor: int = blobs.open(name)[0]
        except KeyError:
            raise _Overtaken from None
        self._parts = parts

    def close(self) -> None:
        self._parts -= 1
        if self._parts == 0:
            os.close(self.descriptor)


GET = Method("GET", respond)
