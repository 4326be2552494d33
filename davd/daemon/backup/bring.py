"""Bringing resources of another store, or of a restore point, into a store: nothing that is there is lost by it.

What is missing is made; what has another content gets that of the source, and the content that it had goes into the
trash; what the source does not have stays. All of it is done by transactions like those of clients, so that change logs
tell clients of it.

Implements: RFC 4918, 9.7; RFC 6578, 3.2; RFC 4791, 5.3.2
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from davd.application.places import free_name, member
from davd.daemon.backup.source import Source
from davd.interfaces.store import IReadTransaction, IStore, ITransaction, StoreError
from davd.model.acl import NAME, parse, write
from davd.model.index import IndexQuery
from davd.model.principal import GROUP
from davd.model.resource import FILE, NewContent, Resource
from davd.stores.transactions import transact

# So many resources are brought by one transaction, for which all others who write wait.
BATCH: Final = 200
# So many bytes are written before the transaction that refers to them: a server that runs removes blobs that nothing
# has referred to for some minutes.
BATCH_BYTES: Final = 1 << 30
_PIECE: Final = 1 << 20

Placed = tuple[tuple[str, ...], Resource]


@dataclass(slots=True)
class Brought:
    """What was done: how many files and collections were made, and files changed; sentences about what was lost.

    `app_passwords` tells whether app passwords are those that the source had.
    """

    added: int = 0
    changed: int = 0
    app_passwords: bool = False
    lost: list[str] = field(default_factory=list)


async def bring_accounts(store: IStore, source: Source, name: str | None) -> None:
    """Bring all accounts as the source has them, with groups; with `name` only that one, and only if it is missing."""

    async def work(transaction: ITransaction) -> None:
        for account in source.accounts():
            if name is not None and account.name != name:
                continue
            if await transaction.account(account.name) is None:
                await transaction.add_account(account)
            elif name is None:
                await transaction.update_account(account)
        for account in source.accounts() if name is None else ():
            if account.kind == GROUP:
                await transaction.set_group_members(account.name, source.group_members(account.name))

    await transact(store, work)


async def bring_app_passwords(store: IStore, source: Source) -> bool:
    """Let there be those app passwords that the source has, and no others; False when it does not know of any.

    What was revoked in the source must let nobody in, and a device that got one there since goes on.
    """
    wanted = source.app_passwords()
    if wanted is None:
        return False

    async def work(transaction: ITransaction) -> None:
        known = {account.name for account in await transaction.accounts()}
        for name in known:
            for password in await transaction.app_passwords(name):
                await transaction.remove_app_password(password.id)
        for password in wanted:
            if password.account in known:
                await transaction.add_app_password(password)

    await transact(store, work)
    return True


async def bring(store: IStore, source: Source, segments: Sequence[str], now: float, brought: Brought) -> None:
    """Bring what the source has at a path and below it; StoreError when it has nothing there."""
    chain = source.at(segments)
    if len(chain) <= len(segments):
        raise StoreError(f"it has nothing at /{'/'.join(segments)}")
    run = _Run(store, source, now, brought)
    for depth, resource in enumerate(chain[1:], 1):
        await run.batch([(tuple(segments[:depth]), resource)])
    walk = ((((*segments, *path)), resource) for path, resource in source.below(chain[-1]))
    for batch in _batches(walk):
        await run.batch(batch)


class _Run:
    """One bringing; `_places` has the id that each collection of the source has in the store."""

    def __init__(self, store: IStore, source: Source, now: float, brought: Brought) -> None:
        self._store = store
        self._source = source
        self._now = now
        self._brought = brought
        self._places: dict[int | None, int] = {1: 1}

    async def batch(self, batch: Sequence[Placed]) -> None:
        """Bring some resources, parents before members, in a transaction."""
        # Blobs are written first: nobody waits for them then. Only those that will be needed are.
        contents: dict[int, NewContent | None] = {}
        async with self._store.read() as view:
            needed = [file for _, file in batch if file.type == FILE and not await self._is_there(view, file)]
        for file in needed:
            contents[file.id] = await self._content(file)

        async def work(transaction: ITransaction) -> tuple[int, int, dict[int | None, int]]:
            places = dict(self._places)
            counts = [0, 0, 0]
            for path, resource in batch:
                if resource.type != FILE:
                    counts[0] += await self._collection(transaction, resource, path, places)
                elif contents.get(resource.id) is not None and resource.parent_id in places:
                    made = await self._file(transaction, resource, contents[resource.id], places[resource.parent_id])
                    counts[made] += 1
            return counts[0], counts[1], places

        added, changed, self._places = await transact(self._store, work)
        self._brought.added += added
        self._brought.changed += changed
        for path, file in batch:
            if file.id in contents and contents[file.id] is None:
                self._brought.lost.append(f"the content of /{'/'.join(path)} is not what was stored")

    async def _is_there(self, view: IReadTransaction, file: Resource) -> bool:
        """Whether the store has that file, or one of its name, with the same content in the same collection."""
        place = self._places.get(file.parent_id)
        if place is None:
            return False
        known = await view.resource(file.id)
        if known is None or known.parent_id != place:
            known = await member(view, place, file.name)
        return known is not None and known.sha256 == file.sha256

    async def _content(self, file: Resource) -> NewContent | None:
        """The content of a file for the store; None when it is not what was stored."""
        index = self._source.index(file)
        if file.blob is None:
            data = self._source.content(file)
            return None if data is None else NewContent(len(data), file.sha256, data, None, index)
        writer = self._store.blobs.create([])
        try:
            with self._source.open_blob(file) as content:
                while piece := content.read(_PIECE):
                    await writer.write(piece)
        except OSError:
            writer.abort()
            return None
        name = await writer.finish()
        if writer.digest("sha256") != file.sha256:
            self._store.blobs.delete(name)
            return None
        return NewContent(file.content_length, file.sha256, None, name, index)

    async def _collection(
        self, transaction: ITransaction, source: Resource, path: Sequence[str], places: dict[int | None, int]
    ) -> int:
        """Find the place of a collection, or make it; how many were made."""
        place = places.get(source.parent_id)
        if place is None:
            return 0
        known = await transaction.resource(source.id)
        if known is None or known.parent_id != place or known.type != source.type:
            known = await member(transaction, place, source.name)
        if known is not None and known.type != FILE:
            places[source.id] = known.id
            return 0
        parent = await transaction.resource(place)
        assert parent is not None
        name = source.name if known is None else await free_name(transaction, place, source.name)
        owner = parent.owner or source.owner
        made = await transaction.create(parent, name, source.type, owner, self._now)
        await self._dress(transaction, source, made)
        places[source.id] = made.id
        return 1

    async def _dress(self, transaction: ITransaction, source: Resource, made: Resource) -> None:
        """Give a resource that was made the properties and grants that it has in the source."""
        properties = self._source.properties(source)
        if properties:
            made = await transaction.set_properties(made, properties, self._now)
        if source.acl and source.owner == made.owner:
            # Whoever is given the name of an account that is gone has nothing of what that was granted.
            entries = [entry for entry in parse(source.acl) if await _is_somebody(transaction, entry.principal)]
            await transaction.set_acl(made, write(tuple(entries)), self._now)

    async def _file(self, transaction: ITransaction, source: Resource, content: NewContent | None, place: int) -> int:
        """Bring a file: 0 when it was made, 1 when one that was there has its content now, 2 when it had it."""
        assert content is not None
        known = None
        if content.index is not None:
            # RFC 4791, 4.1: the UID "MUST be unique in the scope of the calendar collection", whatever the names are.
            same = await transaction.find(place, IndexQuery(uids=(content.index.uid,)), 1)
            known = await transaction.resource(same[0].id) if same else None
        if known is None:
            known = await transaction.resource(source.id)
            if known is None or known.parent_id != place or known.type != FILE:
                known = await member(transaction, place, source.name)
        if known is not None and known.type == FILE:
            if known.sha256 == source.sha256:
                return 2
            await transaction.replace(known, content, source.content_type, self._now, source.modified)
            return 1
        parent = await transaction.resource(place)
        assert parent is not None
        name = source.name if known is None else await free_name(transaction, place, source.name)
        made = await transaction.create(
            parent, name, FILE, parent.owner or source.owner, self._now, content, source.content_type, source.modified
        )
        await self._dress(transaction, source, made)
        return 0


async def _is_somebody(transaction: ITransaction, subject: str) -> bool:
    """Whether an entry is for an account that there is, or for no account alone."""
    return not subject.startswith(NAME) or await transaction.account(subject.removeprefix(NAME)) is not None


def _batches(walk: Iterable[Placed]) -> Iterator[list[Placed]]:
    """What is brought together: so many resources at most, and so many bytes unless one alone has more."""
    batch: list[Placed] = []
    length = 0
    for each in walk:
        length += each[1].content_length
        if batch and (len(batch) == BATCH or length > BATCH_BYTES):
            yield batch
            batch, length = [], each[1].content_length
        batch.append(each)
    if batch:
        yield batch
