"""Changing a memory store.

Implements: RFC 4918, 6, 7, 9.6, 9.8, 9.9; RFC 6578, 3.2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

from zope.interface import implementer

from davd.interfaces.store import ITransaction
from davd.model.acl import without
from davd.model.index import ObjectIndex
from davd.model.lock import Lock
from davd.model.principal import EXPIRED_SECONDS, Account, AppPassword
from davd.model.resource import FILE, PRINCIPAL, NewContent, Resource
from davd.model.trash import DELETED, OVERWRITTEN, ROW_BYTES, TrashLimits
from davd.stores.etag import etag
from davd.stores.memory.reads import MemoryReadTransaction
from davd.stores.memory.state import State
from davd.stores.memory.trash import bundle, copies, make_room, withdrawn


@implementer(ITransaction)
class MemoryTransaction(MemoryReadTransaction):
    """Works on a copy of the state, which the store adopts when the block ends well."""

    parts_undone = 0

    def __init__(self, state: State, limits: TrashLimits) -> None:
        super().__init__(state)
        self._limits = limits

    def savepoint(self) -> MemorySavepoint:
        """A part of the transaction that can fail alone."""
        return MemorySavepoint(self)

    def _next_number(self) -> int:
        self.state.number += 1
        return self.state.number

    def _fresh(self, resource: Resource) -> Resource:
        """The state's own row of a resource; KeyError when it is gone."""
        return self.state.resources[resource.id]

    def _log(self, parent: int, name: str, membership: float | None) -> int:
        """Take the parent's next change number; `membership` is the time when the set of members changed too."""
        collection = self.state.resources[parent]
        revision = collection.sync_revision + 1
        modified = collection.modified if membership is None else membership
        self.state.resources[parent] = replace(collection, sync_revision=revision, modified=modified)
        self.state.removed.pop((parent, name), None)
        return revision

    def _changed(self, resource: Resource) -> Resource:
        """Log a change of a resource that stays where it is and keep the given row."""
        if resource.parent_id is None:
            resource = replace(resource, revision=resource.revision + 1)
        else:
            resource = replace(resource, revision=self._log(resource.parent_id, resource.name, None))
        self.state.resources[resource.id] = resource
        return replace(resource)

    def _add(self, parent: int, name: str, resource: Resource, now: float) -> Resource:
        revision = self._log(parent, name, now)
        resource = replace(resource, parent_id=parent, name=name, revision=revision)
        self.state.members[parent] = {**self.state.members[parent], name: resource.id}
        self.state.resources[resource.id] = resource
        return resource

    def _remove(self, resource: Resource, now: float) -> None:
        """Take a member out of its collection and log the removal."""
        assert resource.parent_id is not None
        revision = self._log(resource.parent_id, resource.name, now)
        self.state.removed[(resource.parent_id, resource.name)] = (revision, now)
        members = dict(self.state.members[resource.parent_id])
        del members[resource.name]
        self.state.members[resource.parent_id] = members

    def _require_free(self, parent: Resource, name: str) -> None:
        if self._fresh(parent).type == FILE:
            raise ValueError("a file has no members")
        if not name or name in self.state.members[parent.id]:
            raise ValueError(f"the name {name!r} is taken")

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
        self._require_free(parent, name)
        if (content is None) == (type == FILE):
            raise ValueError("files have content, and only files")
        number = self._next_number()
        resource = Resource(
            number, parent.id, name, type, owner, "", content_type, 0, now, now if modified is None else modified,
            0, 0, None, "",
        )  # fmt: skip
        if content is None:
            self.state.members[number] = {}
        else:
            resource = self._with_content(resource, content, number)
            self._index(number, content.index)
        return replace(self._add(parent.id, name, resource, now))

    def _with_content(self, resource: Resource, content: NewContent, number: int) -> Resource:
        if content.data is None:
            self.state.contents.pop(resource.id, None)
        else:
            self.state.contents[resource.id] = content.data
        return replace(
            resource,
            etag=etag(content.sha256, number),
            content_length=content.length,
            blob=content.blob,
            sha256=content.sha256,
        )

    async def replace(
        self, resource: Resource, content: NewContent, content_type: str, now: float, modified: float | None = None
    ) -> Resource:
        """Give a file new content."""
        if resource.type != FILE:
            raise ValueError("only files have content")
        fresh = self._fresh(resource)
        if fresh.content_length and fresh.sha256 != content.sha256:
            self._keep(fresh, OVERWRITTEN, now)
        fresh = self._with_content(fresh, content, self._next_number())
        self._index(resource.id, content.index)
        return self._changed(replace(fresh, content_type=content_type, modified=now if modified is None else modified))

    def _index(self, id: int, index: ObjectIndex | None) -> None:
        if index is None:
            self.state.indexes.pop(id, None)
        else:
            self.state.indexes[id] = index

    async def set_index(self, resource: Resource, index: ObjectIndex | None) -> None:
        """Give a file another index."""
        if self._fresh(resource).type != FILE:
            raise ValueError("only files have an index")
        self._index(resource.id, index)

    async def set_times(
        self, resource: Resource, created: float | None, modified: float | None, now: float
    ) -> Resource:
        """Set what clients see as the times."""
        fresh = replace(self._fresh(resource))
        if created is not None:
            fresh.created = created
        if modified is not None:
            fresh.modified = modified
        return self._changed(fresh)

    async def delete(self, resource: Resource, now: float) -> None:
        """Remove a resource and all below it."""
        fresh = self._fresh(resource)
        if fresh.parent_id is None:
            raise ValueError("the root cannot be removed")
        self._keep(fresh, DELETED, now)
        self._remove(fresh, now)
        for gone in [*self.state.below(fresh.id), fresh]:
            del self.state.resources[gone.id]
            for table in (
                self.state.members, self.state.contents, self.state.properties, self.state.forgotten,
                self.state.indexes,
            ):  # fmt: skip
                table.pop(gone.id, None)
            self._unlock(gone.id)
            for key in [key for key in self.state.removed if key[0] == gone.id]:
                del self.state.removed[key]

    def _keep(self, resource: Resource, reason: str, now: float) -> None:
        """Put a resource as it is into the trash."""
        limits = self._limits
        if not limits.keeps(now) or resource.content_length + ROW_BYTES > limits.bytes or resource.type == PRINCIPAL:
            return
        number = self._next_number()
        entry = bundle(self.state, resource, reason, now, reason == DELETED)
        if resource.type != FILE and entry.bytes > limits.bytes:
            return
        self.state.trash[number] = entry
        make_room(self.state, number, limits)

    async def untrash(self, id: int, parent: Resource, name: str, owner: str, now: float) -> Resource:
        """Bring an entry of the trash back."""
        self._require_free(parent, name)
        entry = self.state.trash.pop(id)
        place = replace(entry.root, parent_id=parent.id, name=name, owner=owner)
        made: list[Resource] = []
        for old, new in copies(entry, place, self._next_number):
            if old.type == FILE:
                new.etag = etag(old.sha256, new.id)
                if old.id in entry.contents:
                    self.state.contents[new.id] = entry.contents[old.id]
            else:
                self.state.members[new.id] = {}
            if old.id in entry.properties:
                self.state.properties[new.id] = entry.properties[old.id]
            self._index(new.id, entry.indexes.get(old.id))
            assert new.parent_id is not None
            made.append(self._add(new.parent_id, new.name, new, now))
        for each in made:
            # The members that came back are no change of the time of a collection.
            self.state.resources[each.id] = replace(self.state.resources[each.id], modified=each.modified)
        return replace(self.state.resources[made[0].id])

    async def drop_trash(self, ids: Sequence[int]) -> int:
        """Remove entries of the trash for good."""
        return sum(self.state.trash.pop(id, None) is not None for id in ids)

    async def expire_trash(self, before: float, limit: int) -> int:
        """Remove old entries of the trash for good."""
        due = [id for id in sorted(self.state.trash) if self.state.trash[id].deleted < before]
        return await self.drop_trash(due[:limit])

    def _unlock(self, id: int) -> None:
        for token in [token for token, lock in self.state.locks.items() if lock.resource_id == id]:
            del self.state.locks[token]

    async def copy(
        self, source: Resource, parent: Resource, name: str, infinite: bool, owner: str, now: float
    ) -> Resource:
        """Copy a resource, or a tree."""
        self._require_free(parent, name)
        originals = list(self.state.below(source.id)) if infinite else []
        if infinite and parent.id in {source.id, *(original.id for original in originals)}:
            raise ValueError("a tree cannot be copied into itself")
        places = {source.id: self._copy_one(self._fresh(source), parent.id, name, owner, now)}
        for original in originals:
            assert original.parent_id is not None
            places[original.id] = self._copy_one(original, places[original.parent_id], original.name, owner, now)
        return replace(self.state.resources[places[source.id]])

    def _copy_one(self, original: Resource, parent: int, name: str, owner: str, now: float) -> int:
        number = self._next_number()
        copied = replace(original, id=number, owner=owner, created=now, modified=now, sync_revision=0, acl="")
        if original.type == FILE:
            copied.etag = etag(original.sha256, number)
            if original.blob is None:
                self.state.contents[number] = self.state.contents[original.id]
        else:
            self.state.members[number] = {}
        self._index(number, self.state.indexes.get(original.id))
        if original.id in self.state.properties:
            self.state.properties[number] = self.state.properties[original.id]
        self._add(parent, name, copied, now)
        return number

    async def move(self, source: Resource, parent: Resource, name: str, owner: str, now: float) -> Resource:
        """Move a resource and all below it."""
        self._require_free(parent, name)
        fresh = self._fresh(source)
        tree = [fresh, *self.state.below(source.id)]
        if fresh.parent_id is None or parent.id in {resource.id for resource in tree}:
            raise ValueError("a resource cannot be moved into itself")
        self._remove(fresh, now)
        for resource in tree:
            kept = resource.acl if resource.owner == owner else ""
            self.state.resources[resource.id] = replace(resource, owner=owner, acl=kept)
            self._unlock(resource.id)
        return replace(self._add(parent.id, name, self.state.resources[source.id], now))

    async def set_acl(self, resource: Resource, acl: str, now: float) -> Resource:
        """Give a resource its own access control entries."""
        return self._changed(replace(self._fresh(resource), acl=acl))

    async def set_properties(
        self, resource: Resource, changes: Sequence[tuple[str, bytes | None]], now: float
    ) -> Resource:
        """Set or remove dead properties."""
        properties = dict(self.state.properties.get(resource.id, {}))
        for name, element in changes:
            if element is None:
                properties.pop(name, None)
            else:
                properties[name] = element
        self.state.properties[resource.id] = properties
        return self._changed(self._fresh(resource))

    async def add_lock(self, lock: Lock) -> None:
        """Put a lock into force."""
        if lock.token in self.state.locks or lock.resource_id not in self.state.resources:
            raise ValueError("the token is in use, or the resource is gone")
        self.state.locks[lock.token] = replace(lock, root=())

    async def refresh_lock(self, token: str, timeout: int, expires: float) -> None:
        """Give a lock a new timeout; unknown tokens are ignored."""
        if token in self.state.locks:
            self.state.locks[token] = replace(self.state.locks[token], timeout=timeout, expires=expires)

    async def remove_lock(self, token: str) -> None:
        """End a lock."""
        self.state.locks.pop(token, None)

    async def add_account(self, account: Account) -> None:
        """Add an account."""
        if account.name in self.state.accounts:
            raise ValueError(f"the account {account.name!r} exists")
        self.state.accounts[account.name] = replace(account)

    async def update_account(self, account: Account) -> None:
        """Replace an account."""
        if account.name not in self.state.accounts:
            raise KeyError(account.name)
        self.state.accounts[account.name] = replace(account)

    async def remove_account(self, name: str) -> None:
        """Remove an account, its app passwords, its places in groups, and what is granted to it."""
        del self.state.accounts[name]
        for password in await self.app_passwords(name):
            del self.state.app_passwords[password.id]
        self.state.groups.pop(name, None)
        for group, members in list(self.state.groups.items()):
            self._set_members(group, members - {name})
        for resource in list(self.state.resources.values()):
            acl = without(resource.acl, name)
            if acl != resource.acl:
                self._changed(replace(self._fresh(resource), acl=acl))
        self.state.trash = {id: withdrawn(entry, name) for id, entry in self.state.trash.items()}

    async def add_app_password(self, password: AppPassword) -> None:
        """Add an app password."""
        if password.account not in self.state.accounts:
            raise KeyError(password.account)
        if password.id in self.state.app_passwords:
            raise ValueError(f"the app password {password.id} exists")
        self.state.app_passwords[password.id] = password

    async def note_app_password(self, id: str, used: float) -> None:
        """Note a log-in."""
        password = self.state.app_passwords.get(id)
        if password is not None and (password.last_used is None or password.last_used < used):
            self.state.app_passwords[id] = replace(password, last_used=used)

    async def remove_app_password(self, id: str) -> None:
        """Remove an app password."""
        del self.state.app_passwords[id]

    def _set_members(self, group: str, members: frozenset[str]) -> None:
        if members:
            self.state.groups[group] = members
        else:
            self.state.groups.pop(group, None)

    async def set_group_members(self, group: str, members: Sequence[str]) -> None:
        """Set the direct members of a group."""
        for name in (group, *members):
            if name not in self.state.accounts:
                raise KeyError(name)
        self._set_members(group, frozenset(members))

    async def keep(self, key: str, value: bytes, expires: float) -> None:
        """Keep a value."""
        self.state.kept[key] = (value, expires)

    async def forget(self, key: str) -> None:
        """Drop a value."""
        self.state.kept.pop(key, None)

    async def sweep(self, now: float, tombstones_before: float) -> int:
        """Remove what has expired."""
        locks = [token for token, lock in self.state.locks.items() if lock.expires <= now]
        kept = [key for key, (_, expires) in self.state.kept.items() if expires <= now]
        passwords = [one.id for one in self.state.app_passwords.values() if one.expired(now - EXPIRED_SECONDS)]
        removed = [key for key, (_, time) in self.state.removed.items() if time < tombstones_before]
        for token in locks:
            del self.state.locks[token]
        for key in kept:
            del self.state.kept[key]
        for id in passwords:
            del self.state.app_passwords[id]
        for place in removed:
            revision, _ = self.state.removed.pop(place)
            self.state.forgotten[place[0]] = max(self.state.forgotten.get(place[0], 0), revision)
        return len(locks) + len(kept) + len(passwords) + len(removed)


class MemorySavepoint:
    """The block of one part of a transaction: keeps a copy of the state at its beginning."""

    __slots__ = ("_before", "_transaction")

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction

    async def __aenter__(self) -> None:
        """Begin the part."""
        self._before = self._transaction.state.copy()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what was done, or go back to the copy. Numbers that were given are not given again."""
        if kind is not None:
            transaction = self._transaction
            self._before.number = transaction.state.number
            transaction.state = self._before
            transaction.parts_undone += 1


def unreferenced(before: State, after: State) -> set[str]:
    """The blobs whose last reference went between two states."""
    return before.referenced() - after.referenced()
