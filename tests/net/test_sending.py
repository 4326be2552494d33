"""Response content on its way out, over an outlet that keeps what it is given.

Verifies: RFC 9112, 7.1
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from davd.http.response import FileRange
from davd.net.sending import PIECE, Short, drop, send


class Outlet:
    """Takes everything; has room only when told so, once `slow` is set."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.slow = False
        self.waiting: Deferred[None] | None = None

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def flushed(self) -> Deferred[None] | None:
        if not self.slow:
            return None
        self.waiting = Deferred()
        return self.waiting

    def send_file(self, head: bytes, descriptor: int, offset: int, length: int) -> Deferred[None] | None:
        return None


class TestSend(SynchronousTestCase):
    """Verifies: RFC 9112, 7.1."""

    def setUp(self) -> None:
        self.outlet = Outlet()
        self.closed = 0
        self.ended = 0

    def file(self, content: bytes, offset: int, length: int) -> FileRange:
        descriptor, path = tempfile.mkstemp()
        os.unlink(path)
        os.write(descriptor, content)

        def close() -> None:
            self.closed += 1
            os.close(descriptor)

        return FileRange(descriptor, offset, length, close)

    async def pieces(self, *pieces: bytes) -> AsyncIterator[bytes]:
        try:
            for piece in pieces:
                yield piece
        finally:
            self.ended += 1

    def send(self, body: Any, chunked: bool = False, promised: int | None = None) -> Deferred[None]:
        return Deferred.fromCoroutine(send(self.outlet, b"HEAD", body, chunked, promised))

    def sent(self, body: Any, chunked: bool = False, promised: int | None = None) -> bytes:
        self.successResultOf(self.send(body, chunked, promised))
        return b"".join(self.outlet.written)

    def test_bytes(self) -> None:
        self.assertEqual(self.sent(b"body"), b"HEADbody")
        self.assertEqual(len(self.outlet.written), 1)

    def test_a_file_is_read_in_pieces(self) -> None:
        content = os.urandom(3 * PIECE + 5)
        self.assertEqual(self.sent(self.file(content, 1, len(content) - 1)), b"HEAD" + content[1:])
        self.assertEqual((len(self.outlet.written), self.closed), (4, 1))

    def test_an_empty_stretch(self) -> None:
        self.assertEqual(self.sent(self.file(b"x", 0, 0)), b"HEAD")
        self.assertEqual(self.closed, 1)

    def test_a_file_waits_for_the_client(self) -> None:
        self.outlet.slow = True
        sending = self.send(self.file(bytes(3 * PIECE), 0, 3 * PIECE))
        for number in (1, 2, 3):
            self.assertNoResult(sending)
            self.assertEqual(len(self.outlet.written), number)
            assert self.outlet.waiting is not None
            self.outlet.waiting.callback(None)
        self.successResultOf(sending)
        self.assertEqual(self.closed, 1)

    def test_a_file_that_is_too_short(self) -> None:
        self.failureResultOf(self.send(self.file(b"abc", 0, 10)), Short)
        self.assertEqual(self.closed, 1)

    def test_pieces_of_both_kinds(self) -> None:
        body = [b"one", self.file(b"xtwox", 1, 3), b"three", b"four"]
        self.assertEqual(self.sent(body), b"HEADonetwothreefour")
        self.assertEqual((len(self.outlet.written), self.closed), (2, 1))

    def test_chunks(self) -> None:
        sent = self.sent(self.pieces(b"ab", b"", b"c" * 16), chunked=True)
        self.assertEqual(sent, b"HEAD2\r\nab\r\n10\r\n" + b"c" * 16 + b"\r\n0\r\n\r\n")
        self.assertEqual(self.ended, 1)

    def test_no_chunks_at_all(self) -> None:
        self.assertEqual(self.sent(self.pieces(), chunked=True), b"HEAD0\r\n\r\n")

    def test_no_pieces_without_chunks(self) -> None:
        self.assertEqual(self.sent(self.pieces()), b"HEAD")

    def test_a_promise_is_kept_or_broken_off(self) -> None:
        self.assertEqual(self.sent(self.pieces(b"ab", b"c"), promised=3), b"HEADabc")
        self.outlet.written.clear()
        self.failureResultOf(self.send(self.pieces(b"ab", b"cd"), promised=3), Short)
        self.assertEqual(self.outlet.written, [b"HEADab"])
        self.failureResultOf(self.send(self.pieces(b"ab"), promised=3), Short)
        self.assertEqual(self.ended, 3)

    def test_cancelled_while_waiting(self) -> None:
        self.outlet.slow = True
        sending = self.send(self.pieces(b"a", b"b"))
        sending.cancel()
        self.failureResultOf(sending)
        self.assertEqual(self.ended, 1)

    def test_dropped_content_is_released(self) -> None:
        drop(self.file(b"x", 0, 1))
        drop([b"x", self.file(b"x", 0, 1), self.file(b"x", 0, 1)])
        drop(b"")
        self.assertEqual(self.closed, 3)

    def test_what_cannot_be_released_is_logged(self) -> None:
        def fail() -> None:
            raise OSError

        drop(FileRange(-1, 0, 1, fail))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
