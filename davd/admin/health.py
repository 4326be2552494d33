"""The admin plane's first page: is davd alive and able to serve?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from klein import Klein
from twisted.web.iweb import IRequest


class Admin:
    """The Klein app of the admin plane.

    `healthy` tells whether the store answers.
    """

    app = Klein()

    def __init__(self, healthy: Callable[[], Awaitable[bool]]) -> None:
        self._healthy = healthy

    @app.route("/health")
    async def health(self, request: IRequest) -> bytes:
        """200 `ok` while requests can be served, 503 `failing` otherwise."""
        request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
        request.setHeader(b"Cache-Control", b"no-store")
        if await self._healthy():
            return b"ok\n"
        request.setResponseCode(503)
        return b"failing\n"
