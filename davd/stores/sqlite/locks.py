"""Locks in the store.

Implements: RFC 4918, 6, 7
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from davd.model.lock import Lock
from davd.stores.query_cache import Ask
from davd.stores.sqlite.connection import scan
from davd.stores.sqlite.rows import TREE, segments

_COLUMNS: Final = "token, resource_id, scope, infinite, principal, owner, timeout, expires"
_OF_RESOURCE: Final = f"SELECT {_COLUMNS} FROM lock WHERE resource_id = ?"
_ALL: Final = f"SELECT {_COLUMNS} FROM lock LIMIT ?"
_OF_TOKEN: Final = f"SELECT {_COLUMNS} FROM lock WHERE token = ? AND expires > ?"

# Up to this many locks are read all at once when those of a few resources are asked for.
_FEW_AT: Final = 32

# Up to this many locks, those below a collection are found by walking up from each; beyond it, by walking down.
_FEW: Final = 200


def _lock(connection: apsw.Connection, row: Sequence) -> Lock:
    token, id, scope, infinite, principal, owner, timeout, expires = row
    root = segments(connection, id) or ()
    return Lock(token, id, scope, bool(infinite), principal, owner, timeout, expires, root)


def some(connection: apsw.Connection) -> bool:
    """Whether there are any locks at all, expired ones included: mostly there are none."""
    return connection.execute("SELECT 1 FROM lock LIMIT 1").fetchone() is not None


def at(connection: apsw.Connection, ids: Sequence[int], now: float, ask: Ask) -> list[Lock]:
    """The locks whose root is one of `ids`, in the order of their tokens; `ask` finds out whether there are many.

    The questions do not speak of the time, so that their results can be kept.
    """
    # Mostly there are no locks at all, or so few that to read them all is less than to ask for each resource.
    found = ask(_ALL, (_FEW_AT + 1,))
    if not found:
        return []
    wanted = set(ids)
    if len(found) > _FEW_AT:
        if len(wanted) > _FEW_AT:
            found = connection.execute(_ALL, (len(wanted) + 1,)).fetchall()
        if len(found) > max(len(wanted), _FEW_AT):
            found = [row for id in wanted for row in connection.execute(_OF_RESOURCE, (id,))]
    return [_lock(connection, row) for row in sorted(found) if row[1] in wanted and row[-1] > now]


def below(connection: apsw.Connection, id: int, now: float) -> list[Lock]:
    """The locks whose root lies below a collection, in the order of their tokens."""
    if not some(connection):
        return []
    if connection.execute(f"SELECT count(*) FROM (SELECT 1 FROM lock LIMIT {_FEW + 1})").get > _FEW:
        rows = scan(
            connection,
            f"{TREE}SELECT {_COLUMNS} FROM lock WHERE resource_id IN (SELECT id FROM tree) AND resource_id <> ?"
            " AND expires > ? ORDER BY token",
            (id, id, now),
        )
        return [_lock(connection, row) for row in rows]
    path = segments(connection, id)
    if path is None:
        return []
    rows = connection.execute(f"SELECT {_COLUMNS} FROM lock WHERE expires > ? ORDER BY token", (now,)).fetchall()
    found = [_lock(connection, row) for row in rows]
    return [lock for lock in found if len(lock.root) > len(path) and lock.root[: len(path)] == path]


def by_token(connection: apsw.Connection, token: str, now: float) -> Lock | None:
    """The lock with that token."""
    row = connection.execute(_OF_TOKEN, (token, now)).fetchone()
    return None if row is None else _lock(connection, row)


def counts(connection: apsw.Connection, id: int, principal: str, now: float) -> tuple[int, int]:
    """How many locks have their root at a resource, and how many a principal holds."""
    here = "SELECT count(*) FROM lock WHERE resource_id = ? AND expires > ?"
    held = "SELECT count(*) FROM lock WHERE principal = ? AND expires > ?"
    return connection.execute(here, (id, now)).get, connection.execute(held, (principal, now)).get


def add(connection: apsw.Connection, lock: Lock) -> None:
    """Put a lock into force."""
    try:
        connection.execute(
            f"INSERT INTO lock ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                lock.token, lock.resource_id, lock.scope, int(lock.infinite), lock.principal, lock.owner,
                lock.timeout, lock.expires,
            ),
        )  # fmt: skip
    except apsw.ConstraintError as error:
        raise ValueError("the token is in use, or the resource is gone") from error


def refresh(connection: apsw.Connection, token: str, timeout: int, expires: float) -> None:
    """Give a lock a new timeout."""
    connection.execute("UPDATE lock SET timeout = ?, expires = ? WHERE token = ?", (timeout, expires, token))


def remove(connection: apsw.Connection, token: str) -> None:
    """End a lock."""
    connection.execute("DELETE FROM lock WHERE token = ?", (token,))


def remove_tree(connection: apsw.Connection, id: int) -> None:
    """End all locks at and below a resource."""
    if some(connection):
        scan(connection, f"{TREE}DELETE FROM lock WHERE resource_id IN (SELECT id FROM tree)", (id,))
