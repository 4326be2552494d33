"""When the oldest are shed.

Verifies: RFC 8289; docs/architecture.md, Overload
"""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

from davd.admission.codel import CoDel

TARGET, INTERVAL = 0.5, 1.0


def test_a_burst_is_not_shed() -> None:
    judge = CoDel(TARGET, INTERVAL)
    assert not any(judge.due(step / 100, 5.0) for step in range(100))
    assert not judge.due(1.0, 0.4)
    assert not any(judge.due(1.01 + step / 100, 5.0) for step in range(100))
    assert judge.due(2.02, 5.0)


def test_no_queue_no_shedding() -> None:
    judge = CoDel(TARGET, INTERVAL)
    judge.due(0.0, 1.0)
    judge.calm()
    assert not judge.due(1.5, 1.0)


def test_the_rate_grows_with_the_square_root() -> None:
    """RFC 8289: the next one goes an interval over the square root of their number later."""
    judge = CoDel(TARGET, INTERVAL)
    judge.due(0.0, 0.8)
    shed = [step / 1000 for step in range(1, 10_000) if judge.due(step / 1000, 0.8)]
    gaps = [after - before for before, after in zip(shed, shed[1:], strict=False)]
    assert gaps[:4] == pytest.approx([1 / number**0.5 for number in (1, 2, 3, 4)], abs=0.002)


def _serve(offered: float, capacity: float, seconds: float, seed: int) -> tuple[int, int, list[float], int]:
    """One queue: how many were served and shed, the waits of the served, and how often the server found nothing."""
    random = Random(seed)
    judge = CoDel(TARGET, INTERVAL)
    queue: deque[float] = deque()
    waits: list[float] = []
    shed = idle = 0
    arrives = random.expovariate(offered)
    now = 0.0
    while now < seconds:
        while arrives <= now:
            queue.append(arrives)
            arrives += random.expovariate(offered)
        while len(queue) > 1 and judge.due(now, now - queue[1]):
            del queue[1]
            shed += 1
        if queue:
            waits.append(now - queue.popleft())
        else:
            idle += 1
        now += 1 / capacity
    return len(waits), shed, waits, idle


@pytest.mark.parametrize("overload", [1.2, 2.0, 3.0, 10.0])
def test_standing_overload(overload: float) -> None:
    """The server is never left without work, and nobody served has waited much longer than twice the target."""
    served, shed, waits, idle = _serve(overload * 200, 200, 30, 1)
    assert idle <= 10
    assert served >= 0.99 * 200 * 30
    assert shed >= 0.8 * (overload - 1) * 200 * 25
    late = sorted(waits[len(waits) // 2 :])
    assert late[int(0.99 * len(late))] <= 2.2 * TARGET
    assert late[len(late) // 10] >= 0.5 * TARGET


def test_below_capacity_nothing_is_shed() -> None:
    served, shed, waits, _ = _serve(0.8 * 200, 200, 60, 2)
    assert shed == 0
    assert served > 0
