"""What each kind of request costs: counters by method, part of the tree and kind.

A client chooses the words in its requests, so none of them becomes a row by itself: a part of the tree has rows of its
own once it is known, the number of parts and of rows is bounded, and all else counts together.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from davd.model.priority import RequestPriority

CAPACITY: Final = 512
# Whatever has no row of its own.
OTHER: Final = "other"
AREAS: Final = (".well-known", "addressbooks", "calendars", "files", "principals")

# Bucket n of durations holds what took less than 2**n microseconds, of sizes what had less than 2**n bytes, and each at
# least half of that; the last one holds all that is more.
DURATIONS: Final = 27
SIZES: Final = 48

# An answer's class stands in the lowest bits of what it is counted under, its status above.
CLASS_BITS: Final = 2


def answer_key(status: int, priority: int) -> int:
    """What an answer is counted under in `MethodCounts.answers`."""
    return status << CLASS_BITS | priority


class MethodCounts:
    """The counters of one method, whatever was asked for.

    `answers` counts by status and class (`answer_key`); `durations` and `sizes` are histograms of the time from arrival
    to the answer, without those from memory, and of the lengths of answers' content.
    """

    __slots__ = ("answers", "durations", "method", "sizes")

    def __init__(self, method: str) -> None:
        self.method = method
        self.answers: defaultdict[int, int] = defaultdict(int)
        self.durations = [0] * DURATIONS
        self.sizes = [0] * SIZES

    def by_status(self) -> dict[tuple[int, RequestPriority], int]:
        """How many answers had which status and were of which class."""
        return {
            (key >> CLASS_BITS, RequestPriority(key & (1 << CLASS_BITS) - 1)): count
            for key, count in sorted(self.answers.items())
        }


class Route:
    """The counters of one row.

    `count` answers were given, `errors` of them with a status of 500 or more. `seconds` is the time they took from
    arrival, `cpu` the CPU time among it, also in seconds, `bytes` what was sent as content, `received` what came as
    content; all are sums. `counts` are those of its method, which it adds to; rows of one method share them.
    """

    __slots__ = (
        "answers", "area", "bytes", "count", "counts", "cpu", "errors", "kind", "method", "received", "seconds", "sizes"
    )  # fmt: skip

    def __init__(self, method: str, area: str, kind: str, counts: MethodCounts | None = None) -> None:
        self.counts = counts = counts or MethodCounts(method)
        # Each a step nearer, as they are needed for every request.
        self.answers = counts.answers
        self.sizes = counts.sizes
        self.method = method
        self.area = area
        self.kind = kind
        self.count = 0
        self.errors = 0
        self.seconds = 0.0
        self.cpu = 0.0
        self.bytes = 0
        self.received = 0

    def record(
        self,
        status: int,
        seconds: float,
        cpu: float,
        bytes: int | None,
        priority: int = RequestPriority.NORMAL,
    ) -> None:
        """Count one answer; `bytes` is None when its length is not known yet, and `sent` will tell it."""
        self.count += 1
        self.seconds += seconds
        self.cpu += cpu
        self.answers[status << CLASS_BITS | priority] += 1
        bucket = int(seconds * 1e6).bit_length()
        self.counts.durations[bucket if bucket < DURATIONS else -1] += 1
        if bytes is not None:
            self.bytes += bytes
            self.sizes[bytes.bit_length()] += 1
        if status >= 500:
            self.errors += 1

    def sent(self, bytes: int) -> None:
        """Count the content of an answer that was made while it was sent."""
        self.bytes += bytes
        self.sizes[bytes.bit_length()] += 1


class Routes:
    """At most `capacity` rows, the one for all that finds no room included; `areas` are known from the beginning."""

    def __init__(self, capacity: int = CAPACITY, areas: Iterable[str] = AREAS) -> None:
        self._capacity = capacity
        self._areas = {"", OTHER, *areas}
        self._methods: dict[str, MethodCounts] = {}
        self._overflow = Route(OTHER, OTHER, OTHER, self._counts(OTHER))
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

    def methods(self) -> list[MethodCounts]:
        """The counters of each method that was answered, in the order of their names."""
        return [counts for _, counts in sorted(self._methods.items()) if counts.answers]

    def statuses(self) -> dict[int, int]:
        """How many answers had which status."""
        found: defaultdict[int, int] = defaultdict(int)
        for counts in self._methods.values():
            for key, count in counts.answers.items():
                found[key >> CLASS_BITS] += count
        return dict(sorted(found.items()))

    def _find(self, method: str, area: str, kind: str) -> Route:
        key = (method, area if area in self._areas else OTHER, kind)
        row = self._rows.get(key)
        if row is None:
            if len(self._rows) >= self._capacity - 1:
                return self._overflow
            row = self._rows[key] = Route(*key, self._counts(method))
        return row

    def _counts(self, method: str) -> MethodCounts:
        counts = self._methods.get(method)
        if counts is None:
            counts = self._methods[method] = MethodCounts(method)
        return counts
