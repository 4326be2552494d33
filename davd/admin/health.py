"""The admin plane's first pages: is davd alive and able to serve, and what does it count?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from klein import Klein
from twisted.web.iweb import IRequest


class Admin:
    """The Klein app of the admin plane.

    `healthy` tells whether the store answers, `statistics` gives the counters of all parts as numbers and texts.
    """

    app = Klein()

    def __init__(self, healthy: Callable[[], Awaitable[bool]], statistics: Callable[[], Mapping[str, Any]]) -> None:
        self._healthy = healthy
        self._statistics = statistics

    @app.route("/health")
    async def health(self, request: IRequest) -> bytes:
        """200 `ok` while requests can be served, 503 `failing` otherwise."""
        request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
        request.setHeader(b"Cache-Control", b"no-store")
        if await self._healthy():
            return b"ok\n"
        request.setResponseCode(503)
        return b"failing\n"

    @app.route("/statistics")
    def statistics(self, request: IRequest) -> bytes:
        """The counters of this process, as JSON."""
        request.setHeader(b"Content-Type", b"application/json")
        request.setHeader(b"Cache-Control", b"no-store")
        return msgspec.json.encode(self._statistics())
