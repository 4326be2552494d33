"""Changing the tree within one transaction.

Implements: RFC 4918, 6, 7, 9.6, 9.8, 9.9; RFC 6578, 3.2
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from zope.interface import implementer

from davd.interfaces.store import ITransaction
from davd.model.acl import without
from davd.model.index import ObjectIndex
from davd.model.principal import Quota
from davd.model.resource import FILE, PRINCIPAL, NewContent, Resource
from davd.model.trash import DELETED, OVERWRITTEN, ROW_BYTES
from davd.stores.etag import etag
from davd.stores.sqlite import accounts, locks, objects, rows, trash, trees, untrash
from davd.stores.sqlite.beside import Beside
from davd.stores.sqlite.savepoints import Savepoint
from davd.stores.threads import finished

if TYPE_CHECKING:
    pass

T = TypeVar("T")

_REPLACE: Final = (
    "UPDATE resource SET etag = ?, content_type = ?, content_length = ?, modified = ?, revision = ?, blob = ?,"
    " sha256 = ? WHERE id = ?"
)
_INSERT_CONTENT: Final = "INSERT INTO content (resource_id, data) VALUES (?, ?)"
_SET_ACL: Final = "UPDATE resource SET acl = ?, revision = ? WHERE id = ?"
_BURIED: Final = "SELECT 1 FROM tombstone WHERE collection_id = ? LIMIT 1"
_UNBURY: Final = "DELETE FROM tombstone WHERE collection_id = ? AND name = ?"
_BURY: Final = (
    "INSERT INTO tombstone (collection_id, name, revision, removed) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (collection_id, name) DO UPDATE SET revision = excluded.revision, removed = excluded.removed"
)


@implementer(ITransaction)
class WriteTransaction(Beside):
    """What one writing block can do.

    The short ways of adding a file go through `block`, everything else through `connection`.
    """

    __slots__ = ()

    def savepoint(self) -> Savepoint:
        """A part of the transaction that can fail alone."""
        return Savepoint(self.block)

    async def _on_tree(self, id: int, work: Callable[[], T]) -> T:
        """Do something with a whole tree, in a thread when it is large."""
        if rows.tree_size(self.connection, id, self.long + 1) > self.long:
            return await finished(self.run_in_thread(work))
        return work()

    def _next_revision(self, id: int) -> int:
        """The next change number of a collection, which `_log` takes; ValueError when it is a file."""
        collection = self._seen.collection(id)
        if collection is None:
            collection = rows.by_id(self._raw, id)
            if collection is None:
                raise KeyError(id)
            if collection.type == FILE:
                raise ValueError("a file has no members")
            self._owed.complete(collection)
        return collection.sync_revision + 1

    def _log(self, collection: int, revision: int, modified: float | None) -> None:
        """Take a change number of a collection; `modified` is the time when the set of its members changed too."""
        self._owed.number(collection, revision, modified)
        self._touches.ids.append(collection)
        self._seen.numbered(collection, revision, modified)

    def _log_change(self, resource: Resource) -> None:
        """Log a change of a resource that stays where it is."""
        self._seen.changed(resource.id)
        self._touches.ids.append(resource.id)
        if resource.parent_id is None:
            # Nobody has a log of the root; its own count tells that it is not what it was.
            resource.revision += 1
        else:
            resource.revision = self._next_revision(resource.parent_id)
            self._log(resource.parent_id, resource.revision, None)

    def _unbury(self, collection: int, name: str) -> None:
        """The name is in use again: its line in the log is now the member's."""
        if collection in self._seen.complete:
            return
        if self._raw.execute(_BURIED, (collection,)).fetchone() is None:
            self._seen.complete.add(collection)
        else:
            self.block.save().execute(_UNBURY, (collection, name))

    def _use(self, owner: str, length: int) -> None:
        """Count so many bytes more as the owner's."""
        self._owed.count(owner, length)
        known = self._seen.quotas.get(owner)
        if known is not None:
            self._seen.quotas[owner] = Quota(known.used + length, known.limit)

    def _log_removal(self, resource: Resource, now: float) -> None:
        assert resource.parent_id is not None
        revision = self._next_revision(resource.parent_id)
        self._log(resource.parent_id, revision, now)
        self._touches.ids.append(resource.id)
        self._touches.places.append((resource.parent_id, resource.name))
        self.connection.execute(_BURY, (resource.parent_id, resource.name, revision, now))

    async def create(
        self,
        parent: Resource,
        name: str,
        type: str,
        owner: str,
        now: float,
        content: NewContent | None = None,
        content_type: str = "",
        modified: float | None = None,
    ) -> Resource:
        """Add a member."""
        if (content is None) == (type == FILE):
            raise ValueError("files have content, and only files")
        revision = self._next_revision(parent.id)
        number = self.number()
        changed = now if modified is None else modified
        if content is None:
            resource = Resource(
                number, parent.id, name, type, owner, "", content_type, 0, now, changed, revision, 0, None, ""
            )
        else:
            resource = Resource(
                number, parent.id, name, type, owner, etag(content.sha256, number), content_type, content.length,
                now, changed, revision, 0, content.blob, content.sha256,
            )  # fmt: skip
        self._unbury(parent.id, name)
        trees.insert(self._raw, resource)
        index = None if content is None else content.index
        self.block.added(number, index is not None)
        self._touches.places.append((parent.id, name))
        if content is not None:
            if content.data is not None:
                self._raw.execute(_INSERT_CONTENT, (number, content.data))
            if index is not None:
                objects.change(self._raw, number, None, objects.packed(parent.id, index))
            self._use(owner, content.length)
        self._log(parent.id, revision, now)
        return resource

    async def replace(
        self, resource: Resource, content: NewContent, content_type: str, now: float, modified: float | None = None
    ) -> Resource:
        """Give a file new content."""
        fresh = self._fresh(resource)
        if fresh.type != FILE:
            raise ValueError("only files have content")
        execute = self.block.save().execute
        if fresh.content_length and fresh.sha256 != content.sha256:
            await self._keep_file(fresh, OVERWRITTEN, now)
        self._log_change(fresh)
        if fresh.blob is not None:
            self.block.dropped.append(fresh.blob)
        elif content.data is None:
            execute("DELETE FROM content WHERE resource_id = ?", (fresh.id,))
        if content.data is not None:
            if fresh.blob is None:
                execute("UPDATE content SET data = ? WHERE resource_id = ?", (content.data, fresh.id))
            else:
                execute(_INSERT_CONTENT, (fresh.id, content.data))
        self._index(fresh, content.index)
        self._use(fresh.owner, content.length - fresh.content_length)
        fresh.etag = etag(content.sha256, self.number())
        fresh.content_type = content_type
        fresh.content_length = content.length
        fresh.modified = now if modified is None else modified
        fresh.blob = content.blob
        fresh.sha256 = content.sha256
        execute(
            _REPLACE,
            (
                fresh.etag, content_type, content.length, fresh.modified, fresh.revision, content.blob, content.sha256,
                fresh.id,
            ),
        )  # fmt: skip
        return fresh

    def _index(self, file: Resource, index: ObjectIndex | None) -> None:
        assert file.parent_id is not None
        connection = self.block.save()
        objects.change(connection, file.id, objects.row(connection, file.id), objects.packed(file.parent_id, index))

    async def set_index(self, resource: Resource, index: ObjectIndex | None) -> None:
        """Give a file another index."""
        fresh = self._fresh(resource)
        if fresh.type != FILE:
            raise ValueError("only files have an index")
        self._index(fresh, index)

    async def set_times(
        self, resource: Resource, created: float | None, modified: float | None, now: float
    ) -> Resource:
        """Set what clients see as the times."""
        fresh = self._fresh(resource)
        if created is not None:
            fresh.created = created
        if modified is not None:
            fresh.modified = modified
        self._log_change(fresh)
        self.connection.execute(
            "UPDATE resource SET created = ?, modified = ?, revision = ? WHERE id = ?",
            (fresh.created, fresh.modified, fresh.revision, fresh.id),
        )
        return fresh

    async def delete(self, resource: Resource, now: float) -> None:
        """Remove a resource and all below it."""
        fresh = self._fresh(resource)
        if fresh.parent_id is None:
            raise ValueError("the root cannot be removed")
        if fresh.type == FILE:
            self.block.save()
            await self._keep_file(fresh, DELETED, now)
            if fresh.blob is not None:
                self.block.dropped.append(fresh.blob)
            self._use(fresh.owner, -fresh.content_length)
            self._index(fresh, None)
            self.connection.execute("DELETE FROM resource WHERE id = ?", (fresh.id,))
        else:
            number = self._number_in_trash(fresh, now)

            def work() -> list[str]:
                kept = [] if number is None else self._keep_tree(fresh, number, now)
                return kept + trees.delete(self.connection, fresh.id)

            self._seen.clear()
            self.block.dropped += await self._on_tree(fresh.id, work)
        self._log_removal(fresh, now)

    # -- the trash ----------------------------------------------------------------------------------------------------

    def _number_in_trash(self, resource: Resource, now: float) -> int | None:
        """The number of the entry that a resource is going to be; None when it is not kept.

        What is in a collection is not counted here.
        """
        limits = self.block.trash
        if resource.content_length + ROW_BYTES > limits.bytes:
            return None
        if not limits.keeps(now) or resource.type == PRINCIPAL:
            return None
        return self.number()

    async def _keep_file(self, file: Resource, reason: str, now: float) -> None:
        """Put a file as it is into the trash; the statements are undone with the block."""
        number = self._number_in_trash(file, now)
        if number is None:
            return
        assert file.parent_id is not None
        connection, limits = self._raw, self.block.trash
        path = "/".join(self._path(file.parent_id))
        total = trash.count(connection, file.owner, trash.keep_file(connection, file, number, path, reason, now))
        place = connection, file.parent_id, file.name, file.owner, total, limits
        gone = trash.too_many(*place, self.long)
        if gone > self.long:
            self.block.dropped += await finished(self.run_in_thread(lambda: trash.make_room(*place)))
        elif gone:
            self.block.dropped += trash.make_room(*place)

    def _keep_tree(self, collection: Resource, number: int, now: float) -> list[str]:
        """Put a collection and all below it into the trash; gives the blobs of what had to make room."""
        connection = self.connection
        size, count = trash.size_of_tree(connection, collection.id)
        if size > self.block.trash.bytes:
            return []
        assert collection.parent_id is not None
        path = "/".join(rows.segments(connection, collection.parent_id) or ())
        trash.keep_tree(connection, collection, number, path, now, size, count)
        total = trash.count(connection, collection.owner, size)
        place = collection.parent_id, collection.name, collection.owner
        return trash.make_room(connection, *place, total, self.block.trash)

    async def untrash(self, id: int, parent: Resource, name: str, owner: str, now: float) -> Resource:
        """Bring an entry of the trash back."""
        revision = self._next_revision(parent.id)
        self._require_free(parent.id, name)
        place = Resource(0, parent.id, name, "", owner, "", "", 0, now, now, revision, 0, None, "")

        def work() -> Resource:
            restored = untrash.put_back(self.connection, id, place, self.number)
            self.block.dropped += trash.drop(self.connection, id)
            return restored

        self._seen.clear()
        restored = await finished(self.run_in_thread(work))
        self._touches.places.append((parent.id, name))
        self._log(parent.id, revision, now)
        self._unbury(parent.id, name)
        return restored

    async def copy(
        self, source: Resource, parent: Resource, name: str, infinite: bool, owner: str, now: float
    ) -> Resource:
        """Copy a resource, or a tree."""
        fresh = self._fresh(source)
        revision = self._next_revision(parent.id)
        if infinite and trees.contains(self.connection, fresh.id, parent.id):
            raise ValueError("a tree cannot be copied into itself")
        self._require_free(parent.id, name)
        target = Resource(0, parent.id, name, "", owner, "", "", 0, now, now, revision, 0, None, "")
        infinite = infinite and fresh.type != FILE

        def work() -> Resource:
            return trees.copy(self.connection, fresh, target, infinite, self.number)

        copied = await self._on_tree(fresh.id, work) if infinite else work()
        self._touches.places.append((parent.id, name))
        self._log(parent.id, revision, now)
        self._unbury(parent.id, name)
        return copied

    def _require_free(self, parent: int, name: str) -> None:
        if not name or self.connection.execute(rows.BY_NAME, (parent, name)).fetchone() is not None:
            raise ValueError(f"the name {name!r} is taken")

    async def move(self, source: Resource, parent: Resource, name: str, owner: str, now: float) -> Resource:
        """Move a resource and all below it."""
        fresh = self._fresh(source)
        self._next_revision(parent.id)
        if fresh.parent_id is None or trees.contains(self.connection, fresh.id, parent.id):
            raise ValueError("a resource cannot be moved into itself")
        self._require_free(parent.id, name)

        def work() -> int:
            locks.remove_tree(self.connection, fresh.id)
            return trees.give(self.connection, fresh.id, owner)

        self._seen.clear()
        given = await self._on_tree(fresh.id, work)
        if given > (fresh.owner != owner):
            # Rows below have another owner and no entries now, and are not listed.
            self._touches.everything = True
        self._log_removal(fresh, now)
        self._touches.places.append((parent.id, name))
        if fresh.owner != owner:
            fresh.acl = ""
        fresh.parent_id, fresh.name, fresh.owner = parent.id, name, owner
        fresh.revision = self._next_revision(parent.id)
        if fresh.type == FILE:
            self._reindex(fresh)
        self.connection.execute(
            "UPDATE resource SET parent_id = ?, name = ?, revision = ? WHERE id = ?",
            (parent.id, name, fresh.revision, fresh.id),
        )
        self._log(parent.id, fresh.revision, now)
        self._unbury(parent.id, name)
        return fresh

    def _reindex(self, file: Resource) -> None:
        """The index of a file belongs to the collection that it is in now."""
        old = objects.row(self._raw, file.id)
        if old is not None:
            objects.change(self.block.save(), file.id, old, objects.placed(old, file))

    async def set_acl(self, resource: Resource, acl: str, now: float) -> Resource:
        """Give a resource its own access control entries."""
        fresh = self._fresh(resource)
        fresh.acl = acl
        self._log_change(fresh)
        self.connection.execute(_SET_ACL, (acl, fresh.revision, fresh.id))
        return fresh

    async def set_properties(
        self, resource: Resource, changes: Sequence[tuple[str, bytes | None]], now: float
    ) -> Resource:
        """Set or remove dead properties."""
        fresh = self._fresh(resource)
        for name, element in changes:
            if element is None:
                self.connection.execute("DELETE FROM property WHERE resource_id = ? AND name = ?", (fresh.id, name))
            else:
                self.connection.execute(
                    "INSERT INTO property (resource_id, name, element) VALUES (?, ?, ?)"
                    " ON CONFLICT (resource_id, name) DO UPDATE SET element = excluded.element",
                    (fresh.id, name, element),
                )
        self._log_change(fresh)
        self.connection.execute("UPDATE resource SET revision = ? WHERE id = ?", (fresh.revision, fresh.id))
        return fresh

    async def remove_account(self, name: str) -> None:
        """Remove an account, its places in groups, and what is granted to it; its app passwords go by its key."""
        accounts.remove(self.connection, name)
        trash.withdraw(self.connection, name)
        self._touches.everything = True
        for resource in rows.with_acl(self.connection):
            acl = without(resource.acl, name)
            if acl != resource.acl:
                await self.set_acl(resource, acl, 0.0)
