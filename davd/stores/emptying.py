"""Removing what is in the trash for good, a part at a time.

Implements: docs/architecture.md, Data
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from davd.interfaces.store import IStore, ITransaction
from davd.model.trash import NEWEST, Trashed
from davd.stores.transactions import transact

# So many entries are looked at by one transaction, for which all others who write wait.
BATCH: Final = 200
# So many resources are removed by one transaction, unless one entry holds more.
RESOURCES: Final = 5000


async def empty(
    store: IStore,
    owner: str | None,
    before: float,
    under: tuple[str, ...] = (),
    told: Callable[[int], None] = lambda gone: None,
) -> int:
    """Remove for good what came before a POSIX time, was whoever's or only `owner`'s, at or below a path; how many.

    `told` hears after each part how many are gone.
    """
    gone, last = 0, NEWEST
    while True:
        async with store.read() as view:
            page = await view.trash(owner, 0.0, last, BATCH)
        if not page:
            return gone
        last = page[-1].id
        chosen = [each for each in page if each.deleted < before and each.path[: len(under)] == under]
        gone += await drop(store, chosen)
        told(gone)


async def drop(store: IStore, entries: Sequence[Trashed]) -> int:
    """Remove entries for good, as many at a time as hold up nobody; how many were still there."""
    gone = 0
    for ids in _batches(entries):
        gone += await transact(store, partial(_drop, ids))
    return gone


def _batches(entries: Sequence[Trashed]) -> Iterator[list[int]]:
    """The ids of entries that go together, of which the large ones hold very much."""
    ids: list[int] = []
    resources = 0
    for entry in entries:
        resources += entry.count
        if ids and resources > RESOURCES:
            yield ids
            ids, resources = [], entry.count
        ids.append(entry.id)
    if ids:
        yield ids


async def _drop(ids: Sequence[int], transaction: ITransaction) -> int:
    return await transaction.drop_trash(ids)
