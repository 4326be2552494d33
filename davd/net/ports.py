"""Listening on Twisted's own transports, made to write eagerly."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import tcp
from twisted.internet.address import UNIXAddress
from twisted.internet.protocol import Factory

from davd.net.eager import EagerServer, EagerUNIXServer


class EagerPort(tcp.Port):
    """Accepts TCP connections on a socket that was bound elsewhere."""

    transport = EagerServer

    def __init__(self, bound: socket.socket, factory: Factory, reactor: Any) -> None:
        super().__init__(0, factory, 0, bound.getsockname()[0], reactor)
        self._preexistingSocket = bound


class EagerUNIXPort(tcp.Port):
    """The same on a UNIX socket; whoever bound it looks after its file."""

    addressFamily = socket.AF_UNIX
    transport = EagerUNIXServer

    def __init__(self, bound: socket.socket, factory: Factory, reactor: Any) -> None:
        super().__init__(0, factory, 0, "", reactor)
        self._preexistingSocket = bound

    def _buildAddr(self, name: Any) -> UNIXAddress:
        return UNIXAddress(name or None)

    def getHost(self) -> UNIXAddress:
        """The path of the socket."""
        return UNIXAddress(self.socket.getsockname())
