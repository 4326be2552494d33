"""When a queue has been too long for too long.

After K. Nichols, V. Jacobson, Controlled Delay Active Queue Management, with one change for clients that, unlike TCP,
do not slow down when one request of theirs is refused: under standing overload nothing waits for more than twice the
target. Only what would not have been served in time is lost by that.

Implements: RFC 8289
"""

from __future__ import annotations

from math import sqrt


class CoDel:
    """The judge of one queue by how long its oldest entries have waited.

    `target` is the delay in seconds that may stand for long, `interval` for how many seconds more than that is taken
    for a burst.
    """

    __slots__ = ("_above", "_count", "_next", "interval", "shedding", "target")

    def __init__(self, target: float, interval: float) -> None:
        self.target = target
        self.interval = interval
        self.shedding = False
        self._above: float | None = None
        self._next = 0.0
        self._count = 0

    def calm(self) -> None:
        """There is no standing queue."""
        self._above = None
        self.shedding = False

    def due(self, now: float, delay: float) -> bool:
        """Whether the entry that has waited for `delay` seconds is to be shed; asked of the oldest ones in turn."""
        if delay < self.target:
            self.calm()
            return False
        if self._above is None:
            self._above = now + self.interval
            return False
        if not self.shedding:
            if now < self._above:
                return False
            self.shedding = True
            # RFC 8289: a queue that was shed from of late goes on near the rate that was right then.
            recent = now - self._next < 16 * self.interval
            self._count = self._count - 2 if recent and self._count > 2 else 1
        elif now < self._next:
            return delay > 2 * self.target
        else:
            self._count += 1
        self._next = now + self.interval / sqrt(self._count)
        return True
