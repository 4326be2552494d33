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

from davd.daemon.workers import WorkerProcess
from davd.observe.snapshot import Snapshot, merge

_FIGURES: Final[Mapping[str, str]] = {
    "requests": "davd_requests",
    "cpu": "process_cpu_seconds",
    "memory": "process_resident_memory_bytes",
    "started": "process_start_time_seconds",
}


class Tally:
    """Adds up the metrics of `workers`, a list that others change, and of those that were handed to `gone`."""

    def __init__(self, workers: Sequence[WorkerProcess]) -> None:
        self._workers = workers
        self._gone: Snapshot | None = None

    def gone(self, worker: WorkerProcess) -> None:
        """Keep what a worker that has ended had counted."""
        last = worker.told
        if last is not None:
            kept = Snapshot(last.at, [family for family in last.families if family.type != "gauge"])
            self._gone = kept if self._gone is None else merge([self._gone, kept])

    async def snapshots(self) -> list[Snapshot]:
        """The metrics of each worker, and in one the counters of those that have gone.

        A worker that does not answer is told of as it was when it answered last, unless it serves nobody.
        """
        # Those that end while the others are asked are still among the workers here, and not yet among the gone.
        found = [] if self._gone is None else [self._gone]
        workers = list(self._workers)
        await DeferredList([worker.ask_snapshot() for worker in workers if worker.answers], consumeErrors=True)
        return found + [worker.told for worker in workers if worker.told is not None]

    def figures(self, pid: int) -> dict[str, float]:
        """What one worker has told last: `requests`, `cpu` seconds, `memory` in bytes, and when it was `started`."""
        told = next((worker.told for worker in self._workers if worker.pid == pid), None)
        if told is None:
            return {}
        values = {name: told.value(family) for name, family in _FIGURES.items()}
        return {name: value for name, value in values.items() if value is not None}

    async def statistics(self) -> list[Mapping[str, Any]]:
        """The counters of each worker that answers."""
        asked = [worker.ask_snapshot() for worker in self._workers if worker.answers]
        return [message["statistics"] for ok, message in await DeferredList(asked, consumeErrors=True) if ok]
