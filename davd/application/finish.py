"""The last touch on every answer: its coding, the header fields that keep it safe, and failures made into answers.

Implements: RFC 9110, 9.3.2; RFC 4918, 16
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Final

from twisted.logger import Logger

from davd.application import encoding, failure
from davd.application.repetition import Repetition
from davd.http import security
from davd.http.request import Request
from davd.http.response import Response
from davd.interfaces.store import StoreError, StoreFull
from davd.model.errors import HTTPError

log = Logger(namespace="davd.application")

# A disk that is full fills up no sooner for a line in the log with each request.
SELDOM_SECONDS: Final = 60.0
_failures = Repetition(SELDOM_SECONDS, time.monotonic)


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
        _tell(request, error, StoreFull)
        refusal = HTTPError(507, "{DAV:}sufficient-disk-space")
    elif isinstance(error, StoreError):
        _tell(request, error, str(error))
        refusal = HTTPError(503, headers={"Retry-After": "5"})
    else:
        log.failure("{id} {method} failed", id=request.id, method=request.method)
        refusal = HTTPError(500)
    return finish(request, failure.response(refusal, request))


def _tell(request: Request, error: StoreError, kind: Hashable) -> None:
    """Log a failure of the store, unless it is what was logged a moment ago."""
    count = _failures.due(kind)
    if count == 1:
        log.error("{id} {error}", id=request.id, error=error)
    elif count is not None:
        log.error("{id} {error}, as {count} requests since the last such line", id=request.id, error=error, count=count)
