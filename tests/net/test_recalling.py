"""Answers from memory: which requests get them, in what order, in how many writes and turns.

Verifies: RFC 9112, 9.3.2
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock

from davd.http.request import Request
from davd.http.response import Response
from davd.net.settings import NetSettings
from davd.net.site import Site
from davd.testing.application import ScriptedApplication
from tests.net.client import Client
from tests.net.memory import MemorySocket, MemoryTransport
from tests.net.worlds import InMemory, OverTwisted, OverTwistedTLS, OverUvloop, OverUvloopTLS, World, scenario

GET = b"GET %b HTTP/1.1\r\nHost: test\r\n\r\n"
POLL = b"PROPFIND %b HTTP/1.1\r\nHost: test\r\nDepth: 0\r\nContent-Length: %d\r\n\r\n%b"


def poll(path: bytes, content: bytes = b"<propfind/>") -> bytes:
    """A PROPFIND, whole."""
    return POLL % (path, len(content), content)


async def kept(request: Request) -> Response:
    """An answer that may be kept: who asked what."""
    content = await request.body.read(100_000)
    return Response(200, {}, f"{request.method} {request.path} ".encode() + content, ticket="ticket")


class Scenarios:
    """What holds on every transport."""

    @scenario()
    def test_a_pipeline_of_one_request(self, world: World) -> None:
        world.application.answers["/kept"] = kept
        client = world.connect()
        client.request(b"GET /kept HTTP/1.1")
        client.send(GET % b"/kept" * 100)
        for _ in range(100):
            assert client.reply().body == b"GET /kept "
        world.until(lambda: world.site.statistics.recalled == 100)
        assert world.site.statistics.requests == 101
        assert len(world.application.requests) == 1
        assert sum(world.application.counts) == 100

    @scenario()
    def test_all_kinds_in_one_packet_keep_their_order(self, world: World) -> None:
        world.application.answers |= {"/a": kept, "/b": kept}
        put = b"PUT /c HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc"
        asked = [GET % b"/a", GET % b"/a", poll(b"/b"), put, poll(b"/b"), poll(b"/b", b"<other/>"), GET % b"/c"] * 5
        answers = [b"GET /a "] * 2 + [b"PROPFIND /b <propfind/>", b"PUT /c\n"]
        answers += [b"PROPFIND /b <propfind/>", b"PROPFIND /b <other/>", b"GET /c\n"]
        for _ in range(3):
            client = world.connect()
            client.send(b"".join(asked))
            assert [client.reply().body for _ in asked] == answers * 5
        made = [f"{request.method} {request.path}" for request in world.application.requests]
        assert sorted(set(made)) == ["GET /a", "GET /c", "PROPFIND /b", "PUT /c"]
        assert made.count("PROPFIND /b") == 2
        assert made.count("GET /a") == 1

    @scenario()
    def test_a_poll_is_remembered_with_its_content(self, world: World) -> None:
        world.application.answers["/b"] = kept
        client = world.connect()
        for content in (b"<one/>", b"<two/>", b"<one/>", b"", b"<one/>", b""):
            client.send(poll(b"/b", content))
            assert client.reply().body == b"PROPFIND /b " + content
        assert len(world.application.requests) == 3
        world.until(lambda: world.site.statistics.recalled == 3)

    @scenario()
    def test_content_that_comes_later_is_waited_for(self, world: World) -> None:
        world.application.answers["/b"] = kept
        client = world.connect()
        client.send(poll(b"/b"))
        assert client.reply().body == b"PROPFIND /b <propfind/>"
        client.send(poll(b"/b")[:-3])
        world.until(lambda: world.site.statistics.requests == 2)
        client.send(b"---" + poll(b"/b"))
        assert client.reply().body == b"PROPFIND /b <propfin---"
        assert client.reply().body == b"PROPFIND /b <propfind/>"
        world.until(lambda: world.site.statistics.recalled == 1)

    @scenario()
    def test_what_is_large_chunked_or_of_other_methods_is_not_remembered(self, world: World) -> None:
        world.application.otherwise = kept
        client = world.connect()
        client.send(poll(b"/b", b"x" * 8193))
        assert len(client.reply().body) == 8193 + 12
        client.request(b"PROPFIND /b HTTP/1.1\r\nTransfer-Encoding: chunked", b"1\r\nx\r\n0\r\n\r\n")
        client.request(b"PROPPATCH /b HTTP/1.1\r\nContent-Length: 1", b"x")
        client.request(b"GET /b HTTP/1.1\r\nContent-Length: 1", b"x")
        assert world.call(lambda: len(world.application.requests)) == 4
        assert world.application.kept == {}
        client.send(poll(b"/b", b"x" * 8192))
        assert len(client.reply().body) == 8192 + 12
        assert world.call(lambda: len(world.application.kept)) == 1

    @scenario()
    def test_long_requests_are_remembered_as_well(self, world: World) -> None:
        world.application.otherwise = kept
        client = world.connect()
        long = GET.replace(b"\r\n\r\n", b"\r\nX-Long: " + b"x" * 5000 + b"\r\n\r\n") % b"/a"
        for data in (long, long * 3, poll(b"/b", b"y" * 5000), poll(b"/b", b"y" * 5000) * 3):
            client.send(data)
            for _ in range(data.count(b"HTTP/1.1")):
                assert client.reply().status == 200
        assert world.call(lambda: len(world.application.requests)) == 2
        assert world.call(lambda: world.connections()[0]._asked) == b""

    @scenario()
    def test_a_forgotten_answer_is_made_anew(self, world: World) -> None:
        world.application.answers["/a"] = kept

        async def forget(request: Request) -> Response:
            world.application.kept.clear()
            return Response(200, {}, b"forgotten")

        world.application.answers["/forget"] = forget
        client = world.connect()
        client.request(b"GET /a HTTP/1.1")
        client.send(GET % b"/a" * 3 + GET % b"/forget" + GET % b"/a" * 3)
        bodies = [client.reply().body for _ in range(7)]
        assert bodies == [b"GET /a "] * 3 + [b"forgotten"] + [b"GET /a "] * 3
        assert [request.path for request in world.application.requests] == ["/a", "/forget", "/a"]

    @scenario()
    def test_answers_before_what_is_no_request(self, world: World) -> None:
        world.application.answers["/a"] = kept
        client = world.connect()
        client.request(b"GET /a HTTP/1.1")
        client.send(GET % b"/a" * 3 + b"GET /\x00 HTTP/1.1")
        assert [client.reply().body for _ in range(3)] == [b"GET /a "] * 3
        assert client.reply().status == 400

    @scenario()
    def test_answers_to_who_has_ended_its_sending(self, world: World) -> None:
        if world.tls:
            return
        world.application.answers["/a"] = kept
        client = world.connect()
        client.request(b"GET /a HTTP/1.1")
        client.send(GET % b"/a" * 200)
        client.finish()
        assert [client.reply().body for _ in range(200)] == [b"GET /a "] * 200
        assert client.ended()

    @scenario()
    def test_large_answers_to_a_slow_reader(self, world: World) -> None:
        large = b"x" * 60_000

        async def answer(request: Request) -> Response:
            return Response(200, {}, large, ticket="ticket")

        world.application.answers["/large"] = answer
        client = world.connect()
        client.request(b"GET /large HTTP/1.1")
        client.send(GET % b"/large" * 200)
        for _ in range(200):
            assert client.reply().body == large
        assert world.call(lambda: max(world.application.counts)) == 1


class TestInMemory(InMemory, Scenarios):
    """Verifies: RFC 9112, 9.3.2"""


class TestOverTwisted(Scenarios, OverTwisted):
    """Verifies: RFC 9112, 9.3.2"""


class TestOverTwistedTLS(Scenarios, OverTwistedTLS):
    """Verifies: RFC 9112, 9.3.2"""


class TestOverUvloop(OverUvloop, Scenarios):
    """Verifies: RFC 9112, 9.3.2"""


class TestOverUvloopTLS(OverUvloopTLS, Scenarios):
    """Verifies: RFC 9112, 9.3.2"""


class Turns:
    """One connection whose turns the test gives."""

    def __init__(self) -> None:
        self.application = ScriptedApplication()
        self.application.answers["/a"] = kept
        self.later: list[Callable[[], None]] = []
        self.clock = Clock()
        soon: Any = self.later.append
        self.site = Site(self.application, NetSettings(), self.clock, soon=soon)
        self.transport = MemoryTransport()
        connection: Any = self.site.buildProtocol(None)
        self.transport.protocol = connection
        connection.makeConnection(self.transport)
        self.client = Client(MemorySocket(self.transport))
        self.client.request(b"GET /a HTTP/1.1")
        self.transport.writes = 0

    def turn(self) -> None:
        """Let the connection have its next turn."""
        self.later.pop()()


class TestTurns:
    """Verifies: docs/architecture.md, One request"""

    def test_a_pipeline_is_one_write(self) -> None:
        turns = Turns()
        turns.client.send(GET % b"/a" * 16)
        assert turns.transport.writes == 1
        assert turns.application.counts == [1, 15]
        turns.client.send(GET % b"/a" * 16)
        assert turns.transport.writes == 2
        assert turns.application.counts == [1, 15, 16]
        assert [turns.client.reply().body for _ in range(32)] == [b"GET /a "] * 32
        assert not turns.later

    def test_remembered_and_others_are_written_in_their_order(self) -> None:
        turns = Turns()
        turns.client.send(GET % b"/a" * 3 + GET % b"/b" + GET % b"/a" * 2)
        assert turns.transport.writes == 3
        bodies = [turns.client.reply().body for _ in range(6)]
        assert bodies == [b"GET /a "] * 3 + [b"GET /b\n"] + [b"GET /a "] * 2

    def test_others_come_after_64_remembered_requests(self) -> None:
        turns = Turns()
        turns.client.send(GET % b"/a" * 150)
        for answered in (64, 128, 150):
            assert turns.site.statistics.recalled == answered
            assert turns.transport.writes == (answered + 63) // 64
            if turns.later:
                turns.turn()
        assert not turns.later
        assert len([turns.client.reply() for _ in range(150)]) == 150

    def test_others_come_after_64_of_any_requests_at_the_latest(self) -> None:
        turns = Turns()
        turns.client.send(GET % b"/b" * 150)
        number = 1
        while turns.later:
            answered = len(turns.application.requests)
            assert number < answered <= number + 64
            number = answered
            turns.turn()
        assert len(turns.application.requests) == 151

    def test_what_comes_meanwhile_waits_as_well(self) -> None:
        turns = Turns()
        turns.client.send(GET % b"/a" * 65)
        turns.client.send(GET % b"/b")
        assert turns.site.statistics.requests == 65
        turns.turn()
        assert turns.site.statistics.requests == 67
        assert turns.client.request(b"GET /c HTTP/1.1").body == b"GET /a "

    def test_a_client_that_sends_on_and_on_is_not_read_meanwhile(self) -> None:
        turns = Turns()
        turns.client.send(GET % b"/a" * 65)
        while turns.transport.producerState != "paused":
            turns.client.send(GET % b"/a" * 100)
        assert turns.site.statistics.requests == 65
        while turns.later:
            turns.client.socket.recv(1_000_000)
            turns.turn()
        assert turns.transport.producerState == "producing"

    def test_a_client_that_goes_meanwhile(self) -> None:
        turns = Turns()
        turns.client.send(GET % b"/a" * 65)
        turns.client.close()
        turns.turn()
        assert turns.site.statistics.requests == 65
        assert turns.site.statistics.connections == 0

    def test_time_does_not_end_what_waits_for_its_turn(self) -> None:
        turns = Turns()
        turns.client.send(GET % b"/a" * 65)
        turns.clock.advance(200)
        turns.turn()
        assert len([turns.client.reply() for _ in range(65)]) == 65
        for _ in range(70):
            turns.clock.advance(1)
        assert turns.client.ended()
