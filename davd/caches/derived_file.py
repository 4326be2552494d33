"""The file behind `Derived`: frames by number in a SQLite database of its own, where the least used make room.

It is written without waiting for the disk: what a power failure damages is thrown away, for all can be made again.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from time import sleep
from typing import Final

import apsw

# "davd" as a number, and the form of what is kept: a file with others is not taken for one of davd's.
_APPLICATION: Final = 0x64617664
_FORM: Final = 1

_BUSY_MS: Final = 200
_ATTEMPTS: Final = 5
_PAGE: Final = 8192
# Of the size, so much is left when rows had to go; rows go in such portions.
_ROOM: Final = 0.9
_PORTION: Final = 64

_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, used INTEGER NOT NULL, frame BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS entry_used ON entry (used);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_FORM};
COMMIT;
"""
# A damaged row may hold values of any type.
_GET: Final = """
SELECT used < ?2, CASE WHEN length(frame) <= ?3 THEN CAST(frame AS BLOB) END FROM entry WHERE id = ?1
"""
_GET_FRAME: Final = "SELECT CAST(frame AS BLOB) FROM entry WHERE id = ?"
_PUT: Final = "INSERT OR REPLACE INTO entry VALUES (?, ?, ?)"
_TOUCH: Final = "UPDATE entry SET used = ?2 WHERE id = ?1 AND used < ?2"
_OLDEST: Final = "DELETE FROM entry WHERE id IN (SELECT id FROM entry ORDER BY used LIMIT ?)"


class ForeignFile(Exception):
    """The file is something else than davd's derived data."""


# After these the file is of no use. What else SQLite raises is the disk's fault or another process's.
UNUSABLE: Final = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, apsw.SchemaChangeError, ForeignFile)


class DerivedFile:
    """Two connections to the file: `peek` is for the reactor's thread, the other calls for one other thread at a time.

    All raise apsw.Error when SQLite does.
    """

    def __init__(self, path: str, max_bytes: int) -> None:
        """Open the file, which is made when it is missing; takes a moment, so not on the reactor's thread.

        OSError, apsw.Error or ForeignFile when it cannot be.
        """
        self.path = path
        self._max_bytes = max_bytes
        # SQLite gives the files beside it the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._writer = _connect(path)
        try:
            self._prepare()
            self._reader = _connect(path)
        except BaseException:
            self._writer.close()
            raise
        self._reader.pragma("query_only", True)
        # The reactor waits for nobody.
        self._reader.set_busy_timeout(0)
        status = os.stat(path)
        self._identity = status.st_dev, status.st_ino

    def _prepare(self) -> None:
        writer = self._writer
        application = writer.pragma("application_id")
        if application == 0 and not writer.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
            writer.pragma("page_size", _PAGE)
            writer.pragma("journal_mode", "wal")
            writer.execute(_SCHEMA)
        elif application != _APPLICATION or writer.pragma("user_version") != _FORM:
            raise ForeignFile(f"{self.path} is something else")

    def in_place(self) -> bool:
        """Whether the file that is open still stands under its name."""
        try:
            status = os.stat(self.path)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def peek(self, number: int, period: int, limit: int) -> tuple[bool, bytes | None] | None:
        """Whether a row was last used before the period, and its frame if that is of at most `limit` bytes."""
        row = self._reader.execute(_GET, (number, period, limit)).fetchone()
        return None if row is None else (row[0] == 1, row[1])

    def read(self, number: int) -> bytes | None:
        """A frame of any size."""
        row = self._writer.execute(_GET_FRAME, (number,)).fetchone()
        return None if row is None else row[0]

    def write(self, frames: Mapping[int, bytes], used: Collection[int], now: int) -> int:
        """Keep frames by number, note that others have been used, and make room; how many rows had to go."""
        writer = self._writer
        writer.execute("BEGIN IMMEDIATE")
        try:
            writer.executemany(_PUT, [(number, now, frame) for number, frame in frames.items()])
            writer.executemany(_TOUCH, [(number, now) for number in used])
            gone = self._make_room()
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise
        return gone

    def _make_room(self) -> int:
        # Freed pages are used again, so the file stays near its size without ever being rewritten.
        if self.size() <= self._max_bytes:
            return 0
        before = self._writer.total_changes()
        while self.size() > self._max_bytes * _ROOM:
            self._writer.execute(_OLDEST, (_PORTION,))
            if not self._writer.changes():
                break
        return self._writer.total_changes() - before

    def size(self) -> int:
        """The bytes of the file that hold something."""
        pragma = self._writer.pragma
        return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")

    def close(self) -> None:
        """Close both connections."""
        self._reader.close()
        self._writer.close()


def _connect(path: str) -> apsw.Connection:
    connection = apsw.Connection(path)
    try:
        connection.set_busy_timeout(_BUSY_MS)
        connection.pragma("synchronous", "off")
        connection.pragma("mmap_size", 0)
        connection.pragma("cache_size", -4096)
        connection.pragma("temp_store", "memory")
        connection.pragma("journal_size_limit", 16 * 1024**2)
        connection.pragma("trusted_schema", False)
    except BaseException:
        connection.close()
        raise
    return connection


def open_file(path: str, max_bytes: int) -> DerivedFile:
    """Open the file, and make it anew when it is of no use; OSError, apsw.Error or ForeignFile when even that fails.

    Waits for another process that is making it.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return DerivedFile(path, max_bytes)
        except UNUSABLE:
            remove(path)
        except apsw.BusyError:
            sleep(_BUSY_MS / 1000 * (1 + attempt) / _ATTEMPTS)
    return DerivedFile(path, max_bytes)


def remove(path: str) -> None:
    """Throw the file away, and what SQLite keeps beside it; OSError when that is not allowed."""
    # The database goes last: a new one must not find the log of the old.
    for name in (path + "-wal", path + "-shm", path):
        with suppress(FileNotFoundError):
            os.unlink(name)
