"""Entries of the trash that have had their time go.

Implements: docs/architecture.md, Data
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from davd.interfaces.store import IStore, ITransaction
from davd.stores.emptying import BATCH
from davd.stores.transactions import transact

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


def expiry_of(store: IStore, clock: IReactorTime, due: Callable[[], Awaitable[float]]) -> Callable[[], Awaitable[str]]:
    """What removes, in batches, the entries that have had their time; it tells how many.

    `due` gives the POSIX time by which they may be removed.
    """

    async def expire() -> str:
        removed = 0
        before = store.trash.before(await due())

        async def work(transaction: ITransaction) -> int:
            return await transaction.expire_trash(before, BATCH)

        while gone := await transact(store, work, clock=clock):
            removed += gone
        return f"{removed} entries"

    return expire
