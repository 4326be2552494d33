"""One writing block on the writer's connection, and how it is undone without undoing the others of its batch.

A SAVEPOINT costs as much as writing a row, and most blocks do no more than add a file. So it is made only before a
statement that could not be undone otherwise: a row that was added is undone by removing it, and what is owed by
forgetting it.
"""

from __future__ import annotations

import apsw

from davd.model.trash import TrashLimits
from davd.stores.sqlite import objects
from davd.stores.sqlite.numbers import Numbers
from davd.stores.sqlite.owed import Owed, State
from davd.stores.sqlite.seen import Seen
from davd.stores.sqlite.touches import Mark as Noted
from davd.stores.sqlite.touches import Touches

Mark = tuple[State, int, Noted]


class Block:
    """The block under way; `open` begins a batch, `start` each of its blocks.

    `raw` is the connection for those who know of `seen` and `owed`, everybody else uses `statements`. `number` gives
    fresh numbers, `dropped` are the blobs that lost a reference in this block. `lost` is why the transaction cannot be
    committed any more, `parts_undone` how many parts of blocks were undone without the block. `touches` is what the
    batch has touched so far, `trash` says what of that which goes is kept.
    """

    __slots__ = (
        "_added", "_before", "_noted", "_saved", "dropped", "lost", "number", "owed", "parts_undone", "raw", "seen",
        "touches", "trash",
    )  # fmt: skip

    def __init__(self, raw: apsw.Connection, trash: TrashLimits = TrashLimits()) -> None:
        self.raw = raw
        self.trash = trash
        self.number = Numbers()
        self.owed = Owed()
        self.seen = Seen()
        self.touches = Touches()
        self.parts_undone = 0
        self.start()

    def open(self) -> None:
        """A transaction has begun, for a batch of blocks."""
        self.seen.clear()
        self.owed.clear()
        self.touches.clear()
        self.number.load(self.raw)

    def start(self) -> None:
        """Nothing has been done that would have to be undone."""
        self.dropped: list[str] = []
        self.lost: BaseException | None = None
        self._added: list[tuple[int, bool]] = []
        self._saved = False
        self._before = self.owed.state()
        self._noted = self.touches.mark()

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

    def added(self, id: int, indexed: bool) -> None:
        """A row was added to the tree through `raw`; rows of its index, when it is `indexed`, follow."""
        if not self._saved:
            self._added.append((id, indexed))

    def mark(self) -> Mark:
        """What the block keeps beside the rows, as it is now; for `back_to`."""
        return self.owed.state(), len(self.dropped), self.touches.mark()

    def back_to(self, mark: Mark) -> None:
        """The rows are again what they were at `mark`."""
        self.seen.clear()
        owed, dropped, noted = mark
        self.owed.restore(owed)
        self.touches.back_to(noted)
        del self.dropped[dropped:]
        self.parts_undone += 1

    def lose(self, error: BaseException | None) -> None:
        """The transaction cannot be committed any more, because of `error`; what follows in the block is undone too."""
        self.lost = error or apsw.AbortError("the transaction was undone")
        if not self.raw.in_transaction:
            # Outside a transaction each statement would be committed at once.
            self.raw.execute("BEGIN")

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
        for id, indexed in reversed(self._added):
            if indexed:
                objects.change(self.raw, id, objects.row(self.raw, id), None)
            self.raw.execute("DELETE FROM resource WHERE id = ?", (id,))
        self.owed.restore(self._before)
        self.touches.back_to(self._noted)
