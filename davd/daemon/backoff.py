"""How long to wait before what has failed is tried again."""

from __future__ import annotations

from collections.abc import Callable
from random import random

FIRST_SECONDS = 0.1
MOST_SECONDS = 30.0
CALM_SECONDS = 60.0


class Backoff:
    """Waits that double from 0.1 to 30 seconds, each shortened by up to a half by chance.

    By chance, so that those that failed together do not come again together. What has gone well for a minute begins
    anew. `chance` gives numbers from 0 to 1.
    """

    def __init__(self, chance: Callable[[], float] = random) -> None:
        self._chance = chance
        self._failures = 0

    def wait(self, lasted: float) -> float:
        """Seconds to wait after something that has lasted so many seconds has failed."""
        if lasted >= CALM_SECONDS:
            self._failures = 0
        seconds = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return seconds * (1 - self._chance() / 2)
