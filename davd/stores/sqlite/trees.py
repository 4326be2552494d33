"""Copying, moving and removing whole trees.

Implements: RFC 4918, 9.6.1, 9.8.3, 9.9.2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import apsw

from davd.model.resource import FILE, Resource
from davd.stores.etag import etag
from davd.stores.sqlite import accounts, objects, rows
from davd.stores.sqlite.connection import scan

_INSERT: Final = f"INSERT INTO resource ({rows.COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_COPY_CONTENT: Final = "INSERT INTO content (resource_id, data) SELECT ?, data FROM content WHERE resource_id = ?"
_COPY_PROPERTIES: Final = (
    "INSERT INTO property (resource_id, name, element) SELECT ?, name, element FROM property WHERE resource_id = ?"
)
_COLLECTIONS: Final = "SELECT tree.id FROM tree JOIN resource ON resource.id = tree.id WHERE type <> 'file'"


def insert(connection: apsw.Connection, resource: Resource) -> None:
    """Add a row; ValueError when the name is taken."""
    try:
        connection.execute(
            _INSERT,
            (
                resource.id, resource.parent_id, resource.name, resource.type, resource.owner, resource.etag,
                resource.content_type, resource.content_length, resource.created, resource.modified,
                resource.revision, resource.sync_revision, resource.blob, resource.sha256, resource.acl,
            ),
        )  # fmt: skip
    except apsw.ConstraintError as error:
        raise ValueError(f"the name {resource.name!r} is taken") from error


def blobs(connection: apsw.Connection, id: int) -> list[str]:
    """The names of the blobs that the resources of a tree refer to."""
    found = scan(
        connection,
        rows.TREE + "SELECT DISTINCT blob FROM resource WHERE id IN (SELECT id FROM tree) AND blob IS NOT NULL",
        (id,),
    )
    return [name for (name,) in found]


def _lengths(connection: apsw.Connection, id: int) -> list[tuple[str, int]]:
    """Stored bytes by owner in a tree."""
    found = scan(
        connection,
        rows.TREE + "SELECT owner, sum(content_length) FROM resource WHERE id IN (SELECT id FROM tree) GROUP BY owner",
        (id,),
    )
    return [(owner, length) for owner, length in found]


def delete(connection: apsw.Connection, id: int) -> list[str]:
    """Remove the rows of a tree with all that belongs to them; gives the blobs they referred to."""
    gone = blobs(connection, id)
    for owner, length in _lengths(connection, id):
        accounts.use(connection, owner, -length)
    for table in ("span", "term"):
        scan(connection, f"{rows.TREE}DELETE FROM {table} WHERE collection_id IN ({_COLLECTIONS})", (id,))
    scan(connection, rows.TREE + "DELETE FROM resource WHERE id IN (SELECT id FROM tree)", (id,))
    return gone


def give(connection: apsw.Connection, id: int, owner: str) -> int:
    """Make `owner` the owner of a whole tree; gives the number of rows that had another one, and entries of theirs."""
    for former, length in _lengths(connection, id):
        if former != owner:
            accounts.use(connection, former, -length)
            accounts.use(connection, owner, length)
    scan(
        connection,
        rows.TREE + "UPDATE resource SET owner = ?, acl = '' WHERE id IN (SELECT id FROM tree) AND owner <> ?",
        (id, owner, owner),
    )
    return connection.changes()


def contains(connection: apsw.Connection, tree: int, id: int) -> bool:
    """Whether the resource `id` is the root of the tree or lies in it."""
    at: int | None = id
    while at is not None:
        if at == tree:
            return True
        row = connection.execute("SELECT parent_id FROM resource WHERE id = ?", (at,)).fetchone()
        at = row[0] if row else None
    return False


def copy(
    connection: apsw.Connection, source: Resource, target: Resource, infinite: bool, number: Callable[[], int]
) -> Resource:
    """Copy a resource or a tree; gives the new row of its root.

    `target` tells parent, name, owner, revision and times of the new root; `number` gives fresh numbers.
    """
    originals = [source]
    if infinite:
        originals += [member for _, member in rows.below(connection, source.id)]
    copies = _copies(originals, target, number)
    for original, resource in zip(originals, copies, strict=True):
        insert(connection, resource)
        connection.execute(_COPY_CONTENT, (resource.id, original.id))
        connection.execute(_COPY_PROPERTIES, (resource.id, original.id))
        if resource.type == FILE:
            index = objects.row(connection, original.id)
            if index is not None:
                objects.change(connection, resource.id, None, objects.placed(index, resource))
    accounts.use(connection, target.owner, sum(original.content_length for original in originals))
    return copies[0]


def _copies(originals: list[Resource], target: Resource, number: Callable[[], int]) -> list[Resource]:
    """The rows of the copies; the first of the originals is the root, and each comes after its parent."""
    root = originals[0]
    revisions: dict[int, int] = {}
    places: dict[int | None, int] = {}
    copies: list[Resource] = []
    for original in originals:
        id = places[original.id] = number()
        parent = target.parent_id
        revision = target.revision
        if original is not root:
            parent = places[original.parent_id]
            revision = revisions[parent] = revisions.get(parent, 0) + 1
        copies.append(
            replace(
                original,
                id=id,
                parent_id=parent,
                name=target.name if original is root else original.name,
                owner=target.owner,
                etag=etag(original.sha256, id) if original.type == FILE else "",
                created=target.created,
                modified=target.modified,
                revision=revision,
                acl="",
            )
        )
    for copied in copies:
        copied.sync_revision = revisions.get(copied.id, 0)
    return copies
