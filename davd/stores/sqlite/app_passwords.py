"""App passwords: those that an account has beside its own.

Implements: RFC 7617, 2
"""

from __future__ import annotations

from typing import Final

import apsw

from davd.model.principal import AppPassword
from davd.stores.query_cache import Ask
from davd.stores.sqlite.connection import scan

_COLUMNS: Final = "id, account, label, hash, created, last_used, expires"
_BY_ID: Final = f"SELECT {_COLUMNS} FROM app_password WHERE id = ?"
_BY_ACCOUNT: Final = f"SELECT {_COLUMNS} FROM app_password WHERE account = ? ORDER BY created, id"
_KNOWN: Final = "SELECT 1 FROM account WHERE name = ?"
_ADD: Final = f"INSERT INTO app_password ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
_NOTE: Final = "UPDATE app_password SET last_used = ?1 WHERE id = ?2 AND (last_used IS NULL OR last_used < ?1)"


def app_password(ask: Ask, id: str) -> AppPassword | None:
    """The app password of that id."""
    found = ask(_BY_ID, (id,))
    return AppPassword(*found[0]) if found else None


def app_passwords(connection: apsw.Connection, account: str) -> list[AppPassword]:
    """The app passwords of an account, the oldest first."""
    return [AppPassword(*row) for row in scan(connection, _BY_ACCOUNT, (account,))]


def every(connection: apsw.Connection) -> list[AppPassword]:
    """All app passwords."""
    return [AppPassword(*row) for row in scan(connection, f"SELECT {_COLUMNS} FROM app_password ORDER BY id")]


def add(connection: apsw.Connection, password: AppPassword) -> None:
    """Add an app password; ValueError when its id is taken, KeyError when there is no such account."""
    if connection.execute(_KNOWN, (password.account,)).fetchone() is None:
        raise KeyError(password.account)
    try:
        connection.execute(
            _ADD,
            (
                password.id, password.account, password.label, password.hash, password.created,
                password.last_used, password.expires,
            ),
        )  # fmt: skip
    except apsw.ConstraintError as error:
        raise ValueError(f"the app password {password.id} exists") from error


def note(connection: apsw.Connection, id: str, used: float) -> None:
    """Note the time of a log-in; unknown ids and earlier times are ignored."""
    connection.execute(_NOTE, (used, id))


def remove(connection: apsw.Connection, id: str) -> None:
    """Remove an app password; KeyError when there is none of that id."""
    connection.execute("DELETE FROM app_password WHERE id = ?", (id,))
    if not connection.changes():
        raise KeyError(id)
