"""The counters of a running server are true.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.daemon.twistd import PLAIN, Running, ask, basic

PROPFIND = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'


@pytest.fixture(params=["uvloop", "epoll"])
def reactor(request: pytest.FixtureRequest) -> str:
    """The word behind `-r`."""
    return str(request.param)


class TestStatistics:
    """Verifies: docs/architecture.md, Admission"""

    def test_every_request_is_counted_once(self, tmp_path: Path, reactor: str) -> None:
        with Running(tmp_path, reactor=reactor, words=["--admin", PLAIN]) as davd:
            login = basic("admin", davd.password)
            asked: Counter[int] = Counter()
            connection = davd.connect()

            def say(method: str, path: str, body: bytes | None = None, **fields: str) -> None:
                asked[ask(connection, method, path, body, fields).status] += 1

            for number in range(20):
                say("PUT", f"/files/admin/{number}", b"content", **login)
            for _ in range(30):
                say("GET", "/files/admin/0", **login)
                say("PROPFIND", "/files/admin/", PROPFIND, Depth="1", **login)
                say("GET", "/files/admin/nothing", **login)
            say("GET", "/files/admin/0")
            say("OPTIONS", "/")
            say("NONSENSE", "/", **login)
            connection.close()
            one = f"GET /files/admin/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login['Authorization']}\r\n\r\n"
            with davd.socket() as pipelined:
                for _ in range(2):
                    pipelined.sendall(one.encode() * 100)
                    received = b""
                    while received.count(b"HTTP/1.1 200") < 100:
                        received += pipelined.recv(1 << 16)
                    asked[200] += 100

            counted = davd.statistics()
            pool, total = counted["pool"], sum(asked.values())
            assert counted["connections"]["requests"] == total
            # What no server can do is a 501, and counts as failed.
            assert (pool["total_requests"], pool["completed_requests"], pool["failed_requests"]) == (
                total,
                total - 1,
                1,
            )
            assert (pool["in_flight"], pool["current_queue_size"]) == (0, 0)
            assert pool["instants"] == counted["connections"]["recalled"] == counted["answers"]["recalled"] > 200
            assert {int(status): count for status, count in counted["statuses"].items()} == asked
            assert sum(route["count"] for route in counted["routes"]) == total
            processed = sum(histogram["number"] for histogram in pool["processing"].values())
            assert processed + pool["instants"] == total
            assert counted["reactor"]["longest"] >= 0.0
            assert counted["store"]["commits.count"] >= 20
