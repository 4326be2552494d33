"""A store for a test, and small things to put into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from davd.interfaces.store import IStore, ITransaction
from davd.model.index import IndexQuery, Term
from davd.model.lock import SHARED, Lock
from davd.model.resource import COLLECTION, FILE, NewContent, Resource
from davd.model.trash import NEWEST

if TYPE_CHECKING:
    from twisted.trial.unittest import TestCase as _Case
else:
    _Case = object

# What tells whether the indexes of the objects of a collection are the same, as far as tests go.
_QUERIES = (
    IndexQuery(),
    *(IndexQuery(start=start, end=start + 100_000) for start in range(-300_000, 300_000, 100_000)),
    *(IndexQuery(terms=(Term(name, "contains", ""),)) for name in ("FN", "EMAIL")),
)


def new_content(data: bytes) -> NewContent:
    """Content that sits in the row."""
    return NewContent(len(data), hashlib.sha256(data).hexdigest(), data)


def a_lock(token: str, resource: Resource, principal: str = "ann", expires: float = 100.0, scope: str = SHARED) -> Lock:
    """A Depth 0 lock."""
    return Lock(token, resource.id, scope, False, principal, b"<owner/>", 60, expires)


async def folder(transaction: ITransaction, parent: Resource, name: str, owner: str = "ann") -> Resource:
    """Make a collection."""
    return await transaction.create(parent, name, COLLECTION, owner, 10.0)


async def put(
    transaction: ITransaction, parent: Resource, name: str, data: bytes = b"x", owner: str = "ann"
) -> Resource:
    """Make a file."""
    return await transaction.create(parent, name, FILE, owner, 10.0, new_content(data), "text/plain")


async def empty_trash(store: IStore) -> None:
    """Remove all that is in the trash."""
    async with store.write() as transaction:
        await transaction.drop_trash([each.id for each in await transaction.trash(None, 0.0, NEWEST, 100_000)])


async def everything(store: IStore) -> list[object]:
    """The whole visible state of a store: tree, logs, properties, locks, quotas, accounts, groups, indexes, trash."""
    async with store.read() as transaction:
        root = (await transaction.resolve(()))[0]
        tree = [((), root), *await transaction.descendants(root.id, 100_000)]
        ids = [resource.id for _, resource in tree]
        logs = []
        for id in ids:
            logs.append((await transaction.changes(id, 0, 1 << 40, 100_000), await transaction.oldest_revision(id)))
        owners = sorted({resource.owner for _, resource in tree})
        accounts = await transaction.accounts()
        indexes = await transaction.index(ids)
        holding = {resource.parent_id for _, resource in tree if resource.id in indexes}
        searched = [id for id in ids if id in holding]
        return [
            tree,
            logs,
            await transaction.properties(ids),
            await transaction.locks(ids, 0.0),
            [await transaction.quota(owner) for owner in owners],
            accounts,
            [await transaction.group_members(account.name) for account in accounts],
            [await transaction.app_passwords(account.name) for account in accounts],
            indexes,
            [await transaction.find(id, query, 1000) for id in searched for query in _QUERIES],
            await transaction.trash(None, 0.0, NEWEST, 100_000),
            [await transaction.trash_usage(owner) for owner in ("ann", "bob")],
        ]


class StoreLife(_Case):
    """Makes, starts and stops the store of a test."""

    store: Any

    def make_store(self) -> IStore:
        """A new store that has not been started."""
        raise NotImplementedError

    def reopen(self, store: IStore) -> IStore | None:
        """A store on what `store` left when it stopped; None when it leaves nothing."""
        return None

    def setUp(self) -> Deferred[None]:  # type: ignore[override]
        """Start a store."""
        self.store = self.make_store()
        return Deferred.fromCoroutine(self.store.start())

    def tearDown(self) -> Deferred[None]:  # type: ignore[override]
        """Stop it."""
        return Deferred.fromCoroutine(self.store.stop())

    async def at(self, *segments: str) -> list[Resource]:
        """What a path leads to."""
        async with self.store.read() as transaction:
            found: list[Resource] = await transaction.resolve(segments)
        return found

    async def refused(
        self, error: type[Exception], work: Callable[[ITransaction], Coroutine[Any, Any, object]]
    ) -> None:
        """`work` raises the error and changes nothing."""
        before = await self.everything()
        try:
            async with self.store.write() as transaction:
                await work(transaction)
        except error:
            pass
        else:
            self.fail(f"{error.__name__} was not raised")
        self.assertEqual(before, await self.everything())

    async def everything(self) -> list[object]:
        """The whole visible state."""
        return await everything(self.store)
