"""The write path: one writer, one block after the other, and one COMMIT for all that came together.

Statements run where the block runs, on the reactor thread; each is bounded. Only what waits for the disk, the COMMIT
and the checkpoint, goes to a thread, and while it runs the next writers queue up: they share the next COMMIT.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import TYPE_CHECKING, cast

import apsw
from twisted.internet.defer import Deferred

from davd.interfaces.store import StoreError
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.block import Block
from davd.stores.sqlite.connection import Connection
from davd.stores.sqlite.errors import FATAL, named, store_error
from davd.stores.sqlite.routes import Routes
from davd.stores.sqlite.trash import REFERENCE
from davd.stores.threads import finished
from davd.stores.turns import Turns

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

    from davd.stores.threads import RunInThread

# Another process holds the write lock for the time of a COMMIT; it is asked again after this many seconds.
_BUSY_PAUSE = 0.001

# A reactor's timer is no finer than this; a shorter wait ends with the present turn of the reactor.
_SHORTEST_TIMER = 0.001


class Batch:
    """The blocks that one COMMIT will cover: who waits for it, and the blobs that lose a reference by it."""

    __slots__ = ("changes", "dropped", "waiting")

    def __init__(self, changes: int) -> None:
        self.changes = changes
        self.waiting: list[Deferred[None]] = []
        self.dropped: list[str] = []


class Commits:
    """The writer connection and its queue.

    `connection` may be used between `begin` and `end` only. `routes` is told of each transaction. `before_write` is
    called before a transaction is begun, `dropped` with the names of blobs that nothing refers to any more after a
    commit, `failed` with a sentence when the store must not be written to again. Without a clock each block commits for
    itself, without suspending.
    """

    def __init__(
        self,
        connection: Connection,
        settings: StoreSettings,
        run_in_thread: RunInThread,
        clock: IReactorTime | None,
        routes: Routes,
        before_write: Callable[[], None],
        dropped: Callable[[list[str]], None],
        failed: Callable[[str], None],
    ) -> None:
        self.connection = connection
        self.turns = Turns()
        self.commits = 0
        # Blocks that were committed, those of them that shared their COMMIT, and the seconds that commits took.
        self._blocks = self._batched = self._checkpoints = 0
        self._seconds = 0.0
        self.failure: str | None = None
        self._settings = settings
        self._run_in_thread = run_in_thread
        self._clock = clock
        self._routes = routes
        self._before_write = before_write
        self._dropped = dropped
        self._failed = failed
        self._batch: Batch | None = None
        self._timer: IDelayedCall | None = None
        self._due = False
        self._expected = 1
        self._commit_seconds = 0.0
        self.block = Block(connection)
        self._log_pages = 0
        # The generation that the log had when `checkpoint` copied it.
        self._copied: Hashable = None
        self._short = False
        self._checkpoint_at = settings.checkpoint_pages
        connection.set_wal_hook(self._log_grew)

    def reconfigure(self) -> None:
        """Go by the settings as they are now; the next commit sees whether the log is to be copied."""
        self._checkpoint_at = self._settings.checkpoint_pages

    def _log_grew(self, connection: apsw.Connection, database: str, pages: int) -> int:
        self._log_pages = pages
        return 0

    # -- a block ------------------------------------------------------------------------------------------------------

    def enter(self) -> bool:
        """Open a block if that can be done at once, behind others of a batch; whether it was."""
        if self._batch is None or self.failure is not None or self.turns.held or len(self.turns):
            return False
        self.turns.held = True
        self.block.start()
        return True

    async def begin(self) -> None:
        """Wait for the writer and open a block on it; StoreError when the store cannot be written to."""
        await self.turns.take()
        try:
            if self.failure is not None:
                raise StoreError(self.failure)
            if self._batch is None:
                await self._open()
            self.block.start()
        except BaseException as failure:
            error = named(failure, self.connection)
            if isinstance(error, FATAL):
                self.fail(str(error))
            if self._batch is None and self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            self._settle()
            if isinstance(error, apsw.Error):
                raise store_error(error, "beginning a write") from error
            raise

    async def _open(self) -> None:
        self._before_write()
        connection = self.connection
        if self._short:
            # What is copied into the database need not stay in the log, so that there may be room for less.
            self._short = False
            await self._checkpoint()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            await finished(self._run_in_thread(self._begin_patiently))
        self.block.open()
        self._routes.begun()
        self._batch = Batch(connection.total_changes())

    def _begin_patiently(self) -> None:
        """Begin when the other process lets go; runs in a thread."""
        deadline = time.monotonic() + self._settings.busy_seconds
        while True:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                return
            except apsw.BusyError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_BUSY_PAUSE)

    async def end(self, error: BaseException | None) -> None:
        """End the block: return when it is durable, or undo it because of `error`.

        What the block has seen may be the work of others that is not durable yet. So also a block that is undone waits
        for their COMMIT before its error goes on, and fails with StoreError when that fails.
        """
        batch = self._batch
        waiting: Deferred[None] | None = None
        try:
            if self.block.lost is not None:
                # Nothing of the batch is left in the transaction, whatever the block makes of it.
                self._lose(self.block.lost)
                if error is None:
                    raise store_error(self.block.lost, "writing") from self.block.lost
            elif error is None:
                self.block.keep()
                assert batch is not None
                batch.dropped += self.block.dropped
                waiting = Deferred()
                batch.waiting.append(waiting)
            else:
                self._undo(error)
                if batch is self._batch and batch is not None and batch.waiting and isinstance(error, Exception):
                    waiting = Deferred()
                    batch.waiting.append(waiting)
        except apsw.Error as failure:
            meant = named(failure, self.connection)
            self._lose(meant)
            raise store_error(meant, "writing") from failure
        finally:
            if self._settle() and self._clock is None:
                await self._commit()
        if waiting is not None:
            await waiting

    def _undo(self, error: BaseException) -> None:
        """Take back what the block did."""
        self._short = self._short or isinstance(error, apsw.FullError)
        if not isinstance(error, FATAL) and self.connection.in_transaction:
            self.block.undo()
        else:
            # SQLite has undone the whole transaction by itself (no room, no memory), or an I/O error.
            self._lose(error)

    def _lose(self, error: BaseException) -> None:
        """Undo the transaction with all blocks in it, and write no more when the error is one of the disk."""
        error = named(error, self.connection)
        if isinstance(error, FATAL):
            self.fail(str(error))
        if self._batch is not None:
            self._fail_batch(self._batch, error)

    # -- the commit ---------------------------------------------------------------------------------------------------

    def _settle(self) -> bool:
        """Decide, at the end of a block, who goes on; the result is whether it is a commit by the caller.

        The caller's turn is either given to the next block or kept for the commit.
        """
        batch = self._batch
        if batch is None or not batch.waiting:
            if batch is not None and not len(self.turns):
                self._batch = None
                self.connection.execute("ROLLBACK")
                self._routes.ended()
            self.turns.give()
            return False
        if self._clock is None:
            return True
        count = len(batch.waiting)
        if self._due or count >= self._settings.batch_limit or (not len(self.turns) and count >= self._expected):
            Deferred.fromCoroutine(self._commit())
        else:
            self._arm(batch)
            self.turns.give()
        return False

    def _arm(self, batch: Batch) -> None:
        """See to it that the batch is committed when nobody joins it."""
        if self._timer is None:
            assert self._clock is not None
            patience = min(self._settings.gather_ms / 1000, self._commit_seconds)
            if patience < _SHORTEST_TIMER:
                patience = 0.0
            self._timer = self._clock.callLater(patience, self._commit_now)

    def _commit_now(self) -> None:
        """The time for gathering is over."""
        self._timer = None
        if self._batch is None or not self._batch.waiting:
            return
        if self.turns.held:
            self._due = True
        else:
            self.turns.held = True
            Deferred.fromCoroutine(self._commit())

    async def _commit(self) -> None:
        """Commit the batch; the turn is held and is given up at the end."""
        try:
            await self._commit_batch()
            if self._log_pages >= self._checkpoint_at and self.failure is None:
                await self._checkpoint()
        finally:
            self.turns.give()

    async def _commit_batch(self) -> None:
        batch = self._batch
        assert batch is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due = False
        gone: list[str] = []
        failure: Exception | None = None
        try:
            if self.failure is not None:
                raise StoreError(self.failure)
            gone = self._prepare(batch)
            if self.connection.total_changes() == batch.changes:
                self.connection.execute("COMMIT")
                self._routes.ended()
            else:
                began = time.monotonic()
                await finished(self._run_in_thread(self._execute_commit))
                self._count_commit(len(batch.waiting), time.monotonic() - began)
                self._routes.committed(self.block.touches.touched())
        except Exception as error:
            failure = cast(Exception, named(error, self.connection))
        # So many may come together again: those who are answered now, and those who came meanwhile.
        self._expected = len(batch.waiting) + len(self.turns)
        if failure is not None:
            # Nothing of it is durable, or nobody knows whether it is: no block may be told that it is.
            self._fail_batch(batch, failure)
        else:
            self._batch = None
            if gone:
                self._dropped(gone)
            for waiting in batch.waiting:
                if not waiting.called:
                    waiting.callback(None)

    def _count_commit(self, blocks: int, took: float) -> None:
        self._commit_seconds += (took - self._commit_seconds) / 4
        self._seconds += took
        self.commits += 1
        self._blocks += blocks
        if blocks > 1:
            self._batched += blocks
        shared = self.connection.shared
        if took >= shared.slow_seconds:
            shared.note("COMMIT", (), took, 0)

    def statistics(self) -> Mapping[str, float]:
        """COMMITs, the blocks they covered, those that shared one, the seconds spent, and checkpoints of the log."""
        return {
            "count": self.commits,
            "blocks": self._blocks,
            "batched": self._batched,
            "seconds": self._seconds,
            "waiting": len(self.turns),
            "checkpoints": self._checkpoints,
            "log_pages": self._log_pages,
        }

    def _prepare(self, batch: Batch) -> list[str]:
        """The last statements of a transaction; gives the blobs that nothing refers to any more."""
        self.block.settle()
        return [name for name in set(batch.dropped) if not self.connection.execute(REFERENCE, (name,)).fetchone()]

    def _execute_commit(self) -> None:
        self.connection.execute("COMMIT")
        self._routes.durable(self._log_pages)

    def _fail_batch(self, batch: Batch, error: BaseException) -> None:
        if isinstance(error, FATAL):
            self.fail(str(error))
        self._short = self._short or isinstance(error, apsw.FullError)
        self._batch = None
        self._routes.ended()
        if self.connection.in_transaction:
            try:
                self.connection.execute("ROLLBACK")
            except apsw.Error as worse:
                self.fail(str(worse))
        for waiting in batch.waiting:
            if not waiting.called:
                waiting.errback(store_error(error, "committing"))

    async def _checkpoint(self) -> int:
        """Copy the log into the database, so that the next transaction may begin the log anew; the pages in it.

        Views stand in the way of that, so the idle one is ended first. What another process or a long scan holds back
        is tried again when the log has grown by a quarter more.
        """
        self._before_write()
        self._checkpoints += 1
        try:
            total, done = await finished(self._run_in_thread(self._execute_checkpoint))
        except apsw.Error as error:
            if isinstance(named(error, self.connection), FATAL):
                self.fail(str(error))
            total, done = self._log_pages, 0
        settings = self._settings.checkpoint_pages
        self._checkpoint_at = settings if done >= total else total + settings // 4
        return total

    async def alone(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do `work` while nobody writes, or not at all when writes are gathering: there is another time for it.

        Nothing is done after the disk has failed, or when the store is closed.
        """
        await self.turns.take()
        try:
            if self._batch is None and self.failure is None:
                await work()
        finally:
            self.turns.give()

    async def checkpoint(self, generation: Hashable) -> int:
        """Copy into the database what was committed since the last time, whatever its size; the pages in the log.

        `generation` is that of the log: other processes commit as well.
        """
        if self._copied == generation:
            return 0
        pages = 0

        async def copy() -> None:
            nonlocal pages
            pages = await self._checkpoint()
            self._copied = generation

        await self.alone(copy)
        return pages

    def _execute_checkpoint(self) -> tuple[int, int]:
        return self.connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_PASSIVE)

    def fail(self, reason: str) -> None:
        """Stop writing for good: after a failed fsync the kernel no longer has what it could not write."""
        if self.failure is None:
            self.failure = f"the disk failed ({reason}); nothing is written any more until davd is restarted"
            self._failed(self.failure)

    async def close(self) -> None:
        """Let what is being written finish, then close."""
        await self.turns.take()
        try:
            if self._batch is not None and self._batch.waiting:
                await self._commit()
                await self.turns.take()
            if self.failure is None:
                self.failure = "the store is closed"
            await finished(self._run_in_thread(self.connection.close))
        finally:
            self.turns.give()
