"""How many function calls a request of each kind takes: `python -m tests.performance.calls [--write]`.

Seconds differ from machine to machine and from minute to minute, calls do not. Requests go through the protocol and
the application as they stand, over a transport in memory, to the SQLite store in a temporary folder, with nothing in
threads and a clock that stands still. What is counted is calls of Python functions (each resumption of a coroutine is
one) and of built-in ones. The numbers to be kept are in `calls.json`, by version of Python; `--write` renews them.
"""

import base64
import gc
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock

from davd.authentication.passwords import hash_password
from davd.caches.memory import Memory
from davd.caches.tiers import Tiers
from davd.config.settings import Settings
from davd.daemon.assemble import admission_of, application_of, authenticator_of
from davd.model.principal import Account
from davd.net.date import DateNow
from davd.net.site import Site
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here
from davd.testing.exchange import run
from tests.net.memory import MemoryTransport

BASELINE = Path(__file__).with_name("calls.json")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
TOLERANCE = 0.03

USER, PASSWORD = "counter", "not a secret"
NOW = 1_700_000_000.0
MEMBERS = 100
TIMES = 3
PIPELINED = 16
# How often the clock is looked at again for an answer that was put off, and how far it goes each time, in seconds.
_PATIENCE, _STEP = 1000, 0.01

_PROPFIND = b'<propfind xmlns="DAV:"><prop><resourcetype/><getetag/><getlastmodified/></prop></propfind>'
_SYNC = (
    b'<sync-collection xmlns="DAV:"><sync-token>%b</sync-token><sync-level>1</sync-level><prop><getetag/></prop>'
    b"</sync-collection>"
)


class Server:
    """davd without a reactor, and one client's connection to it."""

    def __init__(self, folder: str) -> None:
        settings = Settings()
        settings.authentication.argon2_memory_kib = 8 * 1024
        settings.authentication.argon2_iterations = 1
        self.clock = Clock()
        self.store = SQLiteStore(folder, settings.store)
        run(self._fill(settings))
        authenticator, checkers = authenticator_of(settings, self.store, run_here, self._now)
        for checker in checkers:
            run(checker.start())
        memory: Memory[Any] = Memory(settings.caches.memory_bytes, settings.caches.entry_bytes)
        # Nobody is exempt from limits, so that what these cost is counted.
        settings.net.exempt_networks = []
        # Counting takes its time, which must not use up a turn.
        settings.pool.slice_ms = 1000.0
        admission = admission_of(settings, self.clock)
        application = application_of(settings, self.store, authenticator, admission, memory, Tiers([]), self._now)
        # Nor does the date change, which is formatted once a second.
        site = Site(application, settings.net, self.clock, DateNow(self._now))
        self._transport = MemoryTransport()
        self._connection: Any = site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
        self._transport.protocol = self._connection
        self._connection.makeConnection(self._transport)
        account = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self._fields = f"Host: test\r\nUser-Agent: counter\r\nAuthorization: Basic {account}\r\n"
        self._home = f"/files/{USER}/"

    async def _fill(self, settings: Settings) -> None:
        await self.store.start()
        async with self.store.write() as transaction:
            await transaction.add_account(Account(USER, hash_password(settings.authentication, PASSWORD)))

    def _now(self) -> float:
        return NOW + self.clock.seconds()

    def request(self, method: str, path: str, body: bytes = b"", known: bool = True, **fields: str) -> bytes:
        """The bytes of a request for a path below the home; `known` tells whether it carries the account."""
        head = f"{method} {self._home}{path} HTTP/1.1\r\n" + (self._fields if known else "Host: test\r\n")
        head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        if body or method == "PUT":
            head += f"Content-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body

    def deliver(self, data: bytes, answers: int = 1) -> None:
        """Give the connection what a client sends, and wait until so many answers have been written."""
        self._transport.out.clear()
        self._connection.dataReceived(data)
        for _ in range(_PATIENCE):
            if self._transport.out.count(b"HTTP/1.1 ") >= answers:
                return
            self.clock.advance(_STEP)
        raise RuntimeError(f"no answer to {data[:60]!r}")

    def ask(self, data: bytes, status: int) -> bytes:
        """The answer to one request, which has to have that status."""
        self.deliver(data)
        answer = bytes(self._transport.out)
        if answer[9:12] != str(status).encode():
            raise RuntimeError(f"{data[:60]!r}: {answer[:200]!r}")
        return answer

    def put(self, path: str, status: int = 201) -> bytes:
        """Write a small resource; the answer."""
        return self.ask(self.request("PUT", path, b"x" * 100), status)


def counted(call: Callable[[], object]) -> int:
    """How many calls it makes."""
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        if event in {"call", "c_call"}:
            calls += 1

    gc.collect()
    gc.disable()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
        gc.enable()
    # The call that ends it is not part of it.
    return calls - 1


Step = tuple[bytes, int]


def _reads(server: Server) -> Iterator[tuple[str, Step]]:
    """Requests that change nothing, by the name of their kind."""
    for turn in range(TIMES):
        # Each asks for what nobody has asked for before, unless it is to be answered from memory.
        yield "GET", (server.request("GET", f"read/{turn}"), 200)
        yield "HEAD", (server.request("HEAD", f"read/{turn}"), 200)
        etag = server.put(f"read/tagged-{turn}").partition(b"ETag: ")[2].partition(b"\r\n")[0].decode()
        yield "GET 304", (server.request("GET", f"read/tagged-{turn}", If_None_Match=etag), 304)
        yield "GET 404", (server.request("GET", f"read/nothing-{turn}"), 404)
        yield "GET 401", (server.request("GET", "read/0", known=False), 401)
        yield "OPTIONS", (server.request("OPTIONS", "read/", known=False), 200)
        again = server.request("GET", "read/0")
        server.ask(again, 200)
        yield "GET recalled", (again, 200)
        poll = server.request("PROPFIND", "read/", _PROPFIND, Depth="0")
        server.ask(poll, 207)
        server.ask(poll, 207)
        yield "PROPFIND recalled", (poll, 207)


def _writes(server: Server) -> Iterator[tuple[str, Step]]:
    for turn in range(TIMES):
        server.put(f"write/old-{turn}")
        yield "PUT new", (server.request("PUT", f"write/new-{turn}", b"x" * 4096), 201)
        yield "PUT replace", (server.request("PUT", f"write/old-{turn}", b"y" * 4096), 204)
        yield "DELETE", (server.request("DELETE", f"write/old-{turn}"), 204)


def _listings(server: Server) -> Iterator[tuple[str, Step]]:
    """Listings of a collection that has just changed."""
    for turn in range(TIMES):
        server.put(f"list/{turn}", 204)
        yield "PROPFIND 0", (server.request("PROPFIND", "list/", _PROPFIND, Depth="0"), 207)
        server.put(f"list/{turn}", 204)
        yield f"PROPFIND 1 x{MEMBERS}", (server.request("PROPFIND", "list/", _PROPFIND, Depth="1"), 207)
        answer = server.ask(server.request("REPORT", "list/", _SYNC % b""), 207)
        token = answer.partition(b"sync-token>")[2].partition(b"<")[0]
        server.put(f"list/{turn}", 204)
        yield "REPORT sync of one change", (server.request("REPORT", "list/", _SYNC % token), 207)


def measure() -> dict[str, int]:
    """The calls of each kind: the fewest of several requests, so that what is done once does not count."""
    found: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="davd-calls-") as folder:
        server = Server(folder)
        for collection in ("read/", "write/", "list/"):
            server.ask(server.request("MKCOL", collection), 201)
        for number in range(MEMBERS):
            server.put(f"list/{number}")
        for number in range(TIMES):
            server.put(f"read/{number}")
        for kinds in (_reads, _writes, _listings):
            for name, (data, status) in kinds(server):
                calls = counted(lambda data=data: server.deliver(data))  # type: ignore[misc]
                _right(server, data, status)
                found[name] = min(calls, found.get(name, calls))
        again = server.request("GET", "read/0")
        server.ask(again, 200)
        for _ in range(TIMES):
            calls = counted(lambda: server.deliver(again * PIPELINED, PIPELINED))
        found[f"GET recalled, {PIPELINED} pipelined"] = calls
        run(server.store.stop())
    return found


def _right(server: Server, data: bytes, status: int) -> None:
    answer = bytes(server._transport.out)
    if answer[9:12] != str(status).encode():
        raise RuntimeError(f"{data[:60]!r}: {answer[:200]!r}")


def kept() -> dict[str, int] | None:
    """The numbers to be kept for this version of Python; None when there are none."""
    if not BASELINE.exists():
        return None
    numbers: dict[str, dict[str, int]] = json.loads(BASELINE.read_text())
    return numbers.get(VERSION)


def exceeded(now: dict[str, int], before: dict[str, int]) -> list[str]:
    """A line for each kind that takes more calls than before, beyond the tolerance, or is not known."""
    lines = []
    for name, calls in now.items():
        was = before.get(name)
        if was is None:
            lines.append(f"{name}: {calls} calls, and no number to hold them against")
        elif calls > was * (1 + TOLERANCE):
            lines.append(f"{name}: {calls} calls, not {was} ({100 * (calls / was - 1):+.1f} %)")
    return lines


def main(argv: list[str]) -> int:
    """Print the numbers; with `--write` keep them."""
    now = measure()
    before = kept() or {}
    for name, calls in now.items():
        was = before.get(name)
        print(f"{name:32} {calls:7,}" + (f"   {100 * (calls / was - 1):+6.1f} %" if was else ""))
    if "--write" in argv:
        numbers = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
        BASELINE.write_text(json.dumps(numbers | {VERSION: now}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
