"""Token buckets that may go into debt, kept as the time at which they are full again.

A bucket of `burst` tokens that gains `rate` of them a second and lacks x is full again in x / rate seconds. So one
number says how full it is at any time, nothing has to be refilled, and to take a token is to move that time on by
1 / rate.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from math import inf
from typing import Final, TypeAlias

from davd.admission.rate_settings import RateSettings

# What is counted, in the order in which budgets and charges keep it.
UNITS: Final = ("requests", "bytes", "rows", "cpu")

# A rule's factor may make a rate as small as it likes; the time to wait stays a number.
_LEAST_RATE = 1e-6

# Times are added up thousands of times: what is short of a token by less than this part of it has it.
_ROUNDING = 1e-3


class Measure:
    """The size of one bucket.

    `interval` is the time in seconds in which one token comes back, `window` that in which all do. The bucket has
    enough for what is asked while it is full again in at most `slack` seconds, and less than half of its tokens when
    that is more than `half`.
    """

    __slots__ = ("burst", "half", "interval", "rate", "slack", "window")

    def __init__(self, rate: float, burst: float, beforehand: bool) -> None:
        self.rate = max(rate, _LEAST_RATE)
        self.burst = max(burst, 1.0)
        self.interval = 1 / self.rate
        self.window = self.burst / self.rate
        self.half = self.window / 2
        # What is taken beforehand has to be there; what is charged afterwards only must not be lacking already.
        self.slack = (self.window - self.interval if beforehand else self.window) + self.interval * _ROUNDING


class Unmeasured(Measure):
    """A bucket that is never empty."""

    __slots__ = ()

    def __init__(self) -> None:
        self.rate = self.burst = self.window = self.half = self.slack = inf
        self.interval = 0.0


_UNMEASURED: Final = Unmeasured()


class Limits:
    """What budgets of one kind may spend under `settings`, times `factor`; None for no settings: nothing is counted.

    `kind` is `address`, `account` or `all`. `measures` are in the order of `UNITS`; `costs` are those that count and
    are charged afterwards, each with its place and unit. `free` tells that nothing counts, `sized` that bytes do.
    """

    __slots__ = ("costs", "free", "kind", "measures", "requests", "settings", "sized")

    def __init__(self, kind: str, settings: RateSettings | None, factor: float = 1.0) -> None:
        self.kind = kind
        self.settings = settings
        measures: list[Measure] = []
        for place, unit in enumerate(UNITS):
            rate = 0.0 if settings is None else getattr(settings, f"{kind}_{unit}") * factor
            if 0 < rate < inf:
                burst = getattr(settings, f"{kind}_{unit}_burst") * factor
                measures.append(Measure(rate, burst, place == 0))
            else:
                measures.append(_UNMEASURED)
        self.measures: tuple[Measure, ...] = tuple(measures)
        self.requests = measures[0]
        self.costs = tuple(
            (place, UNITS[place], measure) for place, measure in enumerate(measures) if place and measure.rate < inf
        )
        self.free = not self.costs and measures[0] is _UNMEASURED
        self.sized = measures[1] is not _UNMEASURED


# The limits of a budget that has not been asked yet: those in force are found when it is.
UNKNOWN: Final = Limits("", None)


class Budget:
    """What one address, one account or everybody has spent.

    `name` is what the budget belongs to. `requests`, `bytes`, `rows` and `cpu` are the times at which its buckets are
    full again, `ready` that from which a request may pass, `low` that until which less than half of something is left:
    seconds on the clock of whoever asks. The times stand in slots, since a container in each of many budgets would be
    one more thing for the garbage collector to walk through.
    """

    __slots__ = ("__weakref__", "bytes", "cpu", "limits", "low", "name", "ready", "requests", "rows")

    def __init__(self, name: str, limits: Limits = UNKNOWN) -> None:
        self.name = name
        self.limits = limits
        self.requests = self.bytes = self.rows = self.cpu = -inf
        self.ready = self.low = -inf

    def take(self, now: float, count: int = 1) -> None:
        """`count` requests pass. Whether they may is for the caller to know: not before `ready`."""
        measure = self.limits.requests
        until = self.requests
        self.requests = until = (until if until > now else now) + measure.interval * count
        # Each of the times only grows, so the latest of what follows from them is the greatest that ever followed.
        if until - measure.slack > self.ready:
            self.ready = until - measure.slack
        if until - measure.half > self.low:
            self.low = until - measure.half

    def charge(self, now: float, amounts: tuple[float, ...]) -> None:
        """What requests that are over have cost, in the order of `UNITS`; the first place is not looked at."""
        for place, unit, measure in self.limits.costs:
            amount = amounts[place]
            if amount > 0:
                until = getattr(self, unit)
                until = (until if until > now else now) + amount * measure.interval
                setattr(self, unit, until)
                if until - measure.slack > self.ready:
                    self.ready = until - measure.slack
                if until - measure.half > self.low:
                    self.low = until - measure.half

    def full(self, place: int) -> float:
        """The time at which the bucket at this place of `UNITS` is full again."""
        return float(getattr(self, UNITS[place]))

    def left(self, place: int, now: float) -> float:
        """How many tokens the bucket at this place of `UNITS` has; negative in debt."""
        measure = self.limits.measures[place]
        return measure.burst - max(0.0, self.full(place) - now) * measure.rate if measure.rate < inf else inf

    def wait(self, place: int, now: float) -> float:
        """Seconds until the bucket at this place lets a request pass; 0 when it does."""
        return max(0.0, self.full(place) - self.limits.measures[place].slack - now)

    def adopt(self, limits: Limits, now: float) -> None:
        """Go by other limits from now on: what was used stays used, but a debt becomes an empty bucket."""
        self.ready = self.low = -inf
        for place, (old, new) in enumerate(zip(self.limits.measures, limits.measures, strict=True)):
            lacking = max(0.0, self.full(place) - now)
            used = min(lacking * old.rate, new.burst) if lacking and old.rate < inf and new.rate < inf else 0.0
            until = now + used * new.interval if used else -inf
            setattr(self, UNITS[place], until)
            self.ready = max(self.ready, until - new.slack)
            self.low = max(self.low, until - new.half)
        self.limits = limits


AccountBudget: TypeAlias = Budget
