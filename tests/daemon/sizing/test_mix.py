"""What users ask, and how many of them are tried.

Verifies: docs/operate/troubleshooting.md, How many users it carries
"""

from __future__ import annotations

import random
from collections import Counter

from davd.daemon.sizing.mix import PER_MINUTE, arrivals, rate, rungs


def test_rate() -> None:
    assert rate(60) == sum(PER_MINUTE.values())


def test_rungs_end_with_the_most() -> None:
    found = list(rungs(1000))
    assert found == [100, 150, 225, 325, 475, 700, 1000]
    assert list(rungs(7)) == [7]


def test_arrivals_are_of_that_rate_and_mix() -> None:
    plan = arrivals(6000, 60.0, random.Random(7))
    assert all(before <= after for (before, _), (after, _) in zip(plan, plan[1:], strict=False))
    assert 0 < plan[0][0] and plan[-1][0] < 60.0
    counted = Counter(kind for _, kind in plan)
    for kind, count in PER_MINUTE.items():
        assert abs(counted[kind] - 6000 * count) < 6000 * count * 0.15
