"""Work in a transaction is repeated, ended in time, and never twice.

Verifies: docs/architecture.md, Data
"""

from collections.abc import Awaitable, Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.interfaces.store import Conflict, ITransaction, StoreError
from davd.stores.memory.store import MemoryStore
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import RunInThread
from davd.stores.transactions import transact
from davd.testing.store_life import put
from davd.testing.store_machine import drive
from tests.stores.life import opened


class Held:
    """Calls that would run in threads, done when the test says so."""

    def __init__(self) -> None:
        self.calls: list[tuple[Callable[[], object], Deferred[object]]] = []

    def run(self, call: Callable[[], object]) -> Awaitable[object]:
        done: Deferred[object] = Deferred()
        self.calls.append((call, done))
        return done

    def do(self) -> None:
        for call, done in self.calls[:]:
            self.calls.remove((call, done))
            done.callback(call())


class TransactCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore()
        self.tries = 0

    def tearDown(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def work(self, transaction: ITransaction) -> int:
        """Add a file; the first two times somebody is in the way."""
        self.tries += 1
        await put(transaction, (await transaction.resolve(["files"]))[-1], "f")
        if self.tries < 3:
            raise Conflict("in the way")
        return self.tries

    def names(self) -> list[str]:
        async def look() -> list[str]:
            async with self.store.read() as view:
                return [member.name for member in await view.members(2, "", 99)]

        return drive(look())


class TestTransact(TransactCase):
    """Verifies: docs/architecture.md, Data"""

    def test_work_is_done_again_after_a_conflict(self) -> None:
        self.assertEqual(drive(transact(self.store, self.work)), 3)
        self.assertEqual(self.names(), ["f"])
        self.assertEqual(self.store.commits, 1)

    def test_not_for_ever(self) -> None:
        with self.assertRaises(Conflict):
            drive(transact(self.store, self.work, attempts=2))
        self.assertEqual(self.tries, 2)
        self.assertEqual(self.names(), [])

    def test_pauses_grow_and_chance_decides_on_them(self) -> None:
        async def never(transaction: ITransaction) -> None:
            self.tries += 1
            raise Conflict("in the way")

        chances = iter([0.5, 1.0, 0.25])
        running = Deferred.fromCoroutine(
            transact(self.store, never, attempts=4, clock=self.clock, chance=lambda: next(chances))
        )
        pauses = []
        while self.clock.getDelayedCalls():
            (call,) = self.clock.getDelayedCalls()
            pauses.append(round(call.getTime() - self.clock.seconds(), 6))
            self.clock.advance(pauses[-1])
        self.failureResultOf(running, Conflict)
        self.assertEqual(pauses, [0.01, 0.04, 0.02])
        self.assertEqual(self.tries, 4)

    def test_any_other_error_undoes_and_goes_on(self) -> None:
        async def wrong(transaction: ITransaction) -> None:
            await put(transaction, (await transaction.resolve(["files"]))[-1], "f")
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            drive(transact(self.store, wrong))
        self.assertEqual(self.names(), [])

    def test_work_that_takes_too_long_is_undone(self) -> None:
        gate: Deferred[None] = Deferred()

        async def slow(transaction: ITransaction) -> None:
            await put(transaction, (await transaction.resolve(["files"]))[-1], "f")
            await gate

        running = Deferred.fromCoroutine(transact(self.store, slow, timeout=2, clock=self.clock))
        self.clock.advance(1.5)
        self.assertNoResult(running)
        self.clock.advance(0.5)
        error = self.failureResultOf(running, StoreError).value
        self.assertEqual(str(error), "a transaction was not finished within 2 seconds and was undone")
        self.assertEqual(self.names(), [])
        self.assertFalse(self.store.turns.held)

    def test_the_time_covers_all_attempts_and_their_pauses(self) -> None:
        async def never(transaction: ITransaction) -> None:
            raise Conflict("in the way")

        running = Deferred.fromCoroutine(
            transact(self.store, never, attempts=1000, timeout=5, clock=self.clock, chance=lambda: 1.0)
        )
        self.clock.pump([0.01] * 501)
        self.assertIn("within 5 seconds", str(self.failureResultOf(running, StoreError).value))

    def test_who_gives_up_is_not_told_of_a_timeout(self) -> None:
        gate: Deferred[None] = Deferred()

        async def slow(transaction: ITransaction) -> None:
            await gate

        running = Deferred.fromCoroutine(transact(self.store, slow, timeout=2, clock=self.clock))
        running.cancel()
        self.failureResultOf(running, CancelledError)


class TestCommit(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data"""

    def started(self, held: RunInThread, clock: Clock) -> SQLiteStore:
        store = SQLiteStore(self.mktemp(), StoreSettings(busy_seconds=0.01), clock=clock, commit_in_thread=held)
        drive(store.start())
        return store

    def test_a_commit_that_has_begun_is_waited_for(self) -> None:
        clock, held = Clock(), Held()
        store = self.started(held.run, clock)

        async def work(transaction: ITransaction) -> str:
            return (await put(transaction, (await transaction.resolve(["files"]))[-1], "f")).name

        running = Deferred.fromCoroutine(transact(store, work, timeout=2, clock=clock))
        self.assertEqual(len(held.calls), 1)
        clock.advance(60)
        self.assertNoResult(running)
        held.do()
        self.assertEqual(self.successResultOf(running), "f")
        stopping = Deferred.fromCoroutine(store.stop())
        held.do()
        self.successResultOf(stopping)

    def test_another_process_that_writes_is_a_conflict(self) -> None:
        with opened(self.mktemp(), StoreSettings(busy_seconds=0.01)) as store:
            other = store._connections.connect()
            other.execute("BEGIN IMMEDIATE")

            async def work(transaction: ITransaction) -> str:
                return (await put(transaction, (await transaction.resolve(["files"]))[-1], "f")).name

            with self.assertRaises(Conflict):
                drive(transact(store, work, attempts=2))
            clock = Clock()
            running = Deferred.fromCoroutine(transact(store, work, clock=clock, chance=lambda: 1.0))
            self.assertNoResult(running)
            other.execute("ROLLBACK")
            clock.advance(1)
            self.assertEqual(self.successResultOf(running), "f")
            other.close()
