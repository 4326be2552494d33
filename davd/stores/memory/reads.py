"""Reading one state of a memory store.

Implements: RFC 4918, 5, 6; RFC 6578, 3
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import islice
from types import TracebackType
from typing import Self

from zope.interface import implementer

from davd.interfaces.store import IReadTransaction
from davd.model.index import Found, IndexQuery, ObjectIndex
from davd.model.lock import Lock
from davd.model.principal import Account, AppPassword, Quota
from davd.model.resource import FILE, Change, NewContent, Resource
from davd.model.trash import Trashed
from davd.stores.memory.matching import matches
from davd.stores.memory.state import ROOT, State
from davd.stores.version import of_levels, version


@implementer(IReadTransaction)
class MemoryReadTransaction:
    """A view of one state."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def __aenter__(self) -> Self:
        """The transaction itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""

    async def resolve(self, segments: Sequence[str]) -> list[Resource]:
        """The resources along a path, as deep as they exist."""
        found = [self.state.resources[ROOT]]
        for name in segments:
            member = self.state.members.get(found[-1].id, {}).get(name)
            if member is None:
                break
            found.append(self.state.resources[member])
        return [replace(resource) for resource in found]

    async def resource(self, id: int) -> Resource | None:
        """The resource of that id."""
        found = self.state.resources.get(id)
        return None if found is None else replace(found)

    async def resolve_members(
        self, collection: Sequence[str], names: Sequence[str]
    ) -> tuple[list[Resource], dict[str, Resource]]:
        """A collection's chain and those of its members that exist."""
        chain = await self.resolve(collection)
        if len(chain) <= len(collection):
            return chain, {}
        members = self.state.members.get(chain[-1].id, {})
        return chain, {name: replace(self.state.resources[members[name]]) for name in names if name in members}

    async def version(self, chain: Sequence[Resource], members: bool) -> Hashable:
        """What an answer rests on."""
        last = chain[-1]
        if not members or last.type == FILE:
            return version(chain, None)
        collections = [self.state.resources[member] for member in self.state.members[last.id].values()]
        counts = [member.sync_revision for member in collections if member.type != FILE]
        return version(chain, (self.state.forgotten.get(last.id, 0), len(counts), sum(counts)))

    async def inside(self, id: int) -> Hashable:
        """What is inside of a collection."""
        found = []
        level = [id]
        while level:
            members = [self.state.resources[member] for above in level for member in self.state.members[above].values()]
            collections = [member for member in members if member.type != FILE]
            level = [member.id for member in collections]
            found.append((len(level), sum([member.sync_revision for member in collections])))
        return of_levels(found[:-1])

    async def segments(self, id: int) -> tuple[str, ...] | None:
        """The path of a resource."""
        return self.state.segments(id)

    async def members(self, id: int, after: str, limit: int) -> list[Resource]:
        """Members in the order of their names."""
        ordered = sorted((name, member) for name, member in self.state.members.get(id, {}).items() if name > after)
        return [replace(self.state.resources[member]) for _, member in ordered[:limit]]

    async def collections(self, id: int, after: str, limit: int) -> list[Resource]:
        """Members that are collections, in the order of their names."""
        every = await self.members(id, after, len(self.state.members.get(id, {})))
        return [member for member in every if member.is_collection][:limit]

    async def extent(self, id: int, limit: int) -> tuple[int, int, float]:
        """Number, bytes and last modification of what is below."""
        below = list(islice(self.state.below(id), limit))
        length = sum(each.content_length for each in below)
        return len(below), length, max((each.modified for each in below), default=0.0)

    async def descendants(self, id: int, limit: int) -> list[tuple[tuple[str, ...], Resource]]:
        """All below a collection, with relative paths."""
        depth = len(self.state.segments(id) or ())
        return [
            ((self.state.segments(resource.id) or ())[depth:], replace(resource))
            for resource in islice(self.state.below(id), limit)
        ]

    async def content(self, resource: Resource) -> bytes:
        """The content of a file."""
        return self.state.contents[resource.id]

    async def contents(self, resources: Sequence[Resource]) -> dict[int, bytes]:
        """The content of several files."""
        contents = self.state.contents
        return {each.id: contents[each.id] for each in resources if each.id in contents}

    async def resources(self, ids: Sequence[int]) -> list[Resource]:
        """Several resources."""
        return [replace(self.state.resources[id]) for id in ids if id in self.state.resources]

    async def find(self, collection: int, query: IndexQuery, limit: int) -> list[Found]:
        """The members of a collection that may answer a query."""
        found = []
        for name, id in sorted(self.state.members.get(collection, {}).items()):
            index = self.state.indexes.get(id)
            exact = None if index is None else matches(index, query)
            if index is not None and exact is not None:
                found.append(Found(id, name, index.uid, index.component, exact))
        return found[:limit]

    async def index(self, ids: Sequence[int]) -> dict[int, ObjectIndex]:
        """What objects are, without spans and terms."""
        indexes = self.state.indexes
        return {id: ObjectIndex(indexes[id].uid, indexes[id].component) for id in ids if id in indexes}

    async def group_members(self, group: str) -> list[str]:
        """The direct members of a group."""
        return sorted(self.state.groups.get(group, ()))

    async def groups_of(self, name: str) -> frozenset[str]:
        """The groups that a principal is in, directly or by others."""
        found: set[str] = set()
        names = {name}
        while names:
            names = {group for group, members in self.state.groups.items() if members & names} - found
            found |= names
        return frozenset(found)

    async def direct_groups(self, names: Sequence[str]) -> dict[str, list[str]]:
        """The groups that principals are directly in."""
        groups = sorted(self.state.groups.items())
        found = {name: [group for group, members in groups if name in members] for name in names}
        return {name: around for name, around in found.items() if around}

    async def properties(self, ids: Sequence[int]) -> dict[int, dict[str, bytes]]:
        """Dead properties by resource."""
        return {id: dict(self.state.properties[id]) for id in ids if self.state.properties.get(id)}

    def _live(self, now: float) -> list[Lock]:
        return [
            replace(lock, root=self.state.segments(lock.resource_id) or ())
            for _, lock in sorted(self.state.locks.items())
            if lock.expires > now
        ]

    async def locks(self, ids: Sequence[int], now: float) -> list[Lock]:
        """Locks by root."""
        return [lock for lock in self._live(now) if lock.resource_id in ids]

    async def locks_below(self, id: int, now: float) -> list[Lock]:
        """Locks with their root below a collection."""
        below = {resource.id for resource in self.state.below(id)}
        return [lock for lock in self._live(now) if lock.resource_id in below]

    async def lock(self, token: str, now: float) -> Lock | None:
        """One lock."""
        return next((lock for lock in self._live(now) if lock.token == token), None)

    async def lock_counts(self, id: int, principal: str, now: float) -> tuple[int, int]:
        """Locks at a root, and of a principal."""
        live = self._live(now)
        return sum(lock.resource_id == id for lock in live), sum(lock.principal == principal for lock in live)

    async def changes(self, id: int, after: int, upto: int, limit: int) -> list[Change]:
        """The change log of a collection."""
        log = [
            Change(name, self.state.resources[member].revision, False)
            for name, member in self.state.members.get(id, {}).items()
        ]
        log += [
            Change(name, revision, True)
            for (collection, name), (revision, _) in self.state.removed.items()
            if collection == id
        ]
        log.sort(key=lambda change: change.revision)
        return [change for change in log if after < change.revision <= upto][:limit]

    async def oldest_revision(self, id: int) -> int:
        """Up to where removals have been forgotten."""
        return self.state.forgotten.get(id, 0)

    async def quota(self, owner: str) -> Quota:
        """Bytes in use, and the account's limit."""
        used = sum(resource.content_length for resource in self.state.resources.values() if resource.owner == owner)
        account = self.state.accounts.get(owner)
        return Quota(used, account.quota if account else None)

    async def account(self, name: str) -> Account | None:
        """One account."""
        found = self.state.accounts.get(name)
        return None if found is None else replace(found)

    async def accounts(self) -> list[Account]:
        """All accounts."""
        return [replace(account) for _, account in sorted(self.state.accounts.items())]

    async def app_password(self, id: str) -> AppPassword | None:
        """One app password."""
        return self.state.app_passwords.get(id)

    async def app_passwords(self, account: str) -> list[AppPassword]:
        """The app passwords of an account."""
        found = [password for password in self.state.app_passwords.values() if password.account == account]
        return sorted(found, key=lambda password: (password.created, password.id))

    async def kept(self, key: str, now: float) -> bytes | None:
        """A kept value."""
        value, expires = self.state.kept.get(key, (b"", now))
        return value if expires > now else None

    async def trash(self, owner: str | None, since: float, before: int, limit: int) -> list[Trashed]:
        """Entries of the trash, the newest first."""
        found = [
            (id, entry)
            for id, entry in sorted(self.state.trash.items(), reverse=True)
            if id < before and entry.deleted >= since and owner in (None, entry.root.owner)
        ]
        return [entry.told(id, self.state.segments(entry.collection)) for id, entry in found[:limit]]

    async def trashed(self, id: int) -> Trashed | None:
        """One entry of the trash."""
        entry = self.state.trash.get(id)
        return None if entry is None else entry.told(id, self.state.segments(entry.collection))

    async def trashed_content(self, id: int) -> tuple[NewContent, str]:
        """What was in a file that is in the trash."""
        entry = self.state.trash[id]
        file = entry.root
        if file.type != FILE:
            raise KeyError(id)
        data, index = entry.contents.get(file.id), entry.indexes.get(file.id)
        return NewContent(file.content_length, file.sha256, data, file.blob, index), file.content_type

    async def trash_usage(self, owner: str) -> int:
        """Bytes that an owner has in the trash."""
        return sum(entry.bytes for entry in self.state.trash.values() if entry.root.owner == owner)
