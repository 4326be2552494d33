"""Views of the committed state.

A view is a connection inside a read transaction. Beginning and ending one costs as much as two point reads, so a view
is kept for a few milliseconds and handed to the next reader as long as nothing has been committed, which the generation
tells. It must not be kept for longer: the log cannot be rewound while a view stands on it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import apsw
from zope.interface import implementer

from davd.interfaces.store import IReadTransaction, StoreError
from davd.model.resource import Resource
from davd.stores.pool import ConnectionPool
from davd.stores.query_cache import QueryCache
from davd.stores.sqlite import rows
from davd.stores.sqlite.connection import Connection
from davd.stores.sqlite.errors import store_error
from davd.stores.sqlite.generation import Generation
from davd.stores.sqlite.reads import Reads
from davd.stores.sqlite.routes import Routes
from davd.tree.route_cache import ROOT_PLACE, UNKNOWN, RouteCache

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

    from davd.stores.threads import RunInThread

_ATTEMPTS = 5

# Of more members than this at once the rows are not kept: they would push out what is asked for often.
_FEW = 64


class View:
    """A connection inside a read transaction, with the generation it shows; None when that is not certain."""

    __slots__ = ("connection", "generation")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.generation: Hashable = None


class Snapshots:
    """Hands out views, one to each reading block; `routes` is told of their generation.

    Without a clock a view ends with its block.
    """

    def __init__(
        self,
        pool: ConnectionPool[View],
        generation: Generation,
        clock: IReactorTime | None,
        keep_seconds: float,
        routes: Routes,
        queries: QueryCache,
    ) -> None:
        self._pool = pool
        self._generation = generation
        self._clock = clock
        self._keep_seconds = keep_seconds
        self.routes = routes
        self.queries = queries
        self._idle: View | None = None
        self._timer: IDelayedCall | None = None
        self._closed = False

    def reconfigure(self, keep_seconds: float) -> None:
        """Keep the view that nobody uses for so long from now on."""
        self._keep_seconds = keep_seconds

    def take(self) -> View | None:
        """A view of the newest committed state for the caller alone; None when all connections are in use."""
        if self._closed:
            raise StoreError("the store is closed")
        view = self._idle
        if view is None:
            view = self._pool.take_now()
            return None if view is None else self._begin(view)
        now = self._generation.now()
        self._idle = None
        if view.generation == now:
            self.routes.seen(now)
            return view
        self._end(view)
        return self._begin(view)

    async def wait(self) -> View:
        """A view, as soon as a connection is given back; StoreError when that takes too long."""
        return self._begin(await self._pool.take())

    def _end(self, view: View) -> None:
        """End the transaction of a view."""
        try:
            view.connection.execute("COMMIT")
        except BaseException:
            self._pool.discard(view)
            raise

    def _begin(self, view: View) -> View:
        """Open the transaction and find out which generation it shows."""
        try:
            view.generation = self._opened(view.connection.execute)
        except BaseException:
            self._pool.discard(view)
            raise
        if view.generation is not None:
            self.routes.seen(view.generation)
            self.queries.renew(view.generation)
        return view

    def _opened(self, execute: Callable[[str], apsw.Cursor]) -> Hashable:
        now = self._generation.now()
        for _ in range(_ATTEMPTS):
            execute("BEGIN")
            execute("SELECT 1 FROM store").fetchone()
            after = self._generation.now()
            if after == now:
                return now
            execute("COMMIT")
            now = after
        execute("BEGIN")
        execute("SELECT 1 FROM store").fetchone()
        return None

    def give(self, view: View) -> None:
        """Take a view back when its block has ended."""
        pool = self._pool
        if self._closed:
            pool.give(view)
            if not pool.in_use:
                self._generation.close()
        elif self._clock is None or self._idle is not None or view.generation is None or pool.queue:
            self._end(view)
            pool.give(view)
        else:
            self._idle = view
            if self._timer is None:
                self._timer = self._clock.callLater(self._keep_seconds, self._expire)

    def _expire(self) -> None:
        self._timer = None
        self.end_idle()

    def end_idle(self) -> None:
        """End the view that nobody uses."""
        view = self._idle
        if view is not None:
            self._idle = None
            self._end(view)
            self._pool.give(view)

    def close(self) -> None:
        """Close all connections but those still in use, which close when they are given back; then the generation."""
        self.end_idle()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._pool.close()
        if not self._pool.in_use:
            self._generation.close()

    def statistics(self) -> Mapping[str, float]:
        """Those of the pool; a view that is kept for the next reader is not in use."""
        pool = dict(self._pool.statistics())
        if self._idle is not None:
            pool["in_use"] -= 1
            pool["free"] += 1
        return pool


@implementer(IReadTransaction)
class ReadTransaction(Reads):
    """One reading block: holds a view from entry to exit."""

    __slots__ = ("_snapshots", "_view", "connection", "long", "run_in_thread")

    connection: Connection

    def __init__(self, snapshots: Snapshots, run_in_thread: RunInThread, long: int) -> None:
        self._snapshots = snapshots
        self.run_in_thread = run_in_thread
        self.long = long

    async def __aenter__(self) -> Self:
        """Take a view."""
        try:
            view = self._snapshots.take()
            if view is None:
                view = await self._snapshots.wait()
        except apsw.Error as error:
            raise store_error(error, "reading") from error
        self._view = view
        self.connection = view.connection
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the view back."""
        self._snapshots.give(self._view)
        if isinstance(error, apsw.Error):
            raise store_error(error, "reading") from error

    def ask(self, statement: str, parameters: tuple[Any, ...]) -> Sequence[Any]:
        """All rows of a small question, which may be known for this generation."""
        return self._snapshots.queries.rows(self._view.generation, self._ask, statement, parameters)

    def _ask(self, statement: str, parameters: tuple[Any, ...]) -> Sequence[Any]:
        return self.connection.execute(statement, parameters).fetchall()

    async def resolve(self, segments: Sequence[str]) -> list[Resource]:
        """The resources along a path; what is known of them holds for the view that shows the cache's generation."""
        cache = self._snapshots.routes.cache
        if self._view.generation != cache.generation:
            return await Reads.resolve(self, segments)
        found, whole = cache.find(segments)
        if whole:
            return found
        execute = self.connection.execute
        if not found:
            found.append(Resource(*execute(rows.BY_ID, (rows.ROOT,)).fetchone()))  # type: ignore[misc]
            cache.keep(*ROOT_PLACE, found[0])
        for name in segments[len(found) - 1 :]:
            member = self._member(cache, found[-1].id, name)
            if member is None:
                break
            found.append(member)
        return found

    def _member(self, cache: RouteCache, parent: int, name: str) -> Resource | None:
        """What is at a place, which is known from now on."""
        member = cache.member(parent, name)
        if member is UNKNOWN:
            row = self.connection.execute(rows.BY_NAME, (parent, name)).fetchone()
            member = None if row is None else Resource(*row)
            cache.keep(parent, name, member)
        return member

    def _named(self, id: int, names: Sequence[str]) -> dict[str, Resource]:
        """Those members of a collection that exist; only what is not known is asked."""
        cache = self._snapshots.routes.cache
        if self._view.generation != cache.generation:
            return Reads._named(self, id, names)
        members: dict[str, Resource] = {}
        unknown: list[str] = []
        for name in names:
            member = cache.member(id, name)
            if member is UNKNOWN:
                unknown.append(name)
            elif member is not None:
                members[name] = member
        if unknown:
            read = Reads._named(self, id, unknown)
            if len(unknown) <= _FEW:
                for name in dict.fromkeys(unknown):
                    cache.keep(id, name, read.get(name))
            members.update(read)
        return members

    async def groups_of(self, name: str) -> frozenset[str]:
        """The groups that a principal is in; what is known of them holds for a view of the cache's generation."""
        routes = self._snapshots.routes
        if self._view.generation != routes.cache.generation:
            return await Reads.groups_of(self, name)
        known = routes.groups.get(name)
        if known is None:
            known = await Reads.groups_of(self, name)
            routes.keep_groups(name, known)
        return known
