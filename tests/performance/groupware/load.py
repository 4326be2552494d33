"""A closed load of many connections, every answer looked at: what was sent decides what has to come back."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.performance.client import Origin

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
SECONDS = 60.0


@dataclass(slots=True)
class Ask:
    """One request: `check` is given the status and the body, and tells whether they are what they should be.

    `heard` is given the head of the answer, for what the next request needs of it.
    """

    method: str
    path: str
    body: bytes = b""
    fields: dict[str, str] = field(default_factory=dict)
    check: Callable[[int, bytes], bool] = lambda status, body: status in (200, 201, 204, 207)
    heard: Callable[[bytes], None] | None = None

    def octets(self, authorization: str) -> bytes:
        """The request as it is sent."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: {authorization}"]
        lines += [f"{name}: {value}" for name, value in self.fields.items()]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body


@dataclass(slots=True)
class Outcome:
    """What a load came to: `times` are seconds from request to answer; `wrong` tells the first wrong answers."""

    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


async def _read(reader: asyncio.StreamReader, head: bytes) -> tuple[int, bytes, bool]:
    """The status and body of the answer with that head, and whether the connection goes on."""
    status = int(head[9:12])
    goes_on = head.startswith(b"HTTP/1.1") and _CLOSE.search(head) is None
    if length := _LENGTH.search(head):
        return status, await reader.readexactly(int(length[1])), goes_on
    if _CHUNKED.search(head):
        pieces = []
        while size := int(await reader.readline(), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readline()
        return status, b"".join(pieces), goes_on
    if status in (204, 304):
        return status, b"", goes_on
    return status, await reader.read(), False


async def _one(
    origin: Origin, authorization: str, following: Callable[[], Ask | None], until: float, out: Outcome
) -> None:
    reader = writer = None
    while time.perf_counter() < until and (ask := following()) is not None:
        began = time.perf_counter()
        if writer is None:
            reader, writer = await asyncio.open_connection(origin.host, origin.port, limit=1 << 26)
        writer.write(ask.octets(authorization))
        assert reader is not None
        head = await reader.readuntil(b"\r\n\r\n")
        status, body, goes_on = await _read(reader, head)
        if ask.heard is not None:
            ask.heard(head)
        out.times.append(time.perf_counter() - began)
        if not ask.check(status, body) and len(out.wrong) < 5:
            out.wrong.append(f"{ask.method} {ask.path}: {status} {body[:200]!r}")
        if not goes_on:
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()


def run(
    origin: Origin, authorization: str, following: Callable[[], Ask | None], connections: int, seconds: float
) -> Outcome:
    """Let each connection ask what `following` gives, again and again, until the time is over or it gives None."""
    out = Outcome()

    async def all_of_them() -> None:
        began = time.perf_counter()
        async with asyncio.timeout(seconds + SECONDS), asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(_one(origin, authorization, following, began + seconds, out))
        out.seconds = time.perf_counter() - began

    asyncio.run(all_of_them())
    return out
