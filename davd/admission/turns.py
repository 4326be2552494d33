"""The reactor's turns: how much of one the requests have used, and what is done at the beginning of the next.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from twisted.internet.task import Cooperator, SchedulerStopped

from davd.admission.clock import ReactorTime
from davd.admission.stats import AsyncPoolStats

# For `Stepping.began`: no step is under way.
ENDED: Final = -1.0


class Stepping(Protocol):
    """One whose steps are measured.

    `began` is when the present step began, `ENDED` between steps, and `busy` what `Turns.busy` was then; `spent` the
    seconds its earlier steps took.
    """

    began: float
    busy: float
    spent: float


class Turns:
    """A slice of each turn for those that queue, dealt out by a Cooperator, one of them at a time.

    `busy` is the sum of the seconds that all steps so far have taken, `end` what it will be when this turn is
    `exhausted`; the turn is then over for all but the quick ones until a new one has begun. An ordinary request costs a
    turn nothing: the next one is scheduled only when this one is exhausted, or when somebody waits.

    `dispatch` lets one of those that wait go, and tells whether it did; `changed` is told when a turn begins or is
    exhausted.
    """

    def __init__(
        self,
        clock: ReactorTime,
        meter: Callable[[], float],
        stats: AsyncPoolStats,
        seconds: float,
        dispatch: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._meter = meter
        self._stats = stats
        self.slice = seconds
        self._dispatch = dispatch
        self._changed = changed
        self._running = False
        self._until = 0.0
        self._cooperator = Cooperator(self._begin, lambda call: clock.callLater(0, call))
        self.busy = 0.0
        self.end = seconds
        self.exhausted = False

    def begin(self, step: Stepping) -> None:
        """A step begins."""
        step.busy = self.busy
        step.began = self._meter()

    def stop(self, step: Stepping) -> None:
        """A step has ended; what other steps have taken within it is theirs."""
        took = self._meter() - step.began - (self.busy - step.busy)
        step.spent += took
        step.began = ENDED
        self.busy += took
        if took > self._stats.longest_step:
            self._stats.longest_step = took
        if self.busy >= self.end:
            self.exhaust()

    def over(self, step: Stepping) -> bool:
        """Whether nothing of this turn is left for the one whose step this is."""
        return self.exhausted or step.busy + self._meter() - step.began >= self.end

    def spent(self, step: Stepping) -> float:
        """Seconds that all its steps took, one that is under way included."""
        if step.began == ENDED:
            return step.spent
        return step.spent + self._meter() - step.began - (self.busy - step.busy)

    def exhaust(self) -> None:
        """Nothing of this turn is left."""
        if not self.exhausted:
            self.exhausted = True
            self._changed()
        self.call()

    def call(self) -> None:
        """See to it that those who wait are looked at in the next turn, or further on in this one."""
        if not self._running and self._cooperator.running:
            self._running = True
            # Any other failure stays with the Deferred, which logs it.
            self._cooperator.cooperate(self._deal()).whenDone().addErrback(_stopped)

    def cease(self) -> None:
        """Deal out no more turns."""
        self._cooperator.stop()

    def _begin(self) -> Callable[[], bool]:
        self.end = self.busy + self.slice
        self._until = self._meter() + self.slice
        self.exhausted = False
        self._changed()
        return self._ended

    def _ended(self) -> bool:
        if self._meter() < self._until:
            return False
        if not self.exhausted:
            self.exhausted = True
            self._changed()
        return True

    def _deal(self) -> Iterator[None]:
        try:
            while self._dispatch():
                yield
        except Exception:
            self._running = False
            self.call()
            raise
        self._running = False


def _stopped(failure: Any) -> None:
    failure.trap(SchedulerStopped)
