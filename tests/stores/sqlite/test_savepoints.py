"""Parts of a transaction when SQLite itself gives up, and among the blocks of one batch.

Verifies: docs/architecture.md, Data; RFC 4918, 11.5
"""

import apsw
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.interfaces.store import ITransaction, StoreError, StoreFull
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import put
from davd.testing.store_machine import drive
from tests.stores.life import add, findings, names, opened


async def _put(transaction: ITransaction, name: str, data: bytes = b"x") -> None:
    await put(transaction, (await transaction.resolve(["files"]))[-1], name, data)


class TestLoss(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data; RFC 4918, 11.5"""

    def test_a_disk_that_is_full_in_a_part_loses_the_transaction_and_nothing_else(self) -> None:
        with opened(self.mktemp()) as store:
            drive(add(store, "a"))
            connection = store.writer.connection
            connection.pragma("max_page_count", connection.pragma("page_count") + 3)

            async def swallow(after: bool) -> None:
                async with store.write() as transaction:
                    await _put(transaction, "before")
                    try:
                        async with transaction.savepoint():
                            await _put(transaction, "large", b"x" * 100_000)
                    except StoreFull:
                        pass
                    if after:
                        # SQLite has undone the transaction: this must not become durable on its own.
                        await _put(transaction, "after")

            for after in (False, True):
                with self.assertRaises(StoreFull):
                    drive(swallow(after))
                self.assertFalse(connection.in_transaction)
                self.assertEqual(drive(names(store, "files")), ["a"])
            connection.pragma("max_page_count", 1 << 30)
            drive(swallow(True))
            self.assertEqual(drive(names(store, "files")), ["a", "after", "before", "large"])
            self.assertEqual(drive(findings(store)), [])
            self.assertIsNone(store.writer.failure)

    def test_no_part_of_a_lost_transaction_can_be_begun_or_kept(self) -> None:
        with opened(self.mktemp()) as store:

            async def work() -> None:
                async with store.write() as transaction:
                    with self.assertRaises(StoreError):
                        async with transaction.savepoint():
                            try:
                                async with transaction.savepoint():
                                    raise apsw.IOError("disk I/O error")
                            except StoreError:
                                pass
                    with self.assertRaises(StoreError):
                        async with transaction.savepoint():
                            self.fail("begun")

            with self.assertRaises(StoreError):
                drive(work())
            # The disk has failed, though the block left no error behind.
            self.assertIn("the disk failed", store.writer.failure or "")

    def test_a_part_that_is_undone_leaves_the_other_blocks_of_the_batch_alone(self) -> None:
        clock = Clock()
        store = SQLiteStore(self.mktemp(), clock=clock)
        drive(store.start())
        gate: Deferred[None] = Deferred()

        async def first() -> None:
            async with store.write() as transaction:
                await gate
                await _put(transaction, "first")

        async def second() -> None:
            async with store.write() as transaction:
                await _put(transaction, "second")
                try:
                    async with transaction.savepoint():
                        await _put(transaction, "undone")
                        await transaction.delete((await transaction.resolve(["files", "first"]))[-1], 9.0)
                        raise ZeroDivisionError
                except ZeroDivisionError:
                    pass

        async def third() -> None:
            async with store.write() as transaction:
                async with transaction.savepoint():
                    await _put(transaction, "with the block")
                raise KeyError

        running = [Deferred.fromCoroutine(work()) for work in (first, second, third)]
        gate.callback(None)
        clock.advance(1)
        for each in running[:2]:
            self.successResultOf(each)
        self.failureResultOf(running[2], KeyError)
        self.assertEqual(store.writer.commits, 1)
        self.assertEqual(drive(names(store, "files")), ["first", "second"])
        self.assertEqual(drive(findings(store)), [])
        drive(store.stop())
