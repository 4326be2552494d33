"""Views of the committed state, and what is remembered of paths.

Verifies: docs/architecture.md, Data
"""

import apsw
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.interfaces.store import StoreError
from davd.model.resource import Resource
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import put
from davd.testing.store_machine import drive
from tests.stores.life import add, names, opened


class TestSnapshots(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = SQLiteStore(self.mktemp(), StoreSettings(route_cache=4), clock=self.clock)
        drive(self.store.start())
        drive(add(self.store, "a"))

    def tearDown(self) -> None:
        drive(self.store.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def resolve(self, *path: str) -> list[Resource]:
        async with self.store.read() as transaction:
            return await transaction.resolve(path)

    def checkpoint(self) -> bool:
        """Whether the log may be begun anew: no view stands on it."""
        connection = apsw.Connection(self.store.path)
        # A connection that has read nothing knows of no log.
        connection.execute("SELECT count(*) FROM store").get
        try:
            connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_RESTART)
        except apsw.BusyError:
            return False
        finally:
            connection.close()
        return True

    def test_a_view_is_kept_for_the_next_reader_and_not_for_long(self) -> None:
        self.assertTrue(self.checkpoint())
        drive(add(self.store, "b"))
        drive(self.resolve("files"))
        self.assertFalse(self.checkpoint())
        self.clock.advance(0.02)
        self.assertTrue(self.checkpoint())

    def test_a_writer_ends_the_view_that_is_kept(self) -> None:
        drive(self.resolve("files"))

        async def look() -> bool:
            async with self.store.write():
                return True

        drive(look())
        self.assertTrue(self.checkpoint())

    def test_what_is_remembered_of_a_path_ends_with_a_commit_of_anybody(self) -> None:
        self.assertEqual(len(drive(self.resolve("files", "a"))), 3)
        self.assertEqual(len(drive(self.resolve("files", "b"))), 2)
        with opened(self.store.folder) as other:
            drive(add(other, "b"))
        self.assertEqual(len(drive(self.resolve("files", "b"))), 3)
        self.assertEqual(len(drive(self.resolve("files", "b", "c"))), 3)

    def test_all_answers_are_the_same_without_the_memory(self) -> None:
        for name in "bcdef":
            drive(add(self.store, name))
        paths = [(), ("files",), ("files", "a"), ("files", "x"), ("files", "a", "y"), ("x", "y", "z"), ("files", "f")]
        with opened(self.store.folder, StoreSettings(route_cache=1)) as other:
            for _ in range(3):
                for path in paths:

                    async def elsewhere(path: tuple[str, ...] = path) -> list[Resource]:
                        async with other.write() as transaction:
                            return await transaction.resolve(path)

                    self.assertEqual(drive(self.resolve(*path)), drive(elsewhere()))

    def test_a_list_that_was_given_out_is_the_callers(self) -> None:
        found = drive(self.resolve("files"))
        found.clear()
        self.assertEqual(len(drive(self.resolve("files"))), 2)

    def test_views_overlap(self) -> None:
        gate: Deferred[None] = Deferred()

        async def hold() -> int:
            async with self.store.read() as transaction:
                files = (await transaction.resolve(["files"]))[-1]
                await gate
                return len(await transaction.members(files.id, "", 9))

        holding = [Deferred.fromCoroutine(hold()) for _ in range(3)]
        drive(add(self.store, "b"))
        holding.append(Deferred.fromCoroutine(hold()))
        self.assertEqual(drive(names(self.store, "files")), ["a", "b"])
        gate.callback(None)
        self.assertEqual([self.successResultOf(each) for each in holding], [1, 1, 1, 2])

    def test_a_view_cannot_write(self) -> None:
        async def write() -> None:
            async with self.store.read() as transaction:
                transaction.connection.execute("DELETE FROM content")

        with self.assertRaises(StoreError):
            drive(write())

    def test_what_blocks_of_one_batch_know_of_the_tree_is_undone_with_them(self) -> None:
        gate: Deferred[None] = Deferred()

        async def first() -> None:
            async with self.store.write():
                await gate

        async def undone() -> None:
            async with self.store.write() as transaction:
                files = (await transaction.resolve(["files"]))[-1]
                folder = await transaction.create(files, "folder", "collection", "ann", 1.0)
                await put(transaction, folder, "x")
                await transaction.resolve(["files", "folder", "x"])
                raise ZeroDivisionError

        async def after() -> tuple[int, int]:
            async with self.store.write() as transaction:
                found = await transaction.resolve(["files", "folder"])
                await put(transaction, found[-1], "y")
                return len(found), (await transaction.resolve(["files"]))[-1].sync_revision

        one, two, three = (Deferred.fromCoroutine(work()) for work in (first, undone, after))
        gate.callback(None)
        self.clock.advance(1)
        self.successResultOf(one)
        self.failureResultOf(two, ZeroDivisionError)
        self.assertEqual(self.successResultOf(three), (2, 2))
