"""Where resources are taken from when they are brought into a store: another store, or a restore point."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import BinaryIO, Final

import apsw

from davd.daemon.backup.durable import remove_database
from davd.daemon.backup.manifest import Manifest
from davd.daemon.backup.target import Target
from davd.daemon.backup.verify import assemble
from davd.interfaces.store import StoreError
from davd.model.index import ObjectIndex
from davd.model.principal import Account, AppPassword
from davd.model.resource import Resource
from davd.stores.sqlite import accounts, app_passwords, groups, objects, rows

# The schema in which the columns that are read here came to be.
_OLDEST_SCHEMA: Final = 3
APP_PASSWORDS_SCHEMA: Final = 6


class Source:
    """A database of davd that is only read, and the contents beside it; `open_blob` raises OSError."""

    def __init__(self, connection: apsw.Connection, open_blob: Callable[[Resource], BinaryIO]) -> None:
        self._connection = connection
        self.open_blob = open_blob
        if connection.pragma("user_version") < _OLDEST_SCHEMA:
            raise StoreError("its schema is too old")
        self.epoch: str = connection.execute("SELECT epoch FROM store").get

    def at(self, segments: Sequence[str]) -> list[Resource]:
        """The resources along a path, as deep as they exist."""
        found = [self._root()]
        for name in segments:
            row = self._connection.execute(rows.BY_NAME, (found[-1].id, name)).fetchone()
            if row is None:
                break
            found.append(Resource(*row))
        return found

    def _root(self) -> Resource:
        root = rows.by_id(self._connection, rows.ROOT)
        if root is None:
            raise StoreError("it has no root")
        return root

    def below(self, resource: Resource) -> Iterator[tuple[tuple[str, ...], Resource]]:
        """All below a resource with their relative paths, parents before members."""
        return rows.below(self._connection, resource.id)

    def homes(self, name: str) -> list[tuple[str, str]]:
        """The paths of the homes of an account."""
        found = self._connection.execute(
            "SELECT place.name FROM resource AS place JOIN resource AS home ON home.parent_id = place.id"
            " WHERE place.parent_id = ? AND home.name = ?",
            (rows.ROOT, name),
        )
        return [(place, name) for (place,) in found]

    def content(self, file: Resource) -> bytes | None:
        """The content that is in the row of a file; None when it is not what was stored."""
        row = self._connection.execute("SELECT data FROM content WHERE resource_id = ?", (file.id,)).fetchone()
        return row[0] if row is not None and sha256(row[0]).hexdigest() == file.sha256 else None

    def index(self, file: Resource) -> ObjectIndex | None:
        """What is known of the object that a file is."""
        row = objects.row(self._connection, file.id)
        return None if row is None else objects.unpacked(row)

    def properties(self, resource: Resource) -> list[tuple[str, bytes]]:
        """Dead properties: names and elements."""
        found = self._connection.execute("SELECT name, element FROM property WHERE resource_id = ?", (resource.id,))
        return [(name, element) for name, element in found]

    def accounts(self) -> list[Account]:
        """All accounts."""
        return accounts.accounts(self._connection)

    def app_passwords(self) -> list[AppPassword] | None:
        """All app passwords; None when it is older than they are."""
        if self._connection.pragma("user_version") < APP_PASSWORDS_SCHEMA:
            return None
        return app_passwords.every(self._connection)

    def group_members(self, group: str) -> list[str]:
        """The direct members of a group."""
        return groups.members(self._connection, group)


@contextmanager
def of_folder(folder: str) -> Iterator[Source]:
    """The store in a data folder that no server uses."""

    def open_blob(file: Resource) -> BinaryIO:
        name = file.blob or ""
        return open(os.path.join(folder, "blobs", name[:1], name[1:2], name), "rb")

    connection = apsw.Connection(os.path.join(folder, "davd.sqlite"), apsw.SQLITE_OPEN_READWRITE)
    try:
        yield Source(connection, open_blob)
    finally:
        connection.close()


@contextmanager
def of_point(target: Target, manifest: Manifest) -> Iterator[Source]:
    """The store of a restore point."""

    def open_blob(file: Resource) -> BinaryIO:
        return open(target.path(file.sha256), "rb")

    path = os.path.join(target.temporary, f"read-{os.getpid()}")
    try:
        assemble(target, manifest, target.listed(manifest.name, "pieces", manifest.pieces), path)
        connection = apsw.Connection(path, apsw.SQLITE_OPEN_READWRITE)
        try:
            yield Source(connection, open_blob)
        finally:
            connection.close()
    finally:
        remove_database(path)
