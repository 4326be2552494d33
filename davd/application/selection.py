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

_WELL_KNOWN = "/.well-known/"
_NEVER = frozenset({"TRACE", "CONNECT"})
_ELSEWHERE = frozenset({"POST", "PATCH"})


def without_credentials(request: Request, registry: Registry, settings: DavSettings) -> Response | None:
    """The answer that needs nobody to have logged in, if this is one; HTTPError 405 for what is never answered."""
    path = request.path
    if _WELL_KNOWN in path and _is_well_known(path, settings):
        # RFC 6764, 5: "The server MUST redirect HTTP requests for that resource to the actual "context path" using one
        # of the available mechanisms provided by HTTP (e.g., using a 301, 303, or 307 response)." All clients know 301
        # and repeat the method; some do not know 308. "Servers SHOULD set an appropriate Cache-Control header value".
        return Response(301, {"Location": settings.prefix + "/", "Cache-Control": "no-cache"})
    if request.method in _NEVER:
        raise HTTPError(405, headers={"Allow": ", ".join(registry.methods)})
    if request.method == "OPTIONS" and "authorization" not in request.headers:
        return options.anonymous(registry)
    return None


def _is_well_known(path: str, settings: DavSettings) -> bool:
    """Whether a raw path is one of the well-known URLs, at the host's root or, behind some proxies, the tree's."""
    _, _, name = path.removeprefix(settings.prefix).partition(_WELL_KNOWN)
    return name.removesuffix("/") in settings.well_known and path.startswith(
        (_WELL_KNOWN, settings.prefix + _WELL_KNOWN)
    )


def select(request: Request, registry: Registry, settings: DavSettings) -> Method:
    """The row of the request's method; HTTPError when the head alone tells that it cannot be answered."""
    row = registry.methods.get(request.method)
    if row is None:
        # RFC 9110, 15.6.2: 501 is for a method that the server "does not recognize".
        status = 405 if request.method in _ELSEWHERE else 501
        raise HTTPError(status, headers={"Allow": ", ".join(registry.methods)})
    if row.query is not None and row.query != request.query:
        allowed = [method.name for method in registry.methods.values() if method.query in (None, request.query)]
        raise HTTPError(405, headers={"Allow": ", ".join(allowed)})
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
