"""The SQLite store passes the suite, with a reactor and without one.

Verifies: docs/architecture.md, Data
"""

from pathlib import Path

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from davd.interfaces.store import IStore
from davd.model.trash import DAY, NEWEST, ROW_BYTES
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_conformance import StoreConformance
from davd.testing.store_machine import drive
from tests.stores.life import add, opened


class TestWithoutReactor(StoreConformance, TestCase):
    """Verifies: docs/architecture.md, Data"""

    def make_store(self) -> SQLiteStore:
        return SQLiteStore(self.mktemp())

    def reopen(self, store: IStore) -> SQLiteStore:
        return SQLiteStore(self.store.folder)


class TestWithReactor(StoreConformance, TestCase):
    """Verifies: docs/architecture.md, Data"""

    def make_store(self) -> SQLiteStore:
        return SQLiteStore(self.mktemp(), None, deferToThread, reactor)

    def reopen(self, store: IStore) -> SQLiteStore:
        return SQLiteStore(self.store.folder, None, deferToThread, reactor)

    async def settled(self) -> None:
        await self.store.blobs_removed()


def test_what_the_trash_keeps_can_be_changed_while_the_store_is_open(tmp_path: Path) -> None:
    settings = StoreSettings(trash_days=0)
    with opened(tmp_path, settings) as store:
        assert drive(deleted(store, "one")) == []
        settings.trash_days, settings.trash_bytes = 3, 2 * ROW_BYTES + 2
        store.reconfigure()
        assert (store.trash.days, store.trash.before(10 * DAY)) == (3, 7 * DAY)
        assert drive(deleted(store, "two")) == ["two"]
        drive(deleted(store, "three"))
        # Two are as many as there is room for.
        assert drive(deleted(store, "four")) == ["four", "three"]


async def deleted(store: SQLiteStore, name: str) -> list[str]:
    """Make a file and remove it; gives what is in the trash then."""
    file = await add(store, name)
    async with store.write() as transaction:
        await transaction.delete(file, 20.0)
        return [each.name for each in await transaction.trash(None, 0.0, NEWEST, 9)]
