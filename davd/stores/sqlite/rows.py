"""Rows of the resource table, and the questions about trees that reading and writing share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

import apsw

from davd.model.resource import FILE, Resource
from davd.stores.sqlite.connection import scan
from davd.stores.version import MOST_COLLECTIONS

ROOT: Final = 1

# In the order of the fields of Resource.
COLUMNS: Final = (
    "id, parent_id, name, type, owner, etag, content_type, content_length, created, modified, revision, sync_revision,"
    " blob, sha256, acl"
)
BY_ID: Final = f"SELECT {COLUMNS} FROM resource WHERE id = ?"
BY_NAME: Final = f"SELECT {COLUMNS} FROM resource WHERE parent_id = ? AND name = ?"
_MEMBERS: Final = f"SELECT {COLUMNS} FROM resource WHERE parent_id = ? AND name > ? ORDER BY name LIMIT ?"
_COLLECTIONS: Final = (
    f"SELECT {COLUMNS} FROM resource INDEXED BY resource_collections WHERE parent_id = ? AND type <> 'file'"
    " AND name > ? ORDER BY name LIMIT ?"
)
_EXTENT: Final = (
    "WITH RECURSIVE inside (id, length, modified) AS (SELECT id, content_length, modified FROM resource"
    " WHERE parent_id = ?1 UNION ALL SELECT member.id, member.content_length, member.modified FROM inside"
    " CROSS JOIN resource AS member ON member.parent_id = inside.id LIMIT ?2)"
    " SELECT count(*), coalesce(sum(length), 0), coalesce(max(modified), 0.0) FROM inside"
)
_NAMED: Final = f"SELECT {COLUMNS} FROM resource WHERE parent_id = ? AND name IN (SELECT value FROM json_each(?))"
BY_IDS: Final = f"SELECT {COLUMNS} FROM resource WHERE id IN (SELECT value FROM json_each(?))"
_WITH_ACL: Final = f"SELECT {COLUMNS} FROM resource WHERE acl <> '' ORDER BY id"
PLACE: Final = "SELECT parent_id, name FROM resource WHERE id = ?"
_FEW: Final = 4

# What `davd.stores.version` wants to know of the members of a collection; the index has no files in it.
_COUNTERS: Final = (
    "SELECT coalesce((SELECT revision FROM forgotten WHERE collection_id = ?1), 0), count(*),"
    " coalesce(sum(sync_revision), 0) FROM (SELECT sync_revision FROM resource INDEXED BY resource_collections"
    f" WHERE parent_id = ?1 AND type <> 'file' LIMIT {MOST_COLLECTIONS + 1})"
)

# Of all collections below one, by their depth: how many there are, and the sum of their counters.
_LEVELS: Final = (
    "WITH RECURSIVE inside (id, depth, counter) AS (SELECT id, 1, sync_revision FROM resource"
    " INDEXED BY resource_collections WHERE parent_id = ?1 AND type <> 'file' UNION ALL"
    " SELECT member.id, depth + 1, member.sync_revision FROM inside CROSS JOIN resource AS member"
    " INDEXED BY resource_collections ON member.parent_id = inside.id WHERE member.type <> 'file'"
    f" LIMIT {MOST_COLLECTIONS + 1}) SELECT count(*), sum(counter) FROM inside GROUP BY depth ORDER BY depth"
)

# The tree below and including a resource, as a table `tree` of ids.
TREE: Final = (
    "WITH RECURSIVE tree (id) AS (SELECT ? UNION ALL"
    " SELECT member.id FROM tree JOIN resource AS member ON member.parent_id = tree.id) "
)
_PAGE: Final = 1000


def by_id(connection: apsw.Connection, id: int) -> Resource | None:
    """The resource of that id."""
    row = connection.execute(BY_ID, (id,)).fetchone()
    return None if row is None else Resource(*row)


def with_acl(connection: apsw.Connection) -> list[Resource]:
    """All resources that have access control entries of their own."""
    return scan(connection, _WITH_ACL, (), Resource)


def members(connection: apsw.Connection, id: int, after: str, limit: int) -> list[Resource]:
    """Members in the order of their names; SQLite compares text by its UTF-8 bytes."""
    return scan(connection, _MEMBERS, (id, after, limit), Resource)


def collections(connection: apsw.Connection, id: int, after: str, limit: int) -> list[Resource]:
    """Members that are collections, in the order of their names."""
    return scan(connection, _COLLECTIONS, (id, after, limit), Resource)


def extent(connection: apsw.Connection, id: int, limit: int) -> tuple[int, int, float]:
    """Number, bytes and last modification of what is below a collection, of so many resources at most."""
    ((count, length, modified),) = scan(connection, _EXTENT, (id, limit))
    return count, length, modified


def named(connection: apsw.Connection, id: int, names: Sequence[str]) -> list[Resource]:
    """Those members of a collection that have one of the names, in no order."""
    if len(names) <= _FEW:
        found = (connection.execute(BY_NAME, (id, name)).fetchone() for name in dict.fromkeys(names))
        return [Resource(*row) for row in found if row is not None]
    return scan(connection, _NAMED, (id, json.dumps(names)), Resource)


def counters(connection: apsw.Connection, id: int) -> tuple[int, int, int]:
    """The change number up to which a collection has forgotten removals, its member collections, their counters."""
    found: tuple[int, int, int] = connection.execute(_COUNTERS, (id,)).get
    return found


def levels(connection: apsw.Connection, id: int) -> list[tuple[int, int]]:
    """How many collections there are on each level below one, and the sum of their counters."""
    return list(connection.execute(_LEVELS, (id,)))


def below(connection: apsw.Connection, id: int) -> Iterator[tuple[tuple[str, ...], Resource]]:
    """All below a resource with their relative paths, parents before members, siblings in the order of their names."""
    levels = [_paged(connection, id)]
    path: list[str] = []
    while levels:
        member = next(levels[-1], None)
        if member is None:
            levels.pop()
            if path:
                path.pop()
            continue
        path.append(member.name)
        yield tuple(path), member
        if member.type == FILE:
            path.pop()
        else:
            levels.append(_paged(connection, member.id))


def _paged(connection: apsw.Connection, id: int) -> Iterator[Resource]:
    after = ""
    while True:
        page = members(connection, id, after, _PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].name


def tree_size(connection: apsw.Connection, id: int, limit: int) -> int:
    """How many resources the tree has, itself included; counting stops at `limit`."""
    count: int = connection.execute(TREE + "SELECT count(*) FROM (SELECT id FROM tree LIMIT ?)", (id, limit)).get
    return count


def segments(connection: apsw.Connection, id: int) -> tuple[str, ...] | None:
    """The path of a resource from the root; None when it is gone."""
    names: list[str] = []
    at: int | None = id
    while at is not None:
        row = connection.execute(PLACE, (at,)).fetchone()
        if row is None:
            return None
        at = row[0]
        names.append(row[1])
    return tuple(names[-2::-1])
