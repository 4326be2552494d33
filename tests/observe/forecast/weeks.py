"""Loads of made-up weeks: what a server that people use by day and on working days might see."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable

# Steps of a quarter of an hour, to keep it short.
DAY = 96
WEEK = 7 * DAY


def profile(step: int) -> float:
    """Processors that are busy at a step: a hump by day, a smaller one at weekends, polls by night."""
    day, place = divmod(step % WEEK, DAY)
    hour = place * 24 / DAY
    hump = math.exp(-(((hour - 10.5) / 2.5) ** 2)) + 0.8 * math.exp(-(((hour - 15) / 2.5) ** 2))
    return 0.2 + hump * (0.4 if day >= 5 else 1.5)


def weeks(
    count: float,
    noise: float = 0.1,
    growth: float = 0.0,
    holidays: Iterable[int] = (),
    shift: tuple[int, float] | None = None,
    gaps: Iterable[tuple[int, int]] = (),
    seed: int = 1,
    shape: Callable[[int], float] = profile,
) -> list[float | None]:
    """So many weeks, step by step.

    `noise` is its standard deviation, `growth` what a week has more than the last one as a share, `holidays` the
    numbers of days that are nearly empty, `shift` from which step on there is how much more, `gaps` what is unknown.
    """
    chance = random.Random(seed)
    empty = frozenset(holidays)
    found: list[float | None] = []
    for step in range(round(count * WEEK)):
        load = shape(step) * (1 + growth) ** (step / WEEK)
        if step // DAY in empty:
            load = 0.2
        if shift is not None and step >= shift[0]:
            load += shift[1]
        found.append(max(0.0, load + chance.gauss(0, noise)))
    for first, behind in gaps:
        found[first:behind] = [None] * (behind - first)
    return found
