"""Clients that count in one file, and clients that all want to have made a file."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable

from tests.faults.linear.servers import Servers

SECONDS = 30


def _together(work: Callable[[int], None], clients: int) -> None:
    """Do something once for each number, all at the same time; the first error is raised."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _link(servers: Servers, number: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", servers.ports[number % len(servers.ports)], timeout=SECONDS)


def _ask(
    link: http.client.HTTPConnection, servers: Servers, method: str, path: str, body: bytes | None = None, **more: str
) -> tuple[int, bytes, str]:
    link.request(method, path, body, servers.login | {name.replace("_", "-"): value for name, value in more.items()})
    response = link.getresponse()
    return response.status, response.read(), response.headers["ETag"] or ""


def count_together(servers: Servers, clients: int, seconds: float) -> tuple[int, int, int]:
    """Let clients read a number and put the next one with If-Match, for so long.

    Gives the number at the end, how many were told to have counted, and how many were refused.
    """
    path = f"{servers.home}counter-{time.monotonic_ns()}"
    first = _link(servers, 0)
    assert _ask(first, servers, "PUT", path, b"0")[0] == 201
    counted, refused = [0] * clients, [0] * clients
    until = time.monotonic() + seconds

    def count(client: int) -> None:
        link = _link(servers, client)
        while time.monotonic() < until:
            status, content, etag = _ask(link, servers, "GET", path)
            assert status == 200, status
            status, _, _ = _ask(link, servers, "PUT", path, b"%d" % (int(content) + 1), If_Match=etag)
            assert status in (204, 412), status
            counted[client] += status == 204
            refused[client] += status == 412
        link.close()

    _together(count, clients)
    final = int(_ask(first, servers, "GET", path)[1])
    first.close()
    return final, sum(counted), sum(refused)


def create_together(servers: Servers, clients: int, rounds: int) -> list[int]:
    """Let clients put a file with If-None-Match: * at the same moment, so many times; how many had made it each time.

    AssertionError when the content is not that of the one who has.
    """
    folder = f"{servers.home}race-{time.monotonic_ns()}/"
    first = _link(servers, 0)
    assert _ask(first, servers, "MKCOL", folder)[0] == 201
    start = threading.Barrier(clients)
    won: list[list[int]] = [[] for _ in range(rounds)]

    def create(client: int) -> None:
        link = _link(servers, client)
        for number in range(rounds):
            start.wait(SECONDS)
            status, _, _ = _ask(link, servers, "PUT", f"{folder}{number}", b"%d" % client, If_None_Match="*")
            assert status in (201, 412), status
            if status == 201:
                won[number].append(client)
        link.close()

    _together(create, clients)
    for number, winners in enumerate(won):
        status, content, _ = _ask(first, servers, "GET", f"{folder}{number}")
        assert (status, [int(content)]) == (200, winners[:1]), (number, winners, content)
    first.close()
    return [len(winners) for winners in won]
