"""Content coding of answers that the verbs leave as they are.

Implements: RFC 9110, 8.4, 12.5.3
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from davd.http import negotiation
from davd.http.request import Request
from davd.http.response import Response

MIN_BYTES = 1024


def encode(request: Request, response: Response) -> None:
    """Compress `response` in place when the client takes gzip and it is worth it.

    An answer with an ETag is left alone: a strong ETag belongs to the octets, and clients use it in If-Match.
    """
    headers = response.headers
    kind = headers.get("Content-Type")
    if kind is None or "ETag" in headers or "Content-Encoding" in headers or response.status in (204, 206, 304):
        return
    if not negotiation.compressible(kind):
        return
    headers["Vary"] = "Accept-Encoding"
    if not negotiation.accepts_gzip(request.headers.get("accept-encoding")) or request.method == "HEAD":
        return
    body = response.body
    if isinstance(body, bytes):
        if len(body) < MIN_BYTES:
            return
        response.body = negotiation.compress(body)
    elif isinstance(body, AsyncGenerator):
        response.body = _stream(body)
    else:
        return
    headers["Content-Encoding"] = "gzip"


async def _stream(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    gzip = negotiation.GzipStream()
    async with aclosing(pieces):
        async for piece in pieces:
            if packed := gzip.feed(piece):
                yield packed
        yield gzip.finish()
