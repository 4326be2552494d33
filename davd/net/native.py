"""uvloop's own transports under Twisted's protocols.

Twisted's asyncio reactor drives Twisted's transports through the loop's readiness calls and leaves the loop's own
transports, written in C, unused. Here they drive the same protocols by showing them the face of an ITransport.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IConsumer, IHalfCloseableProtocol, IPushProducer, ITransport
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import implementer

from davd.net.files import FileStretch, PassingFile, unacknowledged

# SO_LINGER, on, for no time at all.
_RESET = struct.pack("ii", 1, 0)


def address(name: Any) -> IAddress:
    """Twisted's value for what the socket module calls an address."""
    if isinstance(name, tuple):
        kind = IPv4Address if len(name) == 2 else IPv6Address
        return kind("TCP", *name)
    return UNIXAddress(name or None)


@implementer(ITransport, IConsumer, IPushProducer)
class NativeTransport(asyncio.Protocol):
    """One accepted connection: to the loop its protocol, to the connection its transport.

    `write` is the loop's own method once the connection is made, and `data_received` the protocol's: nothing stands
    between the two while requests go back and forth.
    """

    disconnecting = False

    def __init__(self, loop: asyncio.AbstractEventLoop, factory: Factory) -> None:
        self._loop = loop
        self._factory = factory
        self._transport: Any = None
        self._protocol: Any = None
        self._half_closeable = False
        self._producer: Any = None
        self._streaming = True
        self._paused = False
        self._aborted = False
        self._sending: PassingFile | None = None
        self._ahead: FileStretch | None = None

    @property
    def protocol(self) -> Any:
        """The protocol that is driven; set it to have another one take over."""
        return self._protocol

    @protocol.setter
    def protocol(self, protocol: Any) -> None:
        self._protocol = protocol
        self._half_closeable = IHalfCloseableProtocol.providedBy(protocol)
        self.data_received = protocol.dataReceived  # type: ignore[method-assign]
        # The loop keeps the method, not the object: show it the new one.
        self._transport.set_protocol(self)

    # asyncio's protocol

    def connection_made(self, transport: Any) -> None:
        """A client has connected."""
        self._transport = transport
        protocol = self._factory.buildProtocol(self.getPeer())
        if protocol is None:
            transport.abort()
            return
        self.write = transport.write  # type: ignore[method-assign]
        self.protocol = protocol
        protocol.makeConnection(self)

    def data_received(self, data: bytes) -> None:
        """Bytes from a client that was refused."""

    def eof_received(self) -> bool:
        """The client has ended its sending; the answer may still be read."""
        if not self._half_closeable or self.disconnecting:
            return False
        self._protocol.readConnectionLost()
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone."""
        self.disconnecting = True
        self._drop_file()
        # They lead to the protocol and the loop's transport, which lead back here: such a ring, with all that OpenSSL
        # keeps of a connection, would wait for the collector, which comes seldom.
        self.__dict__.pop("data_received", None)
        self.__dict__.pop("write", None)
        protocol, self._protocol = self._protocol, None
        producer, self._producer = self._producer, None
        if protocol is None:
            return
        if producer is not None:
            producer.stopProducing()
        if self._aborted:
            reason = Failure(ConnectionAborted())
        elif exc is None:
            reason = Failure(ConnectionDone())
        else:
            reason = Failure(ConnectionLost(str(exc)))
        protocol.connectionLost(reason)

    def pause_writing(self) -> None:
        """The loop holds as much as it should."""
        self._paused = True
        if self._producer is not None and self._streaming:
            self._producer.pauseProducing()

    def resume_writing(self) -> None:
        """The loop has sent what it held."""
        self._paused = False
        stretch, self._ahead = self._ahead, None
        if stretch is not None:
            self._transport.set_write_buffer_limits()
            self._send_stretch(b"", stretch)
        if self._producer is not None:
            self._producer.resumeProducing()

    # ITransport, and what TCP has beyond it

    def write(self, data: bytes) -> None:
        """Send the bytes, or keep them to be sent."""
        self._transport.write(data)

    def writeSequence(self, data: Any) -> None:
        """Send the pieces in their order."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Close once all that was written has been sent and no producer is registered."""
        self.disconnecting = True
        if self._producer is None:
            self._transport.close()

    def loseWriteConnection(self) -> None:
        """Close the sending half once all that was written has been sent."""
        if not self._transport.is_closing():
            self._transport.write_eof()

    def abortConnection(self) -> None:
        """Close at once."""
        self._aborted = True
        self.disconnecting = True
        self._drop_file()
        out = self._socket()
        if out is not None and out.fileno() >= 0:
            # The loop closes the descriptor and no more: without this the system goes on offering what the client did
            # not take, megabytes of it for minutes, where Twisted's transport resets the connection as well.
            out.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def getPeer(self) -> IAddress:
        """The address of the other end of the socket."""
        return address(self._transport.get_extra_info("peername"))

    def getHost(self) -> IAddress:
        """The address of this end of the socket."""
        return address(self._transport.get_extra_info("sockname"))

    def getTcpNoDelay(self) -> bool:
        """Whether small packets are sent without waiting; the loop sees to it that they are."""
        return True

    def setTcpNoDelay(self, enabled: Any) -> None:
        """Nothing: see getTcpNoDelay."""

    def getTcpKeepAlive(self) -> bool:
        """Whether the system probes an idle peer."""
        return bool(self._socket().getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    def setTcpKeepAlive(self, enabled: Any) -> None:
        """Let the system probe an idle peer, or not."""
        self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, bool(enabled))

    # IPushProducer, towards the protocol

    def pauseProducing(self) -> None:
        """Read no more for now."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resumeProducing(self) -> None:
        """Read on."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    # IConsumer

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Tell the producer how full the loop's buffer is; a pull producer is asked whenever there is room."""
        if self._producer is not None:
            raise RuntimeError("there is a producer already")
        if self._protocol is None:
            producer.stopProducing()
            return
        self._producer = producer
        self._streaming = streaming
        if not streaming:
            self._pull(producer)

    def _pull(self, producer: Any) -> None:
        if producer is self._producer and not self._paused:
            producer.resumeProducing()
            self._loop.call_soon(self._pull, producer)

    def unregisterProducer(self) -> None:
        """The producer has no more to give."""
        self._producer = None
        if self.disconnecting and not self._transport.is_closing():
            self._transport.close()

    # What connections ask for beyond ITransport

    def outstanding(self) -> int:
        """How many bytes are to be sent or sent and not acknowledged."""
        if self._protocol is None:
            return 0
        size: int = self._transport.get_write_buffer_size()
        if self._ahead is not None:
            size += self._ahead.left
        if self._sending is not None:
            size += self._sending.stretch.left
        # The loop may have closed the socket and not told so yet.
        out = self._socket()
        return size + (unacknowledged(out.fileno()) if out is not None and out.fileno() >= 0 else 0)

    def send_file(self, head: bytes, descriptor: int, offset: int, length: int) -> Deferred[None]:
        """Send `head` and a stretch of a file; the Deferred fires when the system has taken the last byte."""
        stretch = FileStretch(descriptor, offset, length)
        transport = self._transport
        if self._protocol is None or transport.is_closing() or self._sending is not None:
            stretch.fire(Failure(ConnectionLost()))
        elif not transport.get_write_buffer_size():
            self._send_stretch(head, stretch)
        else:
            # Let the loop say when its buffer is empty: what goes past it must not overtake what is in it.
            self._ahead = stretch
            if head:
                transport.write(head)
            transport.set_write_buffer_limits(high=0)
            if self._ahead is stretch and not transport.get_write_buffer_size():
                self._ahead = None
                transport.set_write_buffer_limits()
                self._send_stretch(b"", stretch)
        return stretch.done

    def _send_stretch(self, head: bytes, stretch: FileStretch) -> None:
        self._sending = sending = PassingFile(self._loop, self._socket().fileno(), head, stretch, self._file_done)
        sending.turn()

    def _file_done(self) -> None:
        self._sending = None

    def _drop_file(self) -> None:
        ahead, self._ahead = self._ahead, None
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.stop()
        if ahead is not None:
            ahead.fire(Failure(ConnectionLost()))

    def _socket(self) -> Any:
        return self._transport.get_extra_info("socket")
