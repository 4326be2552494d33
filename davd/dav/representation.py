"""What the functions behind `CollectionType.represent` share: which media type, and whether the client has it already.

Implements: RFC 9110, 8.8.3, 12.5.1, 12.5.5, 13.2.2
"""

from __future__ import annotations

from davd.dav.exchange import Exchange
from davd.http import conditional, negotiation
from davd.http.response import Response
from davd.model.errors import HTTPError


def wanted(exchange: Exchange, offers: tuple[str, ...]) -> str:
    """Which of the media types the client would have; the first one when it does not say."""
    accept = exchange.request.headers.get("accept")
    return offers[0] if accept is None else negotiation.preferred(accept, offers)


def unsent(exchange: Exchange, etag: str) -> Response | None:
    """The 304 for a client that has the representation with that entity tag, None when it has to be sent; or 412."""
    headers = exchange.request.headers
    status = conditional.evaluate(exchange.request.method, headers, etag, None, True)
    if status is None:
        return None
    if status == 412:
        raise HTTPError(412)
    # A weak tag is the same in every form that it has on the way.
    tag = etag if etag.startswith("W/") else conditional.named_tag(headers, etag)
    return Response(status, {"ETag": tag, "Vary": "Accept"})
