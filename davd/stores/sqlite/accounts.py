"""Accounts, their quota, and small values that are kept for a while.

Implements: RFC 4331, 3, 4
"""

from __future__ import annotations

from typing import Final

import apsw

from davd.model.principal import Account, Quota
from davd.stores.query_cache import Ask
from davd.stores.sqlite.connection import scan

_COLUMNS: Final = "name, password_hash, email, display_name, quota, created, kind"
_BY_NAME: Final = f"SELECT {_COLUMNS} FROM account WHERE name = ?"
_QUOTA: Final = "SELECT (SELECT used FROM usage WHERE owner = ?1), (SELECT quota FROM account WHERE name = ?1)"
_KEPT: Final = "SELECT value, expires FROM kept WHERE key = ?"


def account(ask: Ask, name: str) -> Account | None:
    """The account called `name`."""
    found = ask(_BY_NAME, (name,))
    return Account(*found[0]) if found else None


def accounts(connection: apsw.Connection) -> list[Account]:
    """All accounts in the order of their names."""
    return [Account(*row) for row in scan(connection, f"SELECT {_COLUMNS} FROM account ORDER BY name")]


def add(connection: apsw.Connection, account: Account) -> None:
    """Add an account; ValueError when the name is taken."""
    try:
        connection.execute(
            f"INSERT INTO account ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                account.name, account.password_hash, account.email, account.display_name, account.quota,
                account.created, account.kind,
            ),
        )  # fmt: skip
    except apsw.ConstraintError as error:
        raise ValueError(f"the account {account.name!r} exists") from error


def update(connection: apsw.Connection, account: Account) -> None:
    """Replace an account; KeyError when there is none of that name."""
    connection.execute(
        "UPDATE account SET password_hash = ?, email = ?, display_name = ?, quota = ?, created = ?, kind = ?"
        " WHERE name = ?",
        (
            account.password_hash, account.email, account.display_name, account.quota, account.created, account.kind,
            account.name,
        ),
    )  # fmt: skip
    if not connection.changes():
        raise KeyError(account.name)


def remove(connection: apsw.Connection, name: str) -> None:
    """Remove an account; KeyError when there is none of that name."""
    connection.execute("DELETE FROM account WHERE name = ?", (name,))
    if not connection.changes():
        raise KeyError(name)


def quota(ask: Ask, owner: str) -> Quota:
    """Bytes in use, and the account's limit."""
    used, limit = ask(_QUOTA, (owner,))[0]
    return Quota(used or 0, limit)


def use(connection: apsw.Connection, owner: str, length: int) -> None:
    """Count `length` more bytes (fewer, when it is negative) as the owner's."""
    if length:
        connection.execute("UPDATE usage SET used = used + ? WHERE owner = ?", (length, owner))
        if not connection.changes():
            connection.execute("INSERT INTO usage (owner, used) VALUES (?, ?)", (owner, length))


def kept(ask: Ask, key: str, now: float) -> bytes | None:
    """A kept value that has not expired. The question is the same at any time, so that its result can be kept."""
    found = ask(_KEPT, (key,))
    return found[0][0] if found and found[0][1] > now else None


def keep(connection: apsw.Connection, key: str, value: bytes, expires: float) -> None:
    """Keep a value, in the place of an older one."""
    connection.execute(
        "INSERT INTO kept (key, value, expires) VALUES (?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires",
        (key, value, expires),
    )


def forget(connection: apsw.Connection, key: str) -> None:
    """Drop a kept value."""
    connection.execute("DELETE FROM kept WHERE key = ?", (key,))
