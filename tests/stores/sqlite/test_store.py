"""The SQLite store passes the suite, with a reactor and without one.

Verifies: docs/architecture.md, Data
"""

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from davd.interfaces.store import IStore
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_conformance import StoreConformance


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
