"""Who is in which group.

Implements: RFC 3744, 4.3, 4.4
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from davd.stores.sqlite.connection import scan

_MEMBERS: Final = "SELECT member FROM membership WHERE group_name = ? ORDER BY member"
_GROUPS: Final = (
    "WITH RECURSIVE found (name) AS (SELECT group_name FROM membership WHERE member = ?"
    " UNION SELECT group_name FROM found JOIN membership ON member = name) SELECT name FROM found"
)
DIRECT: Final = (
    "SELECT member, group_name FROM membership WHERE member IN (SELECT value FROM json_each(?))"
    " ORDER BY member, group_name"
)
_KNOWN: Final = "SELECT 1 FROM account WHERE name = ?"
_CLEAR: Final = "DELETE FROM membership WHERE group_name = ?"
_ADD: Final = "INSERT OR IGNORE INTO membership (member, group_name) VALUES (?, ?)"


def members(connection: apsw.Connection, group: str) -> list[str]:
    """The direct members of a group in the order of their names."""
    return [name for (name,) in scan(connection, _MEMBERS, (group,))]


def groups_of(connection: apsw.Connection, name: str) -> frozenset[str]:
    """All groups that a principal is in, directly or by others."""
    return frozenset(group for (group,) in connection.execute(_GROUPS, (name,)))


def set_members(connection: apsw.Connection, group: str, members: Sequence[str]) -> None:
    """Set the direct members of a group; KeyError when there is no account of one of the names."""
    for name in (group, *members):
        if connection.execute(_KNOWN, (name,)).fetchone() is None:
            raise KeyError(name)
    connection.execute(_CLEAR, (group,))
    connection.executemany(_ADD, [(name, group) for name in members])
