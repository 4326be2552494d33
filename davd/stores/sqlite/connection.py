"""Opening connections to the database file, and scans on them that end in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import starmap
from typing import Any, Final

import apsw

from davd.interfaces.store import StoreError
from davd.stores.settings import StoreSettings

# Earlier versions can corrupt the file when two connections write and checkpoint at once (the WAL-reset bug).
OLDEST_SQLITE = (3, 51, 3)

# A scan may be broken off between two of so many steps of SQLite's virtual machine, a millisecond or less.
_STEPS: Final = 20_000

_NEVER: Final = float("inf")

# Told of a statement, its parameters, the seconds it took and its rows.
Note = Callable[[str, Sequence[Any], float, int], None]


def require_sqlite(version: str) -> None:
    """Refuse a SQLite library that is known to lose data."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SQLITE:
        raise StoreError(f"SQLite 3.51.3 or newer is needed, this is {version}")


class Connections:
    """What the connections of one store have in common: its settings, the slow log, and counters.

    `note` is told of scans that took `slow_seconds` or more.
    """

    def __init__(self, path: str, settings: StoreSettings) -> None:
        self.path = path
        self.settings = settings
        self.slow_seconds = _NEVER
        self.note: Note = _unnoted
        self.interrupted = 0
        self._open: set[Connection] = set()
        # Of connections that are closed: statements prepared, reused, and dropped for others.
        self._past = (0, 0, 0)

    def connect(self) -> Connection:
        """A connection that may write; the database is made when it is missing."""
        return connect(self.path, self.settings, self)

    def reader(self, cache_mb: int | None = None) -> Connection:
        """A connection that cannot change anything, with a page cache of so many MiB instead of the settings'."""
        connection = self.connect()
        connection.pragma("query_only", True)
        if cache_mb is not None:
            connection.pragma("cache_size", -1024 * cache_mb)
        connection.allow(self.settings.statement_seconds)
        return connection

    def reconfigure(self, slow_seconds: float) -> None:
        """Go by the time limit that the settings say now, and by that of slow statements."""
        self.slow_seconds = slow_seconds
        for connection in self._open:
            if connection.limited:
                connection.allow(self.settings.statement_seconds)

    def explain(self, statement: str, parameters: int) -> list[str]:
        """The plan of a statement with so many parameters, a line for each step."""
        connection = self.reader(1)
        try:
            steps = connection.execute("EXPLAIN QUERY PLAN " + statement, (None,) * parameters)
            return [step[3] for step in steps]
        finally:
            connection.close()

    def opened(self, connection: Connection) -> None:
        """Count a connection's statements from now on."""
        self._open.add(connection)

    def closing(self, connection: Connection) -> None:
        """Remember the counters of a connection that is being closed."""
        if connection in self._open:
            self._open.remove(connection)
            self._past = self._sum([connection])

    def _sum(self, connections: Iterable[Connection]) -> tuple[int, int, int]:
        prepared, reused, evicted = self._past
        for connection in connections:
            counts = connection.cache_stats()
            prepared += counts["misses"]
            reused += counts["hits"]
            evicted += counts["evictions"]
        return prepared, reused, evicted

    def statistics(self) -> Mapping[str, float]:
        """Statements that were prepared, found prepared, dropped for others, and broken off."""
        prepared, reused, evicted = self._sum(tuple(self._open))
        return {"prepared": prepared, "reused": reused, "evicted": evicted, "interrupted": self.interrupted}


def _unnoted(statement: str, parameters: Sequence[Any], took: float, rows: int) -> None:
    """Nobody wants to know of slow statements."""


class Connection(apsw.Connection):
    """A connection of a store.

    Its scans are timed, and broken off with `apsw.InterruptError` when they take longer than the time that `allow` has
    set. Only readers have a limit: SQLite undoes the whole transaction when a statement that writes is broken off.
    """

    shared: Connections
    _budget: float | None = None
    _deadline = 0.0

    @property
    def limited(self) -> bool:
        """Whether scans have a time limit."""
        return self._budget is not None

    def allow(self, seconds: float) -> None:
        """Let scans take so long at most."""
        self._budget = seconds

    def _overdue(self) -> bool:
        return time.monotonic() > self._deadline

    def scan(
        self, statement: str, parameters: tuple[Any, ...] = (), make: Callable[..., Any] | None = None
    ) -> list[Any]:
        """All rows of a statement whose work grows with what is stored, or what `make` makes of the columns of each."""
        began = time.monotonic()
        budget = self._budget
        if budget is not None:
            # Set for the scan alone: it would cost a point read some percent.
            self._deadline = began + budget
            self.set_progress_handler(self._overdue, _STEPS)
        try:
            rows = self.execute(statement, parameters)
            # Made one by one, a row is gone before the next one needs memory.
            found = rows.fetchall() if make is None else list(starmap(make, rows))
        except apsw.InterruptError:
            self.shared.interrupted += 1
            raise
        finally:
            if budget is not None:
                self.set_progress_handler(None)
        took = time.monotonic() - began
        if took >= self.shared.slow_seconds:
            self.shared.note(statement, parameters, took, len(found))
        return found

    def close(self, force: bool = False) -> None:
        """Close, and leave the counters to the others."""
        self.shared.closing(self)
        super().close(force)


def scan(
    connection: apsw.Connection,
    statement: str,
    parameters: tuple[Any, ...] = (),
    make: Callable[..., Any] | None = None,
) -> list[Any]:
    """`Connection.scan`, if the connection is one of a store's; otherwise the same without a limit."""
    if isinstance(connection, Connection):
        return connection.scan(statement, parameters, make)
    found = connection.execute(statement, parameters)
    return found.fetchall() if make is None else list(starmap(make, found))


def connect(path: str, settings: StoreSettings, shared: Connections | None = None) -> Connection:
    """A connection with davd's settings on the database file, which is made when it is missing.

    Waits for other processes as long as the settings say, until `set_busy_timeout` says otherwise.
    """
    connection = Connection(path, statementcachesize=settings.statement_cache)
    connection.shared = shared or Connections(path, settings)
    try:
        _configure(connection, settings)
    except BaseException:
        connection.close()
        raise
    connection.shared.opened(connection)
    return connection


def _configure(connection: apsw.Connection, settings: StoreSettings) -> None:
    connection.set_busy_timeout(round(1000 * settings.busy_seconds))
    for name, value in (
        ("synchronous", "full"),
        ("foreign_keys", True),
        ("mmap_size", 0),
        ("temp_store", "memory"),
        ("cache_size", -1024 * settings.cache_mb),
        ("wal_autocheckpoint", 0),
        ("journal_size_limit", 64 * 1024**2),
        ("trusted_schema", False),
    ):
        connection.pragma(name, value)
