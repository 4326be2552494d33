"""Whether to ask a service that may be out of order: a circuit breaker.

Closed, everything passes. After `threshold` failures in a row it opens, and nothing passes for `rest` seconds. Then it
is half open: one call passes, and its outcome closes the breaker or opens it again.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Event(Enum):
    """What a breaker is told of: `DUE` when it has rested, `LIMIT` when failures have reached the threshold."""

    SUCCESS = "success"
    FAILURE = "failure"
    LIMIT = "limit"
    DUE = "due"


# What is not here leaves the state as it is: a late outcome of a call from before it opened tells nothing new.
TRANSITIONS: Final = {
    (State.CLOSED, Event.LIMIT): State.OPEN,
    (State.OPEN, Event.DUE): State.HALF_OPEN,
    (State.HALF_OPEN, Event.SUCCESS): State.CLOSED,
    (State.HALF_OPEN, Event.FAILURE): State.OPEN,
    (State.HALF_OPEN, Event.LIMIT): State.OPEN,
}


class Breaker:
    """A breaker by a clock that the caller reads: all times are seconds of one monotonic clock.

    `threshold` is the number of failures in a row that opens it, `rest` how long it then stays open. A trial whose
    outcome is never told holds the others back for `rest` seconds, no longer.
    """

    __slots__ = ("_failures", "_until", "openings", "rest", "state", "threshold")

    def __init__(self, threshold: int, rest: float) -> None:
        self.threshold = threshold
        self.rest = rest
        self.state = State.CLOSED
        self.openings = 0
        self._failures = 0
        self._until = 0.0

    def allows(self, now: float) -> bool:
        """Whether a call may be made; True while half open is the trial, and is said once."""
        if self.state is State.CLOSED:
            return True
        if now < self._until:
            return False
        self._enter(Event.DUE)
        self._until = now + self.rest
        return True

    def succeeded(self) -> None:
        """A call has had its answer in time."""
        self._failures = 0
        if self.state is not State.CLOSED:
            self._enter(Event.SUCCESS)

    def failed(self, now: float) -> bool:
        """A call has had no answer; whether that has opened the breaker."""
        self._failures += 1
        if not self._enter(Event.LIMIT if self._failures >= self.threshold else Event.FAILURE):
            return False
        self._until = now + self.rest
        self.openings += 1
        return True

    def _enter(self, event: Event) -> bool:
        state = TRANSITIONS.get((self.state, event), self.state)
        changed = state is not self.state
        self.state = state
        return changed
