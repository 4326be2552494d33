"""The store in memory: the reference of meaning, and what tests and trials use."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import unicodedata
from collections.abc import AsyncIterator, Hashable, Mapping
from types import TracebackType

from zope.interface import implementer

from davd.interfaces.store import Finding, IRoom, IStore
from davd.model.trash import TrashLimits
from davd.stores.memory.blobs import MemoryBlobs
from davd.stores.memory.reads import MemoryReadTransaction
from davd.stores.memory.state import new_state
from davd.stores.memory.writes import MemoryTransaction, unreferenced
from davd.stores.turns import Turns


@implementer(IStore, IRoom)
class MemoryStore:
    """Keeps everything until the process ends. It never suspends, unless a write has to wait for another one."""

    def __init__(self, trash: TrashLimits | None = None) -> None:
        self.trash = trash or TrashLimits()
        self.epoch = secrets.token_hex(8)
        self.blobs = MemoryBlobs()
        self.state = new_state(time.time())
        self.commits = 0
        self.turns = Turns()
        self.parts_undone = 0
        self.commit_seconds = 0.0

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    def read(self) -> MemoryReadTransaction:
        """A view of the state as it is now."""
        return MemoryReadTransaction(self.state)

    def write(self) -> MemoryWriting:
        """A transaction on a copy of the state."""
        return MemoryWriting(self)

    def generation(self) -> Hashable:
        """The number of commits."""
        return self.commits

    def statistics(self) -> Mapping[str, float]:
        """What has been done; each block commits for itself."""
        return {
            "commits.count": self.commits,
            "commits.blocks": self.commits,
            "commits.seconds": self.commit_seconds,
            "savepoints.undone": self.parts_undone,
        }

    def free_bytes(self) -> int:
        """What memory the system has left."""
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

    async def check(self, repair: bool) -> AsyncIterator[Finding]:
        """Verify digests and names; nothing here can be lost by a crash, so nothing is mended."""
        for resource in list(self.state.resources.values()):
            place = "/" + "/".join(self.state.segments(resource.id) or ())
            if not unicodedata.is_normalized("NFC", resource.name):
                yield Finding(f"the name of {place} is not in NFC", "rename it", False)
            data = self.state.contents.get(resource.id)
            if data is not None and hashlib.sha256(data).hexdigest() != resource.sha256:
                yield Finding(f"the content of {place} does not have its digest", "restore it from a backup", False)


class MemoryWriting:
    """The block of one write."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._transaction: MemoryTransaction | None = None

    async def __aenter__(self) -> MemoryTransaction:
        """Begin when the writes before have ended."""
        await self._store.turns.take()
        self._transaction = MemoryTransaction(self._store.state.copy(), self._store.trash)
        return self._transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Adopt the copy, or drop it."""
        store, transaction = self._store, self._transaction
        assert transaction is not None
        store.parts_undone += transaction.parts_undone
        try:
            if kind is None:
                began = time.perf_counter()
                gone = unreferenced(store.state, transaction.state)
                store.state = transaction.state
                store.commits += 1
                for name in gone:
                    store.blobs.delete(name)
                store.commit_seconds += time.perf_counter() - began
        finally:
            store.turns.give()
