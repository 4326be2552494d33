"""What somebody without a password can make the server do, and what nobody can make it read.

Verifies: RFC 9110, 10.1.1, 11.6.1, 15.5.14, 15.5.16; RFC 9112, 9.6; docs/architecture.md, Overload
"""

from __future__ import annotations

import gzip
import socket
import sys
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.daemon import Daemon
from tests.faults.raw import Client, basic, connect, cost, head, statuses, stored, until_closed

MIB = 1024**2
GIB = 1024**3
MOST_READ = 64 * 1024
LIMIT = 1 * MIB
CONFIG = f"""
[net]
linger_timeout = 0.5
[dav]
max_file_bytes = {LIMIT}
"""
CONTENT = bytes(65_536)
CHUNK = b"10000\r\n" + CONTENT + b"\r\n"
# What uvloop takes from a socket at once, whoever sent it; what a guess takes while it is looked at, two at a time.
READ = 256 * 1024
HASH = 19 * MIB
# What the two kernels' buffers hold although nobody has read it, at the very most.
BUFFERS = 16 * MIB


@pytest.fixture(scope="module", params=["uvloop", "epoll"])
def davd(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon that takes files of at most 1 MiB."""
    with Daemon(request.param, config=CONFIG) as daemon:
        # The first log-in makes the account's home.
        with Client(daemon.plain_url) as client:
            assert client.ask("GET", daemon.home, _login(daemon)).status == 200
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()


def _login(davd: Daemon) -> dict[str, str]:
    return {"Authorization": basic(davd.user, davd.password)}


def _flood(davd: Daemon, start: bytes, piece: bytes, most: int) -> tuple[int, bytes]:
    """Send `start`, then pieces as fast as they are taken, at most so many bytes: how many were taken, and the answer.

    The connection must be ended by the server.
    """
    taken = 0
    again = memoryview(piece * 2)
    with connect(davd.plain_url) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        connection.settimeout(0.2)
        deadline = time.monotonic() + 5
        try:
            connection.sendall(start)
            while taken < most and time.monotonic() < deadline:
                try:
                    begun = taken % len(piece)
                    taken += connection.send(again[begun : begun + len(piece)])
                except TimeoutError:
                    continue
        except ConnectionError:
            pass
        assert time.monotonic() < deadline, "the server still listens"
        connection.settimeout(5)
        return taken, until_closed(connection)


def test_content_without_credentials_costs_nothing(davd: Daemon) -> None:
    starts = []
    for secret in (None, "Basic eDp5", "Bearer x", "Basic !"):
        login = {} if secret is None else {"Authorization": secret}
        starts.append((login | {"Content-Length": str(GIB)}, CONTENT))
        starts.append((login | {"Transfer-Encoding": "chunked"}, CHUNK))
    files, before = stored(davd.data).keys(), cost(davd.pid)
    with ThreadPoolExecutor(len(starts)) as pool:
        floods = [
            pool.submit(_flood, davd, head("PUT", davd.home + "large", fields), piece, GIB) for fields, piece in starts
        ]
    after = cost(davd.pid)
    for flood in floods:
        taken, answer = flood.result()
        # An answer that was sent may be lost to the reset that follows: who goes on sending was told.
        assert statuses(answer) in ([401], []), answer
        assert taken < BUFFERS
    sys.stdout.write(f"{(after.read - before.read) // len(starts)} bytes read for each of {len(starts)}\n")
    if davd.reactor == "uvloop":
        # libuv reads by read(2), which the system counts.
        assert after.read - before.read <= len(starts) * (MOST_READ + 2 * READ)
    assert after.resident - before.resident < 8 * MIB + 2 * HASH
    assert stored(davd.data).keys() == files


@pytest.mark.parametrize("framing", [{"Content-Length": str(GIB)}, {"Transfer-Encoding": "chunked"}])
def test_the_refusal_reaches_a_client_that_looks_before_it_goes_on(davd: Daemon, framing: dict[str, str]) -> None:
    with connect(davd.plain_url) as connection:
        connection.sendall(head("PUT", davd.home + "large", framing))
        answer = until_closed(connection)
    assert statuses(answer) == [401]
    assert b"WWW-Authenticate: Basic " in answer


@pytest.mark.parametrize(
    ("login", "length", "status"),
    [(False, 5, 401), (False, GIB, 401), (True, LIMIT + 1, 413), (True, GIB, 413)],
)
def test_nobody_is_told_to_continue_who_must_not(davd: Daemon, login: bool, length: int, status: int) -> None:
    fields = {"Content-Length": str(length), "Expect": "100-continue"} | (_login(davd) if login else {})
    with connect(davd.plain_url) as connection:
        connection.sendall(head("PUT", davd.home + "large", fields))
        answer = until_closed(connection)
    # Were there a 100 (Continue), it would stand first.
    assert statuses(answer) == [status]


def test_who_may_continue_is_told_so(davd: Daemon) -> None:
    fields = {"Content-Length": "5", "Expect": "100-continue", "Connection": "close"} | _login(davd)
    with connect(davd.plain_url) as connection:
        connection.sendall(head("PUT", davd.home + "expected", fields))
        assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert statuses(until_closed(connection)) in ([201], [204])


def test_too_large_a_file_is_refused_before_it_is_read(davd: Daemon) -> None:
    files = stored(davd.data).keys()
    with connect(davd.plain_url) as connection:
        connection.sendall(head("PUT", davd.home + "large", _login(davd) | {"Content-Length": str(LIMIT + 1)}))
        assert statuses(until_closed(connection)) == [413]
    assert stored(davd.data).keys() == files


def test_a_file_that_turns_out_too_large_is_given_up_at_the_limit(davd: Daemon) -> None:
    files, before = stored(davd.data).keys(), cost(davd.pid)
    start = head("PUT", davd.home + "large", _login(davd) | {"Transfer-Encoding": "chunked"})
    taken, answer = _flood(davd, start, CHUNK, GIB)
    assert statuses(answer) in ([413], []), answer
    assert taken < LIMIT + BUFFERS
    if davd.reactor == "uvloop":
        assert cost(davd.pid).read - before.read <= LIMIT + MOST_READ + 3 * READ
    assert stored(davd.data).keys() == files
    with Client(davd.plain_url) as client:
        assert client.ask("GET", davd.home + "large", _login(davd)).status == 404


def test_too_large_an_xml_body_is_refused(davd: Daemon) -> None:
    starts = []
    for method in ("PROPFIND", "PROPPATCH", "REPORT", "LOCK", "MKCOL"):
        fields = _login(davd) | {"Content-Type": "application/xml"}
        starts.append((head(method, davd.home, fields | {"Content-Length": str(GIB)}), CONTENT))
        starts.append((head(method, davd.home, fields | {"Transfer-Encoding": "chunked"}), CHUNK))
    before = cost(davd.pid)
    with ThreadPoolExecutor(len(starts)) as pool:
        floods = [pool.submit(_flood, davd, start, piece, GIB) for start, piece in starts]
    after = cost(davd.pid)
    for flood in floods:
        taken, answer = flood.result()
        assert statuses(answer) in ([413], []), answer
        assert taken < LIMIT + BUFFERS
    # Each of them may be held up to its limit while it comes.
    assert after.resident - before.resident < len(starts) * 2 * MIB


def _bomb(coding: str) -> bytes:
    content = bytes(64 * MIB)
    if coding == "deflate":
        return zlib.compress(content, 9)
    packed = gzip.compress(content, 6)
    return gzip.compress(packed) if "," in coding else packed


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP", "compress", "x"])
def test_coded_content_is_not_unpacked(davd: Daemon, coding: str) -> None:
    files, before = stored(davd.data).keys(), cost(davd.pid)
    content = _bomb(coding)
    with Client(davd.plain_url) as client:
        for method in ("PUT", "PROPFIND", "PROPPATCH", "LOCK", "MKCOL", "REPORT"):
            answer = client.ask(method, davd.home + "bomb", _login(davd) | {"Content-Encoding": coding}, content)
            assert answer.status == 415, method
        assert client.ask("PUT", davd.home + "bomb", {"Content-Encoding": coding}, content).status == 401
        assert client.ask("GET", davd.home + "bomb", _login(davd)).status == 404
    assert stored(davd.data).keys() == files
    after = cost(davd.pid)
    assert after.resident - before.resident < 8 * MIB
    assert after.cpu - before.cpu < 1.0
