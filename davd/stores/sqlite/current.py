"""Reading within a writing block: what the blocks of its batch did, written or not.

Implements: RFC 4918, 5, 6; RFC 4331, 3, 4
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import apsw

from davd.model.lock import Lock
from davd.model.principal import Quota
from davd.model.resource import Resource
from davd.stores.sqlite import accounts, locks, rows
from davd.stores.sqlite.block import Block
from davd.stores.sqlite.reads import Reads

if TYPE_CHECKING:
    from davd.stores.threads import RunInThread


class Current(Reads):
    """The questions of IReadTransaction, put to the block under way.

    `number` gives fresh numbers.
    """

    __slots__ = ("_owed", "_raw", "_seen", "_touches", "block", "long", "number", "run_in_thread")

    def __init__(self, block: Block, run_in_thread: RunInThread, long: int) -> None:
        self.block = block
        self.run_in_thread = run_in_thread
        self.long = long
        self.number = block.number
        self._raw = block.raw
        self._seen = block.seen
        self._owed = block.owed
        self._touches = block.touches

    @property
    def connection(self) -> apsw.Connection:
        """Where any statements may be run."""
        return self.block.statements()

    @property
    def plain(self) -> apsw.Connection:
        """Where questions may be put about rows of which nothing is owed."""
        return self._raw

    async def resolve(self, segments: Sequence[str]) -> list[Resource]:
        """The resources along a path, as deep as they exist."""
        seen = self._seen
        known = seen.rows
        id = 0
        found: list[Resource] = []
        for name in ("", *segments):
            resource = known.get((id, name))
            if resource is None:
                query = (rows.BY_NAME, (id, name)) if id else (rows.BY_ID, (rows.ROOT,))
                row = self._raw.execute(*query).fetchone()
                if row is None:
                    break
                resource = self._owed.complete(Resource(*row))
                seen.add(id, name, resource)
            id = resource.id
            found.append(resource)
        return found

    def _named(self, id: int, names: Sequence[str]) -> dict[str, Resource]:
        """Those members of a collection that exist, with what is owed to them."""
        return {member.name: self._owed.complete(member) for member in rows.named(self._raw, id, names)}

    def _fresh(self, resource: Resource) -> Resource:
        """The row as it is now; KeyError when it is gone."""
        found = rows.by_id(self._raw, resource.id)
        if found is None:
            raise KeyError(resource.id)
        return self._owed.complete(found)

    async def resources(self, ids: Sequence[int]) -> list[Resource]:
        """Several resources."""
        return [self._owed.complete(each) for each in await Reads.resources(self, ids)]

    def _ask_raw(self, statement: str, parameters: tuple[Any, ...]) -> Sequence[Any]:
        """For questions about rows of which nothing is owed, or the asker adds it."""
        return self._raw.execute(statement, parameters).fetchall()

    async def quota(self, owner: str) -> Quota:
        """Bytes in use, and the account's limit."""
        known = self._seen.quotas.get(owner)
        if known is None:
            stored = accounts.quota(self._ask_raw, owner)
            known = Quota(stored.used + self._owed.usage.get(owner, 0), stored.limit)
            self._seen.quotas[owner] = known
        return known

    async def locks(self, ids: Sequence[int], now: float) -> list[Lock]:
        """Locks by root."""
        if self._seen.lockless:
            return []
        if locks.some(self._raw):
            return locks.at(self._raw, ids, now, self._ask_raw)
        self._seen.lockless = True
        return []

    async def groups_of(self, name: str) -> frozenset[str]:
        """The groups that a principal is in, directly or by others."""
        known = self._seen.groups.get(name)
        if known is None:
            known = self._seen.groups[name] = await Reads.groups_of(self, name)
        return known

    def _path(self, id: int) -> tuple[str, ...]:
        """The names from the root to a collection, which the blocks of the batch have mostly been at."""
        names: list[str] = []
        places = self._seen.places
        while id != rows.ROOT:
            place = places.get(id) or self._raw.execute(rows.PLACE, (id,)).fetchone()
            if place is None:
                break
            id, name = place
            names.append(name)
        return tuple(names[::-1])
