"""One look at the server, as the dashboard shows it.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from davd.admin.plane import Plane
from davd.model.alert import Alert
from davd.observe.chores import ChoreReport
from davd.observe.history import History
from davd.observe.signals import signals
from davd.observe.snapshot import Sample, Snapshot


@dataclass(frozen=True, slots=True)
class Look:
    """What there was at the POSIX time `at`: metrics, counters and signals, chores and alerts.

    `chores` is None where this process has none. `parts` tells of what has to be in order whether it is.
    """

    at: float
    snapshot: Snapshot
    counted: Mapping[str, Any]
    signals: Mapping[str, float]
    chores: Sequence[ChoreReport] | None
    alerts: Sequence[Alert]
    parts: Mapping[str, bool]

    def value(self, name: str, **labels: str) -> float | None:
        """A metric, as in `Snapshot.value`."""
        return self.snapshot.value(name, **labels)

    def samples(self, name: str) -> Sequence[Sample]:
        """The samples of a family; none when there is no such family."""
        family = self.snapshot.family(name)
        return () if family is None else family.samples


class Watch:
    """Looks at a plane. Where nobody keeps a history, it keeps one of what it has seen itself."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._own = plane.history is None
        self.history = plane.history or History()
        self._before: Snapshot | None = None

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
        return Look(snapshot.at, snapshot, counted, seen, chores, plane.alerts(), await plane.ready())
