"""The line between the supervisor and a worker: messages in both directions over a pair of UNIX sockets.

A message is a map in msgpack behind its length; `kind` says what it is. The supervisor sends `settings` first (with
those to start with as `loaded`), then `snapshot`, `health`, `reload` (with other settings as `loaded`, if there are),
`certificates`, `reopen`, `share` (with the `count` of those that share the limits) and `drain` (with `gently`); a
worker `ready`, `snapshot`, `health` and `outcome`.
"""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import Int32StringReceiver
from twisted.python.failure import Failure

from davd.config.origin import Loaded

log = Logger(namespace="davd")

# The descriptors that a worker inherits: its line to the supervisor, the shared table, then the sockets.
LINE, TABLE, SOCKETS = 3, 4, 5

Message: TypeAlias = Mapping[str, Any]
MAX_BYTES = 64 * 1024 * 1024


class Line(Int32StringReceiver):
    """One end: `heard` is called with each message, `gone` once when the other end is no more."""

    MAX_LENGTH = MAX_BYTES

    def __init__(self, heard: Callable[[Message], None], gone: Callable[[], None]) -> None:
        self._heard = heard
        self._gone = gone

    def say(self, kind: str, **more: Any) -> None:
        """Send a message; one to an end that is gone goes nowhere."""
        if self.transport is not None and self.connected:
            self.sendString(msgspec.msgpack.encode({"kind": kind, **more}))

    def stringReceived(self, string: bytes) -> None:
        """A message has come."""
        self._heard(msgspec.msgpack.decode(string))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The other end has closed it, or has ended."""
        self._gone()


class _Once(Factory):
    """Gives the one line to the one connection."""

    noisy = False

    def __init__(self, line: Line) -> None:
        self._line = line

    def buildProtocol(self, addr: IAddress | None) -> Line:
        self._line.factory = self
        return self._line


def adopt(reactor: Any, descriptor: int, line: Line) -> None:
    """Speak on an inherited or just made end; the descriptor may be closed afterwards."""
    reactor.adoptStreamConnection(descriptor, socket.AF_UNIX, _Once(line))


def packed_settings(loaded: Loaded) -> bytes:
    """Settings for the line. Sections of plugins may hold all that TOML has, dates too, which msgpack has not."""
    return pickle.dumps(loaded)


def unpacked_settings(data: bytes) -> Loaded:
    """The settings that came over the line, which none but these two processes have."""
    loaded = pickle.loads(data)
    assert isinstance(loaded, Loaded)
    return loaded


def first_message(descriptor: int) -> Message:
    """Wait for the first message of a line that no reactor reads yet. EOFError when the other end has gone."""
    length = int.from_bytes(_exactly(descriptor, 4), "big")
    message: Message = msgspec.msgpack.decode(_exactly(descriptor, length))
    return message


def _exactly(descriptor: int, count: int) -> bytes:
    with socket.socket(fileno=os.dup(descriptor)) as line:
        line.setblocking(True)
        data = b""
        while len(data) < count:
            more = line.recv(count - len(data))
            if not more:
                raise EOFError("the supervisor has gone")
            data += more
        return data
