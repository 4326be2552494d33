"""Connections: scans end in time, and statements are prepared once.

Verifies: docs/architecture.md, Data
"""

import os
from pathlib import Path

import apsw
import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.interfaces.store import StoreError
from davd.model.principal import Account
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.connection import Connections, connect, require_sqlite, scan
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import a_lock, folder, new_content, put
from davd.testing.store_machine import drive
from tests.stores.life import opened

COUNT = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT count(*) FROM n"


def test_a_library_that_loses_data_is_refused() -> None:
    require_sqlite("3.51.3")
    require_sqlite("4.0.0")
    with pytest.raises(StoreError, match=r"3\.51\.3"):
        require_sqlite("3.51.2")


def test_nobody_else_reads_the_database_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with opened(tmp_path / "data") as store:
            modes = {path.name: path.stat().st_mode & 0o777 for path in Path(store.folder).glob("davd.sqlite*")}
    finally:
        os.umask(before)
    assert modes.pop("davd.sqlite") == 0o600
    assert set(modes.values()) == {0o600}


class TestScans:
    """Verifies: docs/architecture.md, Data"""

    def test_a_scan_is_broken_off_when_its_time_is_over(self, tmp_path: Path) -> None:
        path = str(tmp_path / "davd.sqlite")
        settings = StoreSettings(statement_seconds=0.05)
        connect(path, settings).close()
        shared = Connections(path, settings)
        connection = shared.reader()
        connection.execute("BEGIN")
        with pytest.raises(apsw.InterruptError):
            connection.scan(COUNT, (10**9,))
        # The view goes on, and what is no scan has no limit.
        assert connection.in_transaction
        assert connection.scan(COUNT, (10,)) == [(10,)]
        assert connection.execute(COUNT, (100_000,)).get == 100_000
        assert shared.statistics()["interrupted"] == 1
        connection.close()

    def test_a_writer_has_no_limit(self, tmp_path: Path) -> None:
        shared = Connections(str(tmp_path / "davd.sqlite"), StoreSettings(statement_seconds=1e-9))
        connection = shared.connect()
        assert connection.scan(COUNT, (200_000,)) == [(200_000,)]
        connection.close()

    def test_a_connection_of_nobody_scans_too(self) -> None:
        connection = apsw.Connection(":memory:")
        assert scan(connection, COUNT, (5,)) == [(5,)]
        connection.close()


class TestStatements(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data"""

    def test_a_view_whose_scan_takes_too_long_is_a_store_error(self) -> None:
        with opened(self.mktemp(), StoreSettings(statement_seconds=1e-9)) as store:

            async def work() -> None:
                async with store.read() as view:
                    view.connection.scan(COUNT, (10**9,))

            with self.assertRaises(StoreError) as caught:
                drive(work())
            self.assertIn("took too long", str(caught.exception))
            self.assertEqual(store.statistics()["statements.interrupted"], 1)
            self.assertEqual(store.statistics()["pool.in_use"], 0)

    async def everyday(self, store: SQLiteStore, name: str) -> None:
        """What requests do all day."""
        async with store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            await transaction.quota("ann")
            await transaction.locks([files.id], 1.0)
            file = await put(transaction, files, name)
            await transaction.replace(file, new_content(b"other"), "text/plain", 2.0)
            await transaction.set_properties(file, [("{x}p", b"<p/>"), ("{x}q", None)], 3.0)
            await transaction.add_lock(a_lock(f"urn:uuid:{name}", file))
            made = await folder(transaction, files, f"{name} d")
            await transaction.copy(file, made, "copy", True, "ann", 4.0)
            await transaction.keep(name, b"1", 1e9)
        async with store.write() as transaction:
            async with transaction.savepoint():
                await transaction.refresh_lock(f"urn:uuid:{name}", 60, 200.0)
            found = await transaction.resolve(["files", name])
            moved = await transaction.move(found[-1], found[-2], f"{name} moved", "ann", 5.0)
            await transaction.delete(moved, 6.0)
            await transaction.remove_lock(f"urn:uuid:{name}")
        async with store.read() as view:
            chain = await view.resolve(["files", f"{name} d", "copy"])
            await view.content(chain[-1])
            await view.resolve_members(["files"], [f"{number}" for number in range(9)])
            await view.version(chain[:-1], True)
            await view.members(chain[1].id, "", 100)
            await view.descendants(chain[1].id, 100)
            await view.changes(chain[1].id, 0, 1 << 40, 100)
            await view.oldest_revision(chain[1].id)
            await view.properties([each.id for each in chain])
            await view.properties(range(1, 20))
            await view.locks([each.id for each in chain], 1.0)
            await view.locks_below(chain[1].id, 1.0)
            await view.lock_counts(chain[1].id, "ann", 1.0)
            await view.quota("ann")
            await view.account("ann")
            await view.accounts()
            await view.kept(name, 1.0)

    def test_the_second_time_nothing_is_prepared(self) -> None:
        with opened(self.mktemp()) as store:

            async def account() -> None:
                async with store.write() as transaction:
                    await transaction.add_account(Account("ann"))

            drive(account())
            drive(self.everyday(store, "a"))
            before = store.statistics()
            for name in "bcd":
                drive(self.everyday(store, name))
            after = store.statistics()
        self.assertEqual(after["statements.prepared"], before["statements.prepared"])
        self.assertGreater(after["statements.reused"], before["statements.reused"] + 100)

    def test_counters_outlive_their_connections(self) -> None:
        clock = Clock()
        store = SQLiteStore(self.mktemp(), StoreSettings(pool_idle_seconds=5, query_cache=0), clock=clock)
        drive(store.start())

        async def look(gate: Deferred[None]) -> None:
            async with store.read() as view:
                await gate
                await view.account("ann")

        gate: Deferred[None] = Deferred()
        looking = gatherResults([Deferred.fromCoroutine(look(gate)) for _ in range(4)])
        self.assertEqual(store.statistics()["pool.in_use"], 4)
        gate.callback(None)
        self.successResultOf(looking)
        # The view that is kept for the next reader ends first.
        clock.advance(1)
        before = store.statistics()
        clock.advance(10)
        after = store.statistics()
        self.assertEqual((before["pool.closed"], after["pool.closed"], after["pool.opened"]), (0, 4, 4))
        self.assertEqual(after["pool.peak"], 4)
        self.assertEqual(after["statements.prepared"], before["statements.prepared"])
        drive(store.stop())
