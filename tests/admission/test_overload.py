"""One reactor and more requests than it can serve, simulated turn by turn.

Verifies: docs/architecture.md, Overload
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from random import Random

import pytest
from twisted.internet.defer import Deferred

from davd.admission.place import Place
from davd.model.priority import RequestPriority
from davd.tree.statistics import Route
from tests.admission.rig import HIGH, LOW, NORMAL, Outcome, Rig

# CPU seconds of one request of each class, in steps of at most 2 ms.
COST = {LOW: 0.020, NORMAL: 0.004, HIGH: 0.001}
_STEP = 0.002


class Load:
    """Clients that send at given rates whatever becomes of it; `waits` are seconds from arrival to answer."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.rig = rig
        self.random = Random(seed)
        self.waits: dict[RequestPriority, list[float]] = {LOW: [], NORMAL: [], HIGH: []}
        self.refused: dict[RequestPriority, list[float]] = {LOW: [], NORMAL: [], HIGH: []}
        self.useful = 0.0

    async def _work(self, place: Place, cost: float) -> None:
        while cost > 0:
            self.rig.clock.burn(min(cost, _STEP))
            cost -= _STEP
            await place.pace()

    async def _paged(self, place: Place, cost: float) -> None:
        """Work that waits for a thread as well before each half of its steps."""
        for _ in range(2):
            waiting: Deferred[None] = Deferred()
            self.rig.clock.callLater(0.05, waiting.callback, None)
            await waiting
            await place.pace()
            await self._work(place, cost / 2)

    def _arrivals(
        self, priority: RequestPriority, rate: float, begin: float, end: float
    ) -> Iterator[tuple[float, int]]:
        while (begin := begin + self.random.expovariate(rate)) < end:
            yield begin, int(priority)

    def run(self, seconds: float, paged: bool = False, **rates: float) -> None:
        """Let requests of each class arrive at so many a second for so long, turn by turn."""
        clock = self.rig.clock
        begin, end = clock.seconds(), clock.seconds() + seconds
        plan = merge(*(self._arrivals(RequestPriority[name], rate, begin, end) for name, rate in rates.items()))
        arrival = next(plan, None)
        while clock.seconds() < end:
            clock.turn()
            ready = []
            while arrival is not None and arrival[0] <= clock.seconds():
                ready.append(arrival)
                arrival = next(plan, None)
            for came, priority in ready:
                self._send(came, RequestPriority(priority), paged)
            if not ready:
                clock.rightNow = max(clock.seconds(), min(clock.next_call(), end, arrival[0] if arrival else end))

    def _send(self, came: float, priority: RequestPriority, paged: bool) -> None:
        cost = COST[priority] * self.random.uniform(0.5, 1.5)
        work = self._paged if paged and priority is LOW else self._work
        arrived = self.rig.arrival(priority)
        arrived.arrived = came
        asked = Outcome(self.rig.pool.process(arrived, work, cost))

        def note(_: object) -> None:
            waits = self.waits if asked.status == 200 else self.refused
            waits[priority].append(self.rig.clock.seconds() - came)
            if asked.status == 200:
                self.useful += cost

        asked.deferred.addBoth(note)

    def forget(self) -> None:
        """Count from now on."""
        for waits in (*self.waits.values(), *self.refused.values()):
            waits.clear()
        self.useful = 0.0


def _p99(waits: list[float]) -> float:
    return sorted(waits)[int(0.99 * len(waits))]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("paged", [False, True])
def test_a_flood_of_the_lowest_class(seed: int, paged: bool) -> None:
    """Three times what one reactor can do: little of it is lost, and single resources do not notice."""
    rig = Rig(max_concurrent_requests=1000, min_concurrent_requests=16)
    load = Load(rig, seed)
    load.run(8, LOW=150, HIGH=50, paged=paged)
    load.forget()
    load.run(12, LOW=150, HIGH=50, paged=paged)
    assert load.useful / 12 >= 0.8
    assert load.refused[HIGH] == []
    assert _p99(load.waits[HIGH]) <= 0.05
    assert len(load.refused[LOW]) >= 0.5 * 150 * 12
    assert rig.stats.timeout_requests == 0
    assert rig.stats.longest_step <= 0.015
    assert rig.balance() == 0


def test_the_lowest_class_is_shed_before_the_next() -> None:
    rig = Rig(max_concurrent_requests=1000)
    load = Load(rig, 3)
    load.run(8, LOW=30, NORMAL=150, HIGH=100)
    load.forget()
    load.run(12, LOW=30, NORMAL=150, HIGH=100)
    assert load.refused[HIGH] == load.refused[NORMAL] == []
    assert load.refused[LOW]
    assert _p99(load.waits[NORMAL]) <= 1.0
    assert load.useful / 12 >= 0.8


def test_then_the_next() -> None:
    """More of NORMAL alone than the reactor can do: it is thinned out, the lowest class is not starved of all."""
    rig = Rig(max_concurrent_requests=1000)
    load = Load(rig, 4)
    load.run(10, LOW=10, NORMAL=400, HIGH=50)
    load.forget()
    load.run(12, LOW=10, NORMAL=400, HIGH=50)
    assert load.refused[HIGH] == []
    assert load.refused[NORMAL]
    assert load.waits[LOW]
    assert max(load.waits[LOW]) <= rig.pool.config.ageing_seconds + 1
    assert load.useful / 12 >= 0.8
    assert _p99(load.waits[HIGH]) <= 0.05


def test_afterwards_all_is_as_before() -> None:
    rig = Rig(max_concurrent_requests=1000)
    load = Load(rig, 5)
    load.run(8, LOW=150, NORMAL=100, HIGH=100)
    load.run(4, HIGH=10)
    load.forget()
    load.run(10, LOW=10, NORMAL=50, HIGH=100)
    assert not any(load.refused.values())
    assert rig.stats.current_queue_size <= 1
    assert _p99(load.waits[LOW]) <= 1.0


def test_below_capacity_nothing_is_refused() -> None:
    rig = Rig()
    load = Load(rig, 6)
    load.run(20, LOW=10, NORMAL=75, HIGH=200)
    load.run(5)
    assert not any(load.refused.values())
    assert rig.balance() == rig.held() == 0
    assert rig.stats.in_flight == 0


def test_expensive_ones_of_a_class_are_shed_before_cheap_ones() -> None:
    rig = Rig(max_concurrent_requests=1, min_concurrent_requests=1, adaptive_limit=False, request_timeout=60.0)
    routes = {"cheap": (Route("PROPFIND", "files", "0"), 0.001), "dear": (Route("REPORT", "files", "query"), 0.05)}
    for route, cost in routes.values():
        for _ in range(10):
            route.record(207, cost, cost, 0)
    random = Random(5)
    running: list[Deferred[None]] = []

    async def work(place: Place, cost: float) -> None:
        rig.clock.burn(cost)
        done: Deferred[None] = Deferred()
        running.append(done)
        await done

    asked: dict[str, list[Outcome]] = {"cheap": [], "dear": []}
    # Twice as many come as go, two thirds of them cheap.
    for _ in range(300):
        for name in random.sample(["cheap", "dear", "cheap"], 2):
            route, cost = routes[name]
            asked[name].append(rig.ask(work, cost, priority=NORMAL, route=route))
        for _ in range(4):
            rig.clock.rightNow += 0.025
            rig.turn()
        if running:
            running.pop(0).callback(None)
    shed = {
        name: sum(1 for outcome in outcomes if outcome.done and outcome.status == 503) / len(outcomes)
        for name, outcomes in asked.items()
    }
    assert shed["dear"] > 0.6
    assert shed["cheap"] < 0.4
