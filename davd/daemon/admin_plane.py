"""Serving the admin plane's pages on a socket that is bound already, by twisted.web."""

from __future__ import annotations

import re
from typing import Any

from OpenSSL.SSL import Context
from OpenSSL.SSL import Error as OpenSSLError
from twisted.internet.interfaces import IListeningPort, IOpenSSLContextFactory
from twisted.internet.ssl import Certificate, CertificateOptions, KeyPair, TLSVersion
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.web.resource import Resource
from twisted.web.server import Site
from zope.interface import implementer

from davd.net.certificates import CertificateError, CertificateFiles
from davd.net.endpoints import Bound

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@implementer(IOpenSSLContextFactory)
class AdminTLS:
    """The certificate of the admin plane, in the form that Twisted's own TLS wants. Raises CertificateError."""

    def __init__(self, files: CertificateFiles) -> None:
        self._files = files
        self._context = self._read()

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


def serve(reactor: Any, bound: Bound, pages: Resource, tls: AdminTLS | None) -> IListeningPort:
    """Show `pages` on the socket, which goes over to the port that is returned."""
    site = Site(pages)
    site.noisy = False
    factory = site if tls is None else TLSMemoryBIOFactory(tls, False, site)
    port: IListeningPort = reactor.adoptStreamPort(bound.socket.fileno(), bound.socket.family, factory)
    bound.socket.close()
    return port
