"""The last touch on every answer: its coding, the header fields that keep it safe, and failures made into answers.

Implements: RFC 9110, 9.3.2; RFC 4918, 16
"""

from __future__ import annotations

from twisted.logger import Logger

from davd.application import encoding, failure
from davd.http import security
from davd.http.request import Request
from davd.http.response import Response
from davd.interfaces.store import StoreError, StoreFull
from davd.model.errors import HTTPError

log = Logger(namespace="davd.application")


def finish(request: Request, response: Response) -> Response:
    """Make `response`, as a verb has left it, ready for the wire."""
    encoding.encode(request, response)
    if request.method == "HEAD":
        encoding.leave_out(response)
    response.headers = security.secured(response.headers, response.status, request.tls)
    return response


def fail(request: Request, error: Exception) -> Response:
    """The answer to a request that has failed; what nobody foresaw is logged with its traceback."""
    if isinstance(error, HTTPError):
        if error.detail:
            log.debug("{id} {status}: {detail}", id=request.id, status=error.status, detail=error.detail)
        refusal = error
    elif isinstance(error, StoreFull):
        log.error("{id} {error}", id=request.id, error=error)
        refusal = HTTPError(507, "{DAV:}sufficient-disk-space")
    elif isinstance(error, StoreError):
        log.error("{id} {error}", id=request.id, error=error)
        refusal = HTTPError(503, headers={"Retry-After": "5"})
    else:
        log.failure("{id} {method} failed", id=request.id, method=request.method)
        refusal = HTTPError(500)
    return finish(request, failure.response(refusal, request))
