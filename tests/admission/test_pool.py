"""Requests through the pool: at once, in the queue, by priority, and what is counted of them.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred

from davd.admission.place import Place
from davd.admission.settings import AsyncPoolConfig
from davd.model.errors import HTTPError
from davd.model.priority import RequestPriority
from tests.admission.rig import CRITICAL, HIGH, LOW, NORMAL, Rig


async def _wait(place: Place, waiting: Deferred[object]) -> object:
    return await waiting


def test_async_pool_basic_processing() -> None:
    """Work that is ready at once returns at once, other work when it is ready; all of them run together."""
    rig = Rig(max_concurrent_requests=10)
    assert rig.ask(rig.note, "at once").result == "at once"
    waits: list[Deferred[object]] = [Deferred() for _ in range(10)]
    asked = [rig.ask(_wait, wait) for wait in waits]
    assert rig.stats.in_flight == 10
    for number, wait in reversed(list(enumerate(waits))):
        wait.callback(number)
    assert [outcome.result for outcome in asked] == list(range(10))
    assert rig.stats.completed_requests == 11
    assert rig.held() == 0
    assert rig.balance() == 0


def test_priority_ordering() -> None:
    """Those that wait for the one token go by class, and in the order of their coming within it."""
    rig = Rig(max_concurrent_requests=1, reserved_requests=0)
    first: Deferred[object] = Deferred()
    rig.ask(_wait, first)
    for round_ in (1, 2):
        for priority in RequestPriority:
            rig.ask(rig.note, (priority.name, round_), priority=priority)
    rig.turn()
    assert rig.log == []
    assert rig.stats.current_queue_size == 8
    first.callback(None)
    rig.turn(3)
    assert rig.log == [(name, number) for name in ("CRITICAL", "HIGH", "NORMAL", "LOW") for number in (1, 2)]
    assert rig.stats.current_queue_size == 0
    assert rig.held() == 0


def test_performance_stats() -> None:
    """The counters and averages are those of what has happened."""
    rig = Rig(max_concurrent_requests=1, max_queue_size=2)
    waits: list[Deferred[object]] = [Deferred() for _ in range(3)]
    asked = [rig.ask(_wait, wait) for wait in waits]
    assert rig.ask(rig.note, "too many").status == 503
    rig.clock.burn(2.0)
    for wait in waits[:2]:
        wait.callback(None)
        rig.turn(2)
    rig.clock.burn(1.0)
    waits[2].errback(ZeroDivisionError())
    rig.turn()
    assert isinstance(asked[2].error, ZeroDivisionError)
    stats = rig.stats
    assert (stats.total_requests, stats.completed_requests, stats.failed_requests) == (4, 2, 1)
    assert (stats.timeout_requests, stats.queue_full_rejections) == (0, 1)
    assert (stats.current_queue_size, stats.peak_queue_size) == (0, 2)
    # The first ran for 2 s, the second not at all, the third for 1 s; two of the three waited for 2 s each.
    assert stats.average_processing_time == pytest.approx(1.0)
    assert stats.average_queue_time == pytest.approx(4 / 3)
    page = rig.pool.statistics(rig.sources.values())
    assert page["total_requests"] == 4
    assert page["limit"] == 1
    assert rig.balance() == 0


def test_the_busiest_sources_are_told_whatever_their_requests_do() -> None:
    rig = Rig()

    async def outside(place: Place, wait: Deferred[object]) -> None:
        async with place.outside():
            await wait

    waits: list[Deferred[object]] = [Deferred() for _ in range(3)]
    for source, wait in zip(("192.0.2.1", "192.0.2.1", "192.0.2.2"), waits, strict=True):
        rig.ask(outside, wait, source=source)
    rig.ask(rig.note, "over", source="192.0.2.3")
    assert rig.pool.statistics(rig.sources.values())["sources"] == {"192.0.2.1": 2, "192.0.2.2": 1}


class TestOutcomes:
    """Which counter takes what."""

    def test_a_refusal_by_the_work_is_an_answer(self) -> None:
        rig = Rig()

        async def refuse(place: Place, status: int) -> None:
            raise HTTPError(status)

        assert rig.ask(refuse, 412).status == 412
        assert rig.ask(refuse, 500).status == 500
        assert (rig.stats.completed_requests, rig.stats.failed_requests) == (1, 1)
        assert rig.balance() == rig.held() == 0

    def test_a_client_that_goes_is_counted_by_itself(self) -> None:
        rig = Rig()
        wait: Deferred[object] = Deferred()
        asked = rig.ask(_wait, wait)
        asked.deferred.cancel()
        assert isinstance(asked.error, CancelledError)
        assert rig.stats.cancelled_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_a_coroutine_that_is_thrown_away_leaves_its_place(self) -> None:
        rig = Rig()
        coroutine = rig.pool.process(rig.arrival(), _wait, Deferred())
        coroutine.send(None)
        assert rig.stats.in_flight == 1
        coroutine.close()
        assert rig.stats.cancelled_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_what_is_answered_from_memory_is_counted_and_refused_to_a_source_that_has_enough(self) -> None:
        rig = Rig(max_concurrent_requests=1, max_queue_size=1, max_requests_per_ip=2)
        source = rig.source("192.0.2.1")
        assert rig.pool.open_to(source)
        rig.pool.instant(rig.route, 2, 100)
        assert (rig.stats.total_requests, rig.stats.completed_requests) == (2, 2)
        assert (rig.route.count, rig.route.bytes) == (2, 200)
        waits: list[Deferred[object]] = [Deferred(), Deferred()]
        asked = [rig.ask(_wait, wait, source="192.0.2.1", exempt=False) for wait in waits]
        assert not rig.pool.open_to(source)
        # The queue is full, but what costs nothing need not go there.
        assert rig.pool.open_to(rig.source("192.0.2.2"))
        for wait in waits:
            wait.callback(None)
            rig.turn()
        assert all(outcome.done for outcome in asked)
        assert rig.pool.open_to(source)
        rig.pool.close()
        assert not rig.pool.open_to(source)
        assert rig.stats.instants == 2
        assert rig.balance() == 0


class TestRequestsOfOneAddress:
    """At most so many of one source at once."""

    def test_one_more_is_refused(self) -> None:
        rig = Rig(max_requests_per_ip=3)
        waits: list[Deferred[object]] = [Deferred() for _ in range(3)]
        for wait in waits:
            rig.ask(_wait, wait, source="192.0.2.1", exempt=False)
        refused = rig.ask(rig.note, "refused", source="192.0.2.1", exempt=False)
        assert refused.status == 429
        assert refused.error.headers["Retry-After"] == "1"  # type: ignore[attr-defined]
        assert rig.ask(rig.note, "another", source="192.0.2.2", exempt=False).done
        waits[0].callback(None)
        assert rig.ask(rig.note, "again", source="192.0.2.1", exempt=False).result == "again"
        assert rig.stats.rejected_rate == 1
        assert rig.balance() == 0

    def test_those_that_wait_count(self) -> None:
        rig = Rig(max_concurrent_requests=1, max_requests_per_ip=2)
        rig.ask(_wait, Deferred(), source="192.0.2.9", exempt=False)
        for _ in range(2):
            rig.ask(rig.note, "waits", source="192.0.2.1", exempt=False)
        assert rig.ask(rig.note, "refused", source="192.0.2.1", exempt=False).status == 429

    def test_an_exempt_one_has_no_limit(self) -> None:
        rig = Rig(max_requests_per_ip=1)
        for _ in range(5):
            rig.ask(_wait, Deferred(), source="127.0.0.1", exempt=True)
        assert rig.stats.in_flight == 5

    def test_what_the_rates_refuse_is_counted_when_told(self) -> None:
        rig = Rig()
        rig.stats.refused_rate()
        assert (rig.stats.total_requests, rig.stats.rejected_rate, rig.balance()) == (1, 1, 0)


class TestFullQueue:
    """What comes when no further request may wait."""

    def _full(self, priority: RequestPriority, size: int = 2) -> tuple[Rig, list[object], Deferred[object]]:
        rig = Rig(max_concurrent_requests=1, max_queue_size=size, reserved_requests=0)
        running: Deferred[object] = Deferred()
        rig.ask(_wait, running)
        waiting: list[object] = [rig.ask(rig.note, number, priority=priority) for number in range(size)]
        return rig, waiting, running

    def test_an_equal_one_is_refused_at_once(self) -> None:
        for priority in RequestPriority:
            rig, waiting, running = self._full(priority)
            refused = rig.ask(rig.note, "refused", priority=priority)
            assert refused.status == 503
            assert int(refused.error.headers["Retry-After"]) >= 1  # type: ignore[attr-defined]
            running.callback(None)
            rig.turn(2)
            assert rig.log == [0, 1]
            assert rig.balance() == rig.held() == 0

    @pytest.mark.parametrize(
        ("waits", "comes"), [(LOW, NORMAL), (LOW, HIGH), (LOW, CRITICAL), (NORMAL, HIGH), (NORMAL, CRITICAL)]
    )
    def test_the_newest_of_a_lower_class_is_displaced(self, waits: RequestPriority, comes: RequestPriority) -> None:
        rig, (first, newest), running = self._full(waits)  # type: ignore[misc]
        rig.ask(rig.note, "urgent", priority=comes)
        assert newest.status == 503
        assert not first.done
        running.callback(None)
        rig.turn(2)
        assert rig.log == ["urgent", 0]
        assert rig.stats.queue_full_rejections == 1
        assert rig.balance() == rig.held() == 0

    def test_a_single_resource_is_displaced_by_what_is_always_answered_only(self) -> None:
        rig, waiting, running = self._full(HIGH)
        assert rig.ask(rig.note, "refused", priority=HIGH).status == 503
        asked = rig.ask(rig.note, "answered", priority=CRITICAL)
        running.callback(None)
        rig.turn(2)
        assert asked.done and "answered" in rig.log
        assert "refused" not in rig.log

    def test_without_a_queue(self) -> None:
        rig = Rig(max_concurrent_requests=1, max_queue_size=0)
        assert rig.ask(rig.note, "runs").done
        rig.ask(_wait, Deferred())
        assert rig.ask(rig.note, "refused").status == 503


class TestTokens:
    """How many run at once."""

    def test_the_critical_have_a_reserve(self) -> None:
        rig = Rig(max_concurrent_requests=1, reserved_requests=2)
        rig.ask(_wait, Deferred())
        for _ in range(2):
            rig.ask(_wait, Deferred(), priority=CRITICAL)
        assert rig.stats.in_flight == 3
        rig.ask(rig.note, "waits", priority=CRITICAL)
        assert (rig.stats.current_queue_size, rig.log) == (1, [])

    def test_lower_classes_leave_tokens_to_the_higher(self) -> None:
        rig = Rig(max_concurrent_requests=32)
        for priority in (LOW, NORMAL, HIGH):
            for _ in range(40):
                rig.ask(_wait, Deferred(), priority=priority)
        assert rig.held() == 32
        # LOW had 24, NORMAL 6 more, and the last 2 were there for HIGH.
        assert [rig.pool._gate._waiting.waiting(priority) for priority in (LOW, NORMAL, HIGH)] == [16, 34, 38]

    def test_nobody_is_let_in_before_those_that_wait(self) -> None:
        rig = Rig(max_concurrent_requests=1)
        running: Deferred[object] = Deferred()
        rig.ask(_wait, running)
        rig.ask(rig.note, "first")
        running.callback(None)
        # The token is free, but it is for the one that waits.
        rig.ask(rig.note, "second")
        assert rig.log == []
        rig.turn(2)
        assert rig.log == ["first", "second"]

    def test_one_that_came_meanwhile_goes_in_the_next_turn(self) -> None:
        rig = Rig(max_concurrent_requests=1)

        async def work(place: Place) -> None:
            rig.ask(rig.note, "meanwhile")

        assert rig.ask(work).done
        rig.turn()
        assert rig.log == ["meanwhile"]

    def test_one_that_has_aged_may_have_what_is_kept_for_the_higher(self) -> None:
        rig = Rig(max_concurrent_requests=8, ageing_seconds=10.0)
        for _ in range(6):
            rig.ask(_wait, Deferred(), priority=LOW)
        rig.ask(rig.note, "aged", priority=LOW)
        for _ in range(98):
            rig.clock.advance(0.1)
            assert rig.log == []
        for _ in range(4):
            rig.clock.advance(0.1)
        assert rig.log == ["aged"]


class TestClosing:
    """The server's end."""

    def test_new_ones_are_refused_and_old_ones_end(self) -> None:
        rig = Rig(max_concurrent_requests=1)
        running: Deferred[object] = Deferred()
        first = rig.ask(_wait, running)
        second = rig.ask(rig.note, "second")
        rig.pool.close()
        refused = rig.ask(rig.note, "refused")
        assert refused.status == 503
        assert "Retry-After" in refused.error.headers  # type: ignore[attr-defined]
        running.callback("first")
        rig.turn(2)
        assert (first.result, second.result) == ("first", "second")
        assert rig.stats.rejected_closed == 1
        assert rig.balance() == 0
        assert rig.clock.getDelayedCalls() == []

    def test_an_idle_pool_closes_at_once(self) -> None:
        rig = Rig()
        rig.exhaust()
        rig.ask(_wait, running := Deferred())  # type: ignore[var-annotated]
        running.callback(None)
        rig.pool.close()
        assert rig.clock.getDelayedCalls() == []


class TestReconfigure:
    """New settings while requests run and wait."""

    def test_a_higher_limit_lets_those_in_that_wait(self) -> None:
        rig = Rig(max_concurrent_requests=1)
        asked = [rig.ask(_wait, Deferred()) for _ in range(4)]
        rig.pool.reconfigure(AsyncPoolConfig(max_concurrent_requests=3))
        rig.turn()
        assert (rig.stats.in_flight, rig.stats.current_queue_size) == (3, 1)
        assert not any(outcome.done for outcome in asked)

    def test_a_lower_limit_stops_nothing(self) -> None:
        rig = Rig(max_concurrent_requests=4)
        waits: list[Deferred[object]] = [Deferred() for _ in range(4)]
        for wait in waits:
            rig.ask(_wait, wait)
        rig.pool.reconfigure(AsyncPoolConfig(max_concurrent_requests=2))
        rig.ask(rig.note, "waits")
        for number, wait in enumerate(waits):
            wait.callback(None)
            rig.turn(2)
            assert rig.log == (["waits"] if number >= 2 else [])
        assert rig.held() == 0

    def test_a_smaller_queue_keeps_what_waits(self) -> None:
        rig = Rig(max_concurrent_requests=1, max_queue_size=5)
        running: Deferred[object] = Deferred()
        rig.ask(_wait, running)
        asked = [rig.ask(rig.note, number) for number in range(5)]
        rig.pool.reconfigure(AsyncPoolConfig(max_concurrent_requests=1, max_queue_size=2))
        assert rig.ask(rig.note, "refused").status == 503
        running.callback(None)
        rig.turn(2)
        assert [outcome.result for outcome in asked] == [0, 1, 2, 3, 4]

    def test_a_new_timeout_counts_for_those_that_wait_or_run(self) -> None:
        rig = Rig(max_concurrent_requests=1, request_timeout=30.0)
        running = rig.ask(_wait, Deferred())
        queued = rig.ask(rig.note, "queued")
        rig.clock.advance(5)
        rig.pool.reconfigure(AsyncPoolConfig(max_concurrent_requests=1, request_timeout=10.0))
        rig.clock.advance(4.9)
        assert not running.done and not queued.done
        rig.clock.advance(0.2)
        assert (running.status, queued.status) == (504, 503)

    def test_requests_of_one_address(self) -> None:
        rig = Rig(max_requests_per_ip=1)
        rig.ask(_wait, Deferred(), source="192.0.2.1", exempt=False)
        rig.pool.reconfigure(AsyncPoolConfig(max_requests_per_ip=2))
        assert rig.ask(rig.note, "second", source="192.0.2.1", exempt=False).done


def test_what_runs_at_once_waits_for_no_deferred_and_leaves_no_call() -> None:
    rig = Rig()
    coroutine = rig.pool.process(rig.arrival(), rig.note, 1)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert rig.clock.getDelayedCalls() == []
