"""One look at the server, as the dashboard shows it.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from davd.admin.plane import Plane
from davd.model.alert import Alert
from davd.observe.chores import ChoreReport
from davd.observe.history import History
from davd.observe.signals import signals
from davd.observe.snapshot import Sample, Snapshot
from davd.tree.spending import OTHERS

# What is said to have been of late is so much younger, or as old as the first look.
LATE_SECONDS: Final = 60.0

# Which rows of what is counted tell of costs, and what tells them apart.
_COSTS: Final[Mapping[str, tuple[str, ...]]] = {"routes": ("method", "area", "kind"), "spending": ("name",)}

# They are not the same accounts all the while, and who joins them brings along what was spent long before.
_OTHERS: Final = ("spending", OTHERS)


def cost_key(part: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a row of `routes` or `spending` is told apart by."""
    return (part, *(str(row[name]) for name in _COSTS[part]))


@dataclass(frozen=True, slots=True)
class Earlier:
    """What rows had cost in processor seconds by their `cost_key`, at a POSIX time not long ago."""

    at: float
    cpu: Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Look:
    """What there was at the POSIX time `at`: metrics, counters and signals, chores and alerts.

    `chores` is None where this process has none. `parts` tells of what has to be in order whether it is. `earlier` is
    None for the first look.
    """

    at: float
    snapshot: Snapshot
    counted: Mapping[str, Any]
    signals: Mapping[str, float]
    chores: Sequence[ChoreReport] | None
    alerts: Sequence[Alert]
    parts: Mapping[str, bool]
    earlier: Earlier | None = None

    def value(self, name: str, **labels: str) -> float | None:
        """A metric, as in `Snapshot.value`."""
        return self.snapshot.value(name, **labels)

    def samples(self, name: str) -> Sequence[Sample]:
        """The samples of a family; none when there is no such family."""
        family = self.snapshot.family(name)
        return () if family is None else family.samples

    def lately(self, part: str, row: Mapping[str, Any]) -> float | None:
        """How many processors a row of `routes` or `spending` has kept busy of late; None when that is not known."""
        earlier = self.earlier
        if earlier is None or self.at <= earlier.at:
            return None
        key = cost_key(part, row)
        before = earlier.cpu.get(key)
        # Only those that cost most are told of: who was not among them has spent, and nobody knows how much.
        if before is None or key == _OTHERS:
            return None
        # A process that was started anew counts from zero again.
        return max(0.0, row["cpu"] - before) / (self.at - earlier.at)


class Watch:
    """Looks at a plane. Where nobody keeps a history, it keeps one of what it has seen itself."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._own = plane.history is None
        self.history = plane.history or History()
        self._before: Snapshot | None = None
        self._costs: deque[Earlier] = deque()

    async def look(self) -> Look:
        """How it is now."""
        plane = self._plane
        snapshot = await plane.snapshot()
        counted = await plane.counted()
        if self._own and (self._before is None or snapshot.at - self._before.at >= 1.0):
            self.history.add(snapshot.at, signals(self._before, snapshot))
            self._before = snapshot
        # Rates are those of the last step of the history; what is so at this moment is told by the metrics of now.
        seen = {**self.history.last(), **signals(None, snapshot)}
        chores = None if plane.chores is None else plane.chores.report()
        earlier = self._compare(snapshot.at, counted)
        return Look(snapshot.at, snapshot, counted, seen, chores, plane.alerts(), await plane.ready(), earlier)

    def _compare(self, at: float, counted: Mapping[str, Any]) -> Earlier | None:
        """What things had cost a minute ago, or since when there were looks."""
        costs = self._costs
        # While nobody watches there are no looks; what was long ago is not of late.
        while costs and at - costs[0].at > 2 * LATE_SECONDS:
            costs.popleft()
        while len(costs) > 1 and at - costs[1].at >= LATE_SECONDS:
            costs.popleft()
        earlier = costs[0] if costs else None
        if not costs or at - costs[-1].at >= 1.0:
            rows = {cost_key(part, row): float(row["cpu"]) for part in _COSTS for row in counted.get(part, ())}
            costs.append(Earlier(at, rows))
        return earlier
