"""The limit that follows latency: against a line of threads, a group commit, a slow disk.

Verifies: docs/architecture.md, Overload
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random

import pytest

from davd.admission.adaptive import AdaptiveLimit

HIGH, LOW = 300, 8


class Closed:
    """As many requests as the limit allows are under way at any time; each end lets the next one begin.

    `service(now, number)` tells when one that begins now ends, `number` being how many are under way with it.
    """

    def __init__(self, limit: AdaptiveLimit, service: Callable[[float, int], float], offered: int = 100_000) -> None:
        self.limit = limit
        self.service = service
        self.offered = offered
        self.now = 0.0
        self.ended = 0
        self._running: list[tuple[float, float]] = []
        self._fill()

    def _fill(self) -> None:
        while len(self._running) < min(self.limit.limit, self.offered):
            heappush(self._running, (self.service(self.now, len(self._running) + 1), self.now))

    def run(self, seconds: float) -> float:
        """Let time pass; how many have ended for each second of it."""
        until, before = self.now + seconds, self.ended
        while self._running and self._running[0][0] <= until:
            self.now, began = heappop(self._running)
            self.ended += 1
            self.limit.observe(self.now - began, self.now)
            self._fill()
        self.now = until
        return (self.ended - before) / seconds


class Threads:
    """So many threads, each of which serves one request at a time in about `seconds`."""

    def __init__(self, number: int, seconds: float) -> None:
        self.seconds = seconds
        self._free = [0.0] * number
        self._random = Random(number)

    def __call__(self, now: float, number: int) -> float:
        begin = max(heappop(self._free), now)
        end = begin + self.seconds * self._random.uniform(0.5, 1.5)
        heappush(self._free, end)
        return end


class GroupCommit:
    """Whoever comes while a commit runs is in the next one, however many they are."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = 0.0

    def __call__(self, now: float, number: int) -> float:
        if now >= self._end:
            self._end = now + self.seconds
        else:
            # The end of the one after the present.
            return self._end + self.seconds
        return self._end


def _limit() -> AdaptiveLimit:
    limit = AdaptiveLimit(HIGH, LOW, 0.0)
    limit.configure(HIGH, LOW, 0.5)
    return limit


def test_threads_in_overload() -> None:
    """The limit comes down to where latency is about the target, and throughput stays what the threads can do."""
    limit = _limit()
    load = Closed(limit, Threads(4, 0.05))
    load.run(60)
    assert load.run(30) >= 0.9 * 4 / 0.05
    # 80 requests a second in half a second each are 40 under way.
    assert 20 <= limit.limit <= 60


def test_it_comes_back_when_the_work_is_quick_again() -> None:
    limit = _limit()
    threads = Threads(4, 0.05)
    load = Closed(limit, threads)
    load.run(60)
    threads.seconds = 0.004
    load.run(60)
    assert limit.limit == HIGH


def test_it_comes_back_when_the_load_has_gone() -> None:
    limit = _limit()
    load = Closed(limit, Threads(4, 0.05))
    load.run(60)
    load.offered = 4
    load.run(60)
    assert limit.limit == HIGH


@pytest.mark.parametrize("seconds", [0.01, 0.05, 0.2])
def test_one_commit_for_all_is_no_reason(seconds: float) -> None:
    limit = _limit()
    load = Closed(limit, GroupCommit(seconds))
    seen = set()
    for _ in range(20):
        load.run(0.5)
        seen.add(limit.limit)
    assert seen == {HIGH}


def test_a_slow_disk_is_tried_now_and_then_and_throughput_stays() -> None:
    """Commits of a second each: latency is over the target, but not because so many run."""
    limit = _limit()
    commit = GroupCommit(0.05)
    load = Closed(limit, commit)
    load.run(20)
    commit.seconds = 1.0
    best = HIGH / (2 * commit.seconds)
    load.run(100)
    assert load.run(400) >= 0.9 * best
    assert limit.limit >= 0.75 * HIGH


def test_never_beyond_its_bounds() -> None:
    limit = _limit()
    random = Random(7)
    now = 0.0
    for _ in range(20_000):
        now += random.expovariate(200)
        limit.observe(random.choice((0.001, 0.1, 5.0)) * random.random(), now)
        assert LOW <= limit.limit <= HIGH


def test_new_bounds() -> None:
    limit = _limit()
    limit.configure(400, LOW, 0.5)
    assert limit.limit == 400
    limit.configure(100, LOW, 0.5)
    assert limit.limit == 100
    limit.configure(50, 50, 0.5)
    assert limit.limit == 50
