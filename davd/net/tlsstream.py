"""TLS between a transport, of either kind, and a connection.

It costs less than half of what Twisted's own TLS does, and no more than uvloop's, whose buffer of 256 KiB for every
connection it spares; and there is one policy and one way to load certificates, whatever the reactor.
"""

from __future__ import annotations

import ssl
from typing import Any

from twisted.internet.interfaces import IAddress, IConsumer, IPushProducer, ITransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from davd.net.connection import Connection
from davd.net.statistics import TLSStatistics

# What is decrypted at once; a TLS record holds at most 16 KiB, one read of a socket several of them.
_READ = 64 * 1024


@implementer(ITransport, IConsumer, IPushProducer)
class TLSStream(Protocol):
    """Between a transport, to which it is the protocol, and a connection, to which it is the transport."""

    tls = True
    disconnecting = False

    def __init__(self, connection: Connection, context: ssl.SSLContext, counters: TLSStatistics) -> None:
        self._connection: Connection | None = connection
        self._counters = counters
        self._failed = False
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._secured = False
        self._delivering = False
        self._done = False
        self._parted = False

    @property
    def negotiatedProtocol(self) -> bytes | None:
        """The protocol that ALPN has chosen."""
        name = self._tls.selected_alpn_protocol() if self._secured else None
        return name.encode("ascii") if name else None

    # IProtocol

    def connectionMade(self) -> None:
        """The client has connected; its handshake has yet to come."""
        assert self._connection is not None
        self._connection.makeConnection(self)

    def dataReceived(self, data: bytes) -> None:
        """Bytes as they came from the network."""
        if self._done:
            return
        self._in.write(data)
        if not self._secured and not self._shake_hands():
            return
        self._delivering = True
        try:
            while self._connection is not None and not self._done:
                plain = self._tls.read(_READ)
                if not plain:
                    self.loseConnection()
                    break
                self._connection.dataReceived(plain)
                # To ask in vain costs more than all of this.
                if not self._in.pending and not self._tls.pending():
                    break
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            # The end of the client's side, or bytes that are no TLS: either way nothing more can be understood.
            self.loseConnection()
        finally:
            self._delivering = False
        self._flush()

    def _shake_hands(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError as error:
            # The alert says why.
            self._failed = True
            self._counters.failed(error)
            self._done = True
            self._flush()
            self._lower().loseConnection()
            return False
        self._secured = True
        self._counters.completed(self._tls.version() or "", bool(self._tls.session_reused))
        self._flush()
        if self._connection is not None:
            self._connection.handshakeCompleted()
        return True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone."""
        self._done = True
        if not self._secured and not self._failed:
            self._counters.failed(None)
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.connectionLost(reason)

    # ITransport

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        if not self._secured or self._done or self._parted or not data:
            return
        try:
            self._tls.write(data)
        except ssl.SSLError:
            self.abortConnection()
            return
        # Answers given while bytes are delivered leave together, but not so many that nobody feels the client's pace.
        if not self._delivering or self._out.pending > _READ:
            self._flush()

    def writeSequence(self, data: Any) -> None:
        """Encrypt and send the pieces in their order."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Tell the client that no more comes, and close once that is sent."""
        if self._done:
            return
        self._done = self.disconnecting = True
        self._farewell()
        self._lower().loseConnection()

    def _farewell(self) -> None:
        """Send close_notify, once."""
        if self._secured and not self._parted:
            self._parted = True
            try:
                self._tls.unwrap()
            except ssl.SSLError:
                # It wants the client's own farewell, for which nobody waits.
                pass
        self._flush()

    def loseWriteConnection(self) -> None:
        """Tell the client that no more comes, and go on reading.

        RFC 8446, 6.1: "Each party MUST send a close_notify alert before closing its write side of the connection [...].
        This does not have any effect on its read side of the connection."
        """
        if self._done:
            return
        self._farewell()
        half_close = getattr(self.transport, "loseWriteConnection", None)
        if half_close is not None:
            half_close()

    def abortConnection(self) -> None:
        """Close at once."""
        self._done = self.disconnecting = True
        self._lower().abortConnection()

    def getPeer(self) -> IAddress:
        """The address of the other end."""
        return self._lower().getPeer()

    def getHost(self) -> IAddress:
        """The address of this end."""
        return self._lower().getHost()

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Let small packets be sent without waiting."""
        self._lower().setTcpNoDelay(enabled)

    def outstanding(self) -> int | None:
        """How many encrypted bytes are to be sent or sent and not acknowledged."""
        ask = getattr(self.transport, "outstanding", None)
        return None if ask is None else ask()

    # IPushProducer, towards the connection

    def pauseProducing(self) -> None:
        """Read no more for now."""
        self._lower().pauseProducing()

    def resumeProducing(self) -> None:
        """Read on."""
        self._lower().resumeProducing()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    # IConsumer: encryption keeps nothing back, so the transport below speaks for both.

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Let the transport tell the producer how full it is."""
        self._lower().registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        """The producer has no more to give."""
        self._lower().unregisterProducer()

    def _flush(self) -> None:
        if self._out.pending:
            self._lower().write(self._out.read())

    def _lower(self) -> Any:
        return self.transport
