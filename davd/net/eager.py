"""Twisted's own socket transports, writing at once and sending files without reading them.

Twisted keeps what is written until the reactor says that the socket can take it; the socket nearly always can take it
at once, and the turn through the reactor costs more than the answer.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.main import CONNECTION_LOST
from twisted.python.failure import Failure

from davd.net.files import FileStretch, unacknowledged
from davd.net.sending import Short


class _Eager:
    """Mixed into Twisted's server transports."""

    _file: FileStretch | None = None

    def write(self: Any, data: bytes) -> None:
        """Send what the socket takes; keep the rest."""
        if self.dataBuffer or self._tempDataLen or self._file is not None or self.disconnecting or not self.connected:
            super().write(data)  # type: ignore[misc]
            return
        try:
            sent = self.socket.send(data)
        except OSError:
            # Full, or broken: the reactor will find out which.
            sent = 0
        if sent < len(data):
            super().write(data[sent:] if sent else data)  # type: ignore[misc]

    def send_file(self: Any, head: bytes, descriptor: int, offset: int, length: int) -> Deferred[None]:
        """Send `head` and a stretch of a file; the Deferred fires when the system has taken the last byte."""
        stretch = FileStretch(descriptor, offset, length)
        if not self.connected or self._file is not None:
            stretch.fire(Failure(ConnectionLost()))
            return stretch.done
        if head:
            if not self.dataBuffer and not self._tempDataLen:
                head = self._send_with_more(head)
            if head:
                super().write(head)  # type: ignore[misc]
        self._file = stretch
        if self.dataBuffer or self._tempDataLen:
            self.startWriting()
        else:
            self._send_stretch()
            if self._file is not None:
                self.startWriting()
        return stretch.done

    def _send_with_more(self: Any, head: bytes) -> bytes:
        try:
            return head[self.socket.send(head, socket.MSG_MORE) :]
        except OSError:
            return head

    def _send_stretch(self: Any) -> None:
        stretch = self._file
        try:
            if not stretch.send(self.fileno()):
                return
        except (OSError, Short):
            self._file = None
            stretch.fire(Failure())
            return
        self._file = None
        stretch.fire()

    def doWrite(self: Any) -> Any:
        """The socket has room: first for what was written, then for the file."""
        if self._file is None:
            return super().doWrite()  # type: ignore[misc]
        if self.dataBuffer or self._tempDataLen:
            result = super().doWrite()  # type: ignore[misc]
            if result is None and self._file is not None and self.connected:
                self.startWriting()
            return result
        self._send_stretch()
        if self._file is None and not self.dataBuffer and not self._tempDataLen and self.connected:
            if self.disconnecting or self._writeDisconnecting:
                return super().doWrite()  # type: ignore[misc]
            self.stopWriting()
        return None

    def outstanding(self: Any) -> int:
        """How many bytes are to be sent or sent and not acknowledged."""
        if not self.connected:
            return 0
        size = len(self.dataBuffer) - self.offset + self._tempDataLen
        if self._file is not None:
            size += self._file.left
        return int(size) + unacknowledged(self.fileno())

    def connectionLost(self: Any, reason: Failure) -> None:
        """The connection is gone, and with it the file's way out."""
        stretch, self._file = self._file, None
        super().connectionLost(reason)  # type: ignore[misc]
        if stretch is not None:
            stretch.fire(Failure(CONNECTION_LOST))


class EagerServer(_Eager, tcp.Server):
    """An accepted TCP connection."""


class EagerUNIXServer(_Eager, unix.Server):
    """An accepted connection on a UNIX socket."""
