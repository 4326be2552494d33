"""One timer for the deadlines of all requests that wait.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil
from typing import Generic, Protocol, TypeVar

from davd.admission.clock import Call, ReactorTime

# Deadlines strike at the next multiple of this many seconds, so that one call serves many of them. A power of two.
RESOLUTION = 0.125


class Dated(Protocol):
    """Something that has to be ended at a time of its own.

    `deadline` is that time on the clock, in seconds; `bucket` belongs to Deadlines and is -1 while nothing watches.
    """

    deadline: float
    bucket: int


D = TypeVar("D", bound=Dated)


class Deadlines(Generic[D]):
    """Calls `strike` with each watched item soon after its deadline: never early, at most RESOLUTION late.

    There is a delayed call only while something is watched, and until the time of the earliest deadline that was
    watched since: an item that is forgotten costs nothing.
    """

    def __init__(self, clock: ReactorTime, strike: Callable[[D], None]) -> None:
        self._clock = clock
        self._strike = strike
        self._buckets: dict[int, dict[D, None]] = {}
        self._call: Call | None = None
        self._next = 0

    def __iter__(self) -> Iterator[D]:
        for bucket in self._buckets.values():
            yield from bucket

    def watch(self, item: D) -> None:
        """Strike when its deadline has passed, in the next turn of the reactor at the earliest."""
        number = item.bucket = ceil(item.deadline / RESOLUTION)
        bucket = self._buckets.get(number)
        if bucket is None:
            self._buckets[number] = {item: None}
            if self._call is None or number < self._next:
                self._schedule(number)
        else:
            bucket[item] = None

    def forget(self, item: D) -> None:
        """Do not strike; nothing happens when the item is not watched."""
        if item.bucket >= 0:
            bucket = self._buckets[item.bucket]
            del bucket[item]
            if not bucket:
                del self._buckets[item.bucket]
            item.bucket = -1

    def shift(self, seconds: float) -> None:
        """Move the deadlines of all that are watched."""
        for item in list(self):
            self.forget(item)
            item.deadline += seconds
            self.watch(item)

    def stop(self) -> None:
        """Drop the delayed call; to be called when nothing is watched any more."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _schedule(self, number: int) -> None:
        self.stop()
        self._next = number
        self._call = self._clock.callLater(max(number * RESOLUTION - self._clock.seconds(), 0), self._fire)

    def _fire(self) -> None:
        self._call = None
        due = self._clock.seconds() / RESOLUTION
        for number in sorted(number for number in self._buckets if number <= due):
            # Striking one item may forget others of the same bucket.
            while bucket := self._buckets.get(number):
                item = next(iter(bucket))
                self.forget(item)
                self._strike(item)
        if self._buckets and self._call is None:
            self._schedule(min(self._buckets))
