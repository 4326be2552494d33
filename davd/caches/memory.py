"""The first tier: values of any kind in the memory of one process, bounded by bytes.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from operator import itemgetter
from typing import Generic, TypeVar

from cachetools import LRUCache
from zope.interface import implementer

from davd.interfaces.cache import ICache

V = TypeVar("V")


class _Kept(LRUCache):
    """Pairs of a value and its size by key; a key that is not there gives None, and what is pushed out is counted."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=itemgetter(1))
        self.evictions = 0

    def __missing__(self, key: Hashable) -> None:
        return None

    def popitem(self) -> tuple[Hashable, tuple[object, int]]:
        self.evictions += 1
        pair: tuple[Hashable, tuple[object, int]] = super().popitem()
        return pair


class Memory(Generic[V]):
    """At most `max_bytes` of values of at most `max_entry` bytes each; the one unused for longest goes first.

    Whoever puts a value says what it weighs, in bytes, with all that it holds: the cache cannot know. With `max_bytes`
    or `max_entry` 0 nothing is kept. Not for more than one thread.
    """

    __slots__ = ("_kept", "hits", "max_entry", "misses", "puts", "refused")

    def __init__(self, max_bytes: int, max_entry: int) -> None:
        self._kept = _Kept(max(0, max_bytes))
        self.max_entry = min(max_entry, max_bytes)
        self.hits = 0
        self.misses = 0
        self.puts = 0
        self.refused = 0

    def get(self, key: Hashable) -> V | None:
        """The value of that key, which is now the one used last; None when there is none."""
        found = self._kept[key]
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        value: V = found[0]
        return value

    def put(self, key: Hashable, value: V, size: int) -> bool:
        """Keep a value of `size` bytes in the place of what was there; whether it is kept.

        A value over `max_entry` is not, and what stood under its key is gone too.
        """
        if 0 < size <= self.max_entry:
            self._kept[key] = (value, size)
            self.puts += 1
            return True
        self.refused += 1
        self.drop(key)
        return False

    def drop(self, key: Hashable) -> None:
        """Forget one value, if it is there."""
        kept = self._kept
        if key in kept:
            del kept[key]

    def reconfigure(self, max_bytes: int, max_entry: int) -> None:
        """Keep values by other limits from now on; when `max_bytes` is another, beginning with none."""
        if max(0, max_bytes) != self._kept.maxsize:
            evictions = self._kept.evictions
            self._kept = _Kept(max(0, max_bytes))
            self._kept.evictions = evictions
        self.max_entry = min(max_entry, max_bytes)

    def clear(self) -> None:
        """Forget all values; the counters stay."""
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes(self) -> int:
        """The sum of the sizes of what is kept."""
        return int(self._kept.currsize)

    @property
    def evictions(self) -> int:
        """How many values have had to make room for others."""
        return self._kept.evictions

    def statistics(self) -> Mapping[str, float]:
        """Counters since the start, and the present `entries` and `bytes`; `refused` were too large."""
        counters: dict[str, float] = {
            "hits": self.hits,
            "misses": self.misses,
            "puts": self.puts,
            "failures": 0,
            "refused": self.refused,
            "evictions": self.evictions,
            "entries": len(self._kept),
            "bytes": self.bytes,
        }
        return counters


@implementer(ICache)
class Local:
    """A `Memory` of bytes as a tier of its own; its answers are there at once."""

    name = "memory"

    def __init__(self, max_bytes: int, max_entry: int) -> None:
        self.memory: Memory[bytes] = Memory(max_bytes, max_entry)

    async def start(self) -> None:
        """There is nothing to get ready."""

    async def stop(self) -> None:
        """Give the memory back."""
        self.memory.clear()

    async def get(self, key: bytes) -> bytes | None:
        """What was kept under `key`, without waiting."""
        return self.memory.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value now."""
        self.memory.put(key, value, len(key) + len(value))

    def statistics(self) -> Mapping[str, float]:
        """Those of the memory."""
        return self.memory.statistics()
