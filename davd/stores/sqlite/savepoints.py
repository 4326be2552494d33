"""Parts of a writing block that can fail alone.

A part is a SAVEPOINT of its own, together with what the block keeps beside the rows: what is owed and seen, and the
blobs that lost a reference. Parts end in the reverse of the order in which they began; the caller's `async with` sees
to that.
"""

from __future__ import annotations

from types import TracebackType

import apsw

from davd.interfaces.store import StoreError
from davd.stores.sqlite.block import Block
from davd.stores.sqlite.errors import FATAL, named, store_error


class Savepoint:
    """The block of one part: `async with` enters and ends it."""

    __slots__ = ("_block", "_mark")

    def __init__(self, block: Block) -> None:
        self._block = block

    async def __aenter__(self) -> None:
        """Begin the part; StoreError when the transaction is lost."""
        block = self._block
        if block.lost is not None:
            raise StoreError("the transaction is lost, and no part of it can be begun")
        block.save().execute("SAVEPOINT part")
        self._mark = block.mark()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what was done, or undo it because of `error`, which goes on as a StoreError when it is SQLite's."""
        block = self._block
        if error is not None:
            error = named(error, block.raw)
        if block.lost is None:
            try:
                self._end(error)
            except apsw.Error as failure:
                block.lose(failure)
                raise store_error(failure, "ending a part of a transaction") from failure
        elif error is None:
            raise StoreError("the transaction is lost")
        if isinstance(error, apsw.Error):
            raise store_error(error, "writing") from error

    def _end(self, error: BaseException | None) -> None:
        block = self._block
        if isinstance(error, FATAL) or not block.raw.in_transaction:
            # The state of the file is unknown, or SQLite has undone the whole transaction: no room, no memory.
            block.lose(error)
        elif error is None:
            block.raw.execute("RELEASE part")
        else:
            block.raw.execute("ROLLBACK TO part; RELEASE part")
            block.back_to(self._mark)
