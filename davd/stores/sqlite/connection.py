"""Opening connections to the database file."""

from __future__ import annotations

import apsw

from davd.interfaces.store import StoreError
from davd.stores.settings import StoreSettings

# Earlier versions can corrupt the file when two connections write and checkpoint at once (the WAL-reset bug).
OLDEST_SQLITE = (3, 51, 3)


def require_sqlite(version: str) -> None:
    """Refuse a SQLite library that is known to lose data."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SQLITE:
        raise StoreError(f"SQLite 3.51.3 or newer is needed, this is {version}")


def connect(path: str, settings: StoreSettings) -> apsw.Connection:
    """A connection with davd's settings on the database file, which is made when it is missing.

    Waits for other processes as long as the settings say, until `set_busy_timeout` says otherwise.
    """
    connection = apsw.Connection(path, statementcachesize=200)
    try:
        _configure(connection, settings)
    except BaseException:
        connection.close()
        raise
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


def reader(path: str, settings: StoreSettings) -> apsw.Connection:
    """A connection that cannot change anything."""
    connection = connect(path, settings)
    connection.pragma("query_only", True)
    return connection
