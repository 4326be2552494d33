"""The socket in the data folder by which commands of an administrator reach a running davd.

Who connects sends one line of JSON, `{"do": "restart"}`, is told by lines what is done, and by the last one how it has
ended; then the connection is closed. That is better than a signal: it can say when it is over, and why it was not done.

Implements: docs/operate/operate.md, Commands to a running davd
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from davd.daemon.door import Door

log = Logger(namespace="davd.commands")

NAME: Final = "control.sock"
# Whoever connects and asks nothing is not waited for any longer than this.
ASK_SECONDS: Final = 10.0
MOST_BYTES: Final = 4096
# What the address of a UNIX socket may have of bytes, its end included (sockaddr_un).
_LONGEST: Final = 108


class Progress(Struct, frozen=True, omit_defaults=True):
    """What has been done so far, in one sentence: `done` steps of the `of` there are; 0 where there are none."""

    progress: str
    done: int = 0
    of: int = 0


class Outcome(Struct, frozen=True, omit_defaults=True):
    """How a command has ended, in one sentence, and what it tells beside that.

    `applied` and `restart` are the keys that a reload has brought into force and those that wait for a restart.
    `settings` are the rows of the settings in force, secrets masked. `workers` are the processes that serve, `pid` that
    of the process that answers and `version` its davd. `ready` is what the readiness is made of, `connections` how many
    are open, `alerts` are the names and sentences of those in force.
    """

    ok: bool
    sentence: str
    applied: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    settings: tuple[Mapping[str, Any], ...] = ()
    workers: tuple[Mapping[str, Any], ...] = ()
    pid: int = 0
    version: str = ""
    ready: Mapping[str, bool] = {}
    connections: int = 0
    alerts: tuple[str, ...] = ()


class _Asked(Struct, forbid_unknown_fields=True):
    do: str


Tell: TypeAlias = Callable[[Progress], None]
# What carries out a command, and tells meanwhile how far it is.
Command: TypeAlias = Callable[[Tell], Outcome | Awaitable[Outcome]]


@contextmanager
def address(data: str) -> Iterator[str]:
    """The address of the socket in a data folder, good within the block, however long the folder's path is."""
    path = os.path.join(data, NAME)
    if len(os.fsencode(path)) < _LONGEST:
        yield path
        return
    descriptor = os.open(data, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


class _Conversation(LineOnlyReceiver):
    """One command and its answer."""

    delimiter = b"\n"
    MAX_LENGTH = MOST_BYTES

    def __init__(self, commands: Mapping[str, Command], clock: Any) -> None:
        self._commands = commands
        self._clock = clock
        self._asked = False
        self._limit: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """Somebody is there."""
        self._limit = self._clock.callLater(ASK_SECONDS, self._late)

    def _late(self) -> None:
        self._limit = None
        self._end(Outcome(False, "nothing was asked"))

    def _in_time(self) -> None:
        limit, self._limit = self._limit, None
        if limit is not None:
            limit.cancel()

    def lineReceived(self, line: bytes) -> None:
        """The one line that is asked; what comes after it is nothing to us."""
        if self._asked:
            return
        self._asked = True
        self._in_time()
        try:
            command = self._commands.get(msgspec.json.decode(line, type=_Asked).do)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._end(Outcome(False, f"that is no command: {error}"))
            return
        if command is None:
            self._end(Outcome(False, f"there is no such command; there are {', '.join(self._commands)}"))
            return
        maybeDeferred(_awaited, command, self._tell).addErrback(_failed).addCallback(self._end)

    def _tell(self, progress: Progress) -> None:
        self._send(progress)

    def _end(self, outcome: Outcome) -> None:
        self._send(outcome)
        if self.transport is not None:
            self.transport.loseConnection()

    def _send(self, told: Progress | Outcome) -> None:
        # Whoever asked may have gone meanwhile; what was asked for is done all the same.
        if self.connected and self.transport is not None:
            self.transport.write(msgspec.json.encode(told) + b"\n")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Whoever asked has gone."""
        self._in_time()


def _awaited(command: Command, tell: Tell) -> Any:
    answer = command(tell)
    return answer if isinstance(answer, Outcome) else Deferred.fromCoroutine(_whole(answer))


async def _whole(answer: Awaitable[Outcome]) -> Outcome:
    return await answer


def _failed(failure: Failure) -> Outcome:
    log.failure("a command could not be carried out", failure)
    return Outcome(False, "it could not be done; the log says why")


class _Conversations(Factory):
    noisy = False

    def __init__(self, commands: Mapping[str, Command], clock: Any) -> None:
        self._commands = commands
        self._clock = clock

    def buildProtocol(self, addr: IAddress | None) -> _Conversation:
        protocol = _Conversation(self._commands, self._clock)
        protocol.factory = self
        return protocol


class CommandSocket:
    """Listens in the folder `data`, and has done what `commands` name. Only davd's own user reaches it."""

    def __init__(self, data: str, commands: Mapping[str, Command], reactor: Any) -> None:
        self._data = data
        self._factory = _Conversations(commands, reactor)
        self._reactor = reactor
        self._door: Door | None = None

    def start(self) -> None:
        """Listen; what is in the way is told in the log, and davd serves all the same."""
        try:
            bound = self._bind()
        except OSError as error:
            log.error(
                "davctl cannot reach this davd: {data}/{name}: {why}",
                data=self._data,
                name=NAME,
                why="another davd serves this folder" if error.errno == errno.EADDRINUSE else error.strerror,
            )
            return
        self._door = Door(bound, self._factory, self._reactor)

    def _bind(self) -> socket.socket:
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            bound.setblocking(False)
            with address(self._data) as path:
                _clear(path)
                # Linux makes the file with the mode that the socket has. After bind it would be too late, for somebody
                # could have connected; and the mask is that of the files which other threads make as well.
                os.fchmod(bound.fileno(), 0o600)
                bound.bind(path)
            bound.listen()
        except BaseException:
            bound.close()
            raise
        return bound

    def stop(self) -> None:
        """Hear nobody any more; who waits for an answer still gets it."""
        door, self._door = self._door, None
        if door is not None:
            door.stopListening()
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(self._data, NAME))


def _clear(path: str) -> None:
    """Remove the socket of a davd that has not ended by itself; OSError with EADDRINUSE when somebody listens on it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
