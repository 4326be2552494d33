"""A reactor under which workers are started whose processes a test plays."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from davd.config.origin import Loaded
from davd.config.settings import Settings
from davd.daemon.bounds import Bounds
from davd.daemon.control import Line, Message
from davd.daemon.workers import WorkerProcess
from davd.daemon.workforce import Workforce


class Played:
    """One process: `say` speaks for it, `hear` is what it was told, `killed` whether it was."""

    def __init__(self, machine: Machine, pid: int, near: Line) -> None:
        self.machine = machine
        self.pid = pid
        self.killed = False
        self.protocol: ProcessProtocol
        self._near = near
        self._out = StringTransport()
        self._heard: list[Message] = []
        self._far = Line(self._heard.append, lambda: None)
        self._far.makeConnection(StringTransport())
        near.makeConnection(self._out)  # type: ignore[arg-type]

    def signalProcess(self, name: str) -> None:
        """End it at once."""
        assert name == "KILL"
        self.killed = True
        self.end()

    def end(self) -> None:
        """Have it end."""
        self.protocol.processEnded(Failure(ProcessDone(0)))
        self.machine.advance(0)

    def say(self, kind: str, **more: Any) -> None:
        """Speak for it."""
        text = msgspec.msgpack.encode({"kind": kind, **more})
        self._near.dataReceived(len(text).to_bytes(4, "big") + text)

    def hear(self) -> list[str]:
        """The kinds of what it was told since this was called last."""
        self._far.dataReceived(self._out.value())
        self._out.clear()
        kinds = [message["kind"] for message in self._heard]
        self._heard.clear()
        return kinds


class Machine(Clock):
    """Starts what a test plays, unless it `refuses` to."""

    def __init__(self) -> None:
        super().__init__()
        self.played: list[Played] = []
        self.refuses: OSError | None = None

    def adoptStreamConnection(self, descriptor: int, family: int, factory: Any) -> None:
        """The line of the process that is about to be started."""
        self._near = factory.buildProtocol(None)

    def spawnProcess(self, protocol: ProcessProtocol, *_: object) -> Played:
        """Start it."""
        if self.refuses is not None:
            raise self.refuses
        played = Played(self, 1000 + len(self.played), self._near)
        played.protocol = protocol
        self.played.append(played)
        protocol.makeConnection(played)  # type: ignore[arg-type]
        return played


def workforce(machine: Machine, count: int = 2, most: int = 2) -> Workforce:
    """So many workers, which serve."""
    made = Workforce(
        Bounds(count, count, most),
        [],
        [],
        lambda: Loaded(Settings()),
        Settings().daemon,
        machine,
        lambda _: None,
        lambda: False,
    )
    made.begin()
    for played in machine.played:
        played.say("ready")
    return made


def rows(made: Workforce) -> list[tuple[int, int, bool, bool]]:
    """Number, process id, whether it serves and whether it leaves, of each worker."""
    return [(one.number, one.pid, one.serves, one.leaving) for one in made.processes]


def leave(made: Workforce, pid: int) -> WorkerProcess:
    """Have the worker with that process leave gently."""
    (worker,) = (one for one in made.processes if one.pid == pid)
    made.leave(worker)
    return worker
