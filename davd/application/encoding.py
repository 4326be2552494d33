"""Content coding of answers that the verbs leave as they are, and answers without their content.

Implements: RFC 9110, 8.4, 8.6, 9.3.2, 12.5.3, 12.5.5
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from davd.http import negotiation
from davd.http.request import Request
from davd.http.response import Response
from davd.http.wire.encode import content_length


def encode(request: Request, response: Response) -> None:
    """Compress `response` in place when the client takes gzip and it is worth it."""
    body = response.body
    length = len(body) if isinstance(body, bytes) else None
    if not negotiation.negotiable(response.status, response.headers, length):
        return
    vary = response.headers.get("Vary")
    response.headers["Vary"] = "Accept-Encoding" if vary is None else f"{vary}, Accept-Encoding"
    wanted = request.headers.get("accept-encoding")
    if wanted is None or not negotiation.accepts_gzip(wanted):
        return
    if isinstance(body, bytes):
        response.body = negotiation.compress(body)
    elif isinstance(body, AsyncGenerator):
        response.body = _stream(body)
    elif isinstance(body, list) and all(isinstance(piece, bytes) for piece in body):
        gzip = negotiation.GzipStream()
        response.body = [*filter(None, map(gzip.feed, body)), gzip.finish()]
    else:
        return
    response.headers["Content-Encoding"] = "gzip"


def leave_out(response: Response) -> None:
    """Make of the answer to GET that to HEAD: the same header fields, the length among them, without the content."""
    if not response.body:
        return
    length = content_length(response)
    if length is not None:
        response.headers["Content-Length"] = str(length)
    response.body = b""


async def _stream(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    gzip = negotiation.GzipStream()
    async with aclosing(pieces):
        async for piece in pieces:
            if packed := gzip.feed(piece):
                yield packed
        yield gzip.finish()
