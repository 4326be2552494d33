"""What the native transport promises beyond what the protocol scenarios use.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest
import uvloop
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IAddress, IConsumer, IPushProducer, ITransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface.verify import verifyClass, verifyObject

from davd.net.native import NativeTransport, address


class Kept(Protocol):
    """Keeps what happens to it."""

    def __init__(self) -> None:
        self.data = b""
        self.reason: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.reason = reason


class KeptFactory(Factory):
    """Builds one protocol; none when it is closed."""

    def __init__(self) -> None:
        self.protocol = Kept()  # type: ignore[assignment]
        self.closed = False
        self.addresses: list[IAddress | None] = []

    def buildProtocol(self, addr: IAddress | None) -> Kept | None:  # type: ignore[override]
        self.addresses.append(addr)
        return None if self.closed else self.protocol  # type: ignore[return-value]


class Pull:
    """A pull producer of so many pieces."""

    def __init__(self, transport: Any, pieces: int) -> None:
        self.transport = transport
        self.pieces = pieces

    def resumeProducing(self) -> None:
        if not self.pieces:
            self.transport.unregisterProducer()
            return
        self.pieces -= 1
        self.transport.write(bytes(65_536))

    def stopProducing(self) -> None:
        self.pieces = 0


def with_transport(work: Any, closed: bool = False) -> KeptFactory:
    """Run `work(transport, reader, writer)` on a connected pair; the transport is None when refused."""
    loop = uvloop.new_event_loop()
    factory = KeptFactory()
    factory.closed = closed

    async def run() -> None:
        server = await loop.create_server(lambda: NativeTransport(loop, factory), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        while not factory.addresses:
            await asyncio.sleep(0)
        await asyncio.wait_for(work(factory.protocol.transport, reader, writer), 20)
        writer.close()
        server.close()
        while not closed and factory.protocol.reason is None:  # type: ignore[attr-defined]
            await asyncio.sleep(0)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return factory


class TestNativeTransport:
    """Verifies: docs/architecture.md, One request."""

    def test_interfaces(self) -> None:
        async def work(transport: Any, reader: Any, writer: Any) -> None:
            for interface in (ITransport, IConsumer, IPushProducer):
                verifyClass(interface, NativeTransport)
                verifyObject(interface, transport)
            assert transport.getPeer() == IPv4Address("TCP", *writer.get_extra_info("sockname"))
            assert transport.getHost() == IPv4Address("TCP", *writer.get_extra_info("peername"))
            assert transport.getTcpNoDelay()
            transport.setTcpKeepAlive(True)
            assert transport.getTcpKeepAlive()
            transport.writeSequence([b"a", b"b"])
            assert await reader.readexactly(2) == b"ab"

        factory = with_transport(work)
        assert factory.addresses == [factory.addresses[0]]

    def test_refused(self) -> None:
        async def work(transport: Any, reader: Any, writer: Any) -> None:
            try:
                assert await reader.read() == b""
            except ConnectionResetError:
                pass

        assert with_transport(work, closed=True).protocol.reason is None  # type: ignore[attr-defined]

    def test_a_pull_producer_is_asked_as_often_as_there_is_room(self) -> None:
        async def work(transport: Any, reader: Any, writer: Any) -> None:
            producer = Pull(transport, 200)
            transport.registerProducer(producer, False)
            with pytest.raises(RuntimeError):
                transport.registerProducer(producer, False)
            transport.loseConnection()
            assert len(await reader.read()) == 200 * 65_536

        factory = with_transport(work)
        factory.protocol.reason.trap(ConnectionDone)  # type: ignore[attr-defined]

    def test_abort(self) -> None:
        async def work(transport: Any, reader: Any, writer: Any) -> None:
            transport.write(bytes(2**24))
            transport.abortConnection()

        factory = with_transport(work)
        factory.protocol.reason.trap(ConnectionAborted)  # type: ignore[attr-defined]

    def test_outstanding_is_what_the_client_has_not_taken(self) -> None:
        async def work(transport: Any, reader: Any, writer: Any) -> None:
            assert transport.outstanding() == 0
            writer.transport.pause_reading()
            transport.write(bytes(2**24))
            assert 0 < transport.outstanding() <= 2**24
            writer.transport.resume_reading()
            await reader.readexactly(2**24)
            while transport.outstanding():
                await asyncio.sleep(0)
            transport.loseConnection()

        with_transport(work)


def test_what_is_gone_needs_no_collector() -> None:
    """A connection holds what OpenSSL keeps of it, and the collector comes seldom."""
    seen: list[weakref.ref[Any]] = []

    async def work(transport: Any, reader: Any, writer: Any) -> None:
        transport.write(b"x")
        assert await reader.readexactly(1) == b"x"
        seen.append(weakref.ref(transport))

    gc.collect()
    gc.disable()
    try:
        # Which the factory keeps; those of a server do not.
        with_transport(work).protocol = None
        assert [kept() for kept in seen] == [None]
    finally:
        gc.enable()


def test_addresses() -> None:
    assert address(("192.0.2.1", 80)) == IPv4Address("TCP", "192.0.2.1", 80)
    assert address(("::1", 80, 0, 0)) == IPv6Address("TCP", "::1", 80)
    assert address("/run/x") == UNIXAddress("/run/x")
    assert address("") == UNIXAddress(None)
