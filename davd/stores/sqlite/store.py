"""The store in one folder: a SQLite database beside a folder of blobs."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Hashable
from types import TracebackType
from typing import TYPE_CHECKING

import apsw
from twisted.internet.defer import Deferred
from zope.interface import implementer

from davd.interfaces.store import Finding, IRoom, IStore, StoreError
from davd.stores.blobs import FileBlobs, sync_folder
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.check import check
from davd.stores.sqlite.commits import Commits
from davd.stores.sqlite.connection import connect, reader, require_sqlite
from davd.stores.sqlite.errors import store_error
from davd.stores.sqlite.generation import Generation
from davd.stores.sqlite.migrate import migrate, migrations, refusals
from davd.stores.sqlite.snapshots import ReadTransaction, Snapshots
from davd.stores.sqlite.writes import WriteTransaction
from davd.stores.threads import RunInThread, finished, run_here

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


# How long the answer to the question for room on the disk is good for: each new file asks it.
_ROOM_SECONDS = 0.05


def _ignore(reason: str) -> None:
    """Nobody has asked to be told of a failure."""


@implementer(IStore, IRoom)
class SQLiteStore:
    """Keeps the tree in `davd.sqlite` and `blobs/` of a folder that several processes may use at once.

    `run_in_thread` runs what waits for the disk; the default runs it at once, for commands without a reactor.
    `commit_in_thread` runs the commits, which should not queue behind other work; by default it is `run_in_thread`.
    `clock` is the reactor; without it every write commits for itself. `on_failure` is called once, with a sentence,
    when the disk has failed and nothing may be written any more: the process should end.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        settings: StoreSettings | None = None,
        run_in_thread: RunInThread = run_here,
        clock: IReactorTime | None = None,
        *,
        commit_in_thread: RunInThread | None = None,
        on_failure: Callable[[str], None] = _ignore,
    ) -> None:
        self.epoch = ""
        self.folder = os.fspath(folder)
        self.path = os.path.join(self.folder, "davd.sqlite")
        self.settings = settings or StoreSettings()
        self.run_in_thread = run_in_thread
        self.blobs = FileBlobs(os.path.join(self.folder, "blobs"), run_in_thread, self._blob_failed)
        self._commit_in_thread = commit_in_thread or run_in_thread
        self._clock = clock
        self._on_failure = on_failure
        self._removing: set[Deferred[None]] = set()
        self._generation: Generation
        self._snapshots: Snapshots
        self.writer: Commits
        self.running = False
        self._room = 0
        self._room_until = 0.0

    def _blob_failed(self, reason: str) -> None:
        self.writer.fail(reason)

    async def start(self) -> None:
        """Open the folder, which is made when it is missing, migrate the database, and collect what a crash left."""
        require_sqlite(apsw.sqlite_lib_version())
        await finished(self.run_in_thread(self._start))

    def _start(self) -> None:
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            sync_folder(os.path.dirname(os.path.abspath(self.folder)))
        except OSError as error:
            raise StoreError(f"the folder {self.folder} cannot be made: {error.strerror}") from error
        with refusals(self.path):
            writer = connect(self.path, self.settings)
        try:
            migrate(writer, self.path, migrations(), self.settings.busy_seconds)
            self.epoch = writer.execute("SELECT epoch FROM store").get
            self.blobs.start(lambda: _referenced(writer), time.time())
            self._generation = Generation(self.path, self._connect_reader)
        except apsw.Error as error:
            writer.close()
            raise store_error(error, "starting") from error
        except BaseException:
            writer.close()
            raise
        self._snapshots = Snapshots(
            self._connect_reader,
            self._generation,
            self._clock,
            self.settings.snapshot_ms / 1000,
            self.settings.path_cache,
        )
        self.writer = Commits(
            writer,
            self.settings,
            self._commit_in_thread,
            self._clock,
            self._snapshots.end_idle,
            self._remove_blobs,
            self._on_failure,
        )
        self.running = True

    def _connect_reader(self) -> apsw.Connection:
        return reader(self.path, self.settings)

    async def stop(self) -> None:
        """Finish what is being committed and close; harmless when the store is not open."""
        if not self.running:
            return
        self.running = False
        await self.writer.close()
        await self.blobs_removed()
        self._snapshots.close()
        self.blobs.stop()

    def read(self) -> ReadTransaction:
        """A view of the committed state."""
        return ReadTransaction(self._snapshots, self.run_in_thread, self.settings.long_nodes)

    def write(self) -> Writing:
        """A transaction of its own."""
        return Writing(self)

    def generation(self) -> Hashable:
        """The state of the write-ahead log."""
        return self._generation.now()

    def _remove_blobs(self, names: list[str]) -> None:
        """Remove blobs that nothing refers to any more; what a crash leaves of it is collected at the next start."""

        def work() -> None:
            for name in names:
                self.blobs.delete(name)

        removing = Deferred.fromCoroutine(finished(self.run_in_thread(work)))
        if not removing.called:
            self._removing.add(removing)
        removing.addErrback(lambda failure: failure.trap(OSError) and None)
        removing.addBoth(lambda _: self._removing.discard(removing))

    async def blobs_removed(self) -> None:
        """Wait until the blobs that lost their last reference have been removed."""
        for removing in list(self._removing):
            await finished(removing)

    def free_bytes(self) -> int:
        """What the file system of the folder has left for this user, or had a moment ago."""
        now = time.monotonic()
        if now >= self._room_until:
            state = os.statvfs(self.folder)
            self._room = state.f_bavail * state.f_frsize
            self._room_until = now + _ROOM_SECONDS
        return self._room

    def check(self, repair: bool) -> AsyncIterator[Finding]:
        """Verify everything, and mend what can be mended without losing anything."""
        return check(self._connect_reader, self.run_in_thread, self.blobs, self.write if repair else None)


def _referenced(connection: apsw.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT DISTINCT blob FROM resource WHERE blob IS NOT NULL")]


class Writing:
    """The block of one write."""

    __slots__ = ("_store",)

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store

    async def __aenter__(self) -> WriteTransaction:
        """Begin when it is this block's turn."""
        store = self._store
        if not store.running:
            raise StoreError("the store is closed")
        writer = store.writer
        if not writer.enter():
            await writer.begin()
        return WriteTransaction(writer.block, store.run_in_thread, store.settings.long_nodes)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Return when the block is durable, or undo it."""
        await self._store.writer.end(error)
        if isinstance(error, apsw.Error):
            raise store_error(error, "writing") from error
