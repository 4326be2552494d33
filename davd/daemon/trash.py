"""What is done with the trash: entries are put back, and those that have had their time go.

Implements: RFC 4918, 9.6, 9.7; RFC 4791, 5.3.2; RFC 6352, 6.3.2
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from davd.daemon.backup.bring import free_name
from davd.interfaces.store import IStore, ITransaction
from davd.model.index import IndexQuery
from davd.model.resource import FILE, Resource
from davd.stores.emptying import BATCH
from davd.stores.transactions import transact

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


class NotPutBack(Exception):
    """An entry cannot be put back; the text is one sentence."""


async def put_back(transaction: ITransaction, id: int, replace: bool, now: float) -> tuple[str, ...]:
    """Put an entry where it was, and give its path.

    Where the name is taken it gets another one. With `replace` a file takes the place of the one that has its name or,
    in a calendar or an address book, its UID: that one's content goes into the trash. NotPutBack when there is no such
    entry, its collection is gone, or its UID is taken and `replace` is not said.
    """
    entry = await transaction.trashed(id)
    if entry is None:
        raise NotPutBack(f"there is no entry {id} in the trash")
    above = entry.path[:-1]
    chain = await transaction.resolve(above)
    if len(chain) <= len(above) or chain[-1].type == FILE:
        raise NotPutBack(f"/{'/'.join(above)}/ is gone, where it was; put that back first")
    parent = chain[-1]
    holder = await _holder(transaction, parent, entry.uid)
    _, members = await transaction.resolve_members(above, [entry.name])
    named: Resource | None = members.get(entry.name)
    # RFC 4791, 4.1: "The UID property value of the calendar object resources contained in a calendar collection MUST be
    # unique in the scope of the calendar collection".
    if holder is not None and not replace:
        raise NotPutBack(f"{holder.name} has the same UID; say --replace to put it in the place of that")
    taken = holder or named
    if replace and taken is not None and taken.type == FILE and entry.type == FILE:
        content, kind = await transaction.trashed_content(id)
        await transaction.replace(taken, content, kind, now)
        await transaction.drop_trash([id])
        return (*above, taken.name)
    name = entry.name if named is None else await free_name(transaction, parent.id, entry.name)
    await transaction.untrash(id, parent, name, parent.owner or entry.owner, now)
    return (*above, name)


async def _holder(transaction: ITransaction, parent: Resource, uid: str) -> Resource | None:
    """The member of a collection that has a UID."""
    found = await transaction.find(parent.id, IndexQuery(uids=(uid,)), 1) if uid else []
    return await transaction.resource(found[0].id) if found else None


def expiry_of(store: IStore, clock: IReactorTime, now: Callable[[], float]) -> Callable[[], Awaitable[str]]:
    """What removes, in batches, the entries that have had their time; it tells how many."""

    async def expire() -> str:
        removed = 0
        before = store.trash.before(now())

        async def work(transaction: ITransaction) -> int:
            return await transaction.expire_trash(before, BATCH)

        while gone := await transact(store, work, clock=clock):
            removed += gone
        return f"{removed} entries"

    return expire
