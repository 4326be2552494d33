"""What the running server counts, gathered for the admin plane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from davd.admission.admission import Admission
from davd.application.application import Application
from davd.caches.memory import Memory
from davd.interfaces.cache import ICache
from davd.interfaces.store import IStore
from davd.net.site import Site
from davd.observe.stall import StallMeter


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counters of each part, alive; `memory` and `tiers` are those of the cache."""

    site: Site
    admission: Admission
    application: Application
    store: IStore
    memory: Memory[Any]
    tiers: ICache
    stall: StallMeter

    def collect(self) -> Mapping[str, Any]:
        """All of them at this moment, by part, as numbers and texts."""
        admission = self.admission
        return {
            "connections": _plain(self.site.statistics),
            "statuses": {str(status): count for status, count in sorted(self.application.statuses.items())},
            "pool": admission.pool.statistics(admission.sources.all()),
            "rates": admission.rates.statistics(),
            "routes": [_plain(route) for route in admission.routes.rows()],
            "answers": self.application.statistics(),
            "store": self.store.statistics(),
            "caches": {"memory": self.memory.statistics(), "tiers": self.tiers.statistics()},
            "reactor": self.stall.statistics(),
        }


def _plain(counters: Any) -> dict[str, Any]:
    return {name: getattr(counters, name) for name in counters.__slots__}
