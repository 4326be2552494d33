"""OPTIONS: what can be done here.

Implements: RFC 4918, 10.1, 18; RFC 9110, 9.3.7, 10.2.1, 14.3
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from davd.dav.exchange import Exchange
from davd.dav.registry import Method, Registry
from davd.http.response import Response

_MAKING: Final = ("MKCOL", "MKCALENDAR")


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
    registry, resource = exchange.registry, exchange.node.resource
    if exchange.request.path == "*":
        return anonymous(registry)
    allowed = registry.allowed(resource, exchange.request.query)
    if resource is not None and resource.is_collection:
        # Evolution offers to make a calendar or a folder in a collection only where OPTIONS there names the method,
        # which is meant for the URL of the member.
        allowed += [name for name in _MAKING if name in registry.methods and name not in allowed]
    return answer(registry, allowed)


OPTIONS = Method("OPTIONS", respond, on_unmapped=True)
