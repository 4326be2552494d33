"""Answers that the wire gives without asking the application.

Implements: RFC 9110, 15.5, 15.6
"""

from __future__ import annotations

from http import HTTPStatus

from davd.http.response import Response

# An error page of ours is never content that a browser should guess at, run, frame or keep.
_HEADERS = {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def fault(status: int, tls: bool = False) -> Response:
    """The bare answer to a request that did not get as far as the application; it ends the connection.

    Its body is constant for a status: nothing the client sent comes back to it.
    """
    headers = dict(_HEADERS)
    if tls:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Error"
    return Response(status, headers, f"{status} {phrase}\n".encode("ascii"), close=True)
