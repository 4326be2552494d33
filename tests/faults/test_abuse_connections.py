"""How many connections one address may hold, and whose word is taken for which address that is.

Verifies: docs/architecture.md, Overload; RFC 7239, 8.1
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.conformance.daemon import PLAIN, TLS, Daemon
from tests.faults.raw import Client, basic, connect, head, secured, sockets, statuses, until_closed, wait_until

MOST = 200
STRICT = "[net]\nexempt_networks = []\n"
PROXIED = '[net]\nexempt_networks = []\nproxy_protocol = ["127.0.0.0/9"]\nheader_timeout = 1.0\n'
REQUEST = head("OPTIONS", "/", {})
BYE = head("OPTIONS", "/", {"Connection": "close"})


class Proxied(Daemon):
    """A daemon that answers those only who say a PROXY header first."""

    @staticmethod
    def _answers(tls: bool, port: int) -> bool:
        """Whether the listener answers OPTIONS after a header that tells of nobody."""
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(b"PROXY UNKNOWN\r\n")
                with secured(connection) if tls else connection as spoken:
                    spoken.sendall(BYE)
                    return statuses(until_closed(spoken)) == [200]
        except OSError:
            return False


@pytest.fixture(scope="module", params=["uvloop", "epoll"])
def strict(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon that limits every address."""
    with Daemon(request.param, config=STRICT) as daemon:
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()


@pytest.fixture(scope="module", params=["uvloop", "epoll"])
def proxied(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon to which 127.0.0.0/9 are proxies that speak the PROXY protocol, on both listeners."""
    with Proxied(request.param, listeners=(TLS, PLAIN), config=PROXIED) as daemon:
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()


def _v1(source: str) -> bytes:
    family = "TCP6" if ":" in source else "TCP4"
    own = "::1" if ":" in source else "127.0.0.1"
    return f"PROXY {family} {source} {own} 40000 443\r\n".encode()


def _v2(source: str) -> bytes:
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    own = "::1" if ":" in source else "127.0.0.1"
    block = socket.inet_pton(family, source) + socket.inet_pton(family, own) + struct.pack("!HH", 40000, 443)
    kind = 0x21 if ":" in source else 0x11
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, kind, len(block)) + block


def _spoken(connection: socket.socket) -> list[int]:
    """The statuses of the answers to one OPTIONS after which the connection ends; none when it was ended before."""
    try:
        connection.sendall(BYE)
        return statuses(until_closed(connection))
    except ConnectionError:
        return []


def _held(davd: Daemon, source: str, stack: ExitStack) -> socket.socket:
    """A connection that the server has answered on and keeps."""
    connection = stack.enter_context(connect(davd.plain_url, source))
    connection.sendall(REQUEST)
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    return connection


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_one_connection_too_many_is_closed_at_once(strict: Daemon, tls: bool) -> None:
    source = "127.0.8.1"
    with ExitStack() as stack:
        held = [_held(strict, source, stack) for _ in range(MOST)]
        before = sockets(strict.pid)
        for _ in range(20):
            with connect(strict.url if tls else strict.plain_url, source) as refused:
                refused.settimeout(2)
                assert until_closed(refused) == b""
        assert wait_until(lambda: sockets(strict.pid) <= before, 2)
        # Those that were let in are served on, and so is everybody else.
        held[0].sendall(REQUEST)
        assert held[0].recv(4096).startswith(b"HTTP/1.1 200 ")
        with connect(strict.plain_url, "127.0.8.2") as other:
            assert _spoken(other) == [200]
        # One that goes makes room for one.
        assert _spoken(held[1]) == [200]
        held[1].close()

        def let_in() -> bool:
            with connect(strict.plain_url, source) as again:
                return _spoken(again) == [200]

        assert wait_until(let_in, 2)


def test_what_a_client_says_of_its_address_does_not_count(strict: Daemon) -> None:
    source = "127.0.8.3"
    with ExitStack() as stack:
        for number in range(MOST):
            connection = stack.enter_context(connect(strict.plain_url, source))
            connection.sendall(head("OPTIONS", "/", {"X-Forwarded-For": f"203.0.113.{number}"}))
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        with connect(strict.plain_url, source) as refused:
            assert _spoken(refused) == []


@pytest.mark.parametrize("header", [_v1, _v2])
def test_a_proxy_header_is_no_request_when_it_is_not_asked_for(strict: Daemon, header: Callable[[str], bytes]) -> None:
    with connect(strict.plain_url, "127.0.8.4") as connection:
        connection.sendall(header("203.0.113.1") + BYE)
        assert statuses(until_closed(connection)) == [400]


@pytest.mark.parametrize("header", [_v1, _v2])
@pytest.mark.parametrize("source", ["203.0.113.1", "2001:db8::1"])
def test_a_proxy_is_believed_where_it_is_configured(
    proxied: Daemon, header: Callable[[str], bytes], source: str
) -> None:
    preface = header(source)
    login = {"Authorization": basic(proxied.user, proxied.password)}
    with Client(proxied.plain_url, preface=preface) as client:
        # The client came from another machine in the clear.
        assert client.ask("GET", proxied.home, login).status == 403
    with connect(proxied.url) as connection:
        connection.sendall(preface)
        with secured(connection) as spoken:
            spoken.sendall(head("GET", proxied.home, login | {"Connection": "close"}))
            assert statuses(until_closed(spoken)) == [200]


def test_the_told_address_is_the_one_that_is_limited(proxied: Daemon) -> None:
    with ExitStack() as stack:

        def told(address: str) -> socket.socket:
            connection = stack.enter_context(connect(proxied.plain_url))
            connection.sendall(_v1(address))
            return connection

        for number in range(MOST):
            # All of a /64 count as one.
            connection = told(f"2001:db8:0:1::{number:x}")
            connection.sendall(REQUEST)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert _spoken(told("2001:db8:0:1:ffff::1")) == []
        assert _spoken(told("2001:db8:0:2::1")) == [200]
        assert _spoken(told("203.0.113.9")) == [200]


@pytest.mark.parametrize(
    "preface",
    [
        b"",
        b"PROXY TCP4 203.0.113.1\r\n",
        b"PROXY TCP4 203.0.113.1 127.0.0.1 1 2 3\r\n",
        b"PROXY TCP4 999.0.113.1 127.0.0.1 1 2\r\n",
        b"PROXY TCP4 " + b"1" * 200,
        b"proxy UNKNOWN\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x11\x11\x00\x0c" + bytes(12),
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + bytes(100),
    ],
)
def test_whoever_says_no_proxy_header_is_not_heard(proxied: Daemon, preface: bytes) -> None:
    with connect(proxied.plain_url) as connection:
        connection.sendall(preface)
        assert _spoken(connection) == []


def test_a_proxy_header_must_come_in_time(proxied: Daemon) -> None:
    with connect(proxied.plain_url) as connection:
        connection.settimeout(1.0 + 2.0)
        connection.sendall(b"PROXY TCP4 203.0.113.1")
        assert until_closed(connection) == b""


def test_who_is_no_proxy_cannot_say_who_it_is(proxied: Daemon) -> None:
    with connect(proxied.plain_url, "127.200.0.1") as connection:
        connection.sendall(_v1("203.0.113.1") + BYE)
        assert statuses(until_closed(connection)) == [400]
    with connect(proxied.plain_url, "127.200.0.1") as connection:
        assert _spoken(connection) == [200]
