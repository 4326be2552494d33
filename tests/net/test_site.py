"""Who is let in, and counted.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.task import Clock

from davd.net.http1 import HTTP1
from davd.net.settings import NetSettings
from davd.net.site import Site
from davd.testing.application import ScriptedApplication
from tests.net.memory import MemoryTransport
from tests.net.worlds import OverTwisted, OverTwistedTLS, OverUvloop, OverUvloopTLS, SocketWorld, scenario


def site(**settings: object) -> Site:
    return Site(ScriptedApplication(), NetSettings(**settings), Clock())  # type: ignore[arg-type]


def connect(place: Site, host: str) -> HTTP1 | None:
    kind = IPv6Address if ":" in host else IPv4Address
    protocol = place.buildProtocol(kind("TCP", host, 12345))
    if protocol is not None:
        transport = MemoryTransport()
        transport.protocol = protocol
        protocol.makeConnection(transport)
    return protocol


class TestLimits:
    """Verifies: docs/architecture.md, One request."""

    def test_of_all(self) -> None:
        place = site(max_connections=3)
        connections = [connect(place, f"192.0.2.{n}") for n in range(3)]
        assert connect(place, "192.0.2.9") is None
        assert place.statistics.refused == 1
        connections[0].transport.abortConnection()  # type: ignore[union-attr]
        assert place.statistics.connections == 2
        assert connect(place, "192.0.2.9") is not None
        assert place.statistics.accepted == 4

    def test_of_one_ipv4_address(self) -> None:
        place = site(max_connections_per_address=2)
        first = connect(place, "192.0.2.1")
        assert connect(place, "192.0.2.1") is not None
        assert connect(place, "192.0.2.1") is None
        assert connect(place, "::ffff:192.0.2.1") is None
        assert connect(place, "192.0.2.2") is not None
        assert (place.statistics.refused, place.statistics.refused_address) == (0, 2)
        first.transport.abortConnection()  # type: ignore[union-attr]
        assert connect(place, "192.0.2.1") is not None

    def test_of_one_ipv6_network(self) -> None:
        place = site(max_connections_per_address=2)
        assert connect(place, "2001:db8:1:2::1") is not None
        assert connect(place, "2001:db8:1:2:ffff::9") is not None
        assert connect(place, "2001:db8:1:2::3") is None
        assert connect(place, "2001:db8:1:3::1") is not None

    def test_loopback_is_exempt_unless_it_is_not(self) -> None:
        place = site(max_connections_per_address=1)
        assert all(connect(place, "127.0.0.1") for _ in range(5))
        assert all(connect(place, "::1") for _ in range(5))
        place = site(max_connections_per_address=1, exempt_networks=[])
        assert connect(place, "127.0.0.1") is not None
        assert connect(place, "127.0.0.1") is None

    def test_unix_sockets_are_exempt(self) -> None:
        place = site(max_connections_per_address=1, exempt_networks=[])
        assert all(place.buildProtocol(UNIXAddress(None)) for _ in range(5))

    def test_every_place_is_given_back(self) -> None:
        place = site()
        for n in range(300):
            connection = connect(place, f"192.0.2.{n % 200}")
            assert connection is not None
            connection.transport.loseConnection()  # type: ignore[union-attr]
            connection.transport.take(1)  # type: ignore[union-attr]
            place.abort()
        assert place.statistics.connections == 0
        assert place._by_address == {}

    def test_a_malformed_network(self) -> None:
        with pytest.raises(ValueError, match="nonsense"):
            site(exempt_networks=["nonsense"])


class TestTime:
    """Verifies: docs/architecture.md, One request."""

    def test_nothing_ticks_without_connections(self) -> None:
        clock = Clock()
        place = Site(ScriptedApplication(), NetSettings(), clock)  # type: ignore[arg-type]
        assert clock.getDelayedCalls() == []
        connections = [place.connection("192.0.2.1") for _ in range(100)]
        for connection in connections:
            transport = MemoryTransport()
            transport.protocol = connection
            connection.makeConnection(transport)  # type: ignore[union-attr]
        assert len(clock.getDelayedCalls()) == 1
        place.abort()
        assert clock.getDelayedCalls() == []


class Entrances:
    """The door on real sockets."""

    @scenario(max_connections_per_address=2, exempt_networks=[])
    def test_one_too_many_is_closed_at_once(self, world: SocketWorld) -> None:
        first, _ = world.connect(), world.connect()
        world.until(lambda: world.site.statistics.connections == 2)
        third = world.dial()
        try:
            assert third.recv(1) == b""
        except ConnectionResetError:
            pass
        third.close()
        assert world.site.statistics.refused_address == 1
        assert first.request(b"GET / HTTP/1.1").status == 200
        first.close()
        world.until(lambda: world.site.statistics.connections == 1)
        assert world.connect().request(b"GET / HTTP/1.1").status == 200


class ProxyScenarios:
    """The PROXY protocol on real sockets, before TLS where there is TLS."""

    V1 = b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 443\r\n"
    V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x24" + bytes.fromhex(
        "20010db8000000000000000000000007 20010db8000000000000000000000001 1267 01bb"
    )

    def _through(self, world: SocketWorld, *header: bytes) -> str:
        raw = world.dial()
        for piece in header[:-1]:
            raw.sendall(piece)
        if world.tls:
            raw.sendall(header[-1])
            raw = world.secure(raw)
            raw.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        else:
            raw.sendall(header[-1] + b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 200")
        raw.close()
        return world.application.requests[-1].peer

    @scenario(proxy_protocol=["127.0.0.0/8"])
    def test_the_client_is_who_the_proxy_says(self, world: SocketWorld) -> None:
        assert self._through(world, self.V1) == "198.51.100.7"
        assert self._through(world, self.V2) == "2001:db8::7"
        assert self._through(world, self.V1[:3], self.V1[3:20], self.V1[20:]) == "198.51.100.7"
        assert self._through(world, b"PROXY UNKNOWN\r\n") == "127.0.0.1"

    @scenario(proxy_protocol=["127.0.0.0/8"])
    def test_a_remote_client_on_plain_tcp_is_not_secure(self, world: SocketWorld) -> None:
        self._through(world, self.V1)
        assert world.application.requests[-1].secure is world.tls

    @scenario(proxy_protocol=["127.0.0.0/8"])
    def test_without_a_header_there_is_no_connection(self, world: SocketWorld) -> None:
        raw = world.dial()
        raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            assert raw.recv(100) == b""
        except ConnectionResetError:
            pass
        raw.close()
        silent = world.dial()
        world.until(lambda: world.site.statistics.connections == 1)
        world.advance(12)
        try:
            assert silent.recv(100) == b""
        except ConnectionResetError:
            pass
        silent.close()
        assert world.site.statistics.refused_proxy == 2
        world.until(lambda: world.site.statistics.connections == 0)

    @scenario(proxy_protocol=["127.0.0.0/8"])
    def test_a_proxy_that_goes_before_its_header(self, world: SocketWorld) -> None:
        raw = world.dial()
        raw.sendall(b"PROXY TCP4")
        world.until(lambda: world.site.statistics.connections == 1)
        raw.close()
        world.until(lambda: world.site.statistics.connections == 0)

    @scenario(proxy_protocol=["127.0.0.0/8"], max_connections_per_address=1)
    def test_the_limit_is_that_of_the_client_told(self, world: SocketWorld) -> None:
        held = world.dial()
        held.sendall(self.V1)
        world.until(lambda: world.site._by_address == {"198.51.100.7": 1})
        raw = world.dial()
        raw.sendall(self.V1)
        try:
            assert raw.recv(100) == b""
        except ConnectionResetError:
            pass
        raw.close()
        assert world.site.statistics.refused_address == 1
        held.close()
        world.until(lambda: world.site.statistics.connections == 0)
        assert world.call(lambda: world.site._by_address) == {}

    @scenario(proxy_protocol=["192.0.2.0/24"])
    def test_from_elsewhere_it_is_no_header(self, world: SocketWorld) -> None:
        if world.tls:
            return
        raw = world.dial()
        raw.sendall(self.V1)
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
        raw.close()


class TestOverTwisted(Entrances, ProxyScenarios, OverTwisted):
    """Verifies: docs/architecture.md, One request."""


class TestOverTwistedTLS(Entrances, ProxyScenarios, OverTwistedTLS):
    """Verifies: docs/architecture.md, One request."""


class TestOverUvloop(OverUvloop, Entrances, ProxyScenarios):
    """Verifies: docs/architecture.md, One request."""


class TestOverUvloopTLS(OverUvloopTLS, Entrances, ProxyScenarios):
    """Verifies: docs/architecture.md, One request."""


class TestWindDown:
    """Verifies: RFC 9112, 9.6."""

    def test_every_connection_is_answered_once_more(self) -> None:
        place = site()
        kept = [connect(place, f"192.0.2.{n}") for n in range(3)]
        ask = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        kept[0].dataReceived(ask)  # type: ignore[union-attr]
        done = place.wind_down()
        # It was accepted before, and is known only now.
        kept.append(connect(place, "192.0.2.9"))
        assert place.statistics.connections == 4
        for number, connection in enumerate(kept):
            assert connection is not None
            assert not done.called
            transport = connection.transport
            assert isinstance(transport, MemoryTransport)
            if not number:
                assert b"Connection: close" not in transport.take(10_000)
            connection.dataReceived(ask)
            assert transport.disconnecting
            said = transport.take(10_000)
            assert said.startswith(b"HTTP/1.1 200 ")
            assert b"\r\nConnection: close\r\n" in said
        assert done.called

    def test_those_that_ask_nothing_are_ended_by_drain(self) -> None:
        place = site()
        idle = connect(place, "192.0.2.1")
        gone = place.wind_down()
        assert idle is not None
        assert not idle.transport.disconnecting  # type: ignore[union-attr]
        drained = place.drain()
        assert idle.transport.disconnecting  # type: ignore[union-attr]
        idle.transport.abortConnection()  # type: ignore[union-attr]
        assert gone.called
        assert drained.called
