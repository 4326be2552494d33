"""Changes that many blocks of one batch make to the same rows, kept back to be written once.

Each new file takes a change number of its collection and counts as its owner's. Of all who share a COMMIT only the last
number and the sum are ever seen, so they are written before the COMMIT, or before a statement that could miss them.
"""

from __future__ import annotations

import apsw

from davd.model.resource import Resource
from davd.stores.sqlite import accounts

State = tuple[dict[int, tuple[int, float | None]], dict[str, int]]

_NUMBERED = "UPDATE resource SET sync_revision = ? WHERE id = ?"
_CHANGED = "UPDATE resource SET sync_revision = ?, modified = ? WHERE id = ?"


class Owed:
    """What the rows of collections and owners still lack: nothing while both tables are empty.

    `collections` has the newest change number and the time of the last change among the members (None: as it is in the
    row) by id, `usage` the bytes to be counted by owner.
    """

    __slots__ = ("collections", "usage")

    def __init__(self) -> None:
        self.collections: dict[int, tuple[int, float | None]] = {}
        self.usage: dict[str, int] = {}

    def number(self, collection: int, revision: int, modified: float | None) -> None:
        """A collection has given a change number; `modified` is the time when the set of its members changed too."""
        if modified is None and collection in self.collections:
            modified = self.collections[collection][1]
        self.collections[collection] = (revision, modified)

    def count(self, owner: str, length: int) -> None:
        """`length` more bytes (fewer, when it is negative) are the owner's."""
        self.usage[owner] = self.usage.get(owner, 0) + length

    def complete(self, resource: Resource) -> Resource:
        """Give what was read of a row what it still lacks."""
        owed = self.collections.get(resource.id)
        if owed is not None:
            resource.sync_revision = owed[0]
            if owed[1] is not None:
                resource.modified = owed[1]
        return resource

    def pay(self, connection: apsw.Connection) -> None:
        """Write all of it."""
        for id, (revision, modified) in self.collections.items():
            if modified is None:
                connection.execute(_NUMBERED, (revision, id))
            else:
                connection.execute(_CHANGED, (revision, modified, id))
        for owner, length in self.usage.items():
            accounts.use(connection, owner, length)
        self.clear()

    def clear(self) -> None:
        """Nothing is owed: it was written, or its transaction was undone."""
        if self.collections:
            self.collections = {}
        if self.usage:
            self.usage = {}

    def state(self) -> State:
        """What is owed now, for `restore`."""
        return self.collections.copy(), self.usage.copy()

    def restore(self, state: State) -> None:
        """What was done since `state` was taken is undone."""
        self.collections, self.usage = state
