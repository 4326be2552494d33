"""Reading within one transaction.

Implements: RFC 4918, 5, 6; RFC 6578, 3
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import apsw

from davd.interfaces.store import StoreError
from davd.model.index import Found, IndexQuery, ObjectIndex
from davd.model.lock import Lock
from davd.model.principal import Account, AppPassword, Quota
from davd.model.resource import FILE, Change, NewContent, Resource
from davd.model.trash import Trashed
from davd.stores.sqlite import accounts, app_passwords, finding, groups, locks, rows, trash
from davd.stores.sqlite.connection import scan
from davd.stores.threads import finished
from davd.stores.version import of_levels, version

if TYPE_CHECKING:
    from davd.stores.threads import RunInThread

_CONTENT: Final = "SELECT data FROM content WHERE resource_id = ?"
_CONTENTS: Final = "SELECT resource_id, data FROM content WHERE resource_id IN (SELECT value FROM json_each(?))"
_INDEXES: Final = "SELECT resource_id, uid, component FROM object WHERE resource_id IN (SELECT value FROM json_each(?))"
_PROPERTIES: Final = "SELECT name, element FROM property WHERE resource_id = ?"
_PROPERTIES_OF_MANY: Final = (
    "SELECT resource_id, name, element FROM property WHERE resource_id IN (SELECT value FROM json_each(?))"
)
_CHANGES: Final = (
    "SELECT name, revision, 0 FROM resource WHERE parent_id = ?1 AND revision > ?2 AND revision <= ?3"
    " UNION ALL SELECT name, revision, 1 FROM tombstone WHERE collection_id = ?1 AND revision > ?2 AND revision <= ?3"
    " ORDER BY 2 LIMIT ?4"
)
_OLDEST: Final = "SELECT revision FROM forgotten WHERE collection_id = ?"
_FEW: Final = 4


# So many rows, some ten milliseconds, are read in one go in a thread: then it is the next scan's turn, and a scan that
# nobody waits for any more ends.
_PIECE: Final = 4000

# So many rows that are asked for by their keys take as long as one of a walk through a tree.
_ROWS_A_NODE: Final = 5

# More bytes of content than this are read in a thread.
_LARGE: Final = 1 << 20

Placed = tuple[tuple[str, ...], Resource]


def _some(walk: Iterator[Placed], limit: int) -> list[Placed]:
    return list(islice(walk, limit))


class Reads:
    """The questions of IReadTransaction, put to one connection that is inside a transaction.

    Scans of more than `long` rows are run by `run_in_thread`; the connection must not be used by others meanwhile.
    """

    __slots__ = ()

    run_in_thread: RunInThread
    long: int

    if TYPE_CHECKING:

        @property
        def connection(self) -> apsw.Connection:
            """Where the statements are run."""

    @property
    def plain(self) -> apsw.Connection:
        """The connection, for questions about rows that always are what they seem to be."""
        return self.connection

    def ask(self, statement: str, parameters: tuple[Any, ...]) -> Sequence[Any]:
        """All rows of a small question, which the caller does not change; a view may know them already."""
        return self.connection.execute(statement, parameters).fetchall()

    async def resolve(self, segments: Sequence[str]) -> list[Resource]:
        """The resources along a path, as deep as they exist."""
        execute = self.connection.execute
        id = rows.ROOT
        found = [Resource(*execute(rows.BY_ID, (id,)).fetchone())]  # type: ignore[misc]
        for name in segments:
            row = execute(rows.BY_NAME, (id, name)).fetchone()
            if row is None:
                break
            id = row[0]
            found.append(Resource(*row))
        return found

    async def resource(self, id: int) -> Resource | None:
        """The resource of that id."""
        return rows.by_id(self.connection, id)

    async def resolve_members(
        self, collection: Sequence[str], names: Sequence[str]
    ) -> tuple[list[Resource], dict[str, Resource]]:
        """A collection's chain and those of its members that exist."""
        chain = await self.resolve(collection)
        if len(chain) <= len(collection):
            return chain, {}
        return chain, self._named(chain[-1].id, names)

    def _named(self, id: int, names: Sequence[str]) -> dict[str, Resource]:
        """Those members of a collection that exist."""
        return {member.name: member for member in rows.named(self.connection, id, names)}

    async def version(self, chain: Sequence[Resource], members: bool) -> Hashable:
        """What an answer rests on: one statement about the member collections when `members` are asked for."""
        last = chain[-1]
        if not members or last.type == FILE:
            return version(chain, None)
        return version(chain, rows.counters(self.connection, last.id))

    async def inside(self, id: int) -> Hashable:
        """What is inside of a collection: one statement about the collections below it."""
        return of_levels(rows.levels(self.connection, id))

    async def segments(self, id: int) -> tuple[str, ...] | None:
        """The path of a resource."""
        return rows.segments(self.connection, id)

    async def members(self, id: int, after: str, limit: int) -> list[Resource]:
        """Members in the order of their names."""
        return rows.members(self.connection, id, after, limit)

    async def collections(self, id: int, after: str, limit: int) -> list[Resource]:
        """Members that are collections, in the order of their names: the index of these has no files in it."""
        return rows.collections(self.connection, id, after, limit)

    async def extent(self, id: int, limit: int) -> tuple[int, int, float]:
        """Number, bytes and last modification of what is below."""
        return await finished(self.run_in_thread(partial(rows.extent, self.connection, id, limit)))

    async def descendants(self, id: int, limit: int) -> list[tuple[tuple[str, ...], Resource]]:
        """All below a collection, with relative paths."""
        walk = rows.below(self.connection, id)
        found = list(islice(walk, min(limit, self.long)))
        more = self.long == len(found)
        while more and len(found) < limit:
            wanted = min(limit - len(found), _PIECE)
            piece = await finished(self.run_in_thread(partial(_some, walk, wanted)))
            found += piece
            more = len(piece) == wanted
        return found

    async def content(self, resource: Resource) -> bytes:
        """The content of a file."""
        row = self.connection.execute(_CONTENT, (resource.id,)).fetchone()
        if row is None:
            raise StoreError(f"resource {resource.id} has no content; run davctl fsck")
        data: bytes = row[0]
        return data

    async def contents(self, resources: Sequence[Resource]) -> dict[int, bytes]:
        """The content of several files."""
        inline = [each for each in resources if each.blob is None]
        large = sum(each.content_length for each in inline) > _LARGE
        return dict(await self._of_many(_CONTENTS, [each.id for each in inline], large))

    async def resources(self, ids: Sequence[int]) -> list[Resource]:
        """Several resources."""
        found = {row[0]: row for row in await self._of_many(rows.BY_IDS, ids)}
        return [Resource(*found[id]) for id in ids if id in found]

    async def _of_many(self, statement: str, ids: Sequence[int | str], large: bool = False) -> list[Any]:
        """The rows of a statement about many ids or names, read in a thread when they are too many or large."""
        connection = self.plain
        if len(ids) <= _ROWS_A_NODE * self.long and not large:
            return scan(connection, statement, (json.dumps(list(ids)),))
        found: list[Any] = []
        for begin in range(0, len(ids), _PIECE):
            piece = json.dumps(list(ids[begin : begin + _PIECE]))
            found += await finished(self.run_in_thread(partial(scan, connection, statement, (piece,))))
        return found

    async def find(self, collection: int, query: IndexQuery, limit: int) -> list[Found]:
        """The members of a collection that may answer a query."""
        found = finding.find(self.plain, collection, query, limit, _ROWS_A_NODE * self.long)
        if found is None:
            pieces = finding.search(self.plain, collection, query, limit)
            while found is None:
                found = await finished(self.run_in_thread(pieces.__next__))
        return found

    async def index(self, ids: Sequence[int]) -> dict[int, ObjectIndex]:
        """What objects are, without spans and terms."""
        return {id: ObjectIndex(uid, component) for id, uid, component in await self._of_many(_INDEXES, ids)}

    async def group_members(self, group: str) -> list[str]:
        """The direct members of a group."""
        return groups.members(self.plain, group)

    async def groups_of(self, name: str) -> frozenset[str]:
        """The groups that a principal is in, directly or by others."""
        return groups.groups_of(self.plain, name)

    async def direct_groups(self, names: Sequence[str]) -> dict[str, list[str]]:
        """The groups that principals are directly in."""
        found: dict[str, list[str]] = {}
        for name, group in await self._of_many(groups.DIRECT, list(dict.fromkeys(names))):
            found.setdefault(name, []).append(group)
        return found

    async def properties(self, ids: Sequence[int]) -> dict[int, dict[str, bytes]]:
        """Dead properties by resource."""
        found: dict[int, dict[str, bytes]] = {}
        if len(ids) <= _FEW:
            for id in ids:
                elements = self.ask(_PROPERTIES, (id,))
                if elements:
                    found[id] = dict(elements)
            return found
        for id, name, element in scan(self.connection, _PROPERTIES_OF_MANY, (json.dumps(list(ids)),)):
            found.setdefault(id, {})[name] = element
        return found

    async def locks(self, ids: Sequence[int], now: float) -> list[Lock]:
        """Locks by root."""
        return locks.at(self.connection, ids, now, self.ask)

    async def locks_below(self, id: int, now: float) -> list[Lock]:
        """Locks with their root below a collection."""
        return locks.below(self.connection, id, now)

    async def lock(self, token: str, now: float) -> Lock | None:
        """One lock."""
        return locks.by_token(self.connection, token, now)

    async def lock_counts(self, id: int, principal: str, now: float) -> tuple[int, int]:
        """Locks at a root, and of a principal."""
        return locks.counts(self.connection, id, principal, now)

    async def changes(self, id: int, after: int, upto: int, limit: int) -> list[Change]:
        """The change log of a collection: live members carry their line themselves, the others have a tombstone."""
        found = scan(self.connection, _CHANGES, (id, after, upto, limit))
        return [Change(name, revision, bool(removed)) for name, revision, removed in found]

    async def oldest_revision(self, id: int) -> int:
        """Up to where removals have been forgotten."""
        found = self.ask(_OLDEST, (id,))
        return found[0][0] if found else 0

    async def quota(self, owner: str) -> Quota:
        """Bytes in use, and the account's limit."""
        return accounts.quota(self.ask, owner)

    async def account(self, name: str) -> Account | None:
        """One account."""
        return accounts.account(self.ask, name)

    async def accounts(self) -> list[Account]:
        """All accounts."""
        return accounts.accounts(self.connection)

    async def app_password(self, id: str) -> AppPassword | None:
        """One app password."""
        return app_passwords.app_password(self.ask, id)

    async def app_passwords(self, account: str) -> list[AppPassword]:
        """The app passwords of an account."""
        return app_passwords.app_passwords(self.connection, account)

    async def kept(self, key: str, now: float) -> bytes | None:
        """A kept value."""
        return accounts.kept(self.ask, key, now)

    async def trash(self, owner: str | None, since: float, before: int, limit: int) -> list[Trashed]:
        """Entries of the trash, the newest first."""
        work = partial(trash.entries, self.connection, owner, since, before, limit)
        return await finished(self.run_in_thread(work))

    async def trashed(self, id: int) -> Trashed | None:
        """One entry of the trash."""
        return trash.entry(self.connection, id)

    async def trashed_content(self, id: int) -> tuple[NewContent, str]:
        """What was in a file that is in the trash."""
        return trash.content(self.connection, id)

    async def trash_usage(self, owner: str) -> int:
        """Bytes that an owner has in the trash."""
        found = self.connection.execute("SELECT trashed FROM usage WHERE owner = ?", (owner,)).fetchone()
        return found[0] if found else 0
