"""A transport in memory that looks to a connection like a socket of the size one gives it, and to a client like one."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

# What the transport holds before it says that this is enough, as Twisted's do.
ROOM = 65_536


class MemoryTransport(StringTransport):
    """Keeps what is written until the client takes it, and ends when its two sides have."""

    def __init__(self) -> None:
        super().__init__(lenient=True)
        self.protocol: Any = None
        self.out = bytearray()
        self.paused = False
        self.gone = False
        self.writes = 0

    def write(self, data: bytes) -> None:
        """Keep the bytes for the client."""
        if self.gone:
            return
        self.writes += 1
        self.out += data
        if len(self.out) > ROOM and self.producer is not None and not self.paused:
            self.paused = True
            self.producer.pauseProducing()

    def outstanding(self) -> int:
        """What the client has not taken."""
        return len(self.out)

    def take(self, size: int) -> bytes:
        """What the client reads."""
        data = bytes(self.out[:size])
        del self.out[:size]
        if not self.out and self.paused:
            self.paused = False
            if self.producer is not None:
                self.producer.resumeProducing()
        if not self.out and self.disconnecting:
            self.lose(Failure(ConnectionDone()))
        return data

    def loseConnection(self) -> None:
        """End when the client has taken everything; that is not told within this call."""
        self.disconnecting = True

    def abortConnection(self) -> None:
        """End now, and forget what was not taken."""
        self.out.clear()
        self.disconnecting = True
        self.lose(Failure(ConnectionAborted()))

    def lose(self, reason: Failure) -> None:
        """The connection is gone."""
        if not self.gone:
            self.gone = True
            self.producer = None
            self.protocol.connectionLost(reason)


class MemorySocket:
    """The client's end: as much of a blocking socket as the scenarios use. What would block for ever raises at once."""

    def __init__(self, transport: MemoryTransport) -> None:
        self._transport = transport

    def sendall(self, data: bytes) -> None:
        """Hand the bytes to the connection; TimeoutError when it does not read."""
        for start in range(0, len(data), ROOM):
            if self._transport.gone:
                raise ConnectionResetError
            if self._transport.producerState == "paused":
                raise TimeoutError
            if not self._transport.disconnecting:
                self._transport.protocol.dataReceived(data[start : start + ROOM])

    def recv(self, size: int) -> bytes:
        """What the connection has written; empty at its end, TimeoutError when nothing has come."""
        transport = self._transport
        data = transport.take(size)
        if data or transport.gone:
            return data
        if transport.disconnecting:
            transport.lose(Failure(ConnectionDone()))
            return b""
        raise TimeoutError

    def settimeout(self, seconds: float) -> None:
        """Nothing: it never waits."""

    def shutdown(self, how: int) -> None:
        """End the client's sending."""
        self._transport.protocol.readConnectionLost()

    def close(self) -> None:
        """Go away."""
        self._transport.lose(Failure(ConnectionDone()))
