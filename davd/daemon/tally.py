"""What all workers have counted, those that have gone included.

A counter must not go back when a worker ends: whoever computes rates would take what is left for new. So the counters
and histograms of a worker that has ended are kept, as it told them last. One that leaves as it was told does that after
its last answer; of one that was killed what it did since it was asked last is lost, which is a few seconds.

Implements: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from twisted.internet.defer import DeferredList

from davd.daemon.statistics import SPENDERS
from davd.daemon.totals import totals
from davd.daemon.workers import WorkerProcess
from davd.observe.snapshot import Snapshot, merge
from davd.tree.spending import OTHERS

_FIGURES: Final[Mapping[str, str]] = {
    "requests": "davd_requests",
    "cpu": "process_cpu_seconds",
    "memory": "process_resident_memory_bytes",
    "started": "process_start_time_seconds",
}
# Which parts of the counters only ever grow, and sum up.
_GROWING: Final = ("connections", "answers", "statuses", "routes", "spending")


def _kept(counted: Mapping[str, Any]) -> dict[str, Any]:
    """What is still true of a worker when it has ended, or cannot be asked."""
    kept = {name: counted[name] for name in _GROWING if name in counted}
    if "connections" in kept:
        # How many there are now, which is not known or none.
        kept["connections"] = {**kept["connections"], "connections": 0}
    if "spending" in kept:
        # With each that ends there would be more accounts: those that cost less count with the others.
        named = [row for row in kept["spending"] if row["name"] != OTHERS]
        others = [row for row in kept["spending"] if row["name"] == OTHERS]
        others += [{**row, "name": OTHERS} for row in named[SPENDERS:]]
        kept["spending"] = named[:SPENDERS] + ([totals(others)] if others else [])
    return kept


class Tally:
    """Adds up the metrics of `workers`, a list that others change, and of those that were handed to `gone`."""

    def __init__(self, workers: Sequence[WorkerProcess]) -> None:
        self._workers = workers
        self._gone: Snapshot | None = None
        self._counted: dict[str, Any] = {}

    def gone(self, worker: WorkerProcess) -> None:
        """Keep what a worker that has ended had counted."""
        last = worker.told
        if last is not None:
            kept = Snapshot(last.at, [family for family in last.families if family.type != "gauge"])
            self._gone = kept if self._gone is None else merge([self._gone, kept])
        self._counted = _kept(totals([self._counted, worker.counted]))

    async def snapshots(self) -> list[Snapshot]:
        """The metrics of each worker, and in one the counters of those that have gone.

        A worker that does not answer is told of as it was when it answered last, unless it serves nobody.
        """
        # Those that end while the others are asked are still among the workers here, and not yet among the gone.
        found = [] if self._gone is None else [self._gone]
        workers = await self._ask()
        return found + [worker.told for worker in workers if worker.told is not None]

    def figures(self, pid: int) -> dict[str, float]:
        """What one worker has told last: `requests`, `cpu` seconds, `memory` in bytes, and when it was `started`."""
        told = next((worker.told for worker in self._workers if worker.pid == pid), None)
        if told is None:
            return {}
        values = {name: told.value(family) for name, family in _FIGURES.items()}
        return {name: value for name, value in values.items() if value is not None}

    async def statistics(self) -> list[Mapping[str, Any]]:
        """The counters of each worker that answers, and in one those of the workers that have gone.

        Of a worker that does not answer, and of those that have gone, what only grows is told, as they told it last.
        """
        found = [self._counted]
        for worker, answered in (await self._ask()).items():
            found.append(dict(worker.counted) if answered else _kept(worker.counted))
        return [counted for counted in found if counted]

    async def _ask(self) -> dict[WorkerProcess, bool]:
        """Have all workers tell what they have counted: those that were there then, and whether they have answered."""
        workers = dict.fromkeys(self._workers, False)
        asked = [worker for worker in workers if worker.answers]
        told = await DeferredList([worker.ask_snapshot() for worker in asked], consumeErrors=True)
        return workers | {worker: ok for worker, (ok, _) in zip(asked, told, strict=True)}
