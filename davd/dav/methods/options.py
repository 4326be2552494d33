"""OPTIONS: what can be done here.

Implements: RFC 4918, 10.1, 18; RFC 9110, 9.3.7, 10.2.1, 14.3
"""

from __future__ import annotations

from collections.abc import Iterable

from davd.dav.exchange import Exchange
from davd.dav.registry import Method, Registry
from davd.http.response import Response


def answer(registry: Registry, allowed: Iterable[str]) -> Response:
    """The answer that names `allowed` methods."""
    headers = {
        # RFC 4918, 10.1: "All DAV-compliant resources MUST return the DAV header with compliance-class "1" on all
        # OPTIONS responses."
        "DAV": registry.compliance,
        "Allow": ", ".join(allowed),
        # What the Windows redirector and Office look for before they take a server for one they can write to.
        "MS-Author-Via": "DAV",
        "Accept-Ranges": "bytes",
    }
    return Response(200, headers)


def anonymous(registry: Registry) -> Response:
    """The answer to whoever has not logged in: the same for every URL, so that it tells nothing about any."""
    return answer(registry, registry.methods)


async def respond(exchange: Exchange) -> Response:
    """What the resource at the request URI allows, or a URL without one; the asterisk form allows all there is."""
    if exchange.request.path == "*":
        return anonymous(exchange.registry)
    return answer(exchange.registry, exchange.registry.allowed(exchange.node.resource))


OPTIONS = Method("OPTIONS", respond, on_unmapped=True)
