"""The trash of an account: looked through page by page, put back, removed for good.

Implements: docs/operate/backup.md, The trash
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Sequence
from math import inf
from typing import Any, Final

from davd.application.putting_back import NotPutBack, PuttingBack
from davd.interfaces.store import IStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.resource import FILE
from davd.model.trash import NEWEST, Trashed
from davd.stores import emptying
from davd.stores.transactions import transact

PAGE: Final = 25
MOST: Final = 500
# So many entries are read at once, and looked through for one answer at most: the next one goes on from there.
_BATCH: Final = 500
MOST_LOOKED: Final = 20_000


class TrashBin:
    """The trash of a store, whose entries `putting_back` puts back; `now` gives POSIX seconds.

    What cannot be done is an HTTPError whose detail is a sentence.
    """

    def __init__(self, store: IStore, putting_back: PuttingBack, now: Callable[[], float]) -> None:
        self._store = store
        self._putting_back = putting_back
        self._now = now

    @property
    def keeps(self) -> bool:
        """Whether what is deleted now is kept at all."""
        limits = self._store.trash
        return bool(limits.keeps(self._now()) and limits.bytes > 0)

    async def page(self, owner: str, find: str = "", before: int = NEWEST, limit: int = PAGE) -> dict[str, Any]:
        """At most `limit` of the owner's `entries` below the id `before` that have `find` in their names, newest first.

        `next` is the id to go on below, None at the end; where few names have the text there may be few entries, or
        none, and a `next` all the same. `bytes` are what all of the owner's entries count for, `limit` what they may.
        """
        if not 1 <= limit <= MOST:
            raise HTTPError(422, detail=f"limit: expected 1 to {MOST}")
        wanted = unicodedata.normalize("NFC", find).casefold()
        found: list[Trashed] = []
        last: int | None = before
        looked = 0
        size = _BATCH if wanted else limit + 1
        while last is not None and len(found) <= limit and looked < MOST_LOOKED:
            # A view is not kept from one page to the next: others may write meanwhile.
            async with self._store.read() as view:
                entries = await view.trash(owner, 0.0, last, size)
                used = await view.trash_usage(owner)
            looked += len(entries)
            last = entries[-1].id if len(entries) == size else None
            found += [entry for entry in entries if wanted in entry.name.casefold()]
        if len(found) > limit:
            last = found[limit - 1].id
        return {
            "entries": [self._told(entry) for entry in found[:limit]],
            "next": last,
            "bytes": used,
            "limit": self._store.trash.bytes,
        }

    async def show(self, owner: str, id: int) -> dict[str, Any]:
        """One entry; HTTPError 404."""
        async with self._store.read() as view:
            entry = await view.trashed(id)
        if entry is None or entry.owner != owner:
            raise HTTPError(404, detail=f"there is no entry {id} in the trash of {owner}")
        return self._told(entry)

    async def restore(self, ids: Sequence[int], replace: bool, owner: str | None = None) -> list[dict[str, Any]]:
        """Put entries (those of `owner` alone, if one is given) back, each by itself.

        Of each its `id` and either the `path` where it is, or the `problem` as a sentence and whether its UID is
        `taken`, so that it could come back in the place of another one. None makes room in the trash for another.
        """
        self._check(ids)
        async with self._store.read() as view:
            found = [await view.trashed(id) for id in ids]
        waiting = {each.id for each in found if each is not None and owner in (None, each.owner)}
        told: list[dict[str, Any]] = []
        for id in ids:
            if id not in waiting:
                told.append({"id": id, "problem": f"there is no entry {id} in the trash", "taken": False})
                continue
            told.append(await self._one(id, replace, waiting))
            if "path" in told[-1]:
                waiting.remove(id)
        return told

    async def _one(self, id: int, replace: bool, waiting: Collection[int]) -> dict[str, Any]:
        async def work(transaction: ITransaction) -> tuple[str, ...]:
            return await self._putting_back.put_back(transaction, id, replace, self._now(), waiting)

        try:
            return {"id": id, "path": Path(await transact(self._store, work)).href}
        except NotPutBack as error:
            return {"id": id, "problem": str(error), "taken": error.taken}

    async def purge(self, owner: str, ids: Sequence[int]) -> int:
        """Remove entries of the owner for good; how many."""
        self._check(ids)
        async with self._store.read() as view:
            entries = [await view.trashed(id) for id in dict.fromkeys(ids)]
        return await emptying.drop(self._store, [each for each in entries if each is not None and each.owner == owner])

    async def empty(self, owner: str) -> int:
        """Remove all entries of the owner for good; how many."""
        return await emptying.empty(self._store, owner, inf)

    def _check(self, ids: Sequence[int]) -> None:
        if not 1 <= len(ids) <= MOST or not all(0 < id < NEWEST for id in ids):
            raise HTTPError(422, detail=f"ids: expected 1 to {MOST} ids of entries")

    def _told(self, entry: Trashed) -> dict[str, Any]:
        now = self._now()
        return {
            "id": entry.id,
            "name": entry.name,
            "path": Path(entry.path, entry.type != FILE).href,
            "type": entry.type,
            "reason": entry.reason,
            "deleted": entry.deleted,
            # The settings may have changed since: they count for what is there already.
            "expires": entry.deleted + (now - self._store.trash.before(now)),
            "bytes": entry.bytes,
            "count": entry.count,
            "uid": entry.uid,
        }
