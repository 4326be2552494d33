"""Answers octet by octet, from a server that says what it is told to say.

Verifies: RFC 9112, 6, 7.1, 9.3; RFC 9110, 10.1.1
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from davd.daemon.doctor.connect import Origin, context_of
from davd.daemon.doctor.line import CHUNKED, EXPECT, Line
from davd.daemon.doctor.reply import Fault

Said = bytes | None


@contextmanager
def saying(*connections: Sequence[Said], seconds: float = 5.0) -> Iterator[tuple[Line, list[bytes]]]:
    """A line to a server that answers each request of each connection in turn; None is silence. What it heard, too."""
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []
    released = threading.Event()

    def serve() -> None:
        for answers in connections:
            connection, _ = listener.accept()
            with connection:
                for answer in answers:
                    heard.append(connection.recv(65536))
                    if answer is None:
                        released.wait(10)
                        break
                    connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    line = Line(Origin("http", "127.0.0.1", listener.getsockname()[1]), context_of(None, True), seconds)
    try:
        yield line, heard
    finally:
        released.set()
        line.close()
        thread.join()
        listener.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class TestAnswers:
    """Verifies: RFC 9112, 6, 7.1"""

    @pytest.mark.parametrize(
        ("octets", "body"),
        [
            (OK, b"ok"),
            (b"HTTP/1.1 103 Early\r\n\r\n" + OK, b"ok"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n",
                b"abcde",
            ),
            (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
            (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x"),
        ],
    )
    def test_bodies(self, octets: bytes, body: bytes) -> None:
        with saying([octets]) as (line, _):
            reply = line.ask("GET", "/", [])
            assert (reply.status, reply.body) == (200, body)

    @pytest.mark.parametrize(
        ("octets", "key"),
        [
            (b"", "closed"),
            (b"\0\0\x12\x04\0\0\0\0\0", "not-http"),
            (b"HTTP/1.1 two hundred\r\n\r\n", "not-http"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "cut"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "cut"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "not-http"),
        ],
    )
    def test_faults(self, octets: bytes, key: str) -> None:
        with saying([octets]) as (line, _), pytest.raises(Fault) as caught:
            line.ask("PROPFIND", "/", [])
        assert caught.value.key == key

    def test_silence(self) -> None:
        with saying([None], seconds=0.2) as (line, _), pytest.raises(Fault) as caught:
            line.ask("REPORT", "/", [])
        assert (caught.value.key, caught.value.detail["seconds"]) == ("no-answer", "0.2")


class TestConnections:
    """Verifies: RFC 9112, 9.3"""

    def test_is_kept(self) -> None:
        with saying([OK, OK]) as (line, heard):
            assert [line.ask("GET", "/", []).status for _ in range(2)] == [200, 200]
        assert len(heard) == 2

    def test_one_that_was_closed_meanwhile_is_made_anew(self) -> None:
        with saying([OK], [OK]) as (line, _):
            assert [line.ask("GET", "/", []).status for _ in range(2)] == [200, 200]

    def test_close_is_obeyed(self) -> None:
        closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        with saying([closing], [OK]) as (line, _):
            assert [line.ask("GET", "/", []).status for _ in range(2)] == [200, 200]


class TestContents:
    """Verifies: RFC 9110, 10.1.1; RFC 9112, 7.1"""

    def test_chunks(self) -> None:
        with saying([OK]) as (line, heard):
            line.ask("PUT", "/", [], b"abcd", CHUNKED)
        assert heard[0].endswith(b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")

    @pytest.mark.parametrize(
        ("first", "status", "continued"),
        [
            (b"HTTP/1.1 100 Continue\r\n\r\n", 200, True),
            (b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", 417, True),
        ],
    )
    def test_expectation(self, first: bytes, status: int, continued: bool) -> None:
        answers: list[Said] = [first, OK] if status == 200 else [first]
        with saying(answers) as (line, heard):
            reply = line.ask("PUT", "/", [], b"abcd", EXPECT)
        assert (reply.status, reply.continued) == (status, continued)
        assert b"abcd" not in heard[0]

    def test_waiting_ends(self) -> None:
        """The first request is read in two parts, the content when nothing was said."""
        quiet: Callable[[], list[Said]] = lambda: [b"", OK]  # noqa: E731
        with saying(quiet(), seconds=0.5) as (line, heard):
            reply = line.ask("PUT", "/", [], b"abcd", EXPECT)
        assert (reply.status, reply.continued, heard[1]) == (200, False, b"abcd")
