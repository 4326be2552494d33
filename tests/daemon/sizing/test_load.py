"""Requests at their times, over connections that are kept, cut or refused.

Verifies: RFC 9112, 6, 7.1, 9.3
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from davd.daemon.doctor.connect import Origin, context_of
from davd.daemon.doctor.reply import Reply
from davd.daemon.sizing.calendars import Query
from davd.daemon.sizing.load import Load, Measured, percentile, whole

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def query(at: float, kind: str) -> Query:
    """A request whose answer has to be `ok`."""
    return Query("PUT", "/", (("A", "b"),), b"abc", lambda reply: "" if reply.body == b"ok" else "not ok")


def load_on(answers: Sequence[bytes], plan: Sequence[tuple[float, str]], most: int = 4) -> tuple[Measured, int]:
    """What comes of a plan at a server that gives these answers to each connection in turn, then closes; how many."""

    async def whole_of_it() -> tuple[Measured, int]:
        connections = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            try:
                for answer in answers:
                    head = await reader.readuntil(b"\r\n\r\n")
                    assert b"Content-Length: 3\r\n" in head
                    assert await reader.readexactly(3) == b"abc"
                    writer.write(answer)
            except asyncio.IncompleteReadError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        load = Load(Origin("http", "127.0.0.1", port), context_of(None, True), most)
        measured = await load.run(plan, query)
        load.close()
        server.close()
        await server.wait_closed()
        return measured, connections

    return asyncio.run(whole_of_it())


class TestRun:
    """Verifies: RFC 9112, 9.3"""

    def test_connections_are_kept(self) -> None:
        measured, connections = load_on([OK] * 9, [(0.0, "x")] * 9, most=1)
        assert (len(measured.seconds), measured.errors, connections) == (9, [], 1)
        assert len(measured.late) == 9

    def test_no_more_connections_than_allowed(self) -> None:
        measured, connections = load_on([OK] * 20, [(0.0, "x")] * 20, most=3)
        assert (len(measured.seconds), connections) == (20, 3)

    def test_a_wrong_answer_is_no_answer(self) -> None:
        measured, _ = load_on([OK.replace(b"ok", b"no")], [(0.0, "x")])
        assert (measured.seconds, measured.errors) == ([], ["PUT: not ok"])

    def test_a_connection_that_is_cut(self) -> None:
        measured, _ = load_on([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"], [(0.0, "x")])
        assert measured.errors == ["the connection was closed without an answer"]

    def test_one_that_the_server_closes_is_not_used_again(self) -> None:
        closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        measured, connections = load_on([closing], [(0.0, "x"), (0.05, "x")], most=2)
        assert (len(measured.seconds), connections) == (2, 2)

    def test_nobody_listens(self) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            origin = Origin("http", "127.0.0.1", held.getsockname()[1])
            measured = asyncio.run(Load(origin, context_of(None, True), 2).run([(0.0, "x")], query))
        assert len(measured.errors) == 1
        assert measured.errors[0].startswith("no connection: ")


@pytest.mark.parametrize(
    ("octets", "body"),
    [
        (OK, b"ok"),
        (OK[:-1], None),
        (b"HTTP/1.1 204 No\r\nA: b", None),
        (b"HTTP/1.1 204 No\r\nA: b\r\n\r\n", b""),
        (b"HTTP/1.1 207 M\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"HTTP/1.1 207 M\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", None),
        (b"HTTP/1.1 207 M\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na", None),
    ],
)
def test_whole(octets: bytes, body: bytes | None) -> None:
    """Verifies: RFC 9112, 6, 7.1"""
    reply: Reply | None = whole(octets)
    assert (None if reply is None else reply.body) == body


def test_percentile() -> None:
    assert percentile([], 0.95) == 0.0
    assert percentile(list(range(100)), 0.95) == 95
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
