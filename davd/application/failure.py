"""Failures become responses here and nowhere else.

Implements: RFC 4918, 16; RFC 9110, 15
"""

from __future__ import annotations

from http import HTTPStatus

from davd.formats.xml import writer
from davd.http.request import Request
from davd.http.response import Response
from davd.model.errors import HTTPError

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def _condition(name: str, error: HTTPError) -> bytes:
    if error.content:
        return writer.document("{DAV:}error", writer.element(name, error.content))
    return writer.error_body(name, error.hrefs)


def response(error: HTTPError, request: Request) -> Response:
    """The answer to a request that failed with `error`.

    The body is the condition as a DAV:error, or one constant line with the request's id; no text of the error itself
    leaves the server.
    """
    headers = dict(error.headers)
    headers["Cache-Control"] = "no-store"
    if error.condition is not None:
        headers["Content-Type"] = "application/xml; charset=utf-8"
        body = _condition(error.condition, error)
    else:
        headers["Content-Type"] = "text/plain; charset=utf-8"
        body = f"{error.status} {_PHRASES.get(error.status, 'Error')} ({request.id})\n".encode()
    return Response(error.status, headers, body)
