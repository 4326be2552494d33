"""HTTP/1.1 on every transport.

Verifies: RFC 9112, 2.2, 3, 6, 7, 9; RFC 9110, 8.6, 9.3.2, 10.1.1, 15.5.9
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import AsyncIterator
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase

from davd.http.request import Request
from davd.http.response import FileRange, Response
from davd.model.errors import HTTPError
from tests.net.client import Client
from tests.net.worlds import InMemory, OverTwisted, OverTwistedTLS, OverUvloop, OverUvloopTLS, World, scenario

GET = b"GET %b HTTP/1.1\r\nHost: test\r\n\r\n"
MIB = 1024 * 1024


class Waiting:
    """An answer that is given when the test says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.deferreds: list[Deferred[None]] = []
        self.cancelled = 0

    async def __call__(self, request: Request) -> Response:
        waiting: Deferred[None] = Deferred()
        self.deferreds.append(waiting)
        try:
            await waiting
        except CancelledError:
            self.cancelled += 1
            raise
        return Response(200, {}, request.path.encode())

    def here(self, number: int = 1) -> None:
        """Wait until so many requests wait."""
        self.world.until(lambda: len(self.deferreds) >= number)

    def go(self, index: int = 0) -> None:
        """Give an answer."""
        self.world.call(self.deferreds[index].callback, None)


async def echo(request: Request) -> Response:
    """Send back what came, and the trailers after it."""
    data = await request.body.read(16 * MIB)
    trailers = "".join(f"{name}={value};" for name, value in request.body.trailers.items())
    return Response(200, {"Content-Type": "text/plain"}, data + trailers.encode())


async def kept(request: Request) -> Response:
    """An answer that may be kept."""
    return Response(200, {"Content-Type": "text/plain"}, b"kept", ticket="ticket")


def file_range(content: bytes, closed: list[int], offset: int = 0, length: int | None = None) -> FileRange:
    """A stretch of a new file."""
    file = tempfile.TemporaryFile()
    file.write(content)
    file.flush()

    def close() -> None:
        closed.append(file.fileno())
        file.close()

    return FileRange(file.fileno(), offset, len(content) - offset if length is None else length, close)


class Pieces:
    """An asynchronous iterator that counts what it gave and whether it was ended."""

    def __init__(self, *pieces: bytes, fail: Exception | None = None) -> None:
        self.pieces = pieces
        self.fail = fail
        self.given = 0
        self.ended = 0

    def __call__(self) -> AsyncIterator[bytes]:
        return self._run()

    async def _run(self) -> AsyncIterator[bytes]:
        try:
            for piece in self.pieces:
                self.given += 1
                yield piece
            if self.fail is not None:
                raise self.fail
        finally:
            self.ended += 1


class Scenarios:
    """What holds on every transport."""

    # Connections

    @scenario()
    def test_a_connection_persists(self, world: World) -> None:
        client = world.connect()
        for path in (b"/a", b"/b", b"/c"):
            reply = client.request(b"GET " + path + b" HTTP/1.1")
            assert (reply.status, reply.body) == (200, b"GET " + path + b"\n")
            assert "connection" not in reply.headers
            assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", reply.headers["date"])
        assert world.site.statistics.accepted == 1
        assert world.site.statistics.requests == 3

    @scenario()
    def test_close_is_answered_and_done(self, world: World) -> None:
        client = world.connect()
        reply = client.request(b"GET / HTTP/1.1\r\nConnection: close")
        assert reply.headers["connection"] == "close"
        assert client.ended()

    @scenario()
    def test_a_response_may_close(self, world: World) -> None:
        async def last(request: Request) -> Response:
            return Response(200, {}, b"bye", close=True)

        world.application.otherwise = last
        client = world.connect()
        assert client.request(b"GET / HTTP/1.1").headers["connection"] == "close"
        assert client.ended()

    @scenario()
    def test_http_1_0_closes_unless_asked(self, world: World) -> None:
        client = world.connect()
        assert client.request(b"GET / HTTP/1.0").headers["connection"] == "close"
        assert client.ended()
        client = world.connect()
        for _ in range(2):
            reply = client.request(b"GET / HTTP/1.0\r\nConnection: keep-alive")
            assert reply.headers["connection"] == "keep-alive"

    @scenario()
    def test_pipelined_requests_are_answered_in_their_order(self, world: World) -> None:
        slow = Waiting(world)
        world.application.answers["/slow"] = slow
        client = world.connect()
        client.send(GET % b"/1" + GET % b"/slow" + GET % b"/2" + GET % b"/slow" + GET % b"/3")
        assert client.reply().body == b"GET /1\n"
        slow.here(1)
        # What comes after a request that waits has not even been begun.
        assert [request.path for request in world.application.requests] == ["/1", "/slow"]
        slow.go(0)
        assert client.reply().body == b"/slow"
        assert client.reply().body == b"GET /2\n"
        slow.here(2)
        slow.go(1)
        assert client.reply().body == b"/slow"
        assert client.reply().body == b"GET /3\n"

    @scenario()
    def test_a_thousand_pipelined_requests(self, world: World) -> None:
        client = world.connect()
        client.send(b"".join(GET % f"/{n}".encode() for n in range(1000)))
        for n in range(1000):
            assert client.reply().body == b"GET /%d\n" % n

    @scenario()
    def test_a_head_in_pieces(self, world: World) -> None:
        client = world.connect()
        for byte in GET % b"/pieces":
            client.send(bytes((byte,)))
        assert client.reply().body == b"GET /pieces\n"

    # Finished answers

    @scenario()
    def test_what_has_a_ticket_is_remembered_and_recalled(self, world: World) -> None:
        world.application.answers["/kept"] = kept
        client = world.connect()
        first = client.request(b"GET /kept HTTP/1.1")
        second = client.request(b"GET /kept HTTP/1.1")
        assert second.body == first.body == b"kept"
        strip = re.compile(rb"Date: .{29}\r\n")
        assert strip.sub(b"", first.head) == strip.sub(b"", second.head)
        assert re.search(rb"\r\nDate: .{29}\r\n", second.head)
        assert world.application.tickets == ["ticket"]
        assert len(world.application.requests) == 1
        world.until(lambda: world.site.statistics.recalled == 1)
        assert world.site.statistics.requests == 2

    @scenario()
    def test_recalled_and_other_requests_in_one_packet(self, world: World) -> None:
        world.application.answers["/kept"] = kept
        client = world.connect()
        client.request(b"GET /kept HTTP/1.1")
        client.send((GET % b"/kept" + GET % b"/other") * 3 + GET % b"/kept")
        bodies = [client.reply().body for _ in range(7)]
        assert bodies == [b"kept", b"GET /other\n"] * 3 + [b"kept"]
        world.until(lambda: world.site.statistics.recalled == 4)

    @scenario()
    def test_what_closes_or_has_content_is_not_remembered(self, world: World) -> None:
        world.application.otherwise = kept
        client = world.connect()
        client.request(b"GET /a HTTP/1.1\r\nContent-Length: 2", b"ab")
        client.request(b"GET /a HTTP/1.1\r\nConnection: close")
        world.call(lambda: None)
        assert world.application.kept == {}

    # Content of requests

    @scenario()
    def test_content_with_a_length(self, world: World) -> None:
        world.application.otherwise = echo
        client = world.connect()
        data = os.urandom(3 * MIB)
        for _ in range(2):
            assert client.request(b"PUT / HTTP/1.1\r\nContent-Length: %d" % len(data), data).body == data

    @scenario()
    def test_chunked_content_with_trailers(self, world: World) -> None:
        world.application.otherwise = echo
        client = world.connect()
        chunks = b"5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\nDigest-Note: a\r\nX-Two: b\r\n\r\n"
        reply = client.request(b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked", chunks)
        assert reply.body == b"hello worlddigest-note=a;x-two=b;"
        assert client.request(b"GET /next HTTP/1.1").status == 200

    @scenario()
    def test_100_continue_waits_for_the_first_receive(self, world: World) -> None:
        gate: Deferred[None] = Deferred()

        async def guarded(request: Request) -> Response:
            await gate
            return await echo(request)

        world.application.otherwise = guarded
        client = world.connect()
        client.send(b"PUT / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        world.until(lambda: world.application.requests)
        world.call(gate.callback, None)
        assert client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"hello")
        assert client.reply().body == b"hello"
        assert client.request(b"GET /next HTTP/1.1").status == 200

    @scenario()
    def test_a_refusal_without_100_continue_closes(self, world: World) -> None:
        async def refuse(request: Request) -> Response:
            return Response(401, {"WWW-Authenticate": "Basic"}, b"who?")

        world.application.otherwise = refuse
        client = world.connect()
        reply = client.request(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5")
        assert (reply.status, reply.headers["connection"]) == (401, "close")
        self._lingered(world, client)

    @scenario()
    def test_little_unread_content_is_thrown_away(self, world: World) -> None:
        client = world.connect()
        reply = client.request(b"PUT /a HTTP/1.1\r\nContent-Length: 1000", b"x" * 400)
        assert (reply.status, "connection" in reply.headers) == (200, False)
        client.send(b"x" * 600)
        assert client.request(b"GET /next HTTP/1.1").body == b"GET /next\n"

    @scenario()
    def test_much_unread_content_ends_the_connection_after_the_answer(self, world: World) -> None:
        async def refuse(request: Request) -> Response:
            return Response(413, {}, b"too much")

        world.application.otherwise = refuse
        client = world.connect()
        client.send(b"PUT /a HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000000\r\n\r\n")
        client.socket.settimeout(0.3)
        try:
            client.send(b"x" * (4 * MIB))
        except OSError:
            # It is no longer read: the client may feel that, but the answer is there.
            pass
        reply = client.reply()
        assert (reply.status, reply.body, reply.headers["connection"]) == (413, b"too much", "close")
        world.advance(6)
        if world.memory:
            assert client.ended()
        world.until(lambda: not world.connections())

    @scenario(read_ahead=65_536)
    def test_content_that_nobody_wants_stays_with_the_client(self, world: World) -> None:
        waiting = Waiting(world)
        world.application.otherwise = waiting
        client = world.connect()
        client.send(b"PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000000\r\n\r\n")
        waiting.here()
        client.socket.settimeout(0.3)
        sent = 0
        try:
            while sent < 64 * MIB:
                client.send(b"x" * 65_536)
                sent += 65_536
        except TimeoutError:
            pass
        (connection,) = world.connections()
        # Two socket buffers and one read are all that lies between.
        assert sent < 32 * MIB
        assert world.call(lambda: connection._decoder.buffered) <= 65_536 + 262_144
        waiting.go()

    @scenario()
    def test_content_cut_short_is_an_error_to_who_reads_it(self, world: World) -> None:
        seen: list[int] = []

        async def reading(request: Request) -> Response:
            try:
                return await echo(request)
            except HTTPError as error:
                seen.append(error.status)
                raise

        world.application.otherwise = reading
        client = world.connect()
        client.send(b"PUT / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
        world.until(lambda: world.application.requests)
        client.send(b"loX\r\n")
        assert client.reply().status == 500
        self._lingered(world, client)
        assert seen == [400]
        if isinstance(self, TestCase):
            assert self.flushLoggedErrors(HTTPError)

    # Content of responses

    @scenario()
    def test_head_has_the_head_alone(self, world: World) -> None:
        closed: list[int] = []

        async def answer(request: Request) -> Response:
            return Response(200, {}, file_range(b"x" * 5000, closed))

        world.application.otherwise = answer
        client = world.connect()
        reply = client.request(b"HEAD / HTTP/1.1")
        assert reply.headers["content-length"] == "5000"
        assert client.request(b"GET / HTTP/1.1").body == b"x" * 5000
        world.until(lambda: len(closed) == 2)

    @scenario()
    def test_a_file_leaves_whole(self, world: World) -> None:
        content = os.urandom(3 * MIB)
        closed: list[int] = []

        async def answer(request: Request) -> Response:
            return Response(200, {}, file_range(content, closed, offset=11))

        world.application.otherwise = answer
        client = world.connect()
        for _ in range(3):
            assert client.request(b"GET / HTTP/1.1").body == content[11:]
        world.until(lambda: len(closed) == 3)

    @scenario()
    def test_files_leave_behind_answers_that_were_not_read(self, world: World) -> None:
        content = os.urandom(2 * MIB)
        closed: list[int] = []

        async def answer(request: Request) -> Response:
            body = content if request.path == "/bytes" else file_range(content, closed)
            return Response(200, {}, body)

        world.application.otherwise = answer
        client = world.connect()
        client.send((GET % b"/bytes" + GET % b"/file") * 3)
        for _ in range(6):
            assert client.reply().body == content
        world.until(lambda: len(closed) == 3)

    @scenario()
    def test_several_stretches_and_what_is_between_them(self, world: World) -> None:
        content = os.urandom(MIB)
        closed: list[int] = []

        async def answer(request: Request) -> Response:
            few, all_of_it = file_range(content, closed, 5, 10), file_range(content, closed)
            return Response(206, {}, [b"--x\r\n", few, b"\r\n--x\r\n", all_of_it, b"--x--"])

        world.application.otherwise = answer
        client = world.connect()
        expected = b"--x\r\n" + content[5:15] + b"\r\n--x\r\n" + content + b"--x--"
        for _ in range(2):
            assert client.request(b"GET / HTTP/1.1").body == expected
        world.until(lambda: len(closed) == 4)

    @scenario()
    def test_a_file_that_has_shrunk_breaks_the_connection(self, world: World) -> None:
        closed: list[int] = []

        async def answer(request: Request) -> Response:
            return Response(200, {}, file_range(b"short", closed, length=100_000))

        world.application.otherwise = answer
        client = world.connect()
        client.send(GET % b"/")
        try:
            client.reply()
        except (EOFError, OSError):
            pass
        else:
            raise AssertionError("the answer seemed complete")
        world.until(lambda: len(closed) == 1)

    @scenario()
    def test_an_iterator_is_chunked(self, world: World) -> None:
        pieces = Pieces(b"one", b"", b"two", b"x" * 100_000)

        async def answer(request: Request) -> Response:
            return Response(200, {}, pieces())

        world.application.otherwise = answer
        client = world.connect()
        reply = client.request(b"GET / HTTP/1.1")
        assert reply.chunked
        assert reply.body == b"onetwo" + b"x" * 100_000
        reply = client.request(b"GET / HTTP/1.0")
        assert (reply.chunked, reply.headers["connection"], reply.body) == (False, "close", b"onetwo" + b"x" * 100_000)
        assert pieces.ended == 2

    @scenario()
    def test_an_iterator_with_a_promised_length(self, world: World) -> None:
        async def answer(request: Request) -> Response:
            return Response(200, {"Content-Length": "6"}, Pieces(b"one", b"two")())

        world.application.otherwise = answer
        client = world.connect()
        for _ in range(2):
            reply = client.request(b"GET / HTTP/1.1")
            assert (reply.chunked, reply.body) == (False, b"onetwo")

    def _broken(self, world: World, promise: dict[str, str], pieces: Pieces) -> None:
        async def answer(request: Request) -> Response:
            return Response(200, dict(promise), pieces())

        world.application.otherwise = answer
        client = world.connect()
        client.send(GET % b"/")
        try:
            client.reply()
        except (EOFError, OSError):
            pass
        else:
            raise AssertionError("the answer seemed complete")
        assert pieces.ended == 1

    @scenario()
    def test_an_iterator_that_fails_breaks_the_connection(self, world: World) -> None:
        self._broken(world, {}, Pieces(b"one", b"two", fail=RuntimeError("no more")))

    @scenario()
    def test_an_iterator_that_keeps_no_promise_breaks_the_connection(self, world: World) -> None:
        self._broken(world, {"Content-Length": "9"}, Pieces(b"one", b"two"))

    @scenario()
    def test_a_client_that_does_not_read_stops_the_iterator(self, world: World) -> None:
        pieces = Pieces(*[bytes(65_536)] * 2000)

        async def answer(request: Request) -> Response:
            return Response(200, {}, pieces())

        world.application.otherwise = answer
        client = world.connect()
        client.send(GET % b"/")
        world.until(lambda: world.connections() and not world.connections()[0]._writable)
        # The system takes a few MiB for itself; the other hundred stay where they are.
        given = world.call(lambda: pieces.given)
        assert given < 500
        assert len(client.reply().body) == 2000 * 65_536
        assert pieces.ended == 1

    @scenario()
    def test_a_client_that_goes_ends_what_was_being_sent(self, world: World) -> None:
        pieces = Pieces(*[bytes(65_536)] * 2000)
        closed: list[int] = []

        async def answer(request: Request) -> Response:
            if request.path == "/file":
                return Response(200, {}, file_range(bytes(100 * MIB), closed))
            return Response(200, {}, pieces())

        world.application.otherwise = answer
        for path in (b"/pieces", b"/file"):
            client = world.connect()
            client.send(GET % path)
            client.until(b"\r\n\r\n")
            client.close()
            world.until(lambda: not world.connections())
        assert pieces.ended == 1
        assert pieces.given < 2000
        assert len(closed) == 1

    @scenario()
    def test_a_client_that_goes_cancels_its_request(self, world: World) -> None:
        waiting = Waiting(world)
        world.application.otherwise = waiting
        client = world.connect()
        client.send(b"PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc")
        waiting.here()
        self._leave(world, client)
        assert waiting.cancelled == 1

    @scenario()
    def test_a_client_that_goes_does_not_cancel_a_commit(self, world: World) -> None:
        waiting = Waiting(world)
        finished: list[int] = []
        closed: list[int] = []

        async def commit(request: Request) -> Response:
            request.committing = True
            response = await waiting(request)
            finished.append(1)
            response.body = file_range(b"x", closed)
            return response

        world.application.otherwise = commit
        client = world.connect()
        client.send(GET % b"/")
        waiting.here()
        self._leave(world, client)
        assert waiting.cancelled == 0
        waiting.go()
        assert (len(finished), len(closed)) == (1, 1)

    def _lingered(self, world: World, client: Client) -> None:
        """See the connection end; where its halves cannot be closed one by one, that takes the time of lingering."""
        if world.memory:
            world.advance(3)
        assert client.ended()

    def _leave(self, world: World, client: Client) -> None:
        """Go away so that the server cannot but notice."""
        if not world.memory:
            (connection,) = world.connections()
            world.call(connection.abort)
        client.close()
        world.until(lambda: not world.connections())

    # Errors

    @scenario()
    def test_what_is_no_request_is_refused_and_the_connection_ended(self, world: World) -> None:
        for bad, status in (
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (b"GET / HTTP/3.1\r\nHost: a\r\n\r\n", 505),
            (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431),
            (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
            (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 1\r\n\r\n", 417),
            (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ):
            client = world.connect()
            client.send(bad)
            reply = client.reply()
            assert (reply.status, reply.headers["connection"]) == (status, "close"), bad[:60]
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert ("strict-transport-security" in reply.headers) is world.tls
            self._lingered(world, client)
        assert world.application.requests == []
        assert world.site.statistics.faults == 9
        assert [status for _, status in world.application.refusals] == [400, 400, 505, 414, 431, 431, 501, 417, 400]

    @scenario()
    def test_requests_before_a_bad_one_are_answered(self, world: World) -> None:
        client = world.connect()
        client.send(GET % b"/good" + b"BAD\r\n\r\n" + GET % b"/never")
        assert client.reply().body == b"GET /good\n"
        assert client.reply().status == 400
        assert len(world.application.requests) == 1

    @scenario()
    def test_an_exception_becomes_a_bare_500(self, world: World) -> None:
        async def fail(request: Request) -> Response:
            raise RuntimeError("secret")

        async def fail_later(request: Request) -> Response:
            later: Deferred[None] = Deferred()
            world.clock.callLater(1, later.callback, None)
            await later
            raise RuntimeError("secret")

        world.application.answers = {"/now": fail, "/later": fail_later}
        for path in (b"/now", b"/later"):
            client = world.connect()
            client.send(GET % path)
            world.until(lambda: len(world.application.requests))
            world.advance(1)
            reply = client.reply()
            assert reply.status == 500
            assert b"secret" not in reply.head + reply.body
            world.application.requests.clear()
        if isinstance(self, TestCase):
            assert len(self.flushLoggedErrors(RuntimeError)) == 2

    @scenario()
    def test_a_response_that_would_split_becomes_a_500(self, world: World) -> None:
        async def split(request: Request) -> Response:
            return Response(200, {"X-Note": "a\r\nSet-Cookie: b"}, b"")

        world.application.otherwise = split
        client = world.connect()
        reply = client.request(b"GET / HTTP/1.1")
        assert (reply.status, "set-cookie" in reply.headers) == (500, False)
        if isinstance(self, TestCase):
            assert self.flushLoggedErrors(ValueError)

    @scenario()
    def test_what_a_request_says_of_its_connection(self, world: World) -> None:
        client = world.connect()
        client.request(b"GET /a%20b?c=d HTTP/1.1\r\nX-Forwarded-For: 203.0.113.9\r\nForwarded: proto=http")
        client.request(b"GET / HTTP/1.1")
        first, second = world.application.requests
        assert (first.method, first.path, first.query, first.version) == ("GET", "/a%20b", "c=d", 11)
        assert first.peer == ("" if world.memory else "127.0.0.1")
        assert (first.secure, first.tls) == (True, world.tls)
        assert first.scheme == ("https" if world.tls else "http")
        assert first.authority == "test"
        assert first.id
        assert first.id != second.id

    @scenario(trusted_proxies=["127.0.0.0/8", "unix:"])
    def test_a_trusted_proxy_tells_the_client(self, world: World) -> None:
        world.application.otherwise = kept
        client = world.connect()
        for fields, peer, secure, tls in (
            (b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https", "203.0.113.9", True, True),
            (b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http", "203.0.113.9", False, False),
            (b"X-Forwarded-For: 192.0.2.1, 203.0.113.9, 127.0.0.5", "203.0.113.9", True, world.tls),
            (b"Forwarded: for=203.0.113.9;proto=http", None, True, world.tls),
        ):
            client.request(b"GET / HTTP/1.1\r\n" + fields)
            request = world.application.requests[-1]
            assert request.peer == (("" if world.memory else "127.0.0.1") if peer is None else peer)
            assert (request.secure, request.tls) == (secure, tls)
            assert request.scheme == ("https" if tls else "http")
        # What depends on more than the head is not kept.
        assert world.application.kept == {}

    @scenario(trusted_proxies=["127.0.0.0/8", "unix:"], forwarded_field="forwarded")
    def test_a_trusted_proxy_tells_by_the_field_named(self, world: World) -> None:
        client = world.connect()
        client.request(
            b'GET / HTTP/1.1\r\nForwarded: for="[2001:db8::7]:4711";proto=https\r\nX-Forwarded-For: 192.0.2.1'
        )
        (request,) = world.application.requests
        assert (request.peer, request.secure, request.scheme) == ("2001:db8::7", True, "https")

    # Deadlines

    @scenario()
    def test_a_head_has_ten_seconds_whatever_comes_meanwhile(self, world: World) -> None:
        client = world.connect()
        client.request(b"GET / HTTP/1.1")
        client.send(b"GET / HTTP/1.1\r\n")
        for n in range(9):
            before = world.call(lambda: world.connections()[0]._decoder.buffered)
            client.send(b"X-%d: y\r\n" % n)
            world.until(lambda before=before: world.connections()[0]._decoder.buffered > before)
            world.advance(1)
        assert world.call(lambda: len(world.connections())) == 1
        world.advance(2)
        assert client.reply().status == 408
        assert client.ended()
        assert world.site.statistics.timeouts == 1

    @scenario()
    def test_an_idle_connection_has_sixty_seconds(self, world: World) -> None:
        world.application.answers["/kept"] = kept
        client = world.connect()
        for _ in range(4):
            client.request(b"GET /kept HTTP/1.1")
            world.advance(50)
        world.advance(8)
        assert client.request(b"GET /kept HTTP/1.1").status == 200
        world.advance(63)
        assert client.ended()
        assert world.site.statistics.timeouts == 0

    @scenario()
    def test_content_has_to_come_at_some_speed(self, world: World) -> None:
        statuses: list[int] = []

        async def reading(request: Request) -> Response:
            try:
                return await echo(request)
            except HTTPError as error:
                statuses.append(error.status)
                return Response(error.status, {}, b"")

        world.application.otherwise = reading
        client = world.connect()
        client.send(b"PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n")
        world.until(lambda: world.application.requests)
        # 2 KiB a second is enough, for as long as it takes.
        for _ in range(15):
            piece: Any = world.call(lambda: world.connections()[0]._content.left)
            client.send(b"x" * 2048)
            world.until(lambda piece=piece: world.connections()[0]._content.left < piece)
            world.advance(1)
        assert statuses == []
        world.advance(31)
        reply = client.reply()
        assert (reply.status, reply.headers["connection"]) == (408, "close")
        assert statuses == [408]

    @scenario()
    def test_a_byte_now_and_then_is_not_enough(self, world: World) -> None:
        world.application.otherwise = echo
        client = world.connect()
        client.send(b"PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n")
        world.until(lambda: world.application.requests)
        for _ in range(4):
            piece: Any = world.call(lambda: world.connections()[0]._content.left)
            client.send(b"x")
            world.until(lambda piece=piece: world.connections()[0]._content.left < piece)
            world.advance(1)
        world.advance(3)
        assert client.reply().status == 500
        if isinstance(self, TestCase):
            assert self.flushLoggedErrors(HTTPError)

    @scenario()
    def test_who_does_not_read_is_left(self, world: World) -> None:
        pieces = Pieces(*[bytes(65_536)] * 2000)

        async def answer(request: Request) -> Response:
            return Response(200, {}, pieces())

        world.application.otherwise = answer
        client = world.connect()
        client.send(GET % b"/")
        world.until(lambda: world.connections() and not world.connections()[0]._writable)
        world.advance(59)
        assert world.call(lambda: len(world.connections())) == 1
        world.advance(3)
        world.until(lambda: not world.connections())
        assert pieces.ended == 1
        assert world.site.statistics.timeouts == 1

    # The end of the site

    @scenario()
    def test_draining_answers_what_was_begun(self, world: World) -> None:
        waiting = Waiting(world)
        world.application.answers["/wait"] = waiting
        idle, busy = world.connect(), world.connect()
        idle.request(b"GET / HTTP/1.1")
        busy.send(GET % b"/wait" + GET % b"/never")
        waiting.here()
        drained: list[None] = []
        world.call(lambda: world.site.drain().addCallback(drained.append) and None)
        assert idle.ended()
        assert drained == []
        waiting.go()
        reply = busy.reply()
        assert (reply.body, reply.headers["connection"]) == (b"/wait", "close")
        assert busy.ended()
        idle.close()
        busy.close()
        world.until(lambda: drained)
        assert world.call(world.site.buildProtocol, None) is None


class TestInMemory(InMemory, Scenarios):
    """Verifies: RFC 9112, 9."""


class TestOverTwisted(Scenarios, OverTwisted):
    """Verifies: RFC 9112, 9."""


class TestOverTwistedTLS(Scenarios, OverTwistedTLS):
    """Verifies: RFC 9112, 9."""


class TestOverUvloop(OverUvloop, Scenarios):
    """Verifies: RFC 9112, 9."""


class TestOverUvloopTLS(OverUvloopTLS, Scenarios):
    """Verifies: RFC 9112, 9."""
