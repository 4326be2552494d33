"""The memory store passes the suite.

Verifies: docs/architecture.md, Data
"""

from twisted.trial.unittest import TestCase

from davd.stores.memory.store import MemoryStore
from davd.testing.store_conformance import StoreConformance


class TestMemoryStore(StoreConformance, TestCase):
    """Verifies: docs/architecture.md, Data"""

    def make_store(self) -> MemoryStore:
        return MemoryStore()
