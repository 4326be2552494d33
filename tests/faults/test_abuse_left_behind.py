"""What a connection leaves behind: in the system when it is reset, in the answers kept for the next one.

Verifies: RFC 6797, 7.2; RFC 9112, 9.5
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon
from tests.faults.raw import Client, address_of, basic, connect, head, sockets, wait_until

CONFIG = "[net]\nsend_timeout = 1.0\nlinger_timeout = 0.5\n"


def _orphans(port: int) -> int:
    """Connections of a local port that the system still tries to end, with bytes that nobody takes."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    waiting = [line for line in lines if line[1].endswith(f":{port:04X}") and line[3] in ("04", "09", "0B")]
    return sum(line[4].partition(":")[0] != "00000000" for line in waiting)


@pytest.mark.parametrize("reactor", ["uvloop", "epoll"])
def test_who_is_let_go_for_not_reading_leaves_nothing_in_the_system(reactor: str) -> None:
    with Daemon(reactor, config=CONFIG) as davd, ExitStack() as stack:
        before = sockets(davd.pid)
        login = {"Authorization": basic(davd.user, davd.password)}
        with Client(davd.plain_url) as client:
            assert client.ask("PUT", davd.home + "large", login, bytes(20 * 1024**2)).status == 201
        assert wait_until(lambda: sockets(davd.pid) <= before, 5)
        for number in range(10):
            connection = stack.enter_context(connect(davd.plain_url, f"127.0.3.{number + 1}", receive_buffer=4096))
            connection.sendall(head("GET", davd.home + "large", login))
        # Those by which the daemon was found to be ready may have been counted before, and be gone by now.
        assert wait_until(lambda: sockets(davd.pid) >= 10, 5)
        assert wait_until(lambda: sockets(davd.pid) <= before, 6)
        assert wait_until(lambda: _orphans(address_of(davd.plain_url)[1]) == 0, 1)


@pytest.mark.parametrize("first", ["tls", "plain"])
def test_only_tls_is_told_to_stay_with_tls(first: str) -> None:
    """RFC 6797, 7.2: not "in HTTP responses conveyed over non-secure transport", recalled ones included."""
    with Daemon() as davd:
        login = {"Authorization": basic(davd.user, davd.password)}
        urls = [davd.url, davd.plain_url] if first == "tls" else [davd.plain_url, davd.url]
        for url in urls * 2:
            with Client(url) as client:
                for _ in range(2):
                    answer = client.ask("GET", davd.home, login)
                    assert answer.fields.get("strict-transport-security") == (
                        "max-age=31536000" if url == davd.url else None
                    )
