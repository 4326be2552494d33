"""An application for tests of the wire: it answers by script and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from davd.http.request import Request
from davd.http.response import Response

Answer = Callable[[Request], Awaitable[Response]]


async def greet(request: Request) -> Response:
    """Say which path was asked for."""
    return Response(200, {"Content-Type": "text/plain"}, f"{request.method} {request.path}\n".encode())


class ScriptedApplication:
    """Answers each path with the function registered for it in `answers`, every other path with `otherwise`.

    `requests` are those that came, in their order. What a response with a `ticket` became is kept in `kept`, by raw
    request and security, and given back by `recall` as often as it is asked for; empty `kept` to make it forget.
    `counts` tells for how many requests each of them was given; `refusals` are the peers and statuses of what the wire
    has refused.
    """

    def __init__(self, otherwise: Answer = greet) -> None:
        self.answers: dict[str, Answer] = {}
        self.otherwise = otherwise
        self.requests: list[Request] = []
        self.kept: dict[tuple[bytes, int], tuple[bytes, bytes]] = {}
        self.tickets: list[object] = []
        self.counts: list[int] = []
        self.refusals: list[tuple[str, int]] = []

    async def respond(self, request: Request) -> Response:
        """Whatever the script says."""
        self.requests.append(request)
        return await self.answers.get(request.path, self.otherwise)(request)

    def source(self, address: str) -> object:
        """The address itself."""
        return address

    def recall(self, asked: bytes, protection: int, source: object, count: int = 1) -> tuple[bytes, bytes] | None:
        """What was remembered for these bytes."""
        found = self.kept.get((asked, protection))
        if found is not None:
            self.counts.append(count)
        return found

    def refused(self, peer: str, status: int) -> None:
        """Keep it in `refusals`."""
        self.refusals.append((peer, status))

    def remember(self, asked: bytes, protection: int, ticket: object, before: bytes, after: bytes) -> None:
        """Keep it for ever."""
        self.tickets.append(ticket)
        self.kept[asked, protection] = (before, after)
