"""Results of small questions, kept until anything is committed.

A result is kept by statement and parameters, and belongs to one version of the store: a view that shows another version
neither takes from the cache nor adds to it. So what it gives is what the statement would give.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

# A statement and its parameters, put to a connection; gives all rows.
Ask = Callable[[str, tuple[Any, ...]], Sequence[Any]]

# Larger results are not kept: whoever reads so much is not held up by the statement.
MAX_ROWS = 64
MAX_BYTES = 16_384


class QueryCache:
    """At most `size` results; the oldest leaves for a new one, and all leave with their version. 0 keeps nothing."""

    __slots__ = ("_kept", "_size", "_version", "bypasses", "evictions", "hits", "misses", "renewals")

    def __init__(self, size: int) -> None:
        self._size = size
        self._version: Hashable = object()
        self._kept: dict[tuple[str, tuple[Any, ...]], Sequence[Any]] = {}
        self.hits = self.misses = self.bypasses = self.evictions = self.renewals = 0

    def resize(self, size: int) -> None:
        """Keep so many from now on, beginning with none."""
        self._size = size
        self._kept.clear()
        self._version = object()

    def renew(self, version: Hashable) -> None:
        """Keep results of this version from now on, and none of another."""
        if version != self._version and self._size:
            self._kept.clear()
            self._version = version
            self.renewals += 1

    def rows(self, version: Hashable, ask: Ask, statement: str, parameters: tuple[Any, ...]) -> Sequence[Any]:
        """What `ask` gives, or gave before at this version; not to be changed by the caller."""
        if version != self._version:
            self.bypasses += 1
            return ask(statement, parameters)
        key = (statement, parameters)
        found = self._kept.get(key)
        if found is not None:
            self.hits += 1
            return found
        self.misses += 1
        found = ask(statement, parameters)
        if _small(found):
            if len(self._kept) >= self._size:
                del self._kept[next(iter(self._kept))]
                self.evictions += 1
            self._kept[key] = found
        return found

    def statistics(self) -> Mapping[str, float]:
        """Counters since the start, and how many results are kept."""
        return {
            "hits": self.hits,
            "misses": self.misses,
            "bypasses": self.bypasses,
            "evictions": self.evictions,
            "renewals": self.renewals,
            "entries": len(self._kept),
        }


def _small(found: Sequence[Any]) -> bool:
    if len(found) > MAX_ROWS:
        return False
    return sum(len(value) for row in found for value in row if isinstance(value, str | bytes)) <= MAX_BYTES
