"""A UNIX socket that listens, whose file stays what it is."""

from __future__ import annotations

import errno
import socket
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IProtocolFactory, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

log = Logger(namespace="davd")

# How many are let in before the reactor looks after others.
_AT_ONCE = 16
# There is no descriptor or no memory for one more: whoever has connected waits for as long.
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_REST_SECONDS: Final = 1.0
# Nobody is there any more, or the one who was has gone or may not come in.
_PASSED_OVER: Final = frozenset({errno.EAGAIN, errno.ECONNABORTED, errno.EINTR, errno.EPERM})


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
        self._rest: IDelayedCall | None = None
        factory.doStart()
        reactor.addReader(self)

    def fileno(self) -> int:
        """The socket's."""
        return self._bound.fileno()

    def doRead(self) -> None:
        """Some have connected, who may have gone by now."""
        try:
            for _ in range(_AT_ONCE):
                connection, _ = self._bound.accept()
                with connection:
                    connection.setblocking(False)
                    self._reactor.adoptStreamConnection(connection.fileno(), socket.AF_UNIX, self._factory)
        except OSError as error:
            # The reactor would let go of a reader that raises, and nobody would be let in ever again.
            if error.errno in _EXHAUSTED:
                log.error("nobody is let in on a UNIX socket for now: {why}", why=error.strerror)
                self._reactor.removeReader(self)
                self._rest = self._reactor.callLater(_REST_SECONDS, self._resume)
            elif error.errno not in _PASSED_OVER:
                raise

    def _resume(self) -> None:
        self._rest = None
        self._reactor.addReader(self)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends."""

    def logPrefix(self) -> str:
        """How the log calls it."""
        return "Door"

    def stopListening(self) -> None:
        """Let nobody in any more; those who are in stay."""
        rest, self._rest = self._rest, None
        if rest is not None:
            rest.cancel()
        self._reactor.removeReader(self)
        self._bound.close()
        self._factory.doStop()
