"""Files on their way to a socket without being read.

`sendfile` moves them from the page cache to the socket; neither side of it passes through this process.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from davd.net.sending import Short

# What one turn of the reactor gives to one connection's file.
TURN = 1024 * 1024


def unacknowledged(descriptor: int) -> int:
    """How many bytes the system holds for the peer of a socket, who has not confirmed them yet."""
    (size,) = struct.unpack("i", ioctl(descriptor, TIOCOUTQ, b"\0\0\0\0"))
    return int(size)


class FileStretch:
    """What is left to be sent of a file, and who waits for it."""

    __slots__ = ("descriptor", "done", "left", "offset")

    def __init__(self, descriptor: int, offset: int, length: int) -> None:
        self.descriptor = descriptor
        self.offset = offset
        self.left = length
        self.done: Deferred[None] = Deferred()

    def send(self, out: int) -> bool:
        """Send what the socket takes in one turn; whether that was all. Raises OSError, and Short at a false end."""
        turn = TURN
        while self.left and turn > 0:
            try:
                sent = os.sendfile(out, self.descriptor, self.offset, min(self.left, turn))
            except BlockingIOError:
                return False
            if not sent:
                raise Short("the file is shorter than it was")
            self.offset += sent
            self.left -= sent
            turn -= sent
        return not self.left

    def fire(self, result: Any = None) -> None:
        """Tell that it was sent, or how it failed; once."""
        if not self.done.called:
            self.done.callback(result)


class PassingFile:
    """A file on its way past the loop's transport, over a descriptor of its own: the loop refuses to watch its own."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, out: int, head: bytes, stretch: FileStretch, done: Callable[[], None]
    ) -> None:
        self.stretch = stretch
        self._loop = loop
        self._head = head
        self._done = done
        self._socket: socket.socket | None = socket.socket(fileno=os.dup(out))
        self._watching = False

    def turn(self) -> None:
        """Send what the socket takes now."""
        out = self._socket
        if out is None:
            return
        try:
            if self._head:
                self._head = self._head[out.send(self._head, socket.MSG_MORE) :]
            complete = not self._head and self.stretch.send(out.fileno())
        except BlockingIOError:
            complete = False
        except (OSError, Short):
            self._end(Failure())
            return
        if complete:
            self._end(None)
        elif not self._watching:
            self._watching = True
            self._loop.add_writer(out.fileno(), self.turn)

    def stop(self) -> None:
        """The connection is gone."""
        self._end(Failure(ConnectionLost()))

    def _end(self, result: Failure | None) -> None:
        out, self._socket = self._socket, None
        if out is None:
            return
        if self._watching:
            self._loop.remove_writer(out.fileno())
        out.close()
        self._done()
        self.stretch.fire(result)
