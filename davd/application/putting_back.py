"""Entries of the trash are put back where they were, by the rules of the collections that take them in again.

Implements: RFC 4918, 7, 9.6, 9.7; RFC 4791, 4.1, 5.3.2.1; RFC 6352, 5.1, 6.3.2.1
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from davd.application.acting import Acting
from davd.application.places import free_name, member
from davd.dav import guard, membership
from davd.dav.registry import Registry
from davd.dav.settings import DavSettings
from davd.interfaces.store import IStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.index import IndexQuery
from davd.model.resource import FILE, Resource
from davd.model.trash import ROW_BYTES, Trashed

# Where entries come from as far as collections are concerned: from none of the homes.
_NOWHERE: Final = ("trash",)


class NotPutBack(Exception):
    """An entry cannot be put back; the text is one sentence. `taken`: it can if it may take the place of another."""

    def __init__(self, sentence: str, taken: bool = False) -> None:
        super().__init__(sentence)
        self.taken = taken


class PuttingBack:
    """Puts entries of the trash of a store back; `registry` tells what collections take in."""

    def __init__(self, store: IStore, registry: Registry, settings: DavSettings) -> None:
        self._store = store
        self._registry = registry
        self._settings = settings

    def reconfigure(self, registry: Registry, settings: DavSettings) -> None:
        """Go by other rows and settings from now on."""
        self._registry = registry
        self._settings = settings

    async def put_back(
        self, transaction: ITransaction, id: int, replace: bool, now: float, waiting: Collection[int] = ()
    ) -> tuple[str, ...]:
        """Put an entry where it was, and give its path.

        Where the name is taken it gets another one. With `replace` a file takes the place of the one that has its UID
        in a calendar or an address book, or elsewhere its name: that one's content goes into the trash. NotPutBack when
        there is no such entry, its collection is gone or does not take it, its UID is taken and `replace` is not said,
        a client has locked what would change, or the trash has no room for what gives way. Where that makes one entry
        too many in its place another one goes, but none of those `waiting`, which are to come back as well.
        """
        entry = await transaction.trashed(id)
        if entry is None:
            raise NotPutBack(f"there is no entry {id} in the trash")
        above = entry.path[:-1]
        chain = await transaction.resolve(above)
        if len(chain) <= len(above) or chain[-1].type == FILE:
            raise NotPutBack(f"{_written(above)} is gone, where it was; put that back first")
        parent = chain[-1]
        holder = await _holder(transaction, parent, entry.uid)
        # RFC 4791, 4.1: "The UID property value of the calendar object resources contained in a calendar collection
        # MUST be unique in the scope of the calendar collection".
        if holder is not None and not replace:
            raise NotPutBack(f"{holder.name} has the same UID", taken=True)
        # RFC 4791, 5.3.2.1: nor may it "overwrite an existing calendar object resource with one that has a different
        # UID property value".
        taken = holder if entry.uid else await member(transaction, parent.id, entry.name)
        if not replace or taken is None or taken.type != FILE or entry.type != FILE:
            taken = None
        await self._require_unlocked(transaction, chain if taken is None else [*chain, taken], entry, now)
        try:
            async with transaction.savepoint():
                if taken is not None:
                    back = await self._replace(transaction, taken, entry, now, waiting)
                else:
                    name = await free_name(transaction, parent.id, entry.name)
                    back = await transaction.untrash(id, parent, name, parent.owner or entry.owner, now)
                await self._admit(transaction, entry, parent, back, now)
        except HTTPError:
            raise NotPutBack(f"{_written(above)} is another collection now, which does not take it") from None
        return (*above, back.name)

    async def _require_unlocked(
        self, transaction: ITransaction, chain: Sequence[Resource], entry: Trashed, now: float
    ) -> None:
        """NotPutBack when a client has locked the end of a chain, which is about to change."""
        end = chain[-1]
        acting = Acting(self._store, self._registry, self._settings, end.owner or entry.owner, now)
        try:
            await guard.check_locks(await acting.exchange(transaction, "PUT", _NOWHERE), [chain])
        except HTTPError:
            name = end.name if end.type == FILE else _written(entry.path[:-1])
            raise NotPutBack(f"a client has locked {name}") from None

    async def _replace(
        self, transaction: ITransaction, taken: Resource, entry: Trashed, now: float, waiting: Collection[int]
    ) -> Resource:
        """Give the file `taken` the content of an entry; NotPutBack when something would be lost by it."""
        content, kind = await transaction.trashed_content(entry.id)
        # Its own bytes are room for what gives way.
        await transaction.drop_trash([entry.id])
        if not taken.content_length or taken.sha256 == content.sha256:
            return await transaction.replace(taken, content, kind, now)
        limits = self._store.trash
        if not limits.keeps(now):
            raise NotPutBack("the trash keeps nothing now, so what would give way would be lost")
        used = await transaction.trash_usage(taken.owner) + taken.content_length + ROW_BYTES
        if used > limits.bytes:
            raise NotPutBack("the trash has no room for what would give way")
        back = await transaction.replace(taken, content, kind, now)
        if await transaction.trash_usage(taken.owner) != used:
            # One was too many in that place.
            for id in waiting:
                if id != entry.id and await transaction.trashed(id) is None:
                    raise NotPutBack("the trash would lose another entry that is to come back; put that back first")
        return back

    async def _admit(
        self, transaction: ITransaction, entry: Trashed, parent: Resource, back: Resource, now: float
    ) -> None:
        """HTTPError unless `parent`, which may be another one than the entry was in, takes what has come back."""
        if back.type == FILE and parent.id == entry.collection:
            return
        kind = self._registry.collection_types.get(parent.type)
        if entry.uid and (kind is None or kind.check_member is None):
            # It was an object of a calendar or an address book, and is nothing for a plain collection of that name.
            raise HTTPError(403, membership.VALID_RESOURCETYPE)
        acting = Acting(self._store, self._registry, self._settings, parent.owner or entry.owner, now)
        # What a MOVE to that place would have to pass: then the resource is not in its own way.
        exchange = await acting.exchange(transaction, "MOVE", _NOWHERE)
        taken_in = await membership.admit_existing(exchange, parent, back.name, back, None)
        await membership.settle(exchange, back, taken_in)


def _written(segments: tuple[str, ...]) -> str:
    return "/" + "".join([f"{segment}/" for segment in segments])


async def _holder(transaction: ITransaction, parent: Resource, uid: str) -> Resource | None:
    """The member of a collection that has a UID."""
    found = await transaction.find(parent.id, IndexQuery(uids=(uid,)), 1) if uid else []
    return await transaction.resource(found[0].id) if found else None
