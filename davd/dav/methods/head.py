"""HEAD: what GET would say, without the content.

Implements: RFC 9110, 9.3.2
"""

from __future__ import annotations

from davd.dav.exchange import Exchange
from davd.dav.methods import get
from davd.dav.registry import Method
from davd.http.response import Response


async def respond(exchange: Exchange) -> Response:
    """The header fields of GET; ranges are for GET alone (RFC 9110, 14.2), so they are those of the whole."""
    return await get.respond(exchange)


HEAD = Method("HEAD", respond)
