"""Answers that the wire gives without asking the application.

Implements: RFC 9110, 15.5, 15.6
"""

from __future__ import annotations

from http import HTTPStatus

from davd.http.response import Response
from davd.http.security import secured


def fault(status: int, tls: bool = False) -> Response:
    """The bare answer to a request that did not get as far as the application; it ends the connection.

    Its body is constant for a status: nothing the client sent comes back to it.
    """
    headers = secured({"Content-Type": "text/plain; charset=utf-8"}, status, tls)
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Error"
    return Response(status, headers, f"{status} {phrase}\n".encode("ascii"), close=True)
