"""What every request to the admin plane goes through before a page sees it, and what every answer carries.

Implements: RFC 9110, 7.4, 11.6.1, 15.5.20; RFC 9112, 3.2; RFC 6454, 7; RFC 6265, 8.2;
docs/operate/monitoring.md, Admin plane
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from math import ceil
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from davd.admin.assets import STATIC
from davd.admin.sessions import Login, Sessions
from davd.http.security import cross_site

log = Logger(namespace="davd.admin")

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}

# What tells no more than that something is there.
FREE: Final = frozenset({"/health", "/health/live", "/health/ready"})
# The form for the token, the files it is made of, and where a browser without a session is sent from.
LOGIN: Final = "/login"
HOME: Final = "/"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF: Final = "x-csrf-token"
CSRF_FIELD: Final = b"csrf"
_MOST_FIELDS = 64


class Entrance(Resource):
    """Lets requests through to `pages`: the right Host, the right Origin, and the token or a session.

    `hostnames` are names of this machine beside `localhost`; IP addresses are always right, because no page of another
    site can be reached by one.
    """

    isLeaf = True

    def __init__(self, pages: Resource, sessions: Sessions, hostnames: Sequence[str] = ()) -> None:
        super().__init__()
        self._pages = pages
        self._sessions = sessions
        self._hostnames = frozenset(["localhost", *(name.lower() for name in hostnames)])

    def render(self, request: Any) -> object:
        """Called by twisted.web."""
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        # RFC 9112, 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message
        # that lacks a Host header field and to any request message that contains more than one Host header field line".
        hosts = len(request.requestHeaders.getRawHeaders(b"host", ()))
        if hosts > 1 or (hosts == 0 and request.clientproto == b"HTTP/1.1"):
            return _say(request, 400, "a request has one field Host")
        headers = fields_of(request)
        method, path = request.method.decode("latin-1"), request.path.decode("latin-1")
        authority = headers.get("host", "")
        # A page of another site whose name was made to lead here sends its own name.
        if not self._known(authority):
            return _say(request, 421, "this server does not go by that name")
        if method in _SAFE and (path in FREE or path == LOGIN or path.startswith(STATIC)):
            return self._pages.render(request)
        if cross_site(headers, method, (authority.lower(),)):
            return _say(request, 403, "a request from another site")
        if path == LOGIN:
            return self._pages.render(request)
        login = self._sessions.find(headers)
        if login is None and path == HOME and "authorization" not in headers:
            # RFC 9110, 15.4.4: the form is found at another place.
            request.setHeader("Location", LOGIN)
            return _say(request, 303, "the token is asked for elsewhere")
        if login is None:
            Deferred.fromCoroutine(self._refuse(request, headers)).addErrback(_broken, request)
            return NOT_DONE_YET
        if method not in _SAFE and login.session is not None and _proof(request, headers) != login.session.csrf:
            return _say(request, 403, "the field X-CSRF-Token is missing or wrong")
        request.login = login
        return self._pages.render(request)

    def _known(self, authority: str) -> bool:
        host = authority.lower()
        host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if host in self._hostnames:
            return True
        try:
            ip_address(host)
        except ValueError:
            return False
        return True

    async def _refuse(self, request: Any, headers: dict[str, str]) -> None:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        wait = 0.0
        if "authorization" in headers:
            wait = await self._sessions.failed(str(getattr(request.getClientAddress(), "host", "") or ""))
        if wait > 0:
            request.setHeader("Retry-After", str(ceil(wait)))
            answer = _say(request, 429, "too many wrong tokens")
        else:
            # RFC 9110, 11.6.1: "A server generating a 401 response MUST send a WWW-Authenticate header field containing
            # at least one challenge". Basic comes to whoever asks without a script that would use the other one; a
            # browser would take it as an order to ask for a password in the midst of a page.
            challenges = ['Bearer realm="davd admin"', 'Basic realm="davd admin", charset="UTF-8"']
            scripted = any((
                "hx-request" in headers, "upgrade" in headers, headers.get("accept") == "text/event-stream"
            ))  # fmt: skip
            if scripted:
                request.setHeader("HX-Redirect", LOGIN)
            request.responseHeaders.setRawHeaders("WWW-Authenticate", challenges[:1] if scripted else challenges)
            answer = _say(request, 401, "the token of `davctl admin-token` is needed")
        if not gone:
            request.write(answer)
            request.finish()


def login_of(request: Any) -> Login:
    """How the request was let in."""
    login: Login = request.login
    return login


def _proof(request: Any, headers: dict[str, str]) -> str:
    """The value that shows that a page of ours has asked: a field of the header, or of a form sent without a script."""
    field: bytes = (request.args.get(CSRF_FIELD) or [b""])[0]
    return headers.get(CSRF) or field.decode("latin-1")


def fields_of(request: Any) -> dict[str, str]:
    """The header fields of a request, by their names in lower case."""
    fields: dict[str, str] = {}
    for name, values in list(request.requestHeaders.getAllRawHeaders())[:_MOST_FIELDS]:
        fields[name.decode("latin-1").lower()] = ", ".join(value.decode("latin-1") for value in values)
    return fields


def _say(request: Any, status: int, sentence: str) -> bytes:
    request.setResponseCode(status)
    request.setHeader("Content-Type", "application/json")
    return msgspec.json.encode({"error": sentence})


def _broken(failure: Any, request: Any) -> None:
    log.failure("the admin plane failed", failure)
    request.write(_say(request, 500, "something went wrong; the log says what"))
    request.finish()
