"""Clients that take their time: none of them keeps its connection, and none of them is felt by anybody else.

Verifies: RFC 9110, 15.5.9; RFC 9112, 9.5, 9.8; docs/architecture.md, Overload
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from tests.conformance.daemon import Daemon
from tests.faults.honest import Honest
from tests.faults.raw import Client, basic, connect, head, sockets, wait_until

HEADER, GRACE, HANDSHAKE, SEND, LINGER = 2.0, 1.0, 2.0, 1.0, 0.5
CONFIG = f"""
[net]
exempt_networks = []
header_timeout = {HEADER}
body_grace = {GRACE}
handshake_timeout = {HANDSHAKE}
send_timeout = {SEND}
linger_timeout = {LINGER}
"""
SLACK = 2.0
# Nobody is limited to a part of a machine that runs other tests too: what is felt must be seconds, not milliseconds.
MOST_STALL = 2.0
LARGE = 20 * 1024**2
DRIP = 0.25


@pytest.fixture(scope="module", params=["uvloop", "epoll"])
def davd(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon with short deadlines and limits for loopback addresses too; it has a file of 20 MiB."""
    with Daemon(request.param, config=CONFIG) as daemon:
        with Client(daemon.plain_url) as client:
            login = {"Authorization": basic(daemon.user, daemon.password)}
            assert client.ask("PUT", daemon.home + "large", login, bytes(LARGE)).status == 201
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()


@dataclass(slots=True)
class Attack:
    """Connections that send `start` and then `drip` again and again, from `sources`, until the server ends them.

    `lasted` is how long each of them did, in seconds; one that is still there at the end lasted for ever.
    """

    origin: str
    sources: list[str]
    number: int
    start: bytes
    drip: bytes
    deadline: float
    lasted: list[float] = field(default_factory=list)

    async def run(self) -> None:
        """Make all the connections and stay on them for as long as the server lets us, but not much longer."""
        await asyncio.gather(*[self._hold(self.sources[number % len(self.sources)]) for number in range(self.number)])

    async def _hold(self, source: str) -> None:
        host, _, port = self.origin.partition("//")[2].partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), local_addr=(source, 0))
        since = time.monotonic()
        end = since + self.deadline + SLACK + 3
        try:
            writer.write(self.start)
            while time.monotonic() < end:
                try:
                    if not await asyncio.wait_for(reader.read(4096), DRIP):
                        self.lasted.append(time.monotonic() - since)
                        return
                except TimeoutError:
                    writer.write(self.drip)
            self.lasted.append(float("inf"))
        except ConnectionError:
            self.lasted.append(time.monotonic() - since)
        finally:
            writer.transport.abort()

    def verify(self, name: str) -> None:
        """At least 99 of 100 have been closed in time."""
        late = [seconds for seconds in self.lasted if seconds > self.deadline + SLACK]
        sys.stdout.write(f"{name}: {self.number} connections lasted {min(self.lasted):.1f}-{max(self.lasted):.1f} s\n")
        assert len(self.lasted) == self.number
        assert len(late) * 100 <= self.number, f"{name}: {len(late)} of {self.number} held on: {sorted(late)[-3:]}"


async def _together(attacks: list[Attack]) -> None:
    await asyncio.gather(*[attack.run() for attack in attacks])


@pytest.mark.timeout(60)
def test_slow_heads_bodies_and_handshakes_are_ended_while_others_work(davd: Daemon) -> None:
    authorization = {"Authorization": basic(davd.user, davd.password)}
    put = head("PUT", davd.home + "slow", authorization | {"Content-Length": "1000000"})
    many = [f"127.0.1.{number}" for number in range(1, 9)]
    with Client(davd.plain_url) as client:
        assert client.ask("GET", davd.home, authorization).status == 200
        before = sockets(davd.pid)
    attacks = {
        "head": Attack(davd.plain_url, many, 1000, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", b"a", HEADER),
        "body": Attack(davd.plain_url, ["127.0.2.1"], 100, put, b"abcd", GRACE + LINGER),
        "chunked body": Attack(
            davd.plain_url,
            ["127.0.2.2"],
            100,
            head("PUT", davd.home + "slow", authorization | {"Transfer-Encoding": "chunked"}),
            b"1\r\na\r\n",
            GRACE + LINGER,
        ),
        "handshake": Attack(davd.url, ["127.0.2.3"], 100, b"\x16\x03\x01\x02\x00\x01", b"", HANDSHAKE),
        "handshake, byte by byte": Attack(davd.url, ["127.0.2.4"], 50, b"\x16\x03\x01\x02\x00\x01", b"\0", HANDSHAKE),
        "nothing at all within TLS": Attack(davd.url, ["127.0.2.5"], 50, b"", b"", HANDSHAKE),
    }
    with Honest(davd.plain_url, "127.0.9.9", davd.user, davd.password) as honest:
        asyncio.run(_together(list(attacks.values())))
    sys.stdout.write(f"the honest client: {honest.seen}\n")
    for name, attack in attacks.items():
        attack.verify(name)
    assert honest.seen.errors == []
    assert honest.seen.requests > 20
    assert honest.seen.longest < MOST_STALL
    assert wait_until(lambda: sockets(davd.pid) <= before, LINGER + SLACK), sockets(davd.pid)


@pytest.mark.timeout(60)
def test_a_client_that_does_not_read_its_answer_is_let_go(davd: Daemon) -> None:
    request = head("GET", davd.home + "large", {"Authorization": basic(davd.user, davd.password)})
    with Honest(davd.plain_url, "127.0.9.9", davd.user, davd.password) as honest, ExitStack() as stack:
        before = sockets(davd.pid)
        since = time.monotonic()
        for number in range(50):
            source = f"127.0.3.{number % 4 + 1}"
            connection = stack.enter_context(connect(davd.plain_url, source, receive_buffer=4096))
            connection.sendall(request)
        assert wait_until(lambda: sockets(davd.pid) >= before + 50, SLACK)
        # What fills the client's own buffer is progress, so it takes two looks to find that there is none.
        gone = wait_until(lambda: sockets(davd.pid) <= before, 2 * SEND + SLACK + 1)
        took = time.monotonic() - since
    sys.stdout.write(f"50 slow readers were gone after {took:.1f} s; the honest client: {honest.seen}\n")
    assert gone, sockets(davd.pid)
    assert honest.seen.errors == []
    assert honest.seen.longest < MOST_STALL
