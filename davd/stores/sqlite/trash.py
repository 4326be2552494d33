"""Rows of the trash: put there, listed, and removed for good.

What goes there is copied by one statement for each table, inside the transaction that removes it from the tree. Blobs
stay where they are: a row of the trash refers to them as a row of the tree does.

Implements: RFC 4918, 9.6, 9.7
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw

from davd.model.acl import NAME, without
from davd.model.index import ObjectIndex
from davd.model.resource import NewContent, Resource
from davd.model.trash import DELETED, ROW_BYTES, Trashed, TrashLimits, same_day
from davd.stores.sqlite import objects, rows
from davd.stores.sqlite.connection import scan

_KEEP: Final = (
    "INSERT INTO trash (id, collection_id, path, name, reason, deleted, bytes, count, resource_id, type, owner, etag,"
    " content_type, content_length, created, modified, blob, sha256, acl, uid, component, spans, terms, data)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_DATA: Final = "SELECT data FROM content WHERE resource_id = ?"
_KEEP_PROPERTIES: Final = (
    "INSERT INTO trash_property (entry_id, resource_id, name, element)"
    " SELECT ?1, resource_id, name, element FROM property WHERE resource_id = ?2"
)
_KEEP_MEMBERS: Final = (
    rows.TREE + "INSERT INTO trash_member (entry_id, resource_id, parent_id, name, type, owner, content_type,"
    " content_length, created, modified, blob, sha256, acl, uid, component, spans, terms, data)"
    " SELECT ?2, id, parent_id, name, type, owner, content_type, content_length, created, modified, blob, sha256, acl,"
    " uid, component, spans, terms, data FROM resource LEFT JOIN content ON content.resource_id = resource.id"
    " LEFT JOIN object ON object.resource_id = resource.id WHERE id IN (SELECT id FROM tree) AND id <> ?1"
)
_KEEP_PROPERTIES_OF_TREE: Final = (
    rows.TREE + "INSERT INTO trash_property (entry_id, resource_id, name, element)"
    " SELECT ?2, resource_id, name, element FROM property WHERE resource_id IN (SELECT id FROM tree)"
)
_SUM: Final = (
    rows.TREE + "SELECT coalesce(sum(content_length), 0), count(*) FROM resource WHERE id IN (SELECT id FROM tree)"
)
_COUNT: Final = "UPDATE usage SET trashed = trashed + ? WHERE owner = ? RETURNING trashed"
_BEGIN_TO_COUNT: Final = "INSERT INTO usage (owner, used, trashed) VALUES (?, 0, ?)"
_PLACE: Final = (
    "SELECT id, deleted, bytes, count FROM trash WHERE collection_id = ? AND name = ?"
    " ORDER BY deleted DESC, id DESC LIMIT 2 OFFSET ?"
)
_OLDEST: Final = "SELECT id, bytes, count FROM trash WHERE owner = ? ORDER BY id LIMIT ?"
# So many entries are looked at together when there are too many.
_PAGE: Final = 100
# Entries that have had their time go together while they hold no more resources than these: that takes some 30 ms.
_MOST_EXPIRED: Final = 5000
_FIRST: Final = "SELECT id, deleted, count FROM trash ORDER BY id LIMIT ?"
_LAST_DELETED: Final = "SELECT deleted FROM trash ORDER BY id DESC LIMIT 1"
_DUE: Final = "SELECT id, deleted, count FROM trash WHERE deleted < ? ORDER BY id LIMIT ?"
_OWNED: Final = "SELECT owner, bytes, blob, count FROM trash WHERE id = ?"
_MEMBER_BLOBS: Final = "SELECT DISTINCT blob FROM trash_member WHERE entry_id = ? AND blob IS NOT NULL"
_ENTRY: Final = (
    "SELECT id, path, name, owner, etag, deleted, reason, type, count, bytes, coalesce(uid, ''), collection_id"
    " FROM trash WHERE "
)
# Without an owner named outright the index of owners would not be used.
_NEWEST: Final = " id < ?1 AND deleted >= ?2 ORDER BY id DESC LIMIT ?3"
_NEWEST_OF_OWNER: Final = "owner = ?4 AND" + _NEWEST
_CONTENT: Final = (
    "SELECT content_type, content_length, sha256, blob, data, uid, component, spans, terms FROM trash"
    " WHERE id = ? AND type = 'file'"
)

# Whether anything refers to a blob, in the tree or in the trash.
REFERENCE: Final = (
    "SELECT 1 FROM resource WHERE blob = ?1 UNION ALL SELECT 1 FROM trash WHERE blob = ?1"
    " UNION ALL SELECT 1 FROM trash_member WHERE blob = ?1 LIMIT 1"
)
REFERENCED: Final = (
    "SELECT blob FROM resource WHERE blob IS NOT NULL UNION SELECT blob FROM trash WHERE blob IS NOT NULL"
    " UNION SELECT blob FROM trash_member WHERE blob IS NOT NULL"
)


def keep_file(connection: apsw.Connection, file: Resource, number: int, path: str, reason: str, now: float) -> int:
    """Put a file as it is now into the trash; gives the bytes that the entry `number` counts for."""
    size = file.content_length + ROW_BYTES
    data = None
    if file.blob is None:
        row = connection.execute(_DATA, (file.id,)).fetchone()
        data = None if row is None else row[0]
    index = objects.row(connection, file.id)
    _keep(connection, file, number, path, reason, now, size, 1, (None,) * 4 if index is None else index[1:], data)
    if reason == DELETED:
        connection.execute(_KEEP_PROPERTIES, (number, file.id))
    return size


def _keep(
    connection: apsw.Connection,
    resource: Resource,
    number: int,
    path: str,
    reason: str,
    now: float,
    size: int,
    count: int,
    index: tuple[Any, ...],
    data: bytes | None,
) -> None:
    """Insert an entry: its values have been read already, so that this takes a fifth of what a SELECT in it takes."""
    connection.execute(
        _KEEP,
        (
            number, resource.parent_id, path, resource.name, reason, now, size, count, resource.id, resource.type,
            resource.owner, resource.etag, resource.content_type, resource.content_length, resource.created,
            resource.modified, resource.blob, resource.sha256, resource.acl, *index, data,
        ),
    )  # fmt: skip


def size_of_tree(connection: apsw.Connection, id: int) -> tuple[int, int]:
    """What a tree would count for in the trash, and how many resources it has."""
    ((length, count),) = scan(connection, _SUM, (id,))
    return length + ROW_BYTES * count, count


def keep_tree(
    connection: apsw.Connection, collection: Resource, number: int, path: str, now: float, size: int, count: int
) -> None:
    """Put a collection with all below it into the trash, as one entry of `size` bytes and `count` resources."""
    _keep(connection, collection, number, path, DELETED, now, size, count, (None,) * 4, None)
    scan(connection, _KEEP_MEMBERS, (collection.id, number))
    scan(connection, _KEEP_PROPERTIES_OF_TREE, (collection.id, number))


def count(connection: apsw.Connection, owner: str, size: int) -> int:
    """Count `size` bytes more (fewer, when it is negative) as the owner's in the trash; gives how many they are now."""
    row = connection.execute(_COUNT, (size, owner)).fetchone()
    if row is not None:
        total: int = row[0]
        return total
    connection.execute(_BEGIN_TO_COUNT, (owner, size))
    return size


def _one_too_many(
    connection: apsw.Connection, collection: int, name: str, limits: TrashLimits
) -> tuple[int, int, int] | None:
    """The entry of a place that is one too many now, if one is: its id, its bytes, and how many resources it holds.

    To be asked for each entry that comes. Of those beyond the newest `versions` the oldest of each day stays; as only
    one at a time comes to be beyond them, only that one is looked at.
    """
    found: list[Any] = connection.execute(_PLACE, (collection, name, limits.versions)).fetchall()
    if len(found) == 2 and same_day(found[0][1], found[1][1]):
        id, _, size, resources = found[0]
        return id, size, resources
    return None


def too_many(
    connection: apsw.Connection, collection: int, name: str, owner: str, total: int, limits: TrashLimits, most: int
) -> int:
    """How many resources have to make room for an entry that has come; beyond `most` they are not counted to the end.

    `total` are the bytes that the owner has in the trash.
    """
    one = _one_too_many(connection, collection, name, limits)
    number = 0 if one is None else one[2]
    if total > limits.bytes:
        oldest: list[Any] = connection.execute(_OLDEST, (owner, most + 1)).fetchall()
        for _, size, resources in oldest:
            number += resources
            total -= size
            if total <= limits.bytes or number > most:
                break
    return number


def make_room(
    connection: apsw.Connection, collection: int, name: str, owner: str, total: int, limits: TrashLimits
) -> list[str]:
    """Remove what is too much now that an entry has come to a place; gives the blobs it referred to.

    That is the one that is too many in that place, and the oldest of the owner, who has `total` bytes, until the rest
    is within the limit.
    """
    gone: list[str] = []
    one = _one_too_many(connection, collection, name, limits)
    if one is not None:
        gone += drop(connection, one[0])
        total -= one[1]
    while total > limits.bytes:
        oldest: list[Any] = connection.execute(_OLDEST, (owner, _PAGE)).fetchall()
        if not oldest:
            break
        for id, size, _ in oldest:
            if total <= limits.bytes:
                break
            gone += drop(connection, id)
            total -= size
    return gone


def drop(connection: apsw.Connection, id: int) -> list[str]:
    """Remove an entry; gives the blobs it referred to. KeyError when there is none of that id."""
    row = connection.execute(_OWNED, (id,)).fetchone()
    if row is None:
        raise KeyError(id)
    owner, size, blob, members = row
    gone = [] if blob is None else [blob]
    if members > 1:
        gone += [name for (name,) in scan(connection, _MEMBER_BLOBS, (id,))]
    count(connection, owner, -size)
    connection.execute("DELETE FROM trash WHERE id = ?", (id,))
    return gone


def expired(connection: apsw.Connection, before: float, limit: int) -> list[int]:
    """The ids of at most `limit` entries, the first of all, that came before a POSIX time.

    They are fewer, but one, when they hold very much.
    """
    found: list[int] = []
    resources = 0
    oldest: list[Any] = connection.execute(_FIRST, (limit,)).fetchall()
    if oldest and len(oldest) == limit and oldest[0][1] > connection.execute(_LAST_DELETED).get:
        # The clock has gone back since these came, and behind them there may be others that have had their time.
        oldest = scan(connection, _DUE, (before, limit))
    for id, deleted, holds in oldest:
        if deleted >= before:
            continue
        resources += holds
        if resources > _MOST_EXPIRED and found:
            break
        found.append(id)
    return found


def withdraw(connection: apsw.Connection, name: str) -> None:
    """Remove what is granted to the user, group, room or resource of that name on what is in the trash."""
    for table in ("trash", "trash_member"):
        found = scan(connection, f"SELECT rowid, acl FROM {table} WHERE instr(acl, ?)", (NAME + name,))
        changed = [(without(acl, name), id) for id, acl in found]
        connection.executemany(f"UPDATE {table} SET acl = ? WHERE rowid = ?", changed)


def _trashed(row: Sequence[Any], now: tuple[str, ...] | None) -> Trashed:
    """The entry of a row; `now` is where its collection is."""
    id, path, name = row[:3]
    names = tuple(path.split("/")) if path else ()
    # Where the collection is now tells more than where it was.
    return Trashed(id, (*(now or names), name), *row[2:])


def entry(connection: apsw.Connection, id: int) -> Trashed | None:
    """One entry."""
    row = connection.execute(_ENTRY + "id = ?", (id,)).fetchone()
    return None if row is None else _trashed(row, rows.segments(connection, row[-1]))


def entries(connection: apsw.Connection, owner: str | None, since: float, before: int, limit: int) -> list[Trashed]:
    """At most `limit` entries whose ids are below `before`, the newest first; None for all owners."""
    if owner is None:
        found = scan(connection, _ENTRY + _NEWEST, (before, since, limit))
    else:
        found = scan(connection, _ENTRY + _NEWEST_OF_OWNER, (before, since, limit, owner))
    # What was thrown away together was mostly in one place.
    places = {id: rows.segments(connection, id) for id in {row[-1] for row in found}}
    return [_trashed(row, places[row[-1]]) for row in found]


def content(connection: apsw.Connection, id: int) -> tuple[NewContent, str]:
    """What was in a file, and its media type; KeyError when there is no such entry or it is no file."""
    row = connection.execute(_CONTENT, (id,)).fetchone()
    if row is None:
        raise KeyError(id)
    kind, length, sha256, blob, data, *index = row
    return NewContent(length, sha256, data, blob, _index(index)), kind


def _index(columns: Sequence[Any]) -> ObjectIndex | None:
    return None if columns[0] is None else objects.unpacked((0, *columns))
