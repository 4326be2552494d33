"""The server's end of a WebSocket, against wsproto's client: handshake, limits, pace, end.

Verifies: RFC 6455, 1.3, 4.2, 5.4, 5.5, 7.1, 7.4, 10.4
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from davd.admin.websocket import CLOSE_SECONDS, MOST_BYTES, PONG_SECONDS, NoHandshake, WebSocket, accept

# RFC 6455, 1.3: the example.
KEY, PROOF = "dGhlIHNhbXBsZSBub25jZQ==", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
OPENING = {
    "upgrade": "websocket",
    "connection": "keep-alive, Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": KEY,
}


class TestHandshake:
    """Verifies: RFC 6455, 1.3, 4.2.1, 4.2.2, 4.4"""

    def test_the_example_of_the_document(self) -> None:
        head = accept("GET", "HTTP/1.1", OPENING)
        assert head.startswith(b"HTTP/1.1 101 ") and b"\r\nSec-WebSocket-Accept: " + PROOF + b"\r\n" in head

    def test_no_extension_and_no_subprotocol_is_chosen(self) -> None:
        more = {"sec-websocket-extensions": "permessage-deflate", "sec-websocket-protocol": "chat"}
        head = accept("GET", "HTTP/1.1", OPENING | more).lower()
        assert b"extensions" not in head and b"protocol:" not in head

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"upgrade": "h2c"}, 426),
            ({"connection": "keep-alive"}, 426),
            ({"sec-websocket-version": "8"}, 426),
            ({"sec-websocket-key": ""}, 400),
            ({"sec-websocket-key": "AAAA"}, 400),
            ({"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ"}, 400),
            ({"sec-websocket-key": "\u00fc" * 24}, 400),
        ],
    )
    def test_what_is_no_handshake(self, change: dict[str, str], status: int) -> None:
        with pytest.raises(NoHandshake) as refused:
            accept("GET", "HTTP/1.1", OPENING | change)
        assert refused.value.status == status
        assert (status == 426) == ("Upgrade" in refused.value.headers)

    def test_it_is_a_get_of_http_1_1(self) -> None:
        for method, version in (("POST", "HTTP/1.1"), ("GET", "HTTP/1.0")):
            with pytest.raises(NoHandshake) as refused:
                accept(method, version, OPENING)
            assert refused.value.status == 400


class Ends:
    """Both ends of a WebSocket; the browser's sends and reads when it is told to."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.gone = 0
        self.transport = StringTransport()
        self.server = WebSocket(self.clock, self._gone)
        self.server.makeConnection(self.transport)
        self.transport.registerProducer(self.server, True)
        self.browser = Connection(ConnectionType.CLIENT)

    def _gone(self) -> None:
        self.gone += 1

    def say(self, *events: Event) -> None:
        self.server.dataReceived(b"".join(self.browser.send(event) for event in events))

    def read(self) -> list[Event]:
        data = self.transport.value()
        self.transport.clear()
        self.browser.receive_data(data)
        return list(self.browser.events())

    def pong(self) -> list[str]:
        """Read everything and answer every Ping, as browsers do by themselves; the messages."""
        events = self.read()
        self.say(*[event.response() for event in events if isinstance(event, Ping)])
        return [str(event.data) for event in events if isinstance(event, TextMessage)]


def closed(events: list[Event]) -> list[int]:
    return [event.code for event in events if isinstance(event, CloseConnection)]


class TestPace:
    """Verifies: RFC 6455, 5.5.2, 5.5.3; docs/operate/monitoring.md, Dashboard"""

    def test_one_message_until_the_browser_has_got_it(self) -> None:
        ends = Ends()
        assert ends.server.ready
        ends.server.send("one")
        assert not ends.server.ready
        assert ends.pong() == ["one"]
        assert ends.server.ready
        ends.server.send("two")
        assert ends.pong() == ["two"]

    def test_a_pong_of_before_counts_for_nothing(self) -> None:
        ends = Ends()
        ends.server.send("one")
        ends.say(Pong(b"0"), Pong(b""), Pong(b"2"))
        assert not ends.server.ready

    def test_who_never_answers_is_cut_off(self) -> None:
        ends = Ends()
        ends.server.send("one")
        ends.clock.advance(PONG_SECONDS - 1)
        assert not ends.transport.disconnected
        ends.clock.advance(1)
        assert ends.transport.disconnected
        ends.server.connectionLost()
        assert ends.gone == 1 and ends.clock.getDelayedCalls() == []

    def test_who_answers_may_stay(self) -> None:
        ends = Ends()
        ends.server.send("one")
        ends.pong()
        assert ends.clock.getDelayedCalls() == []

    def test_a_ping_is_answered(self) -> None:
        ends = Ends()
        ends.say(Ping(b"there?"))
        assert [event.payload for event in ends.read() if isinstance(event, Pong)] == [b"there?"]

    def test_who_asks_and_does_not_read_is_not_read_from(self) -> None:
        ends = Ends()
        ends.server.pauseProducing()
        assert ends.transport.producerState == "paused"
        ends.server.resumeProducing()
        assert ends.transport.producerState == "producing"


class TestLimits:
    """Verifies: RFC 6455, 5.4, 7.1.7, 7.4.1, 10.4"""

    def test_small_messages_are_thrown_away(self) -> None:
        ends = Ends()
        for _ in range(10):
            ends.say(TextMessage("x" * MOST_BYTES), BytesMessage(b"y" * MOST_BYTES))
        assert ends.read() == [] and not ends.transport.disconnecting

    def test_one_that_is_too_long_ends_it(self) -> None:
        ends = Ends()
        ends.say(TextMessage("x" * (MOST_BYTES + 1)))
        assert closed(ends.read()) == [1009]
        assert ends.transport.disconnecting

    def test_pieces_do_not_hide_its_length(self) -> None:
        ends = Ends()
        for _ in range(5):
            ends.say(TextMessage("x" * (MOST_BYTES // 4), message_finished=False))
        assert closed(ends.read()) == [1009]

    def test_a_frame_is_not_waited_for_to_know_that_it_is_too_long(self) -> None:
        ends = Ends()
        # 2**40 bytes are told, masked by zeros.
        ends.server.dataReceived(b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes(4))
        ends.server.dataReceived(b"x" * MOST_BYTES)
        assert closed(ends.read()) == []
        ends.server.dataReceived(b"x")
        assert closed(ends.read()) == [1009]

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            # RFC 6455, 5.1: "a server MUST close the connection upon receiving a frame that is not masked".
            (b"\x81\x01x", 1002),
            (b"\xc1\x80" + bytes(4), 1002),  # a bit of an extension
            (b"\x83\x80" + bytes(4), 1002),  # an opcode of nobody
            (b"\x81\x81" + bytes(4) + b"\xff", 1007),  # no UTF-8
            (b"\x09\x80" + bytes(4), 1002),  # a Ping in pieces
            (b"\x89\xfe\x00\x7e" + bytes(4) + bytes(126), 1002),  # a Ping that is too long
            (b"\x80\x80" + bytes(4), 1002),  # the end of nothing
        ],
    )
    def test_what_is_no_frame_ends_it(self, data: bytes, code: int) -> None:
        ends = Ends()
        ends.server.dataReceived(data)
        assert closed(ends.read()) == [code]
        assert ends.transport.disconnecting
        ends.server.dataReceived(b"\x81\x01x")
        assert ends.read() == []


class TestEnd:
    """Verifies: RFC 6455, 5.5.1, 7.1.1"""

    def test_ours_waits_for_theirs(self) -> None:
        ends = Ends()
        ends.server.send("one")
        ends.server.close(1001)
        events = ends.read()
        assert closed(events) == [1001]
        assert not ends.transport.disconnecting
        ends.server.send("two")
        assert ends.transport.value() == b""
        ends.say(next(event for event in events if isinstance(event, CloseConnection)).response())
        assert ends.transport.disconnecting and ends.transport.producer is None

    def test_theirs_is_answered(self) -> None:
        ends = Ends()
        ends.say(CloseConnection(1000))
        assert closed(ends.read()) == [1000]
        assert ends.transport.disconnecting
        ends.server.connectionLost()
        assert ends.gone == 1 and ends.clock.getDelayedCalls() == []

    def test_nobody_waits_for_ever(self) -> None:
        ends = Ends()
        ends.server.close(1001)
        ends.clock.advance(CLOSE_SECONDS)
        assert ends.transport.disconnected

    def test_the_protocol_before_hears_of_it_too(self) -> None:
        heard: list[Any] = []

        class Before:
            def connectionLost(self, reason: Any) -> None:
                heard.append(reason)

        ends = Ends()
        ends.server.before = Before()
        ends.server.connectionLost()
        assert len(heard) == 1
