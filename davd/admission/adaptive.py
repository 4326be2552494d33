"""How many requests may hold a token at once.

Additive increase, multiplicative decrease, and every decrease on trial. Requests that hold a token over time wait for
something: a thread, a lock, a disk. Where they only wait in line, running fewer makes each faster and all together no
slower; so while their latency is above the target the limit goes down, until it is the target or throughput suffers.
Where one COMMIT serves all that have come, or the disk is slow by itself, running fewer makes none faster and all
together slower: the trial fails, the limit is put back, and the next trial waits longer. A gradient of latency against
the best one seen would take that second case for the first. Below the target the limit goes up again, step by step, to
where it was set.

Implements: docs/architecture.md, Overload
"""

from __future__ import annotations

from math import log

# A window lasts at least so many seconds, twice the latency, and so many requests.
_WINDOW = 0.5
_LATENCIES = 2.0
_REQUESTS = 20

_DECREASE = 0.8
_INCREASE = 0.1

# A decrease is kept when the throughput went down by less than this power of the limit.
_ELASTICITY = 0.5
# After a failed trial so many windows pass before the next one, then twice as many, and so on.
_PATIENCE = 8
_MOST_PATIENCE = 256


class AdaptiveLimit:
    """The limit, between `low` and `high`, from what is observed of requests that held a token over time."""

    def __init__(self, high: int, low: int, now: float) -> None:
        self.high = high
        self.low = min(low, high)
        self.limit = high
        self.target = 0.5
        self._began = now
        self._number = 0
        self._latency = 0.0
        # Until then what is observed belongs to the limit before.
        self._settled = now
        self._trial: tuple[int, int, float] | None = None
        self._pause = 0
        self._patience = _PATIENCE

    def configure(self, high: int, low: int, target: float) -> None:
        """Set the bounds and the latency in seconds that is aimed at; a limit at its upper bound follows that."""
        if self.limit == self.high:
            self.limit = high
        self.high, self.low, self.target = high, low, target
        self.limit = min(max(self.limit, low), high)
        self._trial = None

    def observe(self, seconds: float, now: float) -> bool:
        """Take in that a request which ends now has held a token for so long; whether the limit has changed."""
        if now < self._settled:
            return False
        self._number += 1
        self._latency += seconds
        length = now - self._began
        if self._number < _REQUESTS or length < _WINDOW or length < _LATENCIES * self._latency / self._number:
            return False
        before = self.limit
        latency = self._latency / self._number
        self._judge(latency, self._number / length)
        self._number = 0
        self._latency = 0.0
        self._began = now
        if self.limit < before:
            # Those that run still end at the pace of the limit before.
            self._settled = self._began = now + latency
        return self.limit != before

    def _judge(self, latency: float, throughput: float) -> None:
        if self._trial is not None:
            before, holding, old = self._trial
            self._trial = None
            # Little's law: what is held on average.
            lower = log(max(latency * throughput, 1) / holding)
            if lower < 0 and log(throughput / old) < _ELASTICITY * lower:
                self.limit = before
                self._pause = self._patience
                self._patience = min(2 * self._patience, _MOST_PATIENCE)
                return
            self._patience = _PATIENCE
        if latency <= self.target:
            self.limit = min(self.high, self.limit + max(1, int(self.limit * _INCREASE)))
        elif self._pause:
            self._pause -= 1
        else:
            holding = max(1, int(latency * throughput))
            limit = max(self.low, int(min(self.limit, holding) * _DECREASE))
            if limit < self.limit:
                self._trial = (self.limit, holding, throughput)
                self.limit = limit
