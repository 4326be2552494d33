"""What is known of the rows that paths lead along.

Implements: RFC 4918, 5.1
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Final

from davd.model.resource import Resource
from davd.model.touched import Touched

Place = tuple[int, str]

# Where the root stands: it has no parent and no name.
ROOT_PLACE: Final[Place] = (0, "")


class Unknown(Enum):
    """The type of `UNKNOWN`: nothing is known of a place."""

    UNKNOWN = 0


UNKNOWN: Final = Unknown.UNKNOWN


class RouteCache:
    """Rows by their place, (parent id, name), as they are at one generation of the store; None where nothing is.

    A row is kept once, however many paths lead along it: a change drops one entry, and moving a tree one as well,
    because what is below is found by the id of its parent. Told of each commit's changes, the cache goes from one
    generation to the next; when it cannot be told it is emptied. Whoever asks or adds must see the store exactly at
    `generation`.

    At most `capacity` places are kept. Entries are in two halves: what is found in the old one is put into the young
    one, and when that is full the old one is dropped and the young one becomes it. So what is asked often stays, and
    a hit costs one look-up a segment. Whole paths are remembered beside that as long as all they lead along is kept,
    which is until anything is dropped.

    `hits` are paths answered wholly from here, `misses` those that were not, `invalidated` the entries dropped because
    of a change, `emptied` how often all was dropped.
    """

    __slots__ = (
        "_half", "_old", "_old_places", "_paths", "_young", "_young_places", "emptied", "generation", "hits",
        "invalidated", "misses",
    )  # fmt: skip

    def __init__(self, capacity: int) -> None:
        self._half = capacity // 2
        self._young: dict[Place, Resource | None] = {}
        self._old: dict[Place, Resource | None] = {}
        self._paths: dict[tuple[str, ...], list[Resource]] = {}
        self._young_places: dict[int, Place] = {}
        self._old_places: dict[int, Place] = {}
        self.generation: Hashable = object()
        self.hits = 0
        self.misses = 0
        self.invalidated = 0
        self.emptied = 0

    def __len__(self) -> int:
        """The number of places kept."""
        return len(self._young) + len(self._old)

    def resize(self, capacity: int) -> None:
        """Keep so many places from now on, beginning with none."""
        self._half = capacity // 2
        self.empty(self.generation)

    def find(self, segments: Sequence[str]) -> tuple[list[Resource], bool]:
        """The known rows along a path, the root first, and whether the answer is whole.

        It is whole when the path is known to its end, or to a place where nothing is. The list is the caller's.
        """
        path = tuple(segments)
        paths = self._paths
        known = paths.get(path)
        if known is not None:
            self.hits += 1
            return known[:], True
        get = self._young.get
        found: list[Resource] = []
        id = 0
        for name in ("", *path):
            row = get((id, name), UNKNOWN)
            if row is UNKNOWN:
                row = self._refreshed((id, name))
                if row is UNKNOWN:
                    self.misses += 1
                    return found, False
                get = self._young.get
            if row is None:
                break
            found.append(row)
            id = row.id
        self.hits += 1
        if len(paths) >= self._half:
            paths.clear()
        # Entries were dropped on the way when there is another dictionary now.
        if paths is self._paths:
            paths[path] = found[:]
        return found, True

    def member(self, parent: int, name: str) -> Resource | None | Unknown:
        """What is at a place, if that is known."""
        row = self._young.get((parent, name), UNKNOWN)
        return self._refreshed((parent, name)) if row is UNKNOWN else row

    def _refreshed(self, place: Place) -> Resource | None | Unknown:
        """An entry of the old half, if there is one, which comes into the young one."""
        row = self._old.pop(place, UNKNOWN)
        if row is not UNKNOWN:
            if row is not None:
                self._old_places.pop(row.id, None)
            self.keep(*place, row)
        return row

    def keep(self, parent: int, name: str, row: Resource | None) -> None:
        """Add what was read of a place of which nothing was known."""
        if len(self._young) >= self._half:
            if not self._half:
                return
            self._old, self._old_places = self._young, self._young_places
            self._young, self._young_places = {}, {}
            self._paths = {}
        self._young[parent, name] = row
        if row is not None:
            self._young_places[row.id] = (parent, name)

    def follow(self, touched: Touched, generation: Hashable) -> None:
        """A commit leads from the cache's generation to the given one; `touched` is all that it changed."""
        if touched.everything:
            self.empty(generation)
            return
        dropped = 0
        for rows, places in ((self._young, self._young_places), (self._old, self._old_places)):
            for id in touched.ids:
                if id in places:
                    rows.pop(places.pop(id), None)
                    dropped += 1
            for place in touched.places:
                if place in rows:
                    row = rows.pop(place)
                    dropped += 1
                    if row is not None:
                        places.pop(row.id, None)
        if dropped:
            self.invalidated += dropped
            self._paths = {}
        self.generation = generation

    def empty(self, generation: Hashable) -> None:
        """Forget everything; what is added from now on is as of `generation`."""
        if self._young or self._old:
            self._paths = {}
            self._young, self._young_places = {}, {}
            self._old, self._old_places = {}, {}
            self.emptied += 1
        self.generation = generation

    def statistics(self) -> dict[str, float]:
        """The counters, and the number of rows kept, by name."""
        return {
            "hits": self.hits,
            "misses": self.misses,
            "rows": len(self),
            "invalidated": self.invalidated,
            "emptied": self.emptied,
        }
