"""A real redis-server for a test, what is done to it, and waiting for what follows."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import hiredis
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.protocols.portforward import ProxyFactory, ProxyServer
from twisted.python.failure import Failure

from tests.conformance.programs import program
from tests.faults.raw import wait_until

# Far beyond what anything here takes: a test that waits so long has hung.
PATIENCE = 20.0


def _die_with_parent() -> None:
    # A stopped process does not take SIGTERM.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class RedisServer:
    """A redis-server with nothing on disk, at the UNIX socket `path`, as a context manager.

    `options` are lines of its configuration as words, such as `--requirepass secret`; they count from the next start.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.path = folder / "redis.sock"
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, for the setting."""
        return f"unix://{self.path}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["--port", "0", "--unixsocket", str(self.path), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [program("redis-server"), *words, "--dir", str(self.folder), *self.options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
        )
        assert wait_until(self._answers, PATIENCE), "redis-server has not started"

    def _answers(self) -> bool:
        try:
            self.command("PING")
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, whatever state it is in."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """SIGSTOP: connections stay, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def command(self, *words: str | bytes | int, database: int = 0) -> Any:
        """One command on a connection of its own, and its reply; an error reply is returned."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.path))
            reader = hiredis.Reader()
            commands = [("SELECT", database), words] if database else [words]
            connection.sendall(b"".join(hiredis.pack_command(command) for command in commands))
            reply: Any = False
            for _ in commands:
                while (reply := reader.gets()) is False:
                    received = connection.recv(65536)
                    if not received:
                        raise ConnectionError("redis-server has hung up")
                    reader.feed(received)
            return reply

    def listen(self, option: str = "port") -> int:
        """Have it listen on a TCP port too (with `tls-port`, for TLS); the port."""
        for port in range(20_000, 60_000):
            if self.command("CONFIG", "SET", option, port) == b"OK":
                return port
        raise AssertionError("there is no free port")

    def keys(self, database: int = 0) -> list[bytes]:
        """All keys of a database."""
        found: list[bytes] = self.command("KEYS", "*", database=database)
        return found


async def until(condition: Callable[[], bool | Awaitable[object]], seconds: float = PATIENCE) -> None:
    """Wait on the reactor until the condition holds; AssertionError after that many seconds."""
    end = reactor.seconds() + seconds
    while True:
        if await maybeDeferred(_holds, condition):
            return
        assert reactor.seconds() < end, f"{condition} did not come to hold"
        await deferLater(reactor, 0.01)


def _holds(condition: Callable[[], bool | Awaitable[object]]) -> Any:
    held: Any = condition()
    return held if isinstance(held, bool) else Deferred.fromCoroutine(held)


class _Delaying(ProxyServer):
    def __init__(self) -> None:
        self._passing: deque[tuple[bytes, IDelayedCall]] = deque()
        self._due = 0.0

    def dataReceived(self, data: bytes) -> None:
        factory: Any = self.factory
        # What comes later never overtakes, whatever the delay is by then.
        now = reactor.seconds()
        self._due = max(self._due, now + factory.delay)
        self._passing.append((data, reactor.callLater(self._due - now, self._pass_on)))

    def _pass_on(self) -> None:
        data, _ = self._passing.popleft()
        if self.peer is not None:
            ProxyServer.dataReceived(self, data)

    def connectionLost(self, reason: Failure) -> None:
        while self._passing:
            self._passing.pop()[1].cancel()
        super().connectionLost(reason)


class Delay(ProxyFactory):
    """Listens on a port of its own and passes on to a port, `delay` seconds late."""

    protocol = _Delaying
    noisy = False

    def __init__(self, port: int, delay: float = 0.0) -> None:
        super().__init__("127.0.0.1", port)
        self.delay = delay
        self._listening = reactor.listenTCP(0, self, interface="127.0.0.1")

    @property
    def url(self) -> str:
        """Where it is, for the setting."""
        return f"redis://127.0.0.1:{self._listening.getHost().port}"

    async def stop(self) -> None:
        """Stop listening."""
        await self._listening.stopListening()


class _Talk(Protocol):
    def connectionMade(self) -> None:
        factory: Any = self.factory
        assert self.transport is not None
        self.transport.write(factory.greeting)

    def dataReceived(self, data: bytes) -> None:
        factory: Any = self.factory
        assert self.transport is not None
        self.transport.write(factory.reply)


class Stranger(Factory):
    """Something that is no Redis: it says `greeting` first, and `reply` to whatever it is sent."""

    protocol = _Talk
    noisy = False

    def __init__(self, greeting: bytes, reply: bytes) -> None:
        self.greeting = greeting
        self.reply = reply
        self._listening = reactor.listenTCP(0, self, interface="127.0.0.1")

    @property
    def url(self) -> str:
        """Where it is, for the setting."""
        return f"redis://127.0.0.1:{self._listening.getHost().port}"

    async def stop(self) -> None:
        """Stop listening."""
        await self._listening.stopListening()
