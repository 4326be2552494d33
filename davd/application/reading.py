"""One reading transaction for all the like requests that are let in together.

They waited side by side, so they may see the same state: that of a moment at which all of them had arrived and none of
them was answered. The members of one collection among them are found by one query.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType

from twisted.internet.defer import Deferred, DeferredLock

from davd.interfaces.store import IReadTransaction, IStore
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.resource import Resource
from davd.tree.node import Node

Segments = tuple[str, ...]


class SharedReading:
    """The transaction of some requests, opened for the first of them that reads.

    `paths` are the raw paths they ask for, `parse` makes a Path of one. Each of the requests uses it as a block of its
    own, while it is `current`: after a commit it shows a state that is older than what an answer would be kept under.
    Whoever has made it calls `close` when no more of them will begin; it ends when the last has left its block.
    """

    __slots__ = (
        "_block", "_chains", "_closed", "_generation", "_inside", "_lock", "_parse", "_paths", "_store", "_transaction",
    )  # fmt: skip

    def __init__(self, store: IStore, paths: Sequence[str], parse: Callable[[str], Path]) -> None:
        self._store = store
        self._paths = paths
        self._parse = parse
        self._block = store.read()
        self._lock = DeferredLock()
        # From before it is opened, so that it is never newer than what is seen.
        self._generation = store.generation()
        self._transaction: IReadTransaction | None = None
        self._chains: dict[Segments, list[Resource]] = {}
        self._inside = 0
        self._closed = False

    @property
    def current(self) -> bool:
        """Whether a request that begins now may use it."""
        return not self._closed and self._generation == self._store.generation()

    async def __aenter__(self) -> IReadTransaction:
        """The one transaction of all."""
        self._inside += 1
        try:
            if self._transaction is None:
                await self._lock.acquire()
                try:
                    if self._transaction is None:
                        self._transaction = await self._open()
                finally:
                    self._lock.release()
        except BaseException:
            self._leave()
            raise
        return self._transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """One of the requests has read; the others go on."""
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        if self._closed and not self._inside:
            self._end()

    async def _open(self) -> IReadTransaction:
        transaction: IReadTransaction = await self._block.__aenter__()
        try:
            await self._look_up(transaction)
        except BaseException:
            await self._block.__aexit__(None, None, None)
            raise
        return transaction

    async def _look_up(self, transaction: IReadTransaction) -> None:
        names: dict[Segments, list[str]] = {}
        for raw in self._paths:
            try:
                segments = self._parse(raw).segments
            except HTTPError:
                # Its own request will be told.
                continue
            if segments:
                names.setdefault(segments[:-1], []).append(segments[-1])
        for collection, members in names.items():
            if len(members) > 1:
                above, found = await transaction.resolve_members(collection, members)
                for name in members:
                    member = found.get(name)
                    self._chains[*collection, name] = above if member is None else [*above, member]

    def node(self, path: Path, transaction: IReadTransaction) -> Node | None:
        """Where a path leads; None when it was not looked up together with others in this transaction."""
        chain = self._chains.get(path.segments) if transaction is self._transaction else None
        if chain is None:
            return None
        return Node(path, chain[:], chain[-1] if len(chain) == len(path.segments) + 1 else None)

    def close(self) -> None:
        """Let nobody else begin."""
        self._closed = True
        if not self._inside:
            self._end()

    def _end(self) -> None:
        if self._transaction is not None:
            self._transaction = None
            Deferred.fromCoroutine(self._block.__aexit__(None, None, None))
