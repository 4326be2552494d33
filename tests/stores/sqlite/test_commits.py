"""Writers share commits, and one's failure is not another's.

Verifies: docs/architecture.md, Data; RFC 4918, 11.5
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from davd.interfaces.store import StoreError, StoreFull
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.stores.life import add, findings, names, opened, process

T = TypeVar("T")


class HeldThreads:
    """Threads whose work is done when the test says so."""

    def __init__(self) -> None:
        self.held: list[tuple[Callable[[], Any], Deferred[Any]]] = []

    def run(self, call: Callable[[], T]) -> Deferred[T]:
        """Keep the call for later."""
        done: Deferred[T] = Deferred()
        self.held.append((call, done))
        return done

    def do(self) -> None:
        """Do the first call that was kept."""
        call, done = self.held.pop(0)
        try:
            result = call()
        except Exception:
            done.errback()
        else:
            done.callback(result)


class TestSharing(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.threads = HeldThreads()
        self.store = SQLiteStore(
            self.mktemp(),
            StoreSettings(batch_limit=5),
            clock=self.clock,
            commit_in_thread=self.threads.run,
        )
        drive(self.store.start())

    def tearDown(self) -> None:
        stopping = Deferred.fromCoroutine(self.store.stop())
        while self.threads.held:
            self.threads.do()
        self.successResultOf(stopping)

    def add(self, name: str) -> Deferred[object]:
        return Deferred.fromCoroutine(add(self.store, name))

    def test_one_alone_is_committed_at_once_and_answered_after(self) -> None:
        writing = self.add("a")
        self.assertEqual(len(self.threads.held), 1)
        self.assertNoResult(writing)
        self.assertEqual(drive(names(self.store, "files")), [])
        self.threads.do()
        self.successResultOf(writing)
        self.assertEqual(drive(names(self.store, "files")), ["a"])

    def test_those_who_come_during_a_commit_share_the_next(self) -> None:
        first = self.add("a")
        others = [self.add(name) for name in "bcd"]
        self.threads.do()
        self.successResultOf(first)
        for other in others:
            self.assertNoResult(other)
        # Four had come together, so a fourth is awaited for a moment.
        self.assertEqual(len(self.threads.held), 0)
        self.clock.advance(1)
        self.assertEqual(len(self.threads.held), 1)
        self.threads.do()
        for other in others:
            self.successResultOf(other)
        self.assertEqual(self.store.writer.commits, 2)
        self.assertEqual(drive(names(self.store, "files")), ["a", "b", "c", "d"])

    def test_a_batch_has_a_limit(self) -> None:
        writers = [self.add(f"{number}") for number in range(13)]
        for _ in range(4):
            self.clock.advance(1)
            self.threads.do()
        for writer in writers:
            self.successResultOf(writer)
        self.assertEqual(self.store.writer.commits, 4)

    def test_a_block_that_fails_is_undone_alone_and_after_what_it_saw_is_durable(self) -> None:
        first = self.add("a")
        second, third = self.add("a"), self.add("b")
        fourth = self.add("b")
        self.threads.do()
        self.successResultOf(first)
        # The second saw what is durable; the fourth saw the third, which is not yet.
        self.failureResultOf(second, ValueError)
        self.assertNoResult(fourth)
        self.clock.advance(1)
        self.threads.do()
        self.successResultOf(third)
        self.failureResultOf(fourth, ValueError)

    def test_a_block_that_changes_nothing_needs_no_disk(self) -> None:
        async def look() -> int:
            async with self.store.write() as transaction:
                return len(await transaction.resolve(["files", "a"]))

        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(look())), 2)
        self.assertEqual(self.threads.held, [])

    def test_a_writer_that_gives_up_does_not_stop_the_others(self) -> None:
        first, second, third = self.add("a"), self.add("b"), self.add("c")
        second.cancel()
        self.failureResultOf(second, CancelledError)
        self.threads.do()
        self.clock.advance(1)
        self.threads.do()
        self.successResultOf(first)
        self.successResultOf(third)
        self.assertEqual(drive(names(self.store, "files")), ["a", "c"])

    def test_a_writer_that_gives_up_during_its_commit_may_have_written(self) -> None:
        first = self.add("a")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.threads.do()
        self.assertEqual(drive(names(self.store, "files")), ["a"])

    def test_a_commit_that_fails_fails_all_who_wait_and_the_store(self) -> None:
        reasons: list[str] = []
        self.store.writer._failed = reasons.append
        first, second = self.add("a"), self.add("b")
        _, done = self.threads.held.pop(0)
        done.errback(apsw.IOError("disk I/O error"))
        self.failureResultOf(first, StoreError)
        self.failureResultOf(second, StoreError)
        self.assertEqual(len(reasons), 1)
        self.assertIn("nothing is written any more", reasons[0])
        self.failureResultOf(self.add("c"), StoreError)
        self.assertEqual(drive(names(self.store, "files")), [])

    def test_a_full_disk_fails_all_who_wait_and_the_store_goes_on(self) -> None:
        first, second = self.add("a"), self.add("b")
        _, done = self.threads.held.pop(0)
        done.errback(apsw.FullError("database or disk is full"))
        self.failureResultOf(first, StoreFull)
        # The log is copied into the database first: there may be room for less.
        self.threads.do()
        self.assertEqual(self.store.statistics()["commits.checkpoints"], 1)
        self.clock.advance(1)
        self.threads.do()
        self.successResultOf(second)
        self.assertEqual(drive(names(self.store, "files")), ["b"])

    def test_a_large_tree_leaves_the_reactor_and_keeps_the_writer(self) -> None:
        store = SQLiteStore(
            self.mktemp(),
            StoreSettings(long_nodes=3),
            run_in_thread=self.threads.run,
            clock=self.clock,
        )
        starting = Deferred.fromCoroutine(store.start())
        self.threads.do()
        self.successResultOf(starting)
        for name in "abcde":
            adding = Deferred.fromCoroutine(add(store, name))
            self.threads.do()
            self.successResultOf(adding)

        async def copy() -> None:
            async with store.write() as transaction:
                root, files = await transaction.resolve(["files"])
                await transaction.copy(files, root, "copy", True, "ann", 20.0)

        copying = Deferred.fromCoroutine(copy())
        adding = Deferred.fromCoroutine(add(store, "f"))
        self.assertEqual(len(self.threads.held), 1)
        copying.cancel()
        self.assertNoResult(copying)
        self.threads.do()
        self.failureResultOf(copying, CancelledError)
        self.threads.do()
        self.successResultOf(adding)
        self.assertEqual(drive(names(store)), ["files", "principals"])
        stopping = Deferred.fromCoroutine(store.stop())
        while self.threads.held:
            self.threads.do()
        self.successResultOf(stopping)


class TestWithReactor(TestCase):
    """Verifies: docs/architecture.md, Data"""

    async def test_many_writers_need_few_commits(self) -> None:
        store = SQLiteStore(self.mktemp(), None, deferToThread, reactor)
        await store.start()
        await gatherResults([Deferred.fromCoroutine(add(store, f"{number}")) for number in range(100)])
        self.assertLessEqual(store.writer.commits, 10)
        self.assertEqual(len(await names(store, "files")), 100)
        await store.stop()

    async def test_stopping_waits_for_what_is_being_written(self) -> None:
        store = SQLiteStore(self.mktemp(), None, deferToThread, reactor)
        await store.start()
        writers = [Deferred.fromCoroutine(add(store, f"{number}")) for number in range(10)]
        await store.stop()
        await gatherResults(writers)
        with opened(store.folder) as again:
            self.assertEqual(len(drive(names(again, "files"))), 10)

    async def test_the_log_is_begun_anew_while_there_are_readers(self) -> None:
        store = SQLiteStore(self.mktemp(), StoreSettings(checkpoint_pages=50), deferToThread, reactor)
        await store.start()
        for number in range(150):
            await gatherResults([Deferred.fromCoroutine(add(store, f"{number} {i}", b"x" * 5000)) for i in range(3)])
            await names(store, "files")
        self.assertLess(Path(store.path + "-wal").stat().st_size, 4096 * 400)
        await store.stop()

    async def test_a_writer_waits_for_another_process(self) -> None:
        store = SQLiteStore(self.mktemp(), StoreSettings(busy_seconds=0.2), deferToThread, reactor)
        await store.start()
        other = apsw.Connection(store.path)
        other.execute("BEGIN IMMEDIATE")
        waiting = Deferred.fromCoroutine(add(store, "a"))
        reactor.callLater(0.05, other.execute, "ROLLBACK")
        await waiting
        other.execute("BEGIN IMMEDIATE")
        try:
            await add(store, "b")
        except StoreError as error:
            self.assertIn("another process keeps the store locked", str(error))
        else:
            self.fail("the store was written to")
        other.execute("ROLLBACK")
        other.close()
        await add(store, "c")
        self.assertEqual(await names(store, "files"), ["a", "c"])
        await store.stop()


class TestDisk(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data; RFC 4918, 11.5"""

    def test_a_database_at_its_limit_is_full_and_goes_on(self) -> None:
        with opened(self.mktemp()) as store:
            drive(add(store, "a"))
            pages = store.writer.connection.pragma("page_count")
            store.writer.connection.pragma("max_page_count", pages + 3)
            with self.assertRaises(StoreFull):
                drive(add(store, "b", b"x" * 100_000))
            self.assertEqual(drive(names(store, "files")), ["a"])
            drive(add(store, "c"))
            self.assertEqual(drive(findings(store)), [])
            store.writer.connection.pragma("max_page_count", 1 << 30)
            drive(add(store, "b", b"x" * 100_000))
            self.assertEqual(drive(names(store, "files")), ["a", "b", "c"])

    def test_a_log_that_cannot_be_written_ends_the_writing(self) -> None:
        folder = self.mktemp()
        with opened(folder) as store:
            drive(add(store, "a"))
        # A limit on the size of files makes the writes of that process fail with EFBIG: an I/O error to SQLite.
        with process("tests.stores.sqlite.starved", folder, "commits") as other:
            output, errors = other.communicate(timeout=60)
        self.assertEqual((output.split("\n")[:3], errors), (["StoreError", "StoreError", "failed 1"], ""))
        with opened(folder) as store:
            self.assertEqual(drive(findings(store)), [])
            self.assertIn("a", drive(names(store, "files")))
