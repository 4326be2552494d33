"""One writing block on the writer's connection, and how it is undone without undoing the others of its batch.

A SAVEPOINT costs as much as writing a row, and most blocks do no more than add a file. So it is made only before a
statement that could not be undone otherwise: a row that was added is undone by removing it, and what is owed by
forgetting it.
"""

from __future__ import annotations

import apsw

from davd.stores.sqlite.numbers import Numbers
from davd.stores.sqlite.owed import Owed
from davd.stores.sqlite.seen import Seen


class Block:
    """The block under way; `open` begins a batch, `start` each of its blocks.

    `raw` is the connection for those who know of `seen` and `owed`, everybody else uses `statements`. `number` gives
    fresh numbers, `dropped` are the blobs that lost a reference in this block.
    """

    __slots__ = ("_added", "_before", "_saved", "dropped", "number", "owed", "raw", "seen")

    def __init__(self, raw: apsw.Connection) -> None:
        self.raw = raw
        self.number = Numbers()
        self.owed = Owed()
        self.seen = Seen()
        self.dropped: list[str] = []
        self._added: list[int] = []
        self._saved = False
        self._before = self.owed.state()

    def open(self) -> None:
        """A transaction has begun, for a batch of blocks."""
        self.seen.clear()
        self.owed.clear()
        self.number.load(self.raw)

    def start(self) -> None:
        """Nothing has been done that would have to be undone."""
        self.dropped = []
        self._added = []
        self._saved = False
        self._before = self.owed.state()

    def save(self) -> apsw.Connection:
        """The connection, for statements on rows of which nothing is owed and nothing but their place is known."""
        if not self._saved:
            self.raw.execute("SAVEPOINT block")
            self._saved = True
        return self.raw

    def statements(self) -> apsw.Connection:
        """The connection, for any statements: all that is owed has been written."""
        self.save()
        self.seen.forget()
        self.owed.pay(self.raw)
        return self.raw

    def added(self, id: int) -> None:
        """A row was added to the tree through `raw`."""
        if not self._saved:
            self._added.append(id)

    def settle(self) -> None:
        """Write the rest of what the batch is to commit."""
        self.owed.pay(self.raw)
        self.number.save(self.raw)

    def keep(self) -> None:
        """End the block; what it did belongs to the batch."""
        if self._saved:
            self.raw.execute("RELEASE block")

    def undo(self) -> None:
        """End the block; nothing of what it did is left, but that its numbers are spent."""
        self.seen.clear()
        if self._saved:
            self.raw.execute("ROLLBACK TO block; RELEASE block")
        for id in reversed(self._added):
            self.raw.execute("DELETE FROM resource WHERE id = ?", (id,))
        self.owed.restore(self._before)
