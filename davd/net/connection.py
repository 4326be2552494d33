"""One connection below its protocol: its transport, its deadlines, how it is written to and how it ends.

Implements: RFC 9112, 9.3, 9.6
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener, IPushProducer, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from davd.model.address import is_loopback
from davd.net.context import Place, SiteContext
from davd.net.deadlines import Deadline

log = Logger()

# The phases of a connection, in their order; each may be left out.
HANDSHAKE, OPEN, LINGERING, CLOSING, LOST = range(5)

# What one connection may write before the others get their turn, in bytes.
SHARE = 1024 * 1024


def _discard(data: bytes) -> None:
    """Write to a connection that is gone."""


@implementer(IHalfCloseableProtocol, IHandshakeListener, IPushProducer)
class Connection(Protocol):
    """What every protocol of a site has in common, whichever transport drives it.

    `peer` is the client's address as text, empty for a UNIX socket. `tls` tells whether the client speaks TLS to us,
    `secure` whether what it sends is protected in any way that `Request.secure` names. The transport is used as
    ITransport and IConsumer, and for more only where it offers more: `send_file`, `outstanding`, `loseWriteConnection`.

    To a transport a connection is a push producer all its life: `pauseProducing` says that the transport holds enough.
    """

    def __init__(self, context: SiteContext, peer: str, place: Place) -> None:
        self.peer = peer
        self.tls = False
        self.secure = False
        self._context = context
        self._place = place
        self._phase = HANDSHAKE
        self._write: Callable[[bytes], None] = _discard
        self._writable = True
        self._reading = True
        self._eof = False
        self._flushed: Deferred[None] | None = None
        self._outstanding: int | None = None
        self._lingered = 0
        self._share = 0
        self._registered = False
        self._secured = False
        # What the client may take its time for, and what it may take from us.
        self._patience = Deadline(context.wheel, self._impatient)
        self._progress = Deadline(context.wheel, self._stuck)

    # What a protocol adds.

    def opened(self) -> None:
        """The connection may be used: it has been made, and its TLS handshake is done."""

    def overdue(self) -> None:
        """The deadline that the protocol has set in `_patience` has passed while the connection was open."""

    def room(self) -> None:
        """The transport can take more bytes; called after whoever waited for `flushed` was told."""

    def received(self, data: bytes) -> None:
        """The client has sent bytes on an open connection."""

    def ended(self) -> None:
        """The client has ended its sending on an open connection and may still read."""

    def lost(self) -> None:
        """The connection is gone."""

    def retire(self) -> None:
        """Serve nothing beyond what is under way, and close."""
        self.close()

    def part(self) -> None:
        """Serve what is under way, and one request more if the client has another one; then close."""
        self.retire()

    def relocate(self, peer: str) -> bool:
        """Take the address that a trusted proxy told for the client's; False when that has its fill of connections.

        Only before the connection is made.
        """
        if not self._place.move(peer):
            return False
        self.peer = peer
        return True

    def dismiss(self) -> None:
        """End a connection that was never made: its place is free again."""
        self._phase = LOST
        self._patience.end()
        self._progress.end()
        self._place.leave(self)

    # IProtocol, IHandshakeListener, IHalfCloseableProtocol

    def connectionMade(self) -> None:
        """The transport is there; with TLS its handshake still has to come."""
        transport: Any = self.transport
        self._write = transport.write
        self.tls = getattr(transport, "tls", False) or ISSLTransport.providedBy(transport)
        self.secure = self.tls or not self.peer or is_loopback(self.peer)
        no_delay = getattr(transport, "setTcpNoDelay", None)
        if no_delay is not None:
            no_delay(True)
        transport.registerProducer(self, True)
        self._registered = True
        if self.tls:
            self._patience.set(self._context.settings.handshake_timeout)
        else:
            self._phase = OPEN
            self.opened()

    def handshakeCompleted(self) -> None:
        """The TLS handshake is done."""
        if self._phase != HANDSHAKE:
            return
        self._phase = OPEN
        self._secured = True
        self._context.statistics.handshakes += 1
        self._patience.clear()
        transport: Any = self.transport
        self._write = transport.write
        self.opened()

    def dataReceived(self, data: bytes) -> None:
        """The client has sent bytes."""
        if self._phase == OPEN:
            self.received(data)
        elif self._phase == LINGERING:
            self._lingered += len(data)
            if self._lingered > self._context.settings.linger_bytes:
                self.pause_reading()

    def readConnectionLost(self) -> None:
        """The client has ended its sending; it may still read."""
        self._eof = True
        if self._phase == OPEN:
            self.ended()
        else:
            self.close()

    def writeConnectionLost(self) -> None:
        """Our own half was closed, as `linger` asked."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone, whoever ended it."""
        if self.tls and not self._secured:
            self._context.statistics.handshakes_failed += 1
        self._phase = LOST
        self._write = _discard
        self._patience.end()
        self._progress.end()
        self._place.leave(self)
        self._flushed = None
        self.lost()

    # IPushProducer: the transport tells how full it is.

    def pauseProducing(self) -> None:
        """The transport holds as much as it should."""
        self._writable = False
        if self._phase != LOST:
            self._watch()

    def resumeProducing(self) -> None:
        """The transport has sent what it held."""
        self._writable = True
        self._progress.clear()
        waiting, self._flushed = self._flushed, None
        if waiting is not None:
            waiting.callback(None)
        if self._writable and self._phase == OPEN:
            self.room()

    def stopProducing(self) -> None:
        """The transport will send no more: `connectionLost` follows, and is where that is answered."""

    # Outlet

    def write(self, data: bytes) -> None:
        """Send the bytes, or let the transport keep them."""
        self._share += len(data)
        self._write(data)

    def flushed(self) -> Deferred[None] | None:
        """None when more may be written at once, else a Deferred that fires when it may again.

        That is when the transport has room, and for who writes much to a fast client, when others had their turn. It
        never fires when the connection is lost first: whoever waits is cancelled then.
        """
        if self._writable and self._share < SHARE:
            return None
        self._share = 0
        waiting = self._flushed
        if waiting is None:
            waiting = self._flushed = Deferred()
            if self._writable:
                self._context.soon(self._others_served)
        return waiting

    def _others_served(self) -> None:
        if self._writable:
            waiting, self._flushed = self._flushed, None
            if waiting is not None:
                waiting.callback(None)

    def send_file(self, head: bytes, descriptor: int, offset: int, length: int) -> Deferred[None] | None:
        """Let the system send from a file, where the transport can; see Outlet."""
        send_file = getattr(self.transport, "send_file", None)
        if send_file is None or self._phase != OPEN:
            return None
        sending: Deferred[None] = send_file(head, descriptor, offset, length)
        if not sending.called:
            self._watch()
            sending.addBoth(self._file_sent)
        return sending

    def _file_sent(self, result: Any) -> Any:
        if self._writable:
            self._progress.clear()
        return result

    # Reading

    def pause_reading(self) -> None:
        """Take nothing more from the client for now."""
        if self._reading:
            self._reading = False
            self.transport.pauseProducing()  # type: ignore[union-attr]

    def resume_reading(self) -> None:
        """Take again what the client sends."""
        if not self._reading:
            self._reading = True
            self.transport.resumeProducing()  # type: ignore[union-attr]

    # Ends

    def close(self) -> None:
        """End the connection once all that was written has been sent."""
        if self._phase >= CLOSING:
            return
        self._phase = CLOSING
        self._outstanding = self.outstanding()
        settings = self._context.settings
        # With nothing left to send only the client's part of the closing is waited for.
        self._patience.set(settings.linger_timeout if self._outstanding == 0 else settings.send_timeout)
        self._unregister()
        self.transport.loseConnection()  # type: ignore[union-attr]

    def linger(self) -> None:
        """Close in such a way that the client sees the answer although it is still sending.

        RFC 9112, 9.6: "If a server performs an immediate close of a TCP connection, there is a significant risk that
        the client will not be able to read the last HTTP response": so the sending half is closed first, and what comes
        in is thrown away for a while, though not without bound.
        """
        if self._phase >= LINGERING:
            return
        if self._eof:
            self.close()
            return
        self._phase = LINGERING
        self._patience.set(self._context.settings.linger_timeout)
        # Of the type: a wrapper of Twisted's passes what it lacks itself on to the socket, past its own buffers.
        half_close = getattr(type(self.transport), "loseWriteConnection", None)
        if half_close is not None:
            self._unregister()
            half_close(self.transport)
        self.resume_reading()

    def _unregister(self) -> None:
        """No transport closes in good order while it has a producer."""
        if self._registered:
            self._registered = False
            self.transport.unregisterProducer()  # type: ignore[union-attr]

    def abort(self) -> None:
        """End the connection at once; what was not sent is lost."""
        if self._phase == LOST:
            return
        if self._phase < CLOSING:
            self._phase = CLOSING
        self._context.statistics.aborted += 1
        self._patience.clear()
        self._progress.clear()
        self.transport.abortConnection()  # type: ignore[union-attr]

    def outstanding(self) -> int | None:
        """How many bytes the client has not yet acknowledged; None where the transport cannot tell."""
        ask = getattr(self.transport, "outstanding", None)
        return None if ask is None else ask()

    # Deadlines

    def _watch(self) -> None:
        """From now on the client has to take what we send it."""
        if self._progress.due == inf:
            self._outstanding = self.outstanding()
            self._progress.set(self._context.settings.send_timeout)

    def _stuck(self) -> None:
        if self._advanced():
            self._progress.set(self._context.settings.send_timeout)
        else:
            self._context.statistics.timeouts += 1
            self.abort()

    def _advanced(self) -> bool:
        """Whether the client took what it had to take since the last look."""
        before, now = self._outstanding, self.outstanding()
        self._outstanding = now
        if before is None or now is None:
            return False
        settings = self._context.settings
        return before - now >= settings.send_rate * settings.send_timeout

    def _impatient(self) -> None:
        phase = self._phase
        if phase == OPEN:
            self.overdue()
        elif phase == LINGERING:
            self.close()
        elif phase == CLOSING and self._outstanding and self._advanced():
            self._patience.set(self._context.settings.send_timeout)
        elif phase != LOST:
            if phase == HANDSHAKE:
                self._context.statistics.timeouts += 1
            self.abort()
