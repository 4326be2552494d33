"""Views of the committed state.

A view is a connection inside a read transaction. Beginning and ending one costs as much as two point reads, so a view
is kept for a few milliseconds and handed to the next reader as long as nothing has been committed, which the generation
tells. It must not be kept for longer: the log cannot be rewound while a view stands on it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import apsw
from zope.interface import implementer

from davd.interfaces.store import IReadTransaction, StoreError
from davd.model.resource import Resource
from davd.stores.sqlite import rows
from davd.stores.sqlite.errors import store_error
from davd.stores.sqlite.generation import Generation
from davd.stores.sqlite.reads import Reads

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

    from davd.stores.threads import RunInThread

_ATTEMPTS = 5


class View:
    """A connection inside a read transaction, with the generation it shows; None when that is not certain."""

    __slots__ = ("connection", "generation")

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.generation: Hashable = None


class Snapshots:
    """Hands out views, one to each reading block, and remembers what paths led to at the newest generation.

    Without a clock a view ends with its block.
    """

    def __init__(
        self,
        connect: Callable[[], apsw.Connection],
        generation: Generation,
        clock: IReactorTime | None,
        keep_seconds: float,
        path_cache: int,
    ) -> None:
        self._connect = connect
        self._generation = generation
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._path_cache = path_cache
        self._idle: View | None = None
        self._spare: list[View] = []
        self._used = 0
        self._timer: IDelayedCall | None = None
        self._closed = False
        self.paths: dict[tuple[str, ...], list[Resource]] = {}
        self.paths_generation: Hashable = object()

    def take(self) -> View:
        """A view of the newest committed state for the caller alone."""
        if self._closed:
            raise StoreError("the store is closed")
        now = self._generation.now()
        view = self._idle
        self._idle = None
        self._used += 1
        if view is not None:
            if view.generation == now:
                return view
            view.connection.execute("COMMIT")
        elif self._spare:
            view = self._spare.pop()
        else:
            view = View(self._connect())
        self._begin(view, now)
        return view

    def _begin(self, view: View, now: Hashable) -> None:
        """Open the transaction and find out which generation it shows."""
        execute = view.connection.execute
        for _ in range(_ATTEMPTS):
            execute("BEGIN")
            execute("SELECT 1 FROM store").fetchone()
            after = self._generation.now()
            if after == now:
                view.generation = now
                if now != self.paths_generation:
                    self.paths.clear()
                    self.paths_generation = now
                return
            execute("COMMIT")
            now = after
        execute("BEGIN")
        execute("SELECT 1 FROM store").fetchone()
        view.generation = None

    def give(self, view: View) -> None:
        """Take a view back when its block has ended."""
        self._used -= 1
        if self._closed:
            view.connection.close()
            if not self._used:
                self._generation.close()
        elif self._clock is None or self._idle is not None or view.generation is None:
            view.connection.execute("COMMIT")
            self._spare.append(view)
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
            view.connection.execute("COMMIT")
            self._spare.append(view)

    def remember(self, path: tuple[str, ...], found: list[Resource]) -> None:
        """Keep what a path led to at the newest generation."""
        if len(self.paths) >= self._path_cache:
            self.paths.clear()
        self.paths[path] = found

    def close(self) -> None:
        """Close all connections but those still in use, which close when they are given back; then the generation."""
        self.end_idle()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for view in self._spare:
            view.connection.close()
        self._spare.clear()
        self.paths.clear()
        if not self._used:
            self._generation.close()


@implementer(IReadTransaction)
class ReadTransaction(Reads):
    """One reading block: holds a view from entry to exit."""

    __slots__ = ("_snapshots", "_view", "connection", "long", "run_in_thread")

    connection: apsw.Connection

    def __init__(self, snapshots: Snapshots, run_in_thread: RunInThread, long: int) -> None:
        self._snapshots = snapshots
        self.run_in_thread = run_in_thread
        self.long = long

    async def __aenter__(self) -> Self:
        """Take a view."""
        try:
            view = self._snapshots.take()
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

    async def resolve(self, segments: Sequence[str]) -> list[Resource]:
        """The resources along a path; what is remembered of it holds as long as nothing is committed."""
        snapshots = self._snapshots
        if self._view.generation != snapshots.paths_generation:
            return await Reads.resolve(self, segments)
        path = tuple(segments)
        found = snapshots.paths.get(path)
        if found is not None:
            return found[:]
        if path:
            # The collection is often known when its member is not.
            found = snapshots.paths.get(path[:-1])
        if found is None:
            found = await Reads.resolve(self, path)
            if len(found) == len(path) + 1:
                snapshots.remember(path[:-1], found[:-1] if path else found)
        elif len(found) == len(path):
            row = self.connection.execute(rows.BY_NAME, (found[-1].id, path[-1])).fetchone()
            found = found[:] if row is None else [*found, Resource(*row)]
        snapshots.remember(path, found)
        return found[:]
