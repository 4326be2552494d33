"""How long the reactor's thread was held up: whoever does not let go of it makes all others wait.

Implements: docs/architecture.md, Overload
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

EVERY_SECONDS: Final = 0.01
IDLE_SECONDS: Final = 0.1

# The upper bounds of the histogram's buckets, in seconds.
BOUNDS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, inf)

_RECENT_SECONDS: Final = 60.0
_PARTS: Final = 6


class StallMeter:
    """Asks the clock to be called every 10 ms and looks how late it is called.

    A stall shows as long as it lasts after the moment of a call, so up to 10 ms of it stay unseen. `longest` is the
    longest since the start, in seconds, `total` the sum of all. `clock` is the reactor. `work` gives a number that
    changes when there is something to do: while it stays the same, to be woken a hundred times a second would be most
    of what an idle server does, so then it is ten times.
    """

    __slots__ = ("_call", "_clock", "_counts", "_done", "_due", "_part_ends", "_parts", "_work", "longest", "total")

    def __init__(self, clock: IReactorTime, work: Callable[[], int]) -> None:
        self.longest = 0.0
        self.total = 0.0
        self._clock = clock
        self._work = work
        self._done = -1
        self._call: IDelayedCall | None = None
        self._due = 0.0
        self._counts = [0] * len(BOUNDS)
        # The longest of each part of the last minute, the present part last.
        self._parts = [0.0] * _PARTS
        self._part_ends = 0.0

    def start(self) -> None:
        """Begin to look."""
        self._part_ends = self._clock.seconds() + _RECENT_SECONDS / _PARTS
        self._wait()

    def stop(self) -> None:
        """Look no more; the figures stay."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _wait(self) -> None:
        clock = self._clock
        done = self._work()
        wait = IDLE_SECONDS if done == self._done else EVERY_SECONDS
        self._done = done
        self._due = clock.seconds() + wait
        self._call = clock.callLater(wait, self._look)

    def _look(self) -> None:
        now = self._clock.seconds()
        late = now - self._due
        if now >= self._part_ends:
            self._turn(now)
        if late > BOUNDS[0]:
            self._counts[bisect_left(BOUNDS, late)] += 1
            self.total += late
            if late > self._parts[-1]:
                self._parts[-1] = late
                if late > self.longest:
                    self.longest = late
        else:
            self._counts[0] += 1
        self._wait()

    def _turn(self, now: float) -> None:
        """Begin a new part of the last minute, or several when time has passed unseen."""
        length = _RECENT_SECONDS / _PARTS
        over = min(_PARTS, 1 + int((now - self._part_ends) / length))
        self._parts = self._parts[over:] + [0.0] * over
        self._part_ends += length * (1 + int((now - self._part_ends) / length))

    @property
    def recent(self) -> float:
        """The longest stall of the last minute, in seconds; up to ten seconds more are looked back."""
        return max(self._parts)

    def histogram(self) -> list[tuple[float, int]]:
        """How often a call was at most so many seconds late, for each of `BOUNDS`; the last one counts all calls."""
        return list(zip(BOUNDS, accumulate(self._counts), strict=True))

    def statistics(self) -> Mapping[str, float]:
        """The figures by name."""
        return {"longest": self.longest, "recent": self.recent, "total": self.total, "looks": sum(self._counts)}
