"""The worlds in which the protocols are tested: memory, Twisted's transports and uvloop's, with and without TLS.

A scenario is a plain function that gets a world. Over sockets it runs in a thread of its own with a blocking client,
while the server runs where it always does; in memory both are one. Time is a Clock's everywhere.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, TypeVar

import uvloop
from twisted.internet import reactor as running_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import blockingCallFromThread, deferToThread
from twisted.trial.unittest import TestCase

from davd.net.certificates import self_signed
from davd.net.listeners import Listener, listen
from davd.net.settings import NetSettings
from davd.net.site import Site
from davd.net.tls import TLS
from davd.testing.application import ScriptedApplication
from tests.net.client import Client
from tests.net.memory import MemorySocket, MemoryTransport

# How long a client waits for what has to come; nothing waits so long unless it fails.
PATIENCE = 20.0

T = TypeVar("T")
Scenario = Callable[[Any], None]


class World:
    """A site with a scripted application, and the way to reach it."""

    tls = False
    memory = False

    def __init__(self, settings: dict[str, Any]) -> None:
        self.application = ScriptedApplication()
        self.clock = Clock()
        self.settings = NetSettings(**settings)
        self.site = Site(self.application, self.settings, self.clock, soon=self.soon)  # type: ignore[arg-type]
        self.clients: list[Client] = []

    def soon(self, function: Callable[[], None]) -> object:
        """Call the function in the server's next turn."""
        raise NotImplementedError

    def connect(self) -> Client:
        """A new client, TLS and all."""
        client = Client(self.open())
        self.clients.append(client)
        return client

    def open(self) -> Any:
        """A new connection, as a socket."""
        raise NotImplementedError

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call the function where the server runs, and wait for what it returns."""
        raise NotImplementedError

    def advance(self, seconds: float) -> None:
        """Let time pass, second by second, as the wheel turns."""
        whole = int(seconds)
        self.call(lambda: [self.clock.advance(1) for _ in range(whole)] and None)
        self.call(self.clock.advance, seconds - whole)

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition on the server's side to come true."""
        end = time.monotonic() + PATIENCE
        while not self.call(condition):
            assert not self.memory, "it is never going to come true"
            assert time.monotonic() < end, "it did not come true"

    def connections(self) -> list[Any]:
        """The server's connections."""
        return list(self.site._connections)

    def done(self) -> None:
        """Close the clients."""
        for client in self.clients:
            client.close()


class MemoryWorld(World):
    """No sockets."""

    memory = True

    def soon(self, function: Callable[[], None]) -> None:
        """Nobody else waits for a turn."""
        function()

    def open(self) -> MemorySocket:
        """A new connection from nowhere."""
        transport = MemoryTransport()
        transport.protocol = self.site.buildProtocol(None)
        transport.protocol.makeConnection(transport)
        return MemorySocket(transport)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call it."""
        return function(*arguments)


class SocketWorld(World):
    """A listener on loopback."""

    def __init__(self, settings: dict[str, Any], secured: bool) -> None:
        self.later: Any = None
        super().__init__(settings)
        self.tls = secured
        self.folder = TemporaryDirectory()
        self.certificates: TLS | None = None
        if secured:
            self.files = self_signed(Path(self.folder.name))
            self.certificates = TLS.from_files(self.files)
        self.listener: Listener | None = None
        self.call: Any = None

    def soon(self, function: Callable[[], None]) -> object:
        """Call the function in the next turn of the reactor or loop."""
        return self.later(function)

    @property
    def endpoint(self) -> str:
        """What to listen on."""
        return "ssl:0:interface=127.0.0.1" if self.tls else "tcp:0:interface=127.0.0.1"

    @property
    def port(self) -> int:
        """The port that the system has chosen."""
        assert self.listener is not None
        return int(self.listener.host.port)  # type: ignore[attr-defined]

    def dial(self, receive_buffer: int = 0) -> socket.socket:
        """A new connection without TLS."""
        raw = socket.socket()
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(PATIENCE)
        raw.connect(("127.0.0.1", self.port))
        return raw

    def open(self) -> socket.socket:
        """A new connection."""
        return self.secure(self.dial()) if self.tls else self.dial()

    def secure(self, raw: socket.socket, name: str = "localhost") -> ssl.SSLSocket:
        """Speak TLS on a connection, without looking at the certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context.wrap_socket(raw, server_hostname=name)


def over_twisted(case: TestCase, scenario: Scenario, settings: dict[str, Any], secured: bool) -> Deferred[None]:
    """Run the scenario over the transports of the reactor that runs the tests."""
    world = SocketWorld(settings, secured)
    world.call = lambda function, *arguments: blockingCallFromThread(running_reactor, function, *arguments)  # type: ignore[arg-type]
    world.later = partial(running_reactor.callLater, 0)  # type: ignore[attr-defined]

    async def run() -> None:
        world.listener = await listen(running_reactor, world.endpoint, world.site, world.certificates)
        try:
            await deferToThread(scenario, world)
        finally:
            world.done()
            await world.listener.stop_listening()
            drained = world.site.drain()
            world.site.abort()
            await drained
            world.folder.cleanup()

    return Deferred.fromCoroutine(run())


def over_uvloop(scenario: Scenario, settings: dict[str, Any], secured: bool) -> None:
    """Run the scenario over the native transports of a uvloop loop of its own."""
    world = SocketWorld(settings, secured)
    loop = uvloop.new_event_loop()
    complaints: list[Any] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    server = threading.get_ident()

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        if threading.get_ident() == server:
            return function(*arguments)

        async def there() -> Any:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(there(), loop).result(PATIENCE)

    world.call = call
    world.later = loop.call_soon
    reactor = SimpleNamespace(_asyncioEventloop=loop)

    async def run() -> None:
        listening = Deferred.fromCoroutine(listen(reactor, world.endpoint, world.site, world.certificates))
        world.listener = await listening.asFuture(loop)
        try:
            await loop.run_in_executor(None, scenario, world)
        finally:
            world.done()
            await world.listener.stop_listening().asFuture(loop)
            drained = world.site.drain()
            world.site.abort()
            await drained.asFuture(loop)
            await loop.shutdown_default_executor()

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
        world.folder.cleanup()
    assert not complaints, complaints


def scenario(**settings: Any) -> Callable[[Callable[[Any, Any], None]], Callable[[Any], Any]]:
    """Make a test of a method that takes a world; `settings` are those of NetSettings.

    The class of the test says by its `play` in which world.
    """

    def make(method: Callable[[Any, Any], None]) -> Callable[[Any], Any]:
        def test(self: Any) -> Any:
            return self.play(lambda world: method(self, world), settings)

        test.__name__ = method.__name__
        test.__qualname__ = method.__qualname__
        test.__doc__ = method.__doc__
        return test

    return make


class InMemory:
    """Play in memory."""

    def play(self, method: Scenario, settings: dict[str, Any]) -> None:
        method(MemoryWorld(settings))


class OverTwisted(TestCase):
    """Play over Twisted's transports, plain."""

    secured = False

    def play(self, method: Scenario, settings: dict[str, Any]) -> Deferred[None]:
        return over_twisted(self, method, settings, self.secured)


class OverTwistedTLS(OverTwisted):
    """Play over Twisted's transports with TLS."""

    secured = True


class OverUvloop:
    """Play over uvloop's transports, plain."""

    secured = False

    def play(self, method: Scenario, settings: dict[str, Any]) -> None:
        over_uvloop(method, settings, self.secured)


class OverUvloopTLS(OverUvloop):
    """Play over uvloop's transports with TLS."""

    secured = True
