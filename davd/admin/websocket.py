"""A WebSocket that tells a browser something and wants nothing from it but signs of life.

The frames are those of wsproto; what is here is the handshake, the limits, the pace and the end. A message is followed
by a Ping, and the next one waits for its Pong: so a browser that is slow has one message under way and no more.

Implements: RFC 6455, 4.2, 5.4, 5.5, 7.1, 7.4, 10.2, 10.4
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from hashlib import sha1
from typing import Any, Final

from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import CloseConnection, Event, Message, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason

# What one message of a browser may hold. It has nothing to say, so what it says is thrown away.
MOST_BYTES: Final = 4096
# How long the answer to a Ping, or to our farewell, is waited for.
PONG_SECONDS: Final = 30.0
CLOSE_SECONDS: Final = 2.0
VERSION: Final = "13"
# RFC 6455, 1.3: it makes sure that who answers knows of WebSockets.
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16


class NoHandshake(Exception):
    """What has come does not open a WebSocket; `status` and `headers` are those of the answer."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers or {}


def accept(method: str, version: str, headers: Mapping[str, str]) -> bytes:
    """The head that answers the opening handshake in these header fields, by lower-case names; raises NoHandshake.

    Neither a subprotocol nor an extension is chosen, whatever the client would like.
    """
    upgrades = {word.strip().lower() for word in headers.get("upgrade", "").split(",")}
    connection = {word.strip().lower() for word in headers.get("connection", "").split(",")}
    if "websocket" not in upgrades or "upgrade" not in connection:
        # RFC 9110, 15.5.22: "The server MUST send an Upgrade header field in a 426 response".
        wanted = {"Upgrade": "websocket", "Connection": "Upgrade"}
        raise NoHandshake(426, "this place speaks WebSocket only", wanted)
    if method != "GET" or version != "HTTP/1.1":
        raise NoHandshake(400, "a WebSocket is opened by a GET of HTTP/1.1")
    if headers.get("sec-websocket-version") != VERSION:
        # RFC 6455, 4.4: "it MUST [...] send an appropriate HTTP error code (such as 426 Upgrade Required) [...]
        # indicating the version(s) the server is capable of understanding".
        raise NoHandshake(426, "another version is needed", {"Sec-WebSocket-Version": VERSION, "Upgrade": "websocket"})
    key = headers.get("sec-websocket-key", "").strip()
    try:
        right = len(b64decode(key, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        right = False
    if not right:
        # RFC 6455, 4.2.1: "a base64-encoded [...] value that, when decoded, is 16 bytes in length".
        raise NoHandshake(400, "Sec-WebSocket-Key is no key")
    proof = b64encode(sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % proof
    )


class WebSocket(Protocol):
    """The server's end. `gone` is called once when it has ended; `clock` is the reactor.

    `ready` tells that the browser has got all that it was sent. `before` is the protocol that had the connection until
    then, which is told of its end too.
    """

    def __init__(self, clock: Any, gone: Callable[[], None]) -> None:
        self.ready = True
        self.before: Any = None
        self._clock = clock
        self._gone = gone
        self._frames = Connection(ConnectionType.SERVER)
        self._number = 0
        # Bytes of the message that is coming in.
        self._size = 0
        self._reading = True
        self._limit: Any = None

    def send(self, text: str) -> None:
        """Send a message, which may be done when `ready`; nothing happens after the end has begun."""
        if self._frames.state is ConnectionState.OPEN:
            self.ready = False
            self._number += 1
            self._write(TextMessage(text), Ping(b"%d" % self._number))
            self._within(PONG_SECONDS)

    def close(self, code: int, reason: str = "") -> None:
        """Say farewell; the connection ends when the browser has said so too, or after a moment."""
        if self._frames.state is ConnectionState.OPEN:
            self._write(CloseConnection(code, reason))
            self._within(CLOSE_SECONDS)

    # IProtocol

    def dataReceived(self, data: bytes) -> None:
        """Bytes of a browser."""
        if not self._reading:
            return
        self._frames.receive_data(data)
        for event in self._frames.events():
            self._heard(event)
            if not self._reading:
                return

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone."""
        self._reading = self.ready = False
        self._within(None)
        if self.before is not None:
            self.before.connectionLost(reason)
        self._gone()

    def _heard(self, event: Event) -> None:
        if isinstance(event, Message):
            self._size += len(event.data)
            if self._size > MOST_BYTES:
                self._fail(CloseReason.MESSAGE_TOO_BIG)
            elif event.message_finished:
                self._size = 0
        elif isinstance(event, Ping):
            # RFC 6455, 5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response". Who asks
            # without reading our answers is not read from by the transport's own back-pressure.
            if self._frames.state is ConnectionState.OPEN:
                self._write(event.response())
        elif isinstance(event, Pong):
            if event.payload == b"%d" % self._number and self._frames.state is ConnectionState.OPEN:
                self.ready = True
                self._within(None)
        elif isinstance(event, CloseConnection):
            if self._frames.state is ConnectionState.REMOTE_CLOSING:
                # RFC 6455, 5.5.1: "it typically echos the status code it received".
                self._write(event.response())
                self._end()
            else:
                # What came is no frame, by wsproto's word; or it is the answer to our farewell.
                self._fail(event.code)

    def _fail(self, code: int) -> None:
        # RFC 6455, 7.1.7: "If _The WebSocket Connection is Established_ prior to the point where the endpoint is
        # required to _Fail the WebSocket Connection_, the endpoint SHOULD send a Close frame".
        if self._frames.state is ConnectionState.OPEN:
            self._write(CloseConnection(code))
        self._end()

    def _end(self) -> None:
        """RFC 6455, 7.1.1: the server closes the connection first."""
        self._reading = self.ready = False
        transport: Any = self.transport
        # TLS waits for a producer before it ends.
        transport.unregisterProducer()
        transport.loseConnection()
        self._within(CLOSE_SECONDS)

    def _within(self, seconds: float | None) -> None:
        """Give the browser so long before the connection is cut; None for as long as it likes."""
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._limit = None if seconds is None else self._clock.callLater(seconds, self._cut)

    def _cut(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()

    def _write(self, *events: Event) -> None:
        transport: Any = self.transport
        transport.write(b"".join(self._frames.send(event) for event in events))

    # IPushProducer: no more is read from who does not read.

    def pauseProducing(self) -> None:
        """The transport holds as much as it should."""
        transport: Any = self.transport
        transport.pauseProducing()

    def resumeProducing(self) -> None:
        """The transport has sent what it held."""
        transport: Any = self.transport
        transport.resumeProducing()

    def stopProducing(self) -> None:
        """The transport sends no more: `connectionLost` follows."""


def take_over(request: Any, head: bytes, protocol: WebSocket) -> None:
    """Answer a request of twisted.web with `head`, and give its connection to `protocol`."""
    channel = request.channel
    transport = channel.transport
    # Its time-outs and its place at the transport are those of HTTP.
    channel.setTimeout(None)
    transport.unregisterProducer()
    if isinstance(transport, ProtocolWrapper):
        transport.wrappedProtocol = protocol
    else:
        transport.protocol = protocol
    protocol.before = channel
    transport.write(head)
    protocol.makeConnection(transport)
    transport.registerProducer(protocol, True)
    # HTTP stops reading while a request is answered.
    transport.resumeProducing()
