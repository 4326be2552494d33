"""How many workers there should be: a decision by numbers, without a clock or a process of its own.

More come at once, fewer one by one and late, because a worker too few makes people wait and one too many does not.

Implements: docs/operate/scaling.md, The decision
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

from davd.observe.scaling_settings import ScalingSettings

# What is this many looks old is no measurement any more.
FRESH_LOOKS: Final = 3
# One worker less has to be no more than this part as busy as is allowed, or it would soon be missed.
_ROOM: Final = 0.8
# When one that was ended was missed before long, the next one stays for twice as long, and so on up to this.
_MOST_PATIENCE: Final = 16
# What is a whole number but for its last digits is that whole number.
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Measured:
    """The load at the time `at`, in seconds of the clock of the decision.

    `busy` is how many processors all workers together keep busy, `requests` how many they answer a second, `queue` for
    how many seconds one waits for a place, in the mean over all.
    """

    at: float
    busy: float
    requests: float
    queue: float


@dataclass(frozen=True, slots=True)
class Decision:
    """How many workers there should be, and a word on why: `load`, `queue`, `forecast`, `less`, `bounds` or `stays`."""

    wanted: int
    why: str


class Scaling:
    """Decides from look to look; `low` and `high` bound the number of workers, both included."""

    def __init__(self, settings: ScalingSettings, low: int, high: int) -> None:
        if not 1 <= low <= high:
            raise ValueError(f"expected 1 <= {low} <= {high}")
        self._settings = settings
        self.low = low
        self.high = high
        # Since when one less would do, when the number has changed last, and when it was lowered last.
        self._room_since: float | None = None
        self._changed: float | None = None
        self._lowered: float | None = None
        self._patience = 1

    def decide(self, now: float, actual: int, measured: Measured | None, forecast: float | None) -> Decision:
        """How many there should be, with `actual` of them and a forecast of the processors they will keep busy.

        Without a measurement that is fresh nothing changes but what the bounds demand.
        """
        settings = self._settings
        bounded = max(self.low, min(self.high, actual))
        if bounded != actual:
            return self._change(now, actual, bounded, "bounds")
        if measured is None or now - measured.at > FRESH_LOOKS * settings.look_seconds or measured.at > now:
            self._room_since = None
            return Decision(actual, "stays")
        wanted, why = self._upwards(actual, measured, forecast)
        if wanted > actual:
            return self._change(now, actual, wanted, why)
        if actual == self.low or not self._has_room(actual - 1, measured, forecast):
            self._room_since = None
            return Decision(actual, "stays")
        if self._room_since is None:
            self._room_since = now
        hold = settings.hold_seconds * self._patience
        if now - self._room_since < hold or (self._changed is not None and now - self._changed < hold):
            return Decision(actual, "stays")
        return self._change(now, actual, actual - 1, "less")

    def needed(self, measured: Measured) -> int:
        """How many workers it takes for what is measured, without a look at bounds or queues."""
        settings = self._settings
        return max(
            _whole(measured.busy / settings.busy),
            _whole(measured.requests / settings.requests_per_worker) if settings.requests_per_worker else 1,
        )

    def _upwards(self, actual: int, measured: Measured, forecast: float | None) -> tuple[int, str]:
        """The most that anything asks for, within the bounds, and what asks."""
        settings = self._settings
        asked = [
            (self.needed(measured), "load"),
            (actual + 1 if settings.queue_seconds and measured.queue >= settings.queue_seconds else 1, "queue"),
            (1 if forecast is None else _whole(forecast / settings.busy), "forecast"),
        ]
        wanted, why = max(asked, key=lambda each: each[0])
        return min(wanted, self.high), why

    def _has_room(self, count: int, measured: Measured, forecast: float | None) -> bool:
        """Whether so many would do, with room to spare."""
        settings = self._settings
        room = count * _ROOM
        return (
            measured.busy <= room * settings.busy
            and (forecast is None or forecast <= room * settings.busy)
            and (not settings.requests_per_worker or measured.requests <= room * settings.requests_per_worker)
            and (not settings.queue_seconds or measured.queue < settings.queue_seconds / 2)
        )

    def _change(self, now: float, actual: int, wanted: int, why: str) -> Decision:
        hold = self._settings.hold_seconds
        if wanted < actual:
            # It was not missed for a while: the next one need not wait for longer.
            if self._lowered is not None and now - self._lowered > 4 * hold * self._patience:
                self._patience = 1
            self._lowered = now
        elif self._lowered is not None and now - self._lowered <= 2 * hold * self._patience:
            self._patience = min(_MOST_PATIENCE, self._patience * 2)
            self._lowered = None
        self._room_since = None
        self._changed = now
        return Decision(wanted, why)


def _whole(workers: float) -> int:
    return max(1, ceil(round(workers, _DIGITS)))
