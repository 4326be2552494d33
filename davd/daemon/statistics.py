"""What the running server counts, gathered for the admin plane."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

from davd.admission.admission import Admission
from davd.admission.sources import Source
from davd.application.application import Application
from davd.caches.memory import Memory
from davd.daemon.chores import chore_counts
from davd.daemon.reload import Reload
from davd.interfaces.cache import ICache
from davd.interfaces.store import IStore
from davd.model.priority import RequestPriority
from davd.net.site import Site
from davd.net.statistics import NetStatistics
from davd.observe import process
from davd.observe.chores import Chores
from davd.observe.stall import StallMeter
from davd.tree.statistics import Route

# What is told of a route.
ROUTE: Final = ("method", "area", "kind", "count", "errors", "seconds", "cpu", "bytes", "received")

# What is told of an account.
ACCOUNT: Final = ("name", "count", "cpu", "bytes", "received", "rows")

# How many of those that spend most are told of.
SPENDERS: Final = 50

_VERSION: Final = version("davd")

More = Callable[[], Mapping[str, Any]]


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counters of each part, alive; `memory` and `tiers` are those of the cache, `data` is the store's folder.

    `more` gives further parts by name: what the rest of the daemon knows. `reloading` reads the settings again.
    """

    site: Site
    admission: Admission
    application: Application
    store: IStore
    memory: Memory[Any]
    tiers: ICache
    stall: StallMeter
    chores: Chores | None = None
    data: str = ""
    more: More = field(default=_nothing)
    reloading: Reload | None = None

    def collect(self) -> Mapping[str, Any]:
        """All of them at this moment, by part, as numbers and texts."""
        admission = self.admission
        return {
            **self._parts(admission.sources.all()),
            "consumers": admission.rates.spenders(SPENDERS),
            "statuses": {str(status): count for status, count in admission.routes.statuses().items()},
            "routes": [{name: getattr(route, name) for name in ROUTE} for route in admission.routes.rows()],
            "spending": [{name: getattr(row, name) for name in ACCOUNT} for row in admission.spending.told(SPENDERS)],
        }

    def counted(self) -> Mapping[str, Any]:
        """What the metrics are made of: no names of clients, and nothing whose number grows with theirs."""
        stats = self.admission.pool.stats
        histograms = {
            name: {
                priority.name.lower(): {"counts": found[priority].counts, "seconds": found[priority].seconds}
                for priority in RequestPriority
            }
            for name, found in (("processing", stats.processing), ("queueing", stats.queueing))
        }
        return {
            **self._parts(()),
            "methods": self._methods(),
            "pool_histograms": histograms,
            "disk": self._disk(),
            "limits": {"connections": self.site.settings.max_connections},
            "build": {_VERSION: 1},
            **self.more(),
        }

    def _parts(self, sources: Iterable[Source]) -> dict[str, Any]:
        pool = self.admission.pool
        return {
            "connections": _wire(self.site.statistics),
            "pool": {**pool.statistics(sources), "queue_capacity": pool.config.max_queue_size},
            "rates": self.admission.rates.statistics(),
            "answers": self.application.statistics(),
            "store": self.store.statistics(),
            "caches": {"memory": self.memory.statistics(), "tiers": self.tiers.statistics()},
            "reactor": {**self.stall.statistics(), "histogram": self.stall.histogram()},
            "chores": {} if self.chores is None else chore_counts(self.chores),
            "process": {**process.statistics(), "number": 1},
            "configuration": {} if self.reloading is None else self.reloading.statistics(),
        }

    def _methods(self) -> list[dict[str, Any]]:
        sums: dict[str, list[float]] = {}
        rows: list[Route] = self.admission.routes.rows()
        for route in rows:
            total = sums.setdefault(route.method, [0.0, 0, 0, 0.0])
            total[0] += route.seconds
            total[1] += route.bytes
            total[2] += route.received
            total[3] += route.cpu
        found = []
        for counts in self.admission.routes.methods():
            seconds, sent, received, cpu = sums.get(counts.method, (0.0, 0, 0, 0.0))
            found.append(
                {
                    "method": counts.method,
                    "answers": [
                        (status, priority.name.lower(), count)
                        for (status, priority), count in counts.by_status().items()
                    ],
                    "durations": counts.durations,
                    "sizes": counts.sizes,
                    "seconds": seconds,
                    "bytes": sent,
                    "received": received,
                    "cpu": cpu,
                }
            )
        return found

    def _disk(self) -> dict[str, float]:
        if not self.data:
            return {}
        state = os.statvfs(self.data)
        return {"free": state.f_bavail * state.f_frsize, "size": state.f_blocks * state.f_frsize}


def _wire(counters: NetStatistics) -> dict[str, Any]:
    plain = {name: getattr(counters, name) for name in counters.__slots__}
    return {**plain, "tls": {place: handshakes.told() for place, handshakes in counters.tls.items()}}
