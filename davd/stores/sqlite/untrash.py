"""Bringing an entry of the trash back into the tree.

Implements: RFC 4918, 9.6, 9.7; RFC 6578, 3.2
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import apsw

from davd.model.resource import FILE, Resource
from davd.stores.etag import etag
from davd.stores.sqlite import accounts, objects, trees
from davd.stores.sqlite.connection import scan

_COLUMNS: Final = (
    "resource_id, name, type, owner, content_type, content_length, created, modified, blob, sha256, acl, uid,"
    " component, spans, terms"
)
_ROOT: Final = f"SELECT {_COLUMNS} FROM trash WHERE id = ?"
_MEMBERS: Final = f"SELECT parent_id, {_COLUMNS} FROM trash_member WHERE entry_id = ? ORDER BY resource_id"
_ROOT_CONTENT: Final = "INSERT INTO content (resource_id, data) SELECT ?, data FROM trash WHERE id = ?"
_CONTENT: Final = (
    "INSERT INTO content (resource_id, data) SELECT ?, data FROM trash_member WHERE entry_id = ? AND resource_id = ?"
)
_PROPERTIES: Final = (
    "INSERT INTO property (resource_id, name, element)"
    " SELECT ?, name, element FROM trash_property WHERE entry_id = ? AND resource_id = ?"
)


def put_back(connection: apsw.Connection, id: int, place: Resource, number: Callable[[], int]) -> Resource:
    """Make the resources of the entry `id` anew; gives the row of the first. The entry itself stays.

    `place` tells parent, name, owner and revision of it; `number` gives fresh numbers. KeyError when there is no such
    entry.
    """
    row = connection.execute(_ROOT, (id,)).fetchone()
    if row is None:
        raise KeyError(id)
    members: dict[int, list[tuple[Any, ...]]] = {}
    for parent, *member in scan(connection, _MEMBERS, (id,)):
        members.setdefault(parent, []).append(tuple(member))
    below = {old: len(found) for old, found in members.items()}
    root = _made(row, place, number(), below.get(row[0], 0))
    _write(connection, id, row, root, True)
    length = root.content_length
    ahead = [(row[0], root)]
    while ahead:
        old, collection = ahead.pop()
        for revision, member in enumerate(members.get(old, ()), 1):
            to = Resource(0, collection.id, member[1], "", place.owner, "", "", 0, 0.0, 0.0, revision, 0, None, "")
            made = _made(member, to, number(), below.get(member[0], 0))
            _write(connection, id, member, made, False)
            length += made.content_length
            if made.is_collection:
                ahead.append((member[0], made))
    accounts.use(connection, place.owner, length)
    return root


def _made(row: tuple[Any, ...], place: Resource, id: int, sync_revision: int) -> Resource:
    """The row of a resource that comes back to `place` under a new id."""
    _, _, type, owner, kind, length, created, modified, blob, sha256, acl, *_ = row
    return Resource(
        id, place.parent_id, place.name, type, place.owner, etag(sha256, id) if type == FILE else "", kind, length,
        created, modified, place.revision, sync_revision, blob, sha256, acl if owner == place.owner else "",
    )  # fmt: skip


def _write(connection: apsw.Connection, entry: int, row: tuple[Any, ...], made: Resource, first: bool) -> None:
    trees.insert(connection, made)
    if made.type == FILE and made.blob is None:
        connection.execute(*((_ROOT_CONTENT, (made.id, entry)) if first else (_CONTENT, (made.id, entry, row[0]))))
    connection.execute(_PROPERTIES, (made.id, entry, row[0]))
    if row[11] is not None and made.parent_id is not None:
        objects.change(connection, made.id, None, (made.parent_id, *row[11:]))
