"""What stands between a listening socket and the site: the PROXY header of trusted proxies, then TLS.

Implements: PROXY protocol, 2.1, 2.2
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from davd.http.wire.head import WireError
from davd.http.wire.proxy import ProxyReader
from davd.net.connection import Connection
from davd.net.site import Site
from davd.net.statistics import TLSStatistics
from davd.net.tlsstream import TLSStream

ContextSource = Callable[[], ssl.SSLContext]


class Entrance(Factory):
    """What stands between the port and the site: the PROXY header of trusted proxies, then TLS.

    `context` gives the TLS context for the next handshake, None for plain HTTP; `place` is what the listener is called
    where handshakes are counted.
    """

    noisy = False

    def __init__(self, site: Site, context: ContextSource | None, place: str = "") -> None:
        self._site = site
        self._context = context
        self._handshakes = TLSStatistics()
        if context is not None:
            self._handshakes = site.statistics.tls.setdefault(place, self._handshakes)

    def doStart(self) -> None:
        """Nothing to do; the site belongs to whoever made it."""

    def doStop(self) -> None:
        """Nothing to do."""

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """The protocol for a connection from `addr`, None when the site refuses it."""
        host = str(getattr(addr, "host", ""))
        connection = self._site.connection(host)
        if connection is None:
            return None
        if host in self._site.proxies:
            return ProxiedConnection(self, connection, self._site)
        return self.within(connection)

    def within(self, connection: Connection) -> Protocol:
        """The connection, or the TLS around it."""
        return connection if self._context is None else TLSStream(connection, self._context(), self._handshakes)


class ProxiedConnection(Protocol):
    """Reads the PROXY header, then gives its place at the transport to the protocol that it was in the way of."""

    def __init__(self, entrance: Entrance, connection: Connection, site: Site) -> None:
        self._entrance = entrance
        self._connection: Connection | None = connection
        self._site = site
        self._reader = ProxyReader()
        self._deadline = site.deadline(self._refuse)

    def connectionMade(self) -> None:
        """The proxy has connected."""
        self._deadline.set(self._site.settings.header_timeout)

    def dataReceived(self, data: bytes) -> None:
        """Take the header, and no more than that."""
        connection = self._connection
        if connection is None:
            return
        try:
            header = self._reader.feed(data)
        except WireError:
            self._refuse()
            return
        if header is None:
            return
        self._deadline.end()
        transport: Any = self.transport
        if header.source is not None and not connection.relocate(header.source[0]):
            transport.abortConnection()
            return
        self._connection = None
        inner = self._entrance.within(connection)
        transport.protocol = inner
        inner.makeConnection(transport)
        if header.rest:
            inner.dataReceived(header.rest)

    def _refuse(self) -> None:
        self._site.statistics.refused_proxy += 1
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The proxy has gone before it said for whom it came."""
        self._deadline.end()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.dismiss()
