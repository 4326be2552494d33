"""Requests that two readers could take for different ones: davd refuses them and looks at nothing that follows.

Verifies: RFC 9112, 2.2, 3, 5, 6, 7, 11.2; RFC 9110, 5, 6.5
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon
from tests.corpus.http1.bad_requests import BAD_REQUESTS, BadRequest
from tests.corpus.http1.good_requests import GOOD_REQUESTS
from tests.faults.proxies import HAProxy, Nginx, Proxy, Tap
from tests.faults.raw import address_of, basic, connect, statuses, until_closed, wait_until

CONFIG = """
[net]
linger_timeout = 0.2
header_timeout = 2.0
idle_timeout = 2.0
"""
AT_ONCE = 8
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: dav.example\r\n\r\n"


@pytest.fixture(scope="module", params=["uvloop", "epoll"])
def davd(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon that does not wait long for anything."""
    with Daemon(request.param, config=CONFIG) as daemon:
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()


def _with_login(davd: Daemon, data: bytes) -> bytes:
    """The request with the account's credentials and below its home: what is wrong with its content must be read."""
    login = f"Authorization: {basic(davd.user, davd.password)}\r\n".encode()
    data = data.replace(b"PUT /a HTTP", f"PUT {davd.home}a HTTP".encode(), 1)
    return data.replace(b"Host: dav.example\r\n", b"Host: dav.example\r\n" + login, 1)


def _sent(davd: Daemon, data: bytes) -> list[int]:
    with connect(davd.plain_url) as connection:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        return statuses(until_closed(connection))


def _wrong(ask: Callable[[BadRequest], list[int]]) -> list[str]:
    """What went wrong with the requests of the corpus, some of which are sent at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(ask, BAD_REQUESTS))
    return [
        f"{bad.name}: {seen}, not {bad.status}"
        for bad, seen in zip(BAD_REQUESTS, found, strict=True)
        if seen != [bad.status]
    ]


@pytest.mark.timeout(60)
def test_each_is_refused_once_and_the_connection_is_closed(davd: Daemon) -> None:
    assert len(BAD_REQUESTS) > 100
    assert _wrong(lambda bad: _sent(davd, _with_login(davd, bad.data))) == []


@pytest.mark.timeout(60)
def test_nothing_that_follows_one_is_a_request(davd: Daemon) -> None:
    assert _wrong(lambda bad: _sent(davd, _with_login(davd, bad.data) + SMUGGLED)) == []


@pytest.mark.timeout(60)
def test_without_a_login_nothing_but_the_status_differs(davd: Daemon) -> None:
    def refused(bad: BadRequest) -> list[int]:
        seen = _sent(davd, bad.data + SMUGGLED)
        # Content that is malformed is not looked at before the login is.
        return [bad.status] if seen == [401] and bad.data.startswith(b"PUT /a ") else seen

    assert _wrong(refused) == []


@pytest.mark.parametrize("pieces", [1, 3])
def test_one_byte_at_a_time_means_the_same(davd: Daemon, pieces: int) -> None:
    def slowly(bad: BadRequest) -> list[int]:
        data = _with_login(davd, bad.data)
        with connect(davd.plain_url) as connection:
            connection.settimeout(10)
            with contextlib.suppress(ConnectionError):
                for place in range(0, len(data), pieces):
                    connection.send(data[place : place + pieces])
            return statuses(until_closed(connection))

    short = [bad for bad in BAD_REQUESTS if len(bad.data) < 200]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(slowly, short))
    assert [(bad.name, seen) for bad, seen in zip(short, found, strict=True) if seen != [bad.status]] == []


def _through(port: int, data: bytes) -> bytes:
    """What a proxy answers to some bytes within a short time."""
    with socket.create_connection(("127.0.0.1", port), 3) as connection:
        received = b""
        with contextlib.suppress(OSError):
            connection.sendall(data)
            connection.settimeout(0.3)
            while piece := connection.recv(65_536):
                received += piece
        return received


@pytest.mark.timeout(90)
@pytest.mark.parametrize("kind", [Nginx, HAProxy])
def test_davd_never_sees_more_requests_than_the_proxy_passed_on(
    davd: Daemon, kind: type[Proxy], tmp_path: Path
) -> None:
    with Tap(address_of(davd.plain_url)) as tap, kind(tmp_path / kind.name, tap.port) as proxy:
        cases = [*[case.data for case in BAD_REQUESTS], *[case.data for case in GOOD_REQUESTS]]

        def tried(data: bytes) -> None:
            _through(proxy.port, _with_login(davd, data) + SMUGGLED)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(tried, cases))
        # Both count at the end of a request: a moment later they have.
        assert wait_until(lambda: proxy.forwarded() > 50, 5)
        settled = wait_until(lambda: tap.answers() <= proxy.forwarded(), 5)
        sys.stdout.write(
            f"{kind.name}: {len(cases)} x 2 requests sent, {proxy.forwarded()} passed on, {tap.answers()} answered\n"
        )
        assert settled, f"{tap.answers()} answers to {proxy.forwarded()} requests"
        assert tap.doubtful() == []
        # The tap does see answers, and the proxy does pass requests on: the comparison is not one of nothing.
        assert tap.answers() > 50
