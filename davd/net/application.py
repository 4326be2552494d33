"""What the wire asks of the application behind it."""

from __future__ import annotations

from typing import Protocol

from davd.http.request import Request
from davd.http.response import Response


class Application(Protocol):
    """Answers requests; floor 7 has the real one, `davd.testing.application` a scripted one."""

    async def respond(self, request: Request) -> Response:
        """The answer to one request.

        It never raises; what it lets through all the same becomes a bare 500. It may wait, on Deferreds only. When the
        client goes away before the answer, the Deferred it waits on is cancelled, unless `request.committing` is set.
        """
        ...

    def source(self, address: str) -> object:
        """What is known of the network that `address` belongs to, for `recall`; empty for a UNIX socket's peer."""
        ...

    def recall(self, asked: bytes, protection: int, source: object, count: int = 1) -> tuple[bytes, bytes] | None:
        """The finished answer to a request by its exact bytes, head and content; it is given to `count` such requests.

        `protection` is 2 on TLS, which is answered with a field of its own, 1 for what is `secure` without it, else 0.
        The two parts are what stands before and after the 29 bytes of the date, the content included. None when nothing
        is kept, when what is kept is out of date, and when one of so many requests from `source` has to be looked at
        more closely; then none of them has been counted.
        """
        ...

    def refused(self, peer: str, status: int) -> None:
        """Told that the wire has refused what came from `peer`, an address as text: it was no request, or too late."""
        ...

    def remember(self, asked: bytes, protection: int, ticket: object, before: bytes, after: bytes) -> None:
        """Take the finished bytes of an answer that carried a `ticket`, for `recall`.

        Called only for GET and HEAD without content, and PROPFIND and REPORT with little or none, whose answer left the
        connection open and came from no trusted proxy.
        """
        ...
