"""One worker as the supervisor sees it: a process, and the line to it."""

from __future__ import annotations

import os
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from davd.config.origin import Loaded
from davd.daemon import signalling
from davd.daemon.control import LINE, SOCKETS, TABLE, Line, Message, adopt, packed_settings
from davd.daemon.reload import ReloadOutcome
from davd.observe.snapshot import Snapshot, unpacked

log = Logger(namespace="davd")

# How long the answer of one worker is waited for; those of the others must not wait for one that hangs.
ANSWER_SECONDS = 5.0
# How long a worker has to come up, and how long one that says nothing is believed to be alive.
READY_SECONDS = 120.0
HUNG_SECONDS = 60.0

# What the service manager told the supervisor is not meant for workers.
_NOT_PASSED = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


@dataclass(frozen=True, slots=True)
class Outfit:
    """What workers are started with: words of their command line, descriptors of the table and the sockets, settings.

    `loaded` gives the settings at the time of each start.
    """

    words: Sequence[str]
    table: int
    sockets: Sequence[int]
    count: int
    columns: int
    loaded: Callable[[], Loaded]


class WorkerProcess(ProcessProtocol):
    """A worker of the given number, from its start to its end.

    `ready` fires when it serves, and fails when it ends before. `ended` fires when its process has gone. `began` is the
    reactor's time of its start, `heard` that of its last word. `serves` tells that it serves and was not told to end,
    `answers` that it has come up and its line is open. `told` are the metrics that it told last, None before the first;
    `counted` are its counters then.
    """

    def __init__(self, reactor: Any, number: int, column: int, outfit: Outfit, lost: Callable[[WorkerProcess], None]):
        self.number = number
        self.column = column
        self.ready: Deferred[None] = Deferred()
        self.ended: Deferred[None] = Deferred()
        self.began = self.heard = self._comes_up = reactor.seconds()
        self.serves = False
        self.answers = False
        self.leaving = False
        self.healthy = True
        self.told: Snapshot | None = None
        self.counted: Mapping[str, Any] = {}
        self.status: str = ""
        self._reactor = reactor
        self._lost = lost
        self._line = Line(self._listen, self._line_gone)
        self._waiting: dict[int, Deferred[Message]] = {}
        self._asked = 0
        self._outcomes: deque[Deferred[ReloadOutcome | None]] = deque()
        self._leaves = 0.0
        self._pid = 0
        self._process: Any = self._start(outfit)

    def _start(self, outfit: Outfit) -> Any:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            descriptors = {0: 0, 1: 1, 2: 2, LINE: theirs.fileno(), TABLE: outfit.table}
            descriptors |= dict(enumerate(outfit.sockets, SOCKETS))
            words = ["--number", self.number, "--count", outfit.count]
            words += ["--column", self.column, "--columns", outfit.columns]
            argv = [sys.executable, "-P", "-m", "davd.daemon.worker", *map(str, words), *outfit.words]
            adopt(self._reactor, ours.fileno(), self._line)
            # What the file says may have been refused, or be for after a restart: all go by the same settings.
            self._line.say("settings", loaded=packed_settings(outfit.loaded()))
            with signalling.blocked():
                return self._reactor.spawnProcess(
                    self, argv[0], argv, _environment(os.environ), None, None, None, False, descriptors
                )

    def connectionMade(self) -> None:
        """The process has been made; it forgets its id itself when it has gone."""
        process: Any = self.transport
        self._pid = int(process.pid)

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._pid

    def overdue(self) -> bool:
        """Whether it has hung: does not come up, has not answered for long, or was to be gone by now."""
        now = self._reactor.seconds()
        if self.leaving:
            return bool(now > self._leaves)
        # One that comes up may tell how it is all the while, and never serve.
        if not self.ready.called:
            return bool(now - self._comes_up > READY_SECONDS)
        return bool(now - self.heard > HUNG_SECONDS)

    def excuse(self, seconds: float) -> None:
        """Give it its time anew after so many seconds in which nobody listened; one that leaves has these more."""
        self.heard = self._comes_up = self._reactor.seconds()
        self._leaves += seconds

    def drain(self, gently: bool, seconds: float) -> None:
        """Have it answer what is under way and end; `gently`, it leaves its clients the time to ask once more.

        It is overdue after so many seconds.
        """
        self.leaving = True
        self._leaves = self._reactor.seconds() + seconds
        self.serves = self.serves and gently
        self.say("drain", gently=gently)

    def kill(self) -> None:
        """End it at once."""
        try:
            self._process.signalProcess("KILL")
        except ProcessExitedAlready:
            return

    def say(self, kind: str, **more: Any) -> None:
        """Send it a message that is not answered."""
        self._line.say(kind, **more)

    def ask_snapshot(self) -> Deferred[Message]:
        """What it has counted; fails when it ends before it answers, or has not answered after five seconds.

        Its metrics are in `told` then.
        """
        self._asked += 1
        asked = self._asked
        answer: Deferred[Message] = Deferred()
        self._waiting[asked] = answer
        self.say("snapshot", id=asked)

        def forget(result: Any) -> Any:
            self._waiting.pop(asked, None)
            return result

        return answer.addTimeout(ANSWER_SECONDS, self._reactor).addBoth(forget)

    def reload(self, loaded: Loaded | None) -> Deferred[ReloadOutcome | None]:
        """Have it go by these settings (None: by those it has) and read its certificates again.

        Fires when it has, with how that ended, or with None when it is no more.
        """
        outcome: Deferred[ReloadOutcome | None] = Deferred()
        self._outcomes.append(outcome)
        self.say("reload", loaded=None if loaded is None else packed_settings(loaded))
        return outcome

    def _listen(self, message: Message) -> None:
        self.heard = self._reactor.seconds()
        kind = message["kind"]
        if kind == "ready":
            self.serves = not self.leaving
            self.answers = True
            # Whatever it said of its store before that was open.
            self.healthy = True
            self.ready.callback(None)
        elif kind == "health":
            self.healthy = message["ok"]
        elif kind == "outcome":
            self._reloaded(msgspec.convert(message["outcome"], ReloadOutcome))
        elif kind == "snapshot":
            self._counted(message)

    def _counted(self, message: Message) -> None:
        if message.get("metrics"):
            self.told = unpacked(message["metrics"])
        if message.get("statistics"):
            self.counted = message["statistics"]
        # A worker that leaves tells without having been asked.
        answer = self._waiting.pop(message.get("id", 0), None)
        if answer is not None:
            answer.callback(message)

    def _reloaded(self, outcome: ReloadOutcome | None) -> None:
        # They come in the order in which they were asked for.
        if self._outcomes:
            self._outcomes.popleft().callback(outcome)

    def _line_gone(self) -> None:
        self.serves = self.answers = False

    def processEnded(self, reason: Failure) -> None:
        """The process has gone: told in another turn, since that may be found out while it is being started."""
        self._reactor.callLater(0, self._gone, reason)

    def _gone(self, reason: Failure) -> None:
        self.serves = self.answers = False
        self.status = str(reason.value)
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.errback(reason)
        while self._outcomes:
            self._reloaded(None)
        if not self.ready.called:
            self.ready.errback(reason)
        self._lost(self)
        self.ended.callback(None)


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The supervisor's own, and the folders from which it imports."""
    passed = {name: value for name, value in environment.items() if name not in _NOT_PASSED}
    return passed | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
