"""What a server does by itself once in a while, one piece of work beside the other, and what became of it.

Implements: docs/operate/monitoring.md, Chores
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

log = Logger(namespace="davd.chores")

# How long a chore leaves the reactor to others between two pieces of its work.
PACE_SECONDS: Final = 0.005

# Outcomes, beside the sentence of a chore that has failed.
NEVER: Final = "never"
DONE: Final = "done"
STOPPED: Final = "stopped"


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that is done every `every_seconds`, for the first time `first_seconds` after the start (None: the same).

    `work` returns what it has done, a number or a short text for the report, or None. It must not hold the reactor: it
    waits for threads, or calls `Chores.pace` between its pieces.
    """

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[object]]
    first_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ChoreReport:
    """What became of a chore.

    `last_run` and `next_run` are POSIX seconds, None for never and for not planned; `duration` is seconds; `outcome` is
    `never`, `done`, `stopped` or the sentence of what went wrong. `result` is what the last run gave, as text.
    `runs` and `failures` count since the start; `running` tells that it is under way.
    """

    name: str
    last_run: float | None
    duration: float
    outcome: str
    next_run: float | None
    result: str = ""
    runs: int = 0
    failures: int = 0
    running: bool = False
    every_seconds: float = 0.0


@dataclass(slots=True)
class _State:
    chore: Chore
    call: IDelayedCall | None = None
    running: bool = False
    last_run: float | None = None
    duration: float = 0.0
    outcome: str = NEVER
    next_run: float | None = None
    result: str = ""
    runs: int = 0
    failures: int = 0
    waiting: list[Deferred[None]] = field(default_factory=list)


class Chores:
    """All chores of a process. `clock` is the reactor, `now` gives POSIX seconds.

    A chore never runs twice at once; different ones may. What goes wrong in one is logged and told in the report, and
    it is done again when it is due.
    """

    def __init__(self, clock: IReactorTime, now: Callable[[], float]) -> None:
        self._clock = clock
        self._now = now
        self._states: dict[str, _State] = {}
        self._started = False
        self.stopping = False

    def add(self, chore: Chore) -> None:
        """Have a chore done from now on, or from the start on. ValueError when there is one of that name."""
        if chore.name in self._states:
            raise ValueError(f"there is a chore {chore.name} already")
        self._states[chore.name] = state = _State(chore)
        if self._started:
            self._plan(state, chore.every_seconds if chore.first_seconds is None else chore.first_seconds)

    def start(self) -> None:
        """Begin to count: a start has enough to do, so the first run of each is later."""
        self._started = True
        for state in self._states.values():
            chore = state.chore
            self._plan(state, chore.every_seconds if chore.first_seconds is None else chore.first_seconds)

    async def stop(self) -> None:
        """Begin none any more, and wait for those that run; those that `pace` end there."""
        self.stopping = True
        self._started = False
        for state in self._states.values():
            if state.call is not None:
                state.call.cancel()
                state.call = state.next_run = None
        for state in self._states.values():
            await self._ended(state)

    async def run(self, name: str) -> ChoreReport:
        """Do a chore now, or wait for the end of its present run; what became of it. KeyError when there is none."""
        state = self._states[name]
        if not state.running and not self.stopping:
            self._begin(state)
        await self._ended(state)
        return self._report(state)

    async def pace(self) -> None:
        """Let others go between two pieces of work; CancelledError when the chores are to stop."""
        if self.stopping:
            raise CancelledError
        await deferLater(self._clock, PACE_SECONDS)
        if self.stopping:
            raise CancelledError

    def report(self) -> list[ChoreReport]:
        """What became of each, in the order in which they were added."""
        return [self._report(state) for state in self._states.values()]

    def _report(self, state: _State) -> ChoreReport:
        return ChoreReport(
            state.chore.name,
            state.last_run,
            state.duration,
            state.outcome,
            state.next_run,
            state.result,
            state.runs,
            state.failures,
            state.running,
            state.chore.every_seconds,
        )

    async def _ended(self, state: _State) -> None:
        if state.running:
            over: Deferred[None] = Deferred()
            state.waiting.append(over)
            await over

    def _plan(self, state: _State, seconds: float) -> None:
        state.next_run = self._now() + seconds
        state.call = self._clock.callLater(seconds, self._due, state)

    def _due(self, state: _State) -> None:
        state.call = None
        if not state.running:
            self._begin(state)

    def _begin(self, state: _State) -> None:
        if state.call is not None:
            state.call.cancel()
            state.call = None
        state.next_run = None
        # Set before the work begins, which may end at once.
        state.running = True
        Deferred.fromCoroutine(self._work(state))

    async def _work(self, state: _State) -> None:
        chore = state.chore
        began = self._clock.seconds()
        state.last_run = self._now()
        state.result = ""
        try:
            result = await chore.work()
        except CancelledError:
            state.outcome = STOPPED
        except Exception as error:
            state.outcome = f"{error}" or type(error).__name__
            state.failures += 1
            log.error("the chore {name} failed: {error}", name=chore.name, error=state.outcome)
        else:
            state.outcome = DONE
            state.result = "" if result is None else str(result)
            log.debug("the chore {name} is done: {result}", name=chore.name, result=state.result)
        state.duration = self._clock.seconds() - began
        state.runs += 1
        state.running = False
        if self._started:
            self._plan(state, chore.every_seconds)
        waiting, state.waiting = state.waiting, []
        for over in waiting:
            over.callback(None)
