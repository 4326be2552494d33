"""Serving the admin plane's pages on a socket that is bound already, by twisted.web."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from OpenSSL.SSL import Context
from OpenSSL.SSL import Error as OpenSSLError
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IOpenSSLContextFactory
from twisted.internet.ssl import Certificate, CertificateOptions, KeyPair, TLSVersion
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.web.http import combinedLogFormatter, datetimeToLogString
from twisted.web.resource import Resource
from twisted.web.server import Request, Site
from zope.interface import implementer

from davd.admin.plane import Plane
from davd.admin.sessions import Sessions
from davd.authentication.throttle import Throttle
from davd.daemon.door import Door
from davd.net.certificates import CertificateError, CertificateFiles
from davd.net.endpoints import Bound, parse

log = Logger(namespace="davd")

# More than any page takes. It is kept in memory before anybody has asked whose it is.
MOST_CONTENT: Final = 256 * 1024

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@implementer(IOpenSSLContextFactory)
class AdminTLS:
    """The certificate of the admin plane, in the form that Twisted's own TLS wants. Raises CertificateError."""

    def __init__(self, files: CertificateFiles) -> None:
        self._files = files
        self._context = self._read()

    def files(self) -> list[CertificateFiles]:
        """The files it is read from."""
        return [self._files]

    def reload(self) -> None:
        """Read the files again for the handshakes to come; CertificateError, and then the old ones stay."""
        self._context = self._read()

    def getContext(self) -> Context:
        """The context of the next connection."""
        return self._context

    def _read(self) -> Context:
        try:
            chain = [Certificate.loadPEM(pem).original for pem in _PEM.findall(self._files.certificate.read_bytes())]
            key = KeyPair.load(self._files.key.read_bytes(), 1).original
            options = CertificateOptions(key, chain[0], extraCertChain=chain[1:], raiseMinimumTo=TLSVersion.TLSv1_2)
            return options.getContext()
        except (OSError, ValueError, IndexError, OpenSSLError):
            raise CertificateError(
                f"{self._files.certificate} and {self._files.key} are no usable certificate and key"
            ) from None


class Asked(Request):
    """A request with no more content than a page may want; with more of it the connection ends.

    Forms are read whole before the page is asked, and so before it is known who sends them.
    """

    _room = MOST_CONTENT

    def handleContentChunk(self, data: bytes) -> None:
        """A piece of the content has come."""
        fits = self._room >= 0
        self._room -= len(data)
        if self._room >= 0:
            super().handleContentChunk(data)
        elif fits:
            # RFC 9110, 15.5.14: "The server MAY terminate the request, if the protocol version in use allows it".
            transport: Any = self.channel.transport
            transport.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.channel.loseConnection()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """All of the content has come."""
        if self._room >= 0:
            super().requestReceived(command, path, version)


def loopback(text: str) -> str:
    """The endpoint, on the loopback interface where it names none."""
    kind, _, options = parse(text)
    return f"{text}:interface=127.0.0.1" if kind in ("tcp", "ssl") and "interface" not in options else text


@dataclass(frozen=True, slots=True)
class AdminPort:
    """The port of the admin plane; `end_streams` ends what would never end by itself."""

    port: IListeningPort | Door
    end_streams: Callable[[], Deferred[Any]]

    def stopListening(self) -> Deferred[Any]:
        """Take no more connections, and take leave of the dashboards that are open; fires when they have gone."""
        stopped: Deferred[Any] = maybeDeferred(self.port.stopListening)
        return DeferredList([stopped, self.end_streams()])


def open_plane(
    reactor: Any,
    bound: Bound,
    tls: AdminTLS | None,
    plane: Plane,
    token: str,
    throttle: Throttle,
    hostnames: Sequence[str],
) -> AdminPort:
    """Serve the admin plane; `throttle` counts wrong tokens."""
    # klein imports the reactor, which twistd has not chosen yet when it imports this module.
    from davd.admin.dashboard import Dashboard, Pages
    from davd.admin.entrance import Entrance
    from davd.admin.health import Admin
    from davd.admin.socket_page import SocketPage

    sessions = Sessions(token, throttle, time.time)
    dashboard = Dashboard(plane, sessions, reactor)
    pages = Pages(Admin(plane, sessions).app.resource(), dashboard.app.resource(), SocketPage(dashboard.live))
    port = serve(reactor, bound, Entrance(pages, sessions, hostnames), tls)
    log.info("admin plane on {endpoint}", endpoint=bound.text)
    return AdminPort(port, dashboard.live.close)


def serve(reactor: Any, bound: Bound, pages: Resource, tls: AdminTLS | None) -> IListeningPort | Door:
    """Show `pages` on the socket, which goes over to the port that is returned."""
    site = Site(pages, Asked, logFormatter=_line)
    site.noisy = False
    factory = site if tls is None else TLSMemoryBIOFactory(tls, False, site)
    if bound.socket.family == socket.AF_UNIX:
        return Door(bound.socket, factory, reactor)
    port: IListeningPort = reactor.adoptStreamPort(bound.socket.fileno(), bound.socket.family, factory)
    bound.socket.close()
    return port


def _line(_: str, request: Request) -> str:
    """A line of the log for a request. The site itself would date it by the reactor, which does not go by the clock."""
    line: str = combinedLogFormatter(datetimeToLogString(time.time()), request)
    return line
