"""Which row answers a request, and the answers and refusals that need no more than its head.

Implements: RFC 9110, 9.3.7, 15.5.6, 15.5.12, 15.6.2; RFC 6764, 5; RFC 4918, 8.4
"""

from __future__ import annotations

from davd.dav.methods import options
from davd.dav.registry import Method, Registry
from davd.dav.settings import DavSettings
from davd.http import security
from davd.http.request import Request
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.path import Path

WELL_KNOWN = frozenset({"/.well-known/caldav", "/.well-known/carddav"})
_NEVER = frozenset({"TRACE", "CONNECT"})
_ELSEWHERE = frozenset({"POST", "PATCH"})


def without_credentials(request: Request, registry: Registry, settings: DavSettings) -> Response | None:
    """The answer that needs nobody to have logged in, if this is one; HTTPError 405 for what is never answered."""
    path = request.path
    if ".well-known" in path and (path in WELL_KNOWN or path.removeprefix(settings.prefix) in WELL_KNOWN):
        # RFC 6764, 5: the server redirects the client to the actual context path.
        return Response(301, {"Location": settings.prefix + "/", "Cache-Control": "no-cache"})
    if request.method in _NEVER:
        raise HTTPError(405, headers={"Allow": ", ".join(registry.methods)})
    if request.method == "OPTIONS" and "authorization" not in request.headers:
        return options.anonymous(registry)
    return None


def select(request: Request, registry: Registry, settings: DavSettings) -> Method:
    """The row of the request's method; HTTPError when the head alone tells that it cannot be answered."""
    row = registry.methods.get(request.method)
    if row is None:
        # RFC 9110, 15.6.2: 501 is for a method that the server "does not recognize".
        status = 405 if request.method in _ELSEWHERE else 501
        raise HTTPError(status, headers={"Allow": ", ".join(registry.methods)})
    headers = request.headers
    if security.cross_site(headers, request.method, (request.authority, *settings.hostnames)):
        raise HTTPError(403, detail="a request from another site")
    coding = headers.get("content-encoding")
    if coding is not None and coding.strip().lower() not in ("", "identity"):
        raise HTTPError(415, headers={"Accept-Encoding": "identity"})
    if row.takes == "upload" and "content-length" not in headers and "transfer-encoding" not in headers:
        raise HTTPError(411)
    return row


def path_of(raw: str, settings: DavSettings) -> Path:
    """Where in the tree a raw path leads; HTTPError 404 when that is not below the prefix, 400 when it is malformed."""
    prefix = settings.prefix
    if raw == "*":
        return Path((), True)
    if prefix:
        if raw != prefix and not raw.startswith(prefix + "/"):
            raise HTTPError(404)
        return Path.parse(raw[len(prefix) :] or "/")
    return Path.parse(raw)
