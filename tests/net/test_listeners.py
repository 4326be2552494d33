"""Listeners of every kind, on Twisted's reactor here and on uvloop's in a process of its own.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvloop
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from davd.net.certificates import self_signed
from davd.net.endpoints import ListenError, bind, inherit
from davd.net.listeners import Listener, accept_waiting, listen, native_loop
from davd.net.settings import NetSettings
from davd.net.site import Site
from davd.net.tls import TLS
from davd.testing.application import ScriptedApplication


def ask(family: int, address: Any) -> bytes:
    """One request with a connection of its own."""
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(20)
        client.connect(address)
        client.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        data = b""
        while piece := client.recv(1000):
            data += piece
        return data


class TestListen(TestCase):
    """Verifies: docs/architecture.md, One request."""

    def setUp(self) -> None:
        self.application = ScriptedApplication()
        self.site = Site(self.application, NetSettings(), Clock())  # type: ignore[arg-type]
        self.folder = Path(tempfile.mkdtemp())
        self.listeners: list[Listener] = []

    async def listen(self, text: Any, tls: TLS | None = None) -> Listener:
        listener = await listen(reactor, text, self.site, tls)
        self.listeners.append(listener)
        return listener

    async def tearDown(self) -> None:
        for listener in self.listeners:
            await listener.stop_listening()
        drained = self.site.drain()
        self.site.abort()
        await drained

    async def test_a_unix_socket(self) -> None:
        path = self.folder / "davd.sock"
        listener = await self.listen(f"unix:{path}:mode=660")
        answer = await deferToThread(ask, socket.AF_UNIX, str(path))
        self.assertTrue(answer.endswith(b"GET /x\n"))
        request = self.application.requests[0]
        self.assertEqual((request.peer, request.secure, request.tls), ("", True, False))
        await self.listeners.pop().stop_listening()
        self.assertFalse(path.exists())
        self.assertEqual(listener.text, f"unix:{path}:mode=660")

    async def test_what_was_bound_before(self) -> None:
        bound = bind("tcp:0:interface=127.0.0.1")
        listener = await self.listen(bound)
        answer = await deferToThread(ask, socket.AF_INET, ("127.0.0.1", listener.host.port))  # type: ignore[attr-defined]
        self.assertTrue(answer.endswith(b"GET /x\n"))

    async def test_an_inherited_unix_socket_is_called_by_its_name(self) -> None:
        """By that its handshakes are counted; one without a file has a name that begins with a zero."""
        path = str(self.folder / "davd.sock")
        tls = TLS.from_files(self_signed(self.folder))
        for address in (path, f"\0{path}"):
            with socket.socket(socket.AF_UNIX) as opened:
                opened.bind(address)
                opened.listen()
                await self.listen(inherit("systemd:UNIX:tls=yes", os.dup(opened.fileno()), tls))
        self.assertEqual(list(self.site.statistics.tls), [path, f"@{path}"])

    async def test_an_endpoint_that_only_twisted_knows(self) -> None:
        listener = await self.listen(r"tcp6:0:interface=\:\:1")
        answer = await deferToThread(ask, socket.AF_INET6, ("::1", listener.host.port))  # type: ignore[attr-defined]
        self.assertTrue(answer.endswith(b"GET /x\n"))
        self.assertEqual(self.application.requests[0].peer, "::1")

    async def test_errors_are_one_sentence(self) -> None:
        first = await self.listen("tcp:0:interface=127.0.0.1")
        port = first.host.port  # type: ignore[attr-defined]
        for text in (f"tcp:{port}:interface=127.0.0.1", "nonsense:1", r"tcp6:0:interface=2001\:db8\:\:1"):
            try:
                await self.listen(text)
            except ListenError as error:
                self.assertNotIn("\n", str(error))
                self.assertIn(text, str(error))
            else:
                self.fail(text)

    async def test_nobody_is_let_in_after_the_end(self) -> None:
        listener = await self.listen("tcp:0:interface=127.0.0.1")
        port = listener.host.port  # type: ignore[attr-defined]
        await self.listeners.pop().stop_listening()
        with self.assertRaises(ConnectionRefusedError):
            await deferToThread(ask, socket.AF_INET, ("127.0.0.1", port))

    def test_twisteds_reactor_has_no_native_loop(self) -> None:
        self.assertIsNone(native_loop(reactor))


class Accepting(Clock):
    """A reactor that accepts one connection in each of its turns, while another one comes: never is there nobody."""

    def __init__(self, listening: socket.socket) -> None:
        super().__init__()
        self.listening = listening
        self.accepted: list[socket.socket] = []

    def callLater(self, when: float, what: Callable[..., object], *words: object, **more: object) -> IDelayedCall:
        """Have it called at once."""
        self.accepted.append(self.listening.accept()[0])
        self.connect()
        call = super().callLater(when, what, *words, **more)
        self.advance(max(when, 0.1))
        return call

    def connect(self) -> None:
        with socket.socket(self.listening.family) as client:
            client.connect(self.listening.getsockname())

    def waited(self, seconds: float) -> int:
        """How many have been accepted when those are in that waited."""
        waiting = accept_waiting(self, [self.listening], lambda: len(self.accepted), seconds)
        assert Deferred.fromCoroutine(waiting).called
        for connection in self.accepted:
            connection.close()
        return len(self.accepted)


class Full(Clock):
    """A reactor that accepts nobody for want of descriptors; `turns` is how often it was asked for another turn."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = 0

    def callLater(self, when: float, what: Callable[..., object], *words: object, **more: object) -> IDelayedCall:
        """Have it called at once; a turn takes a tenth of a millisecond."""
        self.turns += 1
        call = super().callLater(when, what, *words, **more)
        self.advance(max(when, 0.0001))
        return call


class TestAcceptWaiting:
    """Verifies: docs/architecture.md, One request."""

    @pytest.fixture
    def reactor(self) -> Iterator[Accepting]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            yield Accepting(listening)

    def test_those_that_wait_are_accepted_and_no_more(self, reactor: Accepting) -> None:
        for _ in range(7):
            reactor.connect()
        assert reactor.waited(60) == 7

    def test_it_takes_no_longer_than_it_may(self, reactor: Accepting) -> None:
        for _ in range(7):
            reactor.connect()
        assert reactor.waited(0.35) == 4

    def test_while_none_can_be_accepted_it_does_not_spin(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()):
            full = Full()
            assert Deferred.fromCoroutine(accept_waiting(full, [listening], lambda: 0, 1.0)).called
        assert full.turns < 110

    def test_with_nobody_there_is_no_turn(self, reactor: Accepting) -> None:
        assert reactor.waited(60) == 0

    def test_where_nobody_can_count_it_goes_on_while_somebody_is_there(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "socket"))
            listening.listen(10)
            reactor = Accepting(listening)
            reactor.connect()
            assert reactor.waited(0.35) == 4


class TestNatively:
    """Verifies: docs/architecture.md, One request."""

    def run(self, text: str, family: int, address: Any = None) -> tuple[bytes, ScriptedApplication]:
        application = ScriptedApplication()
        site = Site(application, NetSettings(), Clock())  # type: ignore[arg-type]
        loop = uvloop.new_event_loop()

        async def run() -> bytes:
            listening = Deferred.fromCoroutine(listen(SimpleNamespace(_asyncioEventloop=loop), text, site))
            listener = await listening.asFuture(loop)
            where = address or ("127.0.0.1", listener.host.port)
            answer: bytes = await loop.run_in_executor(None, ask, family, where)
            await listener.stop_listening().asFuture(loop)
            await site.drain().asFuture(loop)
            return answer

        try:
            return loop.run_until_complete(run()), application
        finally:
            loop.close()

    def test_a_unix_socket(self, tmp_path: Path) -> None:
        path = tmp_path / "davd.sock"
        answer, application = self.run(f"unix:{path}", socket.AF_UNIX, str(path))
        assert answer.endswith(b"GET /x\n")
        request = application.requests[0]
        assert (request.peer, request.secure) == ("", True)
        assert not path.exists()

    def test_tcp(self) -> None:
        answer, _ = self.run("tcp:0:interface=127.0.0.1", socket.AF_INET)
        assert answer.endswith(b"GET /x\n")

    def test_many_who_come_at_once_are_accepted_in_few_turns(self) -> None:
        loop = uvloop.new_event_loop()
        site = Site(ScriptedApplication(), NetSettings(), Clock())  # type: ignore[arg-type]
        clients: list[socket.socket] = []

        async def run() -> int:
            listening = Deferred.fromCoroutine(
                listen(SimpleNamespace(_asyncioEventloop=loop), "tcp:0:interface=127.0.0.1", site)
            )
            listener = await listening.asFuture(loop)
            for _ in range(64):
                clients.append(socket.create_connection(("127.0.0.1", listener.host.port), 20))
            turns = 0
            while site.statistics.accepted < len(clients):
                turns += 1
                await asyncio.sleep(0)
            await listener.stop_listening().asFuture(loop)
            site.abort()
            await site.drain().asFuture(loop)
            return turns

        try:
            # One descriptor alone would need a turn for each of them.
            assert loop.run_until_complete(run()) < len(clients) / 2
        finally:
            for client in clients:
                client.close()
            loop.close()


_DAEMON = """
import sys
import pytest
import uvloop
from twisted.internet import asyncioreactor
asyncioreactor.install(uvloop.new_event_loop())
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from pathlib import Path
from davd.net.certificates import self_signed
from davd.net.listeners import listen
from davd.net.settings import NetSettings
from davd.net.site import Site
from davd.net.tls import TLS
from davd.testing.application import ScriptedApplication

site = Site(ScriptedApplication(), NetSettings(), reactor)
tls = TLS.from_files(self_signed(Path(sys.argv[1])))

async def start():
    for text in ("tcp:0:interface=127.0.0.1", "ssl:0:interface=127.0.0.1"):
        listener = await listen(reactor, text, site, tls)
        print(listener.host.port, flush=True)
    assert not any(type(reader).__name__.startswith("Eager") for reader in reactor.getReaders())

def failed(failure):
    failure.printTraceback()
    reactor.stop()

# Before the reactor runs, as services are started.
Deferred.fromCoroutine(start()).addErrback(failed)
reactor.addSystemEventTrigger("before", "shutdown", site.drain)
reactor.run()
"""


def test_the_whole_under_the_reactor_over_uvloop(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    daemon = subprocess.Popen(
        [sys.executable, "-c", _DAEMON, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert daemon.stdout is not None
        plain, secured = int(daemon.stdout.readline()), int(daemon.stdout.readline())
        context = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
        for connection in (
            http.client.HTTPConnection("127.0.0.1", plain, timeout=20),
            http.client.HTTPSConnection("localhost", secured, timeout=20, context=context),
        ):
            for _ in range(3):
                connection.request("GET", "/x")
                assert connection.getresponse().read() == b"GET /x\n"
        daemon.terminate()
        assert daemon.wait(20) == 0
    finally:
        daemon.kill()
        daemon.wait()
        daemon.stdout.close()  # type: ignore[union-attr]
