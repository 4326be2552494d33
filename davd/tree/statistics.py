"""What each kind of request costs: counters by method, part of the tree and kind.

A client chooses the words in its requests, so none of them becomes a row by itself: a part of the tree has rows of its
own once it is known, the number of parts and of rows is bounded, and all else counts together.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

CAPACITY: Final = 512
# Whatever has no row of its own.
OTHER: Final = "other"
AREAS: Final = (".well-known", "addressbooks", "calendars", "files", "principals")


class Route:
    """The counters of one row.

    `count` answers were given, `errors` of them with a status of 500 or more. `seconds` is the time they took from
    arrival, `cpu` the CPU time among it, also in seconds, `bytes` what was sent as content; all are sums.
    """

    __slots__ = ("area", "bytes", "count", "cpu", "errors", "kind", "method", "seconds")

    def __init__(self, method: str, area: str, kind: str) -> None:
        self.method = method
        self.area = area
        self.kind = kind
        self.count = 0
        self.errors = 0
        self.seconds = 0.0
        self.cpu = 0.0
        self.bytes = 0

    def record(self, status: int, seconds: float, cpu: float, bytes: int) -> None:
        """Count one answer."""
        self.count += 1
        self.seconds += seconds
        self.cpu += cpu
        self.bytes += bytes
        if status >= 500:
            self.errors += 1


class Routes:
    """At most `capacity` rows, the one for all that finds no room included; `areas` are known from the beginning."""

    def __init__(self, capacity: int = CAPACITY, areas: Iterable[str] = AREAS) -> None:
        self._capacity = capacity
        self._areas = {"", OTHER, *areas}
        self._overflow = Route(OTHER, OTHER, OTHER)
        self._rows: dict[tuple[str, str, str], Route] = {}

    def of(self, method: str, area: str, kind: str) -> Route:
        """The row of a request.

        `area` is the first segment of the path as text, empty for the root; it counts as `"other"` unless it is known.
        `method` and `kind` are words of the caller's, not of the client's.
        """
        row = self._rows.get((method, area, kind))
        return self._find(method, area, kind) if row is None else row

    def rows(self) -> list[Route]:
        """The rows that have counted something, those that took most CPU time first."""
        used = [row for row in (*self._rows.values(), self._overflow) if row.count]
        return sorted(used, key=lambda row: (-row.cpu, row.method, row.area, row.kind))

    def _find(self, method: str, area: str, kind: str) -> Route:
        key = (method, area if area in self._areas else OTHER, kind)
        row = self._rows.get(key)
        if row is None:
            if len(self._rows) >= self._capacity - 1:
                return self._overflow
            row = self._rows[key] = Route(*key)
        return row
