"""The store in one folder: a SQLite database beside a folder of blobs."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import apsw
from twisted.internet.defer import Deferred
from zope.interface import implementer

from davd.interfaces.store import Finding, IRoom, IStore, StoreError
from davd.interfaces.upkeep import IUpkeep
from davd.model.touched import Touched
from davd.model.trash import DAY, TrashLimits
from davd.stores.blobs import FileBlobs, sync_folder
from davd.stores.pool import ConnectionPool
from davd.stores.query_cache import QueryCache
from davd.stores.settings import StoreSettings
from davd.stores.slow import SlowQueries
from davd.stores.sqlite import upkeep
from davd.stores.sqlite.check import check
from davd.stores.sqlite.commits import Commits
from davd.stores.sqlite.connection import Connections, require_sqlite
from davd.stores.sqlite.errors import named, store_error
from davd.stores.sqlite.generation import Generation
from davd.stores.sqlite.migrate import migrate, migrations, refusals
from davd.stores.sqlite.routes import Routes
from davd.stores.sqlite.snapshots import ReadTransaction, Snapshots, View
from davd.stores.sqlite.trash import REFERENCED
from davd.stores.sqlite.writes import WriteTransaction
from davd.stores.threads import RunInThread, finished, run_here
from davd.stores.turns import Turns
from davd.tree.route_cache import RouteCache

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


T = TypeVar("T")

# The part of the page cache that readers beside the first have, so that many of them do not take the memory.
_LESS_CACHE = 16

# How long the answer to the question for room on the disk is good for: each new file asks it.
_ROOM_SECONDS = 0.05


def _ignore(reason: str) -> None:
    """Nobody has asked to be told of a failure."""


@implementer(IStore, IRoom, IUpkeep)
class SQLiteStore:
    """Keeps the tree in `davd.sqlite` and `blobs/` of a folder that several processes may use at once.

    `run_in_thread` runs what waits for the disk; the default runs it at once, for commands without a reactor.
    `commit_in_thread` runs the commits, which should not queue behind other work; by default it is `run_in_thread`.
    `clock` is the reactor; without it every write commits for itself. `on_failure` is called once, with a sentence,
    when the disk has failed and nothing may be written any more: the process should end.

    `on_commit` are calls with what each commit of this store touched (`davd.model.touched`), made on the reactor's
    thread when it is durable and before those who wait for it go on. A commit of another process is not told; the
    generation is its sign. `trash` says, once the store is started, what of that which is deleted is kept.
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
        self._connections = Connections(self.path, self.settings)
        self._slow = SlowQueries(self.settings.slow_query_ms / 1000, run_in_thread, self._connections.explain)
        self._connections.slow_seconds = self._slow.after
        self._connections.note = self._slow.note
        self._queries = QueryCache(self.settings.query_cache)
        self._scans = Turns()
        self._scan_in_thread = self._scan
        self._pool: ConnectionPool[View]
        self._generation: Generation
        self._snapshots: Snapshots
        self.writer: Commits
        self.routes: Routes
        self.on_commit: list[Callable[[Touched], object]] = []
        self.running = False
        self.trash = TrashLimits()
        # The POSIX time at which the store came from a backup, if it did.
        self._restored: float | None = None
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
            place = os.stat(self.folder)
        except OSError as error:
            raise StoreError(f"the folder {self.folder} cannot be made: {error.strerror}") from error
        _make_private(self.path)
        with refusals(self.path):
            writer = self._connections.connect()
        try:
            migrate(writer, self.path, migrations(), self.settings.busy_seconds)
            self.epoch, self._restored = writer.execute("SELECT epoch, restored FROM store").get
            self.blobs.start(lambda: self._referenced_in(place, writer), time.time())
            self._require(place)
            self._generation = Generation(self.path, self._connections.reader)
        except apsw.Error as error:
            self._give_up(writer)
            raise store_error(error, "starting") from error
        except BaseException:
            self._give_up(writer)
            raise
        self.routes = Routes(RouteCache(self.settings.route_cache), self._generation, self.on_commit)
        settings = self.settings
        self._pool = ConnectionPool(
            self._connect_view,
            lambda view: view.connection.close(),
            size=settings.pool_size,
            clock=self._clock,
            wait_seconds=settings.pool_wait_seconds,
            idle_seconds=settings.pool_idle_seconds,
        )
        self._snapshots = Snapshots(
            self._pool,
            self._generation,
            self._clock,
            settings.snapshot_ms / 1000,
            self.routes,
            self._queries,
        )
        self.writer = Commits(
            writer,
            self.settings,
            self._commit_in_thread,
            self._clock,
            self.routes,
            self._snapshots.end_idle,
            self._remove_blobs,
            self._on_failure,
        )
        self._limit_trash()
        self.running = True

    def _give_up(self, writer: apsw.Connection) -> None:
        writer.close()
        self.blobs.stop()

    def _require(self, place: os.stat_result) -> None:
        """StoreError when the folder is not the one that was opened: a restore has put another into its place.

        Once the lock of the blobs is had, no restore does that any more.
        """
        try:
            same = os.path.samestat(os.stat(self.folder), place)
        except FileNotFoundError:
            same = False
        if not same:
            raise StoreError(f"{self.folder} gave way to another store while it was being opened; start again")

    def _referenced_in(self, place: os.stat_result, connection: apsw.Connection) -> list[str]:
        self._require(place)
        return _referenced(connection)

    def _connect_view(self) -> View:
        """A connection for the pool. The first is the one that is used most: the others need less of a page cache."""
        cache = self.settings.cache_mb
        return View(self._connections.reader(cache if self._pool.in_use == 1 else max(1, cache // _LESS_CACHE)))

    def reconfigure(self) -> None:
        """Go by what the settings say now that they have been changed in place, for a store that is open.

        What a connection is opened with (`cache_mb`, `statement_cache`, `busy_seconds`) stays as it was.
        """
        settings = self.settings
        self._slow.reconfigure(settings.slow_query_ms / 1000)
        self._connections.reconfigure(self._slow.after)
        self._queries.resize(settings.query_cache)
        self.routes.cache.resize(settings.route_cache)
        self._pool.reconfigure(settings.pool_size, settings.pool_wait_seconds, settings.pool_idle_seconds)
        self._snapshots.reconfigure(settings.snapshot_ms / 1000)
        self.writer.reconfigure()
        self._limit_trash()

    def _limit_trash(self) -> None:
        """Let the trash keep what the settings say, and after a restore more than that for some days."""
        settings = self.settings
        days = settings.restore_grace_days
        until = 0.0 if self._restored is None else self._restored + days * DAY
        self.trash = TrashLimits(settings.trash_days, settings.trash_versions, settings.trash_bytes, days, until)
        self.writer.block.trash = self.trash

    async def _scan(self, call: Callable[[], T]) -> T:
        """Run a piece of a scan in a thread: one at a time, because two at once take longer than one after the other.

        They hold Python's lock by turns of 5 ms, and lose more time over it than the second core gains.
        """
        await self._scans.take()
        try:
            return await finished(self.run_in_thread(call))
        finally:
            self._scans.give()

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
        return ReadTransaction(self._snapshots, self._scan_in_thread, self.settings.long_nodes)

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

    def statistics(self) -> Mapping[str, float]:
        """What the pool of readers, the query and route caches, prepared statements, scans and commits have done."""
        found: dict[str, float] = {
            "savepoints.undone": self.writer.block.parts_undone,
            "slow.count": self._slow.count,
            "log.bytes": self._log_bytes(),
        }
        for name, numbers in (
            ("pool", self._snapshots.statistics()),
            ("query_cache", self._queries.statistics()),
            ("statements", self._connections.statistics()),
            ("commits", self.writer.statistics()),
            ("routes", self.routes.cache.statistics()),
        ):
            for key, value in numbers.items():
                found[f"{name}.{key}"] = value
        return found

    async def checkpoint(self) -> int:
        """Copy the write-ahead log into the database."""
        return await self.writer.checkpoint(self._generation.now())

    async def refresh(self) -> None:
        """Renew SQLite's statistics of the tables."""
        await upkeep.refresh(self._connections, self.writer, self.run_in_thread)

    async def collect(self, now: float) -> int:
        """Remove blobs without a reference."""
        return await upkeep.collect(self._connections, self.blobs, _referenced, self.run_in_thread, now)

    def _log_bytes(self) -> int:
        try:
            return os.stat(self.path + "-wal").st_size
        except FileNotFoundError:
            return 0

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
        return check(self._connections.reader, self.run_in_thread, self.blobs, self.write if repair else None)


def _referenced(connection: apsw.Connection) -> list[str]:
    return [name for (name,) in connection.execute(REFERENCED)]


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
        writer = self._store.writer
        if isinstance(error, apsw.Error):
            error = named(error, writer.connection)
        await writer.end(error)
        if isinstance(error, apsw.Error):
            raise store_error(error, "writing") from error


def _make_private(path: str) -> None:
    """Make the database's file, which the others beside it take after, for its owner alone; SQLite goes by the umask.

    One that is there stays as it is, and is not opened: to close it would give up the locks of this process.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
