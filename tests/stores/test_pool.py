"""The pool lends no more connections than it has places, first come, first served.

Verifies: docs/architecture.md, Data
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.interfaces.store import StoreError
from davd.stores.pool import ConnectionPool


class Server:
    """Counts what is opened and closed; connections are numbers."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed: list[int] = []
        self.refuses = False

    def connect(self) -> int:
        if self.refuses:
            raise ConnectionError("refused")
        self.opened += 1
        return self.opened

    def close(self, connection: int) -> None:
        self.closed.append(connection)


class PoolCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.server = Server()

    def pool(self, size: int = 2) -> ConnectionPool[int]:
        return ConnectionPool(
            self.server.connect, self.server.close, size=size, clock=self.clock, wait_seconds=5, idle_seconds=60
        )

    def tearDown(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])


class TestLending(PoolCase):
    """Verifies: docs/architecture.md, Data"""

    def test_connections_are_opened_when_they_are_needed_and_the_warmest_is_lent(self) -> None:
        pool = self.pool()
        one, two = pool.take_now(), pool.take_now()
        self.assertEqual((one, two, pool.take_now()), (1, 2, None))
        pool.give(2)
        pool.give(1)
        self.assertEqual(pool.take_now(), 1)
        pool.give(1)
        pool.close()
        self.assertEqual(sorted(self.server.closed), [1, 2])

    def test_who_waits_is_served_in_order(self) -> None:
        pool = self.pool()
        pool.take_now(), pool.take_now()
        waiting = [Deferred.fromCoroutine(pool.take()) for _ in range(3)]
        self.assertEqual(len(pool.queue), 3)
        pool.give(2)
        self.assertEqual(self.successResultOf(waiting[0]), 2)
        self.assertNoResult(waiting[1])
        pool.give(1)
        self.assertEqual(self.successResultOf(waiting[1]), 1)
        pool.give(1)
        self.assertEqual(self.successResultOf(waiting[2]), 1)
        self.assertEqual(self.server.opened, 2)
        pool.give(1), pool.give(2), pool.close()

    def test_nobody_passes_those_who_wait(self) -> None:
        pool = self.pool(1)
        pool.take_now()
        order: list[str] = []

        async def first() -> None:
            pool.give(await pool.take())
            order.append("first")

        async def second() -> None:
            connection = await pool.take()
            order.append("second")
            # Whoever asks while others wait has to wait too.
            self.assertIsNone(pool.take_now())
            pool.give(connection)

        runs = [Deferred.fromCoroutine(run()) for run in (second, first)]
        pool.give(1)
        for run in runs:
            self.successResultOf(run)
        self.assertEqual(order, ["second", "first"])
        pool.close()

    def test_a_long_queue_does_not_deepen_the_stack(self) -> None:
        pool = self.pool(1)
        pool.take_now()

        async def use() -> None:
            pool.give(await pool.take())

        users = [Deferred.fromCoroutine(use()) for _ in range(3000)]
        pool.give(1)
        for user in users:
            self.successResultOf(user)
        pool.close()

    def test_who_waits_too_long_is_told(self) -> None:
        pool = self.pool(1)
        pool.take_now()
        one = Deferred.fromCoroutine(pool.take())
        self.clock.advance(3)
        two = Deferred.fromCoroutine(pool.take())
        self.clock.advance(2)
        error = self.failureResultOf(one, StoreError).value
        self.assertEqual(str(error), "all 1 connections to the store were in use for 5 seconds")
        self.assertNoResult(two)
        pool.give(1)
        self.assertEqual(self.successResultOf(two), 1)
        found = pool.statistics()
        self.assertEqual((found["timeouts"], found["waits"], found["wait_seconds"]), (1, 2, 7))
        pool.give(1), pool.close()

    def test_who_is_cancelled_waits_no_more(self) -> None:
        pool = self.pool(1)
        pool.take_now()
        one, two = (Deferred.fromCoroutine(pool.take()) for _ in range(2))
        one.cancel()
        self.failureResultOf(one, CancelledError)
        pool.give(1)
        self.assertEqual(self.successResultOf(two), 1)
        pool.give(1), pool.close()

    def test_without_a_clock_nobody_waits(self) -> None:
        pool: ConnectionPool[int] = ConnectionPool(self.server.connect, self.server.close, size=1)
        pool.take_now()
        self.failureResultOf(Deferred.fromCoroutine(pool.take()), StoreError)
        pool.give(1)
        self.assertEqual(pool.take_now(), 1)


class TestConnections(PoolCase):
    """Verifies: docs/architecture.md, Data"""

    def test_what_is_not_needed_is_closed_after_a_time(self) -> None:
        pool = self.pool(3)
        pool.take_now(), pool.take_now(), pool.take_now()
        pool.give(1)
        self.clock.advance(30)
        pool.give(2)
        self.clock.advance(30)
        self.assertEqual(self.server.closed, [1])
        self.assertEqual(pool.take_now(), 2)
        pool.give(2), pool.give(3)
        self.clock.advance(59)
        self.assertEqual(self.server.closed, [1])
        self.clock.advance(1)
        self.assertEqual(self.server.closed, [1, 2, 3])
        pool.close()

    def test_a_broken_connection_leaves_its_place_to_who_waits(self) -> None:
        pool = self.pool(1)
        pool.take_now()
        waiting = Deferred.fromCoroutine(pool.take())
        pool.discard(1)
        self.assertEqual(self.successResultOf(waiting), 2)
        pool.discard(2)
        self.assertEqual(pool.take_now(), 3)
        pool.give(3), pool.close()
        self.assertEqual(self.server.closed, [1, 2, 3])

    def test_a_connection_that_cannot_be_opened_takes_no_place(self) -> None:
        pool = self.pool(1)
        self.server.refuses = True
        for _ in range(3):
            with pytest.raises(ConnectionError):
                pool.take_now()
        self.server.refuses = False
        self.assertEqual(pool.take_now(), 1)
        waiting = [Deferred.fromCoroutine(pool.take()) for _ in range(2)]
        self.server.refuses = True
        pool.discard(1)
        for each in waiting:
            self.failureResultOf(each, ConnectionError)
        self.assertEqual(pool.in_use, 0)
        pool.close()

    def test_closing_ends_everything(self) -> None:
        pool = self.pool(2)
        pool.take_now(), pool.take_now()
        waiting = Deferred.fromCoroutine(pool.take())
        pool.give(1)
        again = self.successResultOf(waiting)
        other = Deferred.fromCoroutine(pool.take())
        pool.give(2)
        self.successResultOf(other)
        late = Deferred.fromCoroutine(pool.take())
        pool.close()
        self.assertIn("closed", str(self.failureResultOf(late, StoreError).value))
        self.assertRaises(StoreError, pool.take_now)
        self.assertEqual(self.server.closed, [])
        pool.give(again), pool.give(2)
        self.assertEqual(self.server.closed, [1, 2])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.lists(st.sampled_from(["take", "take", "give", "break", "cancel", "wait"]), max_size=60))
def test_the_counts_are_true_after_any_history(size: int, steps: list[str]) -> None:
    """Never more than `size` are open, each is lent to one user, and statistics add up."""
    clock, server = Clock(), Server()
    pool = ConnectionPool(server.connect, server.close, size=size, clock=clock, wait_seconds=3, idle_seconds=2)
    lent: list[int] = []
    waiting: list[Deferred[None]] = []

    async def use() -> None:
        lent.append(await pool.take())

    for step in steps:
        if step == "take":
            user = Deferred.fromCoroutine(use())
            user.addErrback(lambda failure: failure.trap(StoreError, CancelledError) and None)
            waiting.append(user)
        elif step == "give" and lent:
            pool.give(lent.pop(0))
        elif step == "break" and lent:
            pool.discard(lent.pop(0))
        elif step == "cancel" and waiting:
            waiting.pop(0).cancel()
        elif step == "wait":
            clock.advance(1)
        waiting = [user for user in waiting if not user.called]
        found = pool.statistics()
        assert len(set(lent)) == len(lent) == found["in_use"] <= size
        assert found["waiting"] == len(waiting)
        assert not waiting or len(lent) == size
        assert found["opened"] - found["closed"] == found["in_use"] + found["free"] <= size
        assert server.opened == found["opened"] and len(server.closed) == found["closed"]
        assert found["peak"] <= size


class TestReconfiguring(PoolCase):
    """Verifies: docs/architecture.md, Configuration"""

    def test_more_places_are_given_to_those_who_wait(self) -> None:
        pool = self.pool(1)
        pool.take_now()
        waiting = [Deferred.fromCoroutine(pool.take()) for _ in range(3)]
        pool.reconfigure(3, 5, 60)
        self.assertEqual([self.successResultOf(waiting[0]), self.successResultOf(waiting[1])], [2, 3])
        self.assertNoResult(waiting[2])
        pool.give(1)
        self.assertEqual(self.successResultOf(waiting[2]), 1)
        pool.give(1), pool.give(2), pool.give(3)
        self.assertEqual(pool.in_use, 0)
        pool.close()

    def test_with_fewer_places_connections_are_closed_as_they_come_back(self) -> None:
        pool = self.pool(4)
        for _ in range(4):
            pool.take_now()
        pool.give(4)
        waiting = Deferred.fromCoroutine(pool.take())
        self.assertEqual(self.successResultOf(waiting), 4)
        pool.give(4)
        pool.reconfigure(2, 5, 60)
        # What was free is over the limit at once; who asks waits until there are no more than two.
        self.assertEqual(self.server.closed, [4])
        waiting = Deferred.fromCoroutine(pool.take())
        pool.give(3)
        self.assertNoResult(waiting)
        self.assertEqual((self.server.closed, pool.in_use), ([4, 3], 2))
        pool.give(2)
        self.assertEqual(self.successResultOf(waiting), 2)
        pool.reconfigure(1, 5, 60)
        pool.discard(2)
        self.assertEqual((self.server.closed, pool.in_use, pool.take_now()), ([4, 3, 2], 1, None))
        pool.give(1)
        self.assertEqual((pool.in_use, pool.take_now()), (0, 1))
        pool.give(1), pool.close()

    def test_times_that_are_other(self) -> None:
        pool = self.pool(1)
        pool.take_now()
        pool.reconfigure(1, 1, 60)
        waiting = Deferred.fromCoroutine(pool.take())
        self.clock.advance(1)
        self.failureResultOf(waiting, StoreError)
        pool.give(1), pool.close()
