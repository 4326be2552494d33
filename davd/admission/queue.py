"""Requests that wait, in the order in which they go.

The order is that of virtual times: the time since when a request waits, plus what its class and its urgency add. Among
requests of similar age a higher class goes first; a request that has waited for as long as its class adds is not
overtaken by anything newer, so none waits for ever.

Implements: RFC 9218, 4.1, 10
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from davd.model.priority import RequestPriority

if TYPE_CHECKING:
    from davd.admission.arrival import Arrival
    from davd.admission.batch import Batch
    from davd.admission.stats import Outcome

# What a class adds to the time since when a request waits, as a share of `ageing_seconds`, by priority.
_SHARES = (1.0, 0.5, 0.1, 0.0)
# The same for each level of urgency: all eight of them stay within the smallest distance between two classes.
_URGENCY = 0.01


class Entry:
    """One request's wait.

    `wait` fires when its turn has come, with a token taken for it where it needs one, and fails with HTTPError when it
    is refused, for the reason in `outcome`. `since` is the time from which it counts. `begun` tells that its work has
    taken a step already; `counted` that it counts as queued and not as in flight; `dear` that requests of its
    route cost more than most. `batch` is what it shares with others.
    """

    __slots__ = (
        "alive",
        "arrival",
        "batch",
        "begun",
        "counted",
        "dear",
        "order",
        "outcome",
        "priority",
        "since",
        "wait",
    )

    def __init__(self, arrival: Arrival, priority: RequestPriority, since: float, begun: bool, counted: bool) -> None:
        self.arrival = arrival
        self.priority = priority
        self.since = since
        self.begun = begun
        self.counted = counted
        self.alive = False
        self.dear = False
        self.order = (0.0, 0)
        self.wait: Deferred[None] = Deferred()
        self.batch: Batch | None = None
        self.outcome: Outcome | None = None


class _Lane:
    """The entries of one class; those that were removed leave the heap later, when they come up or are too many."""

    __slots__ = ("counted", "dear", "heap", "size")

    def __init__(self) -> None:
        self.heap: list[tuple[tuple[float, int], Entry]] = []
        # In the order of their coming, for those that take from either end.
        self.counted: OrderedDict[Entry, None] = OrderedDict()
        # Those among them that cost more than most.
        self.dear: OrderedDict[Entry, None] = OrderedDict()
        self.size = 0

    def tidy(self) -> None:
        """Free the heap of removed entries when most are that."""
        if len(self.heap) > 64 + 2 * self.size:
            self.heap = [item for item in self.heap if item[1].alive]
            heapify(self.heap)


class RequestQueue:
    """All that wait for one thing: a token, or the reactor's turn.

    `size` is their number.
    """

    __slots__ = ("_lanes", "_mates", "_number", "_offsets", "ageing", "size")

    def __init__(self, ageing: float) -> None:
        self._lanes = tuple(_Lane() for _ in RequestPriority)
        self._mates: dict[Hashable, dict[Entry, None]] = {}
        self._number = 0
        self.size = 0
        self.age(ageing)

    def age(self, ageing: float) -> None:
        """Set what the lowest class adds, in seconds; those that wait keep their order."""
        self.ageing = ageing
        self._offsets = tuple(ageing * share for share in _SHARES)

    def waiting(self, priority: RequestPriority) -> int:
        """How many of a class wait."""
        return self._lanes[priority].size

    def push(self, entry: Entry) -> None:
        """Let an entry wait."""
        self._number += 1
        virtual = entry.since + self._offsets[entry.priority] + entry.arrival.urgency * _URGENCY * self.ageing
        entry.order = (virtual, self._number)
        entry.alive = True
        lane = self._lanes[entry.priority]
        heappush(lane.heap, (entry.order, entry))
        lane.size += 1
        self.size += 1
        if entry.counted:
            lane.counted[entry] = None
            if entry.dear:
                lane.dear[entry] = None
            if not entry.begun and entry.arrival.batch is not None:
                self._mates.setdefault(entry.arrival.batch, {})[entry] = None

    def remove(self, entry: Entry) -> None:
        """End an entry's wait, wherever it stands."""
        entry.alive = False
        lane = self._lanes[entry.priority]
        lane.size -= 1
        self.size -= 1
        lane.tidy()
        if entry.counted:
            del lane.counted[entry]
            if entry.dear:
                del lane.dear[entry]
            if not entry.begun and entry.arrival.batch is not None:
                mates = self._mates[entry.arrival.batch]
                del mates[entry]
                if not mates:
                    del self._mates[entry.arrival.batch]

    def head(self, priority: RequestPriority) -> Entry | None:
        """The next to go of a class."""
        heap = self._lanes[priority].heap
        while heap:
            entry = heap[0][1]
            if entry.alive:
                return entry
            heappop(heap)
        return None

    def oldest(self, priority: RequestPriority) -> Entry | None:
        """The one of a class, of those that count as queued, that has waited longest."""
        counted = self._lanes[priority].counted
        return next(iter(counted)) if counted else None

    def newest(self, priority: RequestPriority) -> Entry | None:
        """The one of a class, of those that count as queued, that came last."""
        counted = self._lanes[priority].counted
        return next(reversed(counted)) if counted else None

    def behind(self, priority: RequestPriority, dear: bool = False) -> Entry | None:
        """The one of a class, of those that count as queued, that has waited longest but is not the next to go."""
        head = self.head(priority)
        lane = self._lanes[priority]
        for entry in lane.dear if dear else lane.counted:
            if entry is not head:
                return entry
        return None

    def mates(self, entry: Entry, most: int) -> list[Entry]:
        """The entry and those that may be served with it, in the order of their coming, `most` altogether."""
        found = [entry]
        for other in self._mates.get(entry.arrival.batch, ()):
            if len(found) >= most:
                break
            if other is not entry:
                found.append(other)
        return found
