"""A UNIX socket that listens, whose file stays what it is."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IProtocolFactory, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

# How many are let in before the reactor looks after others.
_AT_ONCE = 16


@implementer(IReadDescriptor)
class Door:
    """Lets those in who connect to `bound`, until `stopListening`.

    Twisted's own port would open the socket's file to everybody (mode 0666), whatever it was bound with, and remove it
    in the end, though it may be the service manager's.
    """

    def __init__(self, bound: socket.socket, factory: IProtocolFactory, reactor: Any) -> None:
        self._bound = bound
        self._factory = factory
        self._reactor = reactor
        factory.doStart()
        reactor.addReader(self)

    def fileno(self) -> int:
        """The socket's."""
        return self._bound.fileno()

    def doRead(self) -> None:
        """Some have connected, who may have gone by now."""
        with suppress(BlockingIOError, ConnectionAbortedError):
            for _ in range(_AT_ONCE):
                connection, _ = self._bound.accept()
                with connection:
                    connection.setblocking(False)
                    self._reactor.adoptStreamConnection(connection.fileno(), socket.AF_UNIX, self._factory)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends."""

    def logPrefix(self) -> str:
        """How the log calls it."""
        return "Door"

    def stopListening(self) -> None:
        """Let nobody in any more; those who are in stay."""
        self._reactor.removeReader(self)
        self._bound.close()
        self._factory.doStop()
