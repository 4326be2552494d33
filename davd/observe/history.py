"""The signals of the last hour, for curves.

Implements: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from math import isnan, nan
from typing import Final

from davd.observe.signals import SIGNALS

STEP_SECONDS: Final = 5.0
STEPS: Final = 720


class History:
    """The values of all signals at the last `steps` moments, in rings of doubles: some 180 KiB whatever happens."""

    def __init__(self, steps: int = STEPS) -> None:
        self._steps = steps
        self._times = array("d", [nan]) * steps
        self._rings = {name: array("d", [nan]) * steps for name in SIGNALS}
        self._next = 0
        self.length = 0

    def add(self, now: float, values: Mapping[str, float]) -> None:
        """Note the signals at a POSIX time; one that is not told has no value there."""
        place = self._next
        self._times[place] = now
        for name, ring in self._rings.items():
            ring[place] = values.get(name, nan)
        self._next = (place + 1) % self._steps
        self.length = min(self.length + 1, self._steps)

    def last(self) -> dict[str, float]:
        """The values of the latest moment, without those that were not told; empty before the first."""
        place = (self._next - 1) % self._steps
        return {name: ring[place] for name, ring in self._rings.items() if not isnan(ring[place])}

    def since(self, when: float, names: Iterable[str] = SIGNALS) -> dict[str, list[float | None]]:
        """The moments after a POSIX time as `at`, oldest first, and beside it the values of the signals in `names`.

        None stands where there is no value. KeyError for a name that is no signal's.
        """
        first = self._next - self.length
        places = [place % self._steps for place in range(first, self._next)]
        places = [place for place in places if self._times[place] > when]
        found: dict[str, list[float | None]] = {"at": [self._times[place] for place in places]}
        for name in names:
            ring = self._rings[name]
            found[name] = [None if isnan(ring[place]) else ring[place] for place in places]
        return found
