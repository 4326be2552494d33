"""The route cache of a store says what the store says, whoever commits, at every moment.

Verifies: docs/architecture.md, Data; RFC 4918, 5.1
"""

from collections.abc import Callable
from typing import Any

import apsw
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.interfaces.store import ITransaction, StoreError
from davd.model.index import ObjectIndex
from davd.model.principal import GROUP, Account
from davd.model.resource import Resource
from davd.model.touched import Touched
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.reads import Reads
from davd.stores.sqlite.snapshots import ReadTransaction
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import new_content, put
from davd.testing.store_machine import drive
from davd.testing.store_works import ACCOUNTS
from tests.stores.life import add_folder, findings, opened
from tests.stores.sqlite.test_commits import HeldThreads

PATHS: list[tuple[str, ...]] = [(), ("files",)]
PATHS += [("files", *rest.split()) for rest in ("a", "b", "é", "x", "a a", "a b", "b é", "a b é", "a x y", "b a b")]


async def wrong(view: ReadTransaction, paths: list[tuple[str, ...]]) -> list[object]:
    """The paths whose chains, and the names whose groups, are not what the same view says without the cache."""
    found: list[object] = []
    for path in paths:
        known, read = await view.resolve(path), await Reads.resolve(view, path)
        if known != read:
            found.append((path, known, read))
        if path:
            chain, members = await view.resolve_members(path[:-1], [path[-1], "b"])
            read_chain = await Reads.resolve(view, path[:-1])
            whole = len(read_chain) == len(path)
            read_members = Reads._named(view, read_chain[-1].id, [path[-1], "b"]) if whole else {}
            if (chain, members) != (read_chain, read_members):
                found.append((path, members, read_members))
    for name in ACCOUNTS:
        groups, read_groups = await view.groups_of(name), await Reads.groups_of(view, name)
        if groups != read_groups:
            found.append((name, groups, read_groups))
    return found


async def looked(store: SQLiteStore, paths: list[tuple[str, ...]]) -> list[object]:
    """What is wrong in a view of its own."""
    async with store.read() as view:
        return await wrong(view, paths)


async def resolved(store: SQLiteStore, *path: str) -> list[Resource]:
    async with store.read() as view:
        return await view.resolve(path)


class TestFollowing(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.threads = HeldThreads()
        self.store = SQLiteStore(self.mktemp(), clock=self.clock, commit_in_thread=self.threads.run)
        drive(self.store.start())
        self.done(add_folder(self.store, "a"))
        self.done(add_folder(self.store, "b"))
        self.told: list[Touched] = []
        self.store.on_commit.append(self.told.append)

    def tearDown(self) -> None:
        stopping = Deferred.fromCoroutine(self.store.stop())
        self.finish()
        self.successResultOf(stopping)

    def finish(self) -> None:
        self.clock.advance(1)
        while self.threads.held:
            self.threads.do()
            self.clock.advance(1)

    def done(self, work: Any) -> Any:
        """Do something that commits."""
        running = Deferred.fromCoroutine(work)
        self.finish()
        return self.successResultOf(running)

    async def put(self, folder: str, name: str) -> Resource:
        async with self.store.write() as transaction:
            return await put(transaction, (await transaction.resolve(["files", folder]))[-1], name)

    def counts(self) -> tuple[float, float, float]:
        counted = self.store.statistics()
        return counted["routes.hits"], counted["routes.misses"], counted["routes.emptied"]

    def test_a_commit_elsewhere_leaves_what_is_known(self) -> None:
        drive(resolved(self.store, "files", "a", "missing"))
        self.done(self.put("b", "f"))
        before = self.counts()
        self.assertEqual(len(drive(resolved(self.store, "files", "a", "missing"))), 3)
        self.assertEqual(self.counts(), (before[0] + 1, before[1], before[2]))

    def test_what_a_commit_changed_is_read_again_and_nothing_else(self) -> None:
        old = drive(resolved(self.store, "files", "a", "f"))
        self.done(self.put("a", "f"))
        new = drive(resolved(self.store, "files", "a", "f"))
        self.assertEqual((new[0] is old[0], new[1] is old[1], len(new)), (True, True, 4))
        self.assertEqual(new[2].sync_revision, old[2].sync_revision + 1)
        self.assertEqual(self.store.routes.cache.statistics()["emptied"], 0)

    def test_while_a_commit_is_not_told_yet_its_view_goes_past_the_cache(self) -> None:
        self.assertEqual(len(drive(resolved(self.store, "files", "a", "f"))), 3)
        running = Deferred.fromCoroutine(self.put("a", "f"))
        self.assertEqual(drive(looked(self.store, PATHS)), [])
        call, done = self.threads.held.pop(0)
        call()
        # It is durable, and the reactor does not know of it yet.
        before = self.counts()
        self.assertEqual(len(drive(resolved(self.store, "files", "a", "f"))), 4)
        self.assertEqual(self.counts(), before)
        done.callback(None)
        self.successResultOf(running)
        self.assertEqual(len(drive(resolved(self.store, "files", "a", "f"))), 4)
        self.assertEqual(self.counts()[2], before[2])

    def test_another_commit_right_behind_ours_is_not_missed(self) -> None:
        drive(resolved(self.store, "files", "b", "g"))
        running = Deferred.fromCoroutine(self.put("a", "f"))
        call, done = self.threads.held.pop(0)
        self.store.writer.connection.execute("COMMIT")
        with opened(self.store.folder) as other:
            drive(add_folder(other, "c"))
        with self.assertRaises(apsw.SQLError):
            call()
        # As if the COMMIT had returned only now.
        self.store.routes.durable(self.store.writer._log_pages)
        done.callback(None)
        self.successResultOf(running)
        self.assertEqual(drive(looked(self.store, [("files", "c"), ("files", "a", "f")])), [])
        self.assertEqual(self.counts()[2], 1)

    def test_a_commit_of_another_process_empties_it(self) -> None:
        drive(resolved(self.store, "files", "c"))
        with opened(self.store.folder) as other:
            drive(add_folder(other, "c"))
        self.assertEqual(len(drive(resolved(self.store, "files", "c"))), 3)
        self.assertEqual(self.counts()[2], 1)

    def test_a_view_that_is_older_goes_past_it(self) -> None:
        gate: Deferred[None] = Deferred()

        async def hold() -> tuple[int, int]:
            async with self.store.read() as view:
                await gate
                return len(await view.resolve(("files", "a", "f"))), len(await view.resolve(("files", "b")))

        holding = Deferred.fromCoroutine(hold())
        self.done(self.put("a", "f"))
        self.assertEqual(len(drive(resolved(self.store, "files", "a", "f"))), 4)
        before = self.counts()
        gate.callback(None)
        self.assertEqual(self.successResultOf(holding), (3, 3))
        self.assertEqual(self.counts(), before)
        self.assertEqual(len(drive(resolved(self.store, "files", "a", "f"))), 4)

    def test_a_checkpoint_of_our_own_empties_nothing(self) -> None:
        drive(resolved(self.store, "files", "a"))
        for number in range(3):
            self.done(self.put("b", f"{number}"))
            self.store._snapshots.end_idle()
            self.store.writer.connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_PASSIVE)
        self.assertEqual(drive(looked(self.store, PATHS)), [])
        self.assertEqual(self.counts()[2], 0)

    def test_a_block_that_was_undone_touches_nothing(self) -> None:
        async def undone() -> None:
            async with self.store.write() as transaction:
                await put(transaction, (await transaction.resolve(["files", "a"]))[-1], "f")
                raise ZeroDivisionError

        drive(resolved(self.store, "files", "a", "f"))
        first, second = (Deferred.fromCoroutine(work) for work in (self.put("b", "one"), self.put("b", "two")))
        third = Deferred.fromCoroutine(undone())
        self.finish()
        self.failureResultOf(third, ZeroDivisionError)
        one, two = self.successResultOf(first), self.successResultOf(second)
        self.assertEqual([each.places for each in self.told], [{(one.parent_id, "one")}, {(one.parent_id, "two")}])
        self.assertEqual([each.ids for each in self.told], [{two.parent_id}] * 2)
        self.assertEqual(len(drive(resolved(self.store, "files", "a", "f"))), 3)

    def test_a_part_of_a_block_that_was_undone_touches_nothing(self) -> None:
        async def work() -> int:
            async with self.store.write() as transaction:
                a, b = [(await transaction.resolve(["files", name]))[-1] for name in "ab"]
                await put(transaction, b, "one")
                try:
                    async with transaction.savepoint():
                        await put(transaction, a, "f")
                        raise ZeroDivisionError
                except ZeroDivisionError:
                    return b.id

        b = self.done(work())
        self.assertEqual(self.told, [Touched(frozenset({b}), frozenset({(b, "one")}))])

    def test_a_commit_that_failed_is_not_told(self) -> None:
        drive(resolved(self.store, "files", "a", "f"))
        running = Deferred.fromCoroutine(self.put("a", "f"))
        _, done = self.threads.held.pop(0)
        done.errback(apsw.FullError("no room"))
        self.failureResultOf(running, StoreError)
        self.assertEqual(self.told, [])
        self.assertEqual(drive(looked(self.store, PATHS)), [])
        self.done(self.put("a", "f"))
        self.assertEqual(len(drive(resolved(self.store, "files", "a", "f"))), 4)
        self.assertEqual(self.counts()[2], 0)

    def test_who_is_told_and_fails_is_no_concern_of_the_writer(self) -> None:
        def fail(touched: Touched) -> None:
            raise ZeroDivisionError

        self.store.on_commit.insert(0, fail)
        made = self.done(self.put("a", "f"))
        self.assertEqual(self.told, [Touched(frozenset({made.parent_id}), frozenset({(made.parent_id, "f")}))])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_each_kind_of_change_is_told(self) -> None:
        file = self.done(self.put("a", "f"))
        files, a, b = (drive(resolved(self.store, *path))[-1] for path in (("files",), ("files", "a"), ("files", "b")))

        async def root(transaction: ITransaction) -> None:
            await transaction.set_properties((await transaction.resolve(()))[0], [], 2.0)

        in_a = {file.id, a.id}
        cases: list[tuple[Callable[[ITransaction], Any], set[int], set[tuple[int, str]], bool]] = [
            (lambda t: t.replace(file, new_content(b"y"), "", 2.0), in_a, set(), False),
            (lambda t: t.set_times(file, 1.0, None, 2.0), in_a, set(), False),
            (lambda t: t.set_properties(file, [("{x}p", b"<p/>")], 2.0), in_a, set(), False),
            (lambda t: t.set_acl(file, "owner\t{DAV:}all", 2.0), in_a, set(), False),
            (root, {1}, set(), False),
            (lambda t: t.set_index(file, ObjectIndex("u", "VEVENT")), set(), set(), False),
            (lambda t: t.add_account(Account("staff", kind=GROUP)), set(), set(), False),
            (lambda t: t.set_group_members("staff", ["staff"]), set(), set(), True),
            (lambda t: t.remove_account("staff"), set(), set(), True),
            (lambda t: t.keep("k", b"v", 1e9), set(), set(), False),
            (lambda t: t.copy(a, b, "copy", True, "ann", 2.0), {b.id}, {(b.id, "copy")}, False),
            (
                lambda t: t.move(a, b, "moved", "ann", 2.0),
                {a.id, files.id, b.id},
                {(files.id, "a"), (b.id, "moved")},
                False,
            ),
            (
                lambda t: t.move(a, files, "moved", "bob", 2.0),
                {a.id, files.id, b.id},
                {(files.id, "moved"), (b.id, "moved")},
                True,
            ),
            (lambda t: t.delete(a, 2.0), {a.id, files.id}, {(files.id, "moved")}, False),
        ]
        for number, (work, ids, places, everything) in enumerate(cases):
            self.told.clear()
            self.done(self.do(work))
            self.assertEqual(self.told, [Touched(frozenset(ids), frozenset(places), everything)], f"case {number}")
            self.assertEqual(drive(looked(self.store, [*PATHS, ("files", "moved", "f")])), [])

    async def do(self, work: Callable[[ITransaction], Any]) -> None:
        async with self.store.write() as transaction:
            await work(transaction)

    def test_a_repair_touches_everything(self) -> None:
        self.done(self.put("a", "f"))
        # Behind the store's back, as a fault would: the row is in a collection that does not exist.
        self.store.writer.connection.execute(
            "PRAGMA foreign_keys = 0; UPDATE resource SET parent_id = 4711 WHERE name = 'f'; PRAGMA foreign_keys = 1"
        )
        self.told.clear()
        self.assertEqual(len(drive(resolved(self.store, "recovered"))), 1)
        found = self.done(findings(self.store, True))
        self.assertEqual([mended for _, mended in found], [True] * len(found))
        self.assertTrue(self.told and all(each.everything for each in self.told))
        self.assertEqual(len(drive(resolved(self.store, "recovered"))), 2)

    def test_groups_are_known_until_they_change(self) -> None:
        async def grouped(transaction: ITransaction) -> None:
            for name in ("ann", "staff"):
                await transaction.add_account(Account(name))
            await transaction.set_group_members("staff", ["ann"])

        async def groups() -> frozenset[str]:
            async with self.store.read() as view:
                return await view.groups_of("ann")

        def asked() -> dict[str, frozenset[str]]:
            return dict(self.store.routes.groups)

        self.done(self.do(grouped))
        self.assertEqual(drive(groups()), {"staff"})
        self.done(self.put("a", "f"))
        self.assertEqual(asked(), {"ann": {"staff"}})
        self.assertEqual(drive(groups()), {"staff"})
        self.done(self.do(lambda t: t.set_group_members("staff", [])))
        self.assertEqual(asked(), {})
        self.assertEqual(drive(groups()), set())
        with opened(self.store.folder) as other:

            async def again() -> None:
                async with other.write() as transaction:
                    await transaction.set_group_members("staff", ["ann"])

            drive(again())
        self.assertEqual(drive(groups()), {"staff"})

    def test_switched_off_it_knows_nothing(self) -> None:
        with opened(self.store.folder, StoreSettings(route_cache=0)) as other:
            for _ in range(3):
                self.assertEqual(drive(looked(other, PATHS)), [])
            self.assertEqual(other.routes.cache.statistics()["rows"], 0)
