"""Failures that every request meets are told once in a while, not for every request.

Implements: RFC 4918, 11.5
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

# So many different failures are known apart; any more are told each time.
_MOST = 16


class Repetition:
    """Tells which failures are worth a line: the first of a kind, and then one in `seconds`. `clock` gives seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        # When each kind was told last, and how many there were since.
        self._told: dict[Hashable, tuple[float, int]] = {}

    def due(self, kind: Hashable) -> int | None:
        """How many failures of that kind, with this one, the line that is due now stands for; None when none is due."""
        now = self._clock()
        last, count = self._told.get(kind, (None, 0))
        count += 1
        if last is not None and now < last + self._seconds:
            self._told[kind] = last, count
            return None
        if kind not in self._told and len(self._told) >= _MOST:
            del self._told[min(self._told, key=lambda known: self._told[known][0])]
        self._told[kind] = now, 0
        return count
