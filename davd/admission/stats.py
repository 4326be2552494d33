"""What the request pool has done.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from heapq import nlargest
from typing import TYPE_CHECKING

from davd.admission.histogram import Histogram
from davd.model.priority import RequestPriority

if TYPE_CHECKING:
    from davd.admission.sources import Source

# How many sources the statistics name.
TOP = 20


class Outcome(Enum):
    """How a request ended, once."""

    COMPLETED = auto()
    FAILED = auto()
    TIMEOUT = auto()
    CANCELLED = auto()
    QUEUE_FULL = auto()
    RATE = auto()
    SHED = auto()
    CLOSED = auto()


class AsyncPoolStats:
    """Counters since the start; at any moment

    total_requests = completed_requests + failed_requests + timeout_requests + cancelled_requests
    + queue_full_rejections + rejected_rate + shed + rejected_closed + in_flight + current_queue_size

    `completed_requests`: the work returned, or refused with a status below 500; `instants` of them were answered from
    memory without a place. `failed_requests`: it raised anything else. `timeout_requests`: over the deadline, queued or
    running. `cancelled_requests`: the client went away. `queue_full_rejections`: refused because the queue was full, or
    displaced from the full queue by a higher class. `rejected_rate`: over the requests of one address, or over the
    rates (which the caller reports). `shed`: taken out of the queue under overload. `rejected_closed`: came while the
    server was ending. `in_flight`: begun and not ended, be it that they wait for the client. `current_queue_size`:
    waiting for a place; `peak_queue_size` is the most of it so far. `longest_step` (seconds) is the longest for which
    one request has held the reactor.

    `processing` and `queueing` are histograms by priority: seconds from the first step to the end without the time
    spent waiting for the client, and seconds in the queue (of those that were in it).
    """

    def __init__(self) -> None:
        self.arrived = 0
        self.instants = 0
        self.completed = 0
        self.failed_requests = 0
        self.timeout_requests = 0
        self.cancelled_requests = 0
        self.queue_full_rejections = 0
        self.rejected_rate = 0
        self.shed = 0
        self.rejected_closed = 0
        self.in_flight = 0
        self.current_queue_size = 0
        self.peak_queue_size = 0
        self.longest_step = 0.0
        self.processing = tuple(Histogram() for _ in RequestPriority)
        self.queueing = tuple(Histogram() for _ in RequestPriority)

    @property
    def total_requests(self) -> int:
        """All that have arrived."""
        return self.arrived + self.instants

    @property
    def completed_requests(self) -> int:
        """All that were answered as they asked, or refused by the work for what they asked."""
        return self.completed + self.instants

    @property
    def average_processing_time(self) -> float:
        """Mean seconds from the first step to the end, of those that had a place and have ended."""
        number = sum(histogram.number() for histogram in self.processing)
        return sum(histogram.seconds for histogram in self.processing) / number if number else 0.0

    @property
    def average_queue_time(self) -> float:
        """Mean seconds that those which had a place and have ended waited for it; most did not."""
        number = sum(histogram.number() for histogram in self.processing)
        return sum(histogram.seconds for histogram in self.queueing) / number if number else 0.0

    def refused_rate(self) -> None:
        """Count a request that was refused with 429 before it came to the pool."""
        self.arrived += 1
        self.rejected_rate += 1

    def count(self, outcome: Outcome) -> None:
        """Count how one request has ended."""
        name = _COUNTERS[outcome]
        setattr(self, name, getattr(self, name) + 1)

    def as_dict(self, sources: Iterable[Source] = ()) -> dict[str, object]:
        """Everything, for JSON; `sources` are those with requests under way, of which the busiest are named."""
        numbers: dict[str, object] = {name: getattr(self, name) for name in _NAMES}
        for name, histograms in (("processing", self.processing), ("queueing", self.queueing)):
            numbers[name] = {priority.name: histograms[priority].as_dict() for priority in RequestPriority}
        busy = [source for source in sources if source.in_flight]
        busiest = nlargest(TOP, busy, key=lambda source: source.in_flight)
        numbers["sources"] = {source.name: source.in_flight for source in busiest}
        return numbers


_COUNTERS = {
    Outcome.COMPLETED: "completed",
    Outcome.FAILED: "failed_requests",
    Outcome.TIMEOUT: "timeout_requests",
    Outcome.CANCELLED: "cancelled_requests",
    Outcome.QUEUE_FULL: "queue_full_rejections",
    Outcome.RATE: "rejected_rate",
    Outcome.SHED: "shed",
    Outcome.CLOSED: "rejected_closed",
}

_NAMES = (
    "total_requests",
    "completed_requests",
    "failed_requests",
    "timeout_requests",
    "cancelled_requests",
    "queue_full_rejections",
    "rejected_rate",
    "shed",
    "rejected_closed",
    "in_flight",
    "current_queue_size",
    "peak_queue_size",
    "average_processing_time",
    "average_queue_time",
    "instants",
    "longest_step",
)
