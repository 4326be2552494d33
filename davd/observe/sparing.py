"""Saying something that anybody may cause no more often than can be read, and how often it was left out.

Implements: docs/operate/monitoring.md, Access log
"""

from __future__ import annotations

from typing import Final

RATE: Final = 10.0
BURST: Final = 100.0


class Sparing:
    """Lets `burst` through at once and `rate` in a second after that; times are seconds on any clock."""

    __slots__ = ("_burst", "_left", "_omitted", "_rate", "_then")

    def __init__(self, rate: float = RATE, burst: float = BURST) -> None:
        self._rate = rate
        self._burst = self._left = burst
        self._then = 0.0
        self._omitted = 0

    def left_out(self, now: float) -> int | None:
        """None when it is not to be said now; else how often it was not since it was said last."""
        # A clock that was set back gives nothing for free, and takes nothing away.
        passed = max(0.0, now - self._then)
        self._then = now
        self._left = min(self._burst, self._left + passed * self._rate)
        if self._left < 1.0:
            self._omitted += 1
            return None
        self._left -= 1.0
        omitted, self._omitted = self._omitted, 0
        return omitted
