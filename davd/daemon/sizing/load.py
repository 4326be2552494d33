"""Requests at their planned times over kept connections, whatever became of those before.

On asyncio and uvloop, without an HTTP library: what this takes of the processors is taken from the server beside it.

Implements: RFC 9112, 6, 7.1, 9.3
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from davd.daemon.doctor.connect import Origin
from davd.daemon.doctor.reply import Reply
from davd.daemon.sizing.calendars import Query

_PATIENCE_SECONDS = 10.0
_NAP_SECONDS = 0.01


@dataclass(slots=True)
class Measured:
    """What came of a load: seconds from the planned time to the end of each right answer, and what was wrong.

    `late` are the seconds by which this program itself was behind its plan.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` of them do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


class _Connection(asyncio.Protocol):
    """One connection: the request it waits for, and the octets that came."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._asked: tuple[Query, float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def ask(self, query: Query, planned: float) -> None:
        """Send the request."""
        assert self._transport is not None
        self._asked = (query, planned)
        lines = [f"{query.method} {query.target} HTTP/1.1", f"Host: {self._load.origin.authority}"]
        lines += [f"{name}: {value}" for name, value in query.fields]
        if query.body is not None:
            lines.append(f"Content-Length: {len(query.body)}")
        self._transport.write("\r\n".join([*lines, "", ""]).encode() + (query.body or b""))

    def data_received(self, data: bytes) -> None:
        """Look whether the answer is whole."""
        self._buffer += data
        reply = whole(self._buffer)
        if reply is None or self._asked is None:
            return
        self._buffer = b""
        (query, planned), self._asked = self._asked, None
        closes = "close" in reply.words("Connection")
        if closes:
            self.close()
        self._load.answered(None if closes else self, query, planned, reply)

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waited for an answer does not get one."""
        if self._asked is not None:
            (_, planned), self._asked = self._asked, None
            self._load.failed("the connection was closed without an answer", planned)
        self._load.lost(self)


def whole(octets: bytes) -> Reply | None:
    """The answer in `octets`; None as long as its end has not come."""
    head, end, body = octets.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    parted = (line.partition(":") for line in lines)
    reply = Reply(int(first[9:12]), tuple((name, value.strip()) for name, _, value in parted))
    if reply.status in (204, 304):
        return reply
    if "chunked" in reply.words("Transfer-Encoding"):
        pieces: list[bytes] = []
        while True:
            size, found, body = body.partition(b"\r\n")
            if not found:
                return None
            length = int(size.split(b";")[0], 16)
            if len(body) < length + 2:
                return None
            if not length:
                return Reply(reply.status, reply.fields, b"".join(pieces))
            pieces.append(body[:length])
            body = body[length + 2 :]
    length = int(reply.field("Content-Length") or 0)
    return Reply(reply.status, reply.fields, body) if len(body) >= length else None


class Load:
    """Sends queries to `origin` over at most `connections`, which are kept from one run to the next."""

    def __init__(self, origin: Origin, context: ssl.SSLContext, connections: int) -> None:
        self.origin = origin
        self._context = context if origin.scheme == "https" else None
        self._most = connections
        self._open = 0
        self._idle: list[_Connection] = []
        self._waiting: deque[tuple[Query, float]] = deque()
        self._measured = Measured()
        self._under_way = 0
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self, plan: Sequence[tuple[float, str]], make: Callable[[float, str], Query]) -> Measured:
        """Make a query of each kind at its time in seconds from now, send it, and wait for the answers."""
        loop = asyncio.get_running_loop()
        measured = self._measured = Measured()
        start = loop.time()
        for at, kind in plan:
            delay = start + at - loop.time()
            if delay > 0:
                await asyncio.sleep(delay)
            measured.late.append(max(0.0, loop.time() - start - at))
            self._under_way += 1
            self._send(make(at, kind), start + at)
        deadline = loop.time() + _PATIENCE_SECONDS
        while self._under_way and loop.time() < deadline:
            await asyncio.sleep(_NAP_SECONDS)
        if self._under_way:
            measured.errors.append(f"{self._under_way} requests were not answered within {_PATIENCE_SECONDS:.0f} s")
        return measured

    def close(self) -> None:
        """End the connections that nothing goes on at."""
        for connection in list(self._idle):
            connection.close()

    def _send(self, query: Query, planned: float) -> None:
        if self._idle:
            self._idle.pop().ask(query, planned)
            return
        self._waiting.append((query, planned))
        if self._open < self._most:
            self._open += 1
            task = asyncio.get_running_loop().create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        made: list[_Connection] = []

        def protocol() -> _Connection:
            made.append(_Connection(self))
            return made[0]

        name = self.origin.host if self._context is not None else None
        try:
            await loop.create_connection(
                protocol, self.origin.host, self.origin.port, ssl=self._context, server_hostname=name
            )
        except OSError as error:
            if not made:
                self._open -= 1
            if self._waiting:
                self.failed(f"no connection: {error}", self._waiting.popleft()[1])
            return
        self._free(made[0])

    def _free(self, connection: _Connection) -> None:
        if self._waiting:
            connection.ask(*self._waiting.popleft())
        else:
            self._idle.append(connection)

    def answered(self, connection: _Connection | None, query: Query, planned: float, reply: Reply) -> None:
        """An answer has come whole; `connection` may be used again."""
        took = asyncio.get_running_loop().time() - planned
        wrong = query.verify(reply)
        if wrong:
            self.failed(f"{query.method}: {wrong}", planned)
        else:
            self._under_way -= 1
            self._measured.seconds.append(took)
        if connection is not None:
            self._free(connection)

    def failed(self, what: str, planned: float) -> None:
        """A request whose answer is wrong, or does not come."""
        self._under_way -= 1
        self._measured.errors.append(what)

    def lost(self, connection: _Connection) -> None:
        """A connection has ended."""
        self._open -= 1
        if connection in self._idle:
            self._idle.remove(connection)
