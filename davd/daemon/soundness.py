"""Whether a store is what it was opened as."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from davd.interfaces.store import StoreError

if TYPE_CHECKING:
    from davd.stores.sqlite.store import SQLiteStore


class Soundness:
    """Asks a store that is open whether it answers, and its file is still the one that has the name.

    What is written to a file that another one has taken the place of would be lost.
    """

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        self._inode = _inode(store.path)

    async def healthy(self) -> bool:
        """Ask now."""
        try:
            async with self._store.read() as view:
                return bool(await view.resolve(())) and _inode(self._store.path) == self._inode
        except (StoreError, OSError):
            return False


def _inode(path: str) -> int:
    return os.stat(path).st_ino
