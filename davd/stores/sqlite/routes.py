"""Keeping the route cache, and the groups of principals, at the state of the log.

Between BEGIN IMMEDIATE and the end of our COMMIT nobody else can commit. So the generation at the beginning and the one
read after the COMMIT tell whether ours was the only commit between them: then what it touched is all that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from twisted.logger import Logger

from davd.model.touched import Touched
from davd.stores.sqlite.generation import Generation
from davd.tree.route_cache import RouteCache

_log = Logger()

# The groups of so many principals are kept.
_MOST_GROUPS = 10_000


class Routes:
    """The route cache of one store and what is told of its commits.

    `on_commit` are calls with what a commit of this store touched, made on the reactor's thread when the commit is
    durable and before those who wait for it go on. Commits of other processes are not told: their sign is the
    generation. A call that fails is logged and is no concern of the writers.

    `groups` are those of principals by name, at the generation of the cache too.
    """

    __slots__ = ("_after", "_before", "_generation", "_mapped", "_on_commit", "_writing", "cache", "groups")

    def __init__(
        self, cache: RouteCache, generation: Generation, on_commit: Sequence[Callable[[Touched], object]]
    ) -> None:
        self.cache = cache
        self.groups: dict[str, frozenset[str]] = {}
        self._generation = generation
        # Without the header of the log the generation is asked for by a connection of the reactor's thread.
        self._mapped = generation.mapped
        self._before: Hashable = None
        self._after: Hashable = None
        self._on_commit = on_commit
        self._writing = False

    def _empty(self, generation: Hashable) -> None:
        """What others did is not known: nothing that was kept holds any more."""
        self.cache.empty(generation)
        self.groups.clear()

    def keep_groups(self, name: str, groups: frozenset[str]) -> None:
        """Add what was read in a view of the cache's generation."""
        if len(self.groups) >= _MOST_GROUPS:
            self.groups.clear()
        self.groups[name] = groups

    def seen(self, generation: Hashable) -> None:
        """A view of this newest generation was begun. Unless it shows our own commit, others have changed the store."""
        if generation != self.cache.generation and not self._writing:
            self._empty(generation)

    def begun(self) -> None:
        """The writer holds the write lock: until `committed` or `ended` only it can change the store."""
        self._before = self._after = self._generation.now()
        if self._before != self.cache.generation:
            self._empty(self._before)
        self._writing = True

    def durable(self, pages: int) -> None:
        """The COMMIT has been done, and left so many pages in the log; called where it was done, in a thread."""
        after = self._generation.now() if self._mapped else None
        if self._generation.follows(self._before, after, pages):
            self._after = after

    def committed(self, touched: Touched) -> None:
        """What was committed is durable: bring the cache to it, and tell the others.

        The cache has been kept at the generation before. When the one after does not prove that ours was the only
        commit, it stays there, and the next view finds it out of date.
        """
        self._writing = False
        if self._after != self._before:
            self.cache.follow(touched, self._after)
            if touched.everything:
                self.groups.clear()
        for call in self._on_commit:
            try:
                call(touched)
            except Exception:
                _log.failure("telling of a commit failed")

    def ended(self) -> None:
        """The transaction was undone, or nobody knows what became of it."""
        self._writing = False
