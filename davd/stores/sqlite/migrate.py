"""Bringing a database file to the schema this davd knows."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

import apsw

from davd.interfaces.store import StoreError
from davd.stores.sqlite.errors import store_error

# "DAVd": SQLite keeps it in the file's header, so that a foreign file is told from ours.
APPLICATION_ID = 0x44415664
_FILE_NAME = re.compile(r"(\d{4})_\w+\.sql\Z")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step: `sha256` is the digest of its text, which never changes once it is released."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The digest by which a changed step is recognised."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All steps in their order; their numbers run from 1 without a gap."""
    found = []
    for file in files("davd.stores.sqlite").joinpath("migrations").iterdir():
        match = _FILE_NAME.match(file.name)
        if match:
            found.append(Migration(int(match.group(1)), file.name, file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda step: step.number)


def migrate(connection: apsw.Connection, path: str, steps: list[Migration], busy_seconds: float) -> list[str]:
    """Recognise the file, bring it up to date and give the names of the steps that were run.

    StoreError when the file is not a store of davd, cannot be read, is locked by another process for longer than
    `busy_seconds`, was written by a newer davd, or was migrated by steps other than ours.
    """
    connection.set_busy_timeout(round(1000 * busy_seconds))
    with refusals(path):
        _recognise(connection, path)
        if connection.pragma("journal_mode", "wal") != "wal":
            raise StoreError(f"{path} cannot be opened in write-ahead mode; is it on a network file system?")
        if connection.pragma("user_version") == len(steps):
            _verify(connection, path, steps)
            run = []
        else:
            run = _run(connection, path, steps)
    connection.set_busy_timeout(0)
    return run


@contextmanager
def refusals(path: str) -> Iterator[None]:
    """Turn what SQLite says about a file that cannot be used into a sentence."""
    try:
        yield
    except apsw.NotADBError as error:
        raise StoreError(f"{path} is not a store of davd") from error
    except apsw.BusyError as error:
        raise StoreError(f"{path} is locked by another process") from error
    except apsw.CantOpenError as error:
        raise StoreError(f"{path} cannot be opened") from error
    except apsw.Error as error:
        raise store_error(error, f"opening {path}") from error


def _recognise(connection: apsw.Connection, path: str) -> None:
    found = connection.pragma("application_id")
    if found == APPLICATION_ID:
        return
    if found or connection.execute("SELECT count(*) FROM sqlite_schema").get:
        raise StoreError(f"{path} is a database of another program")


def _verify(connection: apsw.Connection, path: str, steps: list[Migration]) -> None:
    """Compare the steps that were run with ours."""
    for number, name, sha256 in connection.execute("SELECT number, name, sha256 FROM migration ORDER BY number"):
        if number > len(steps):
            raise StoreError(f"{path} was written by a newer davd (schema {number}, this one knows {len(steps)})")
        if sha256 != steps[number - 1].sha256:
            raise StoreError(f"{path} was migrated by another {name} than this davd carries")


def _run(connection: apsw.Connection, path: str, steps: list[Migration]) -> list[str]:
    run = []
    connection.execute("BEGIN EXCLUSIVE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migration"
            " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied REAL NOT NULL)"
        )
        _verify(connection, path, steps)
        done = connection.execute("SELECT coalesce(max(number), 0) FROM migration").get
        for step in steps[done:]:
            connection.execute(step.sql)
            connection.execute(
                "INSERT INTO migration VALUES (?, ?, ?, ?)", (step.number, step.name, step.sha256, time.time())
            )
            run.append(step.name)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", len(steps))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return run
