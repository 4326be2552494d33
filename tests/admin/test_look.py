"""What the dashboard sees, and what has cost something of late.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from davd.admin.look import LATE_SECONDS, Look, Watch
from davd.admin.plane import Plane
from davd.observe.snapshot import Snapshot
from davd.tree.spending import OTHERS


class TestLately(SynchronousTestCase):
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def setUp(self) -> None:
        self.now = 1000.0
        self.cpu = {"noor": 5.0}
        self.watch = Watch(Plane(self._ready, self._counted, self._snapshot))

    async def _ready(self) -> Mapping[str, bool]:
        return {}

    async def _snapshot(self) -> Snapshot:
        return Snapshot(self.now, [])

    def _counted(self) -> Mapping[str, Any]:
        routes = [{"method": "GET", "area": "files", "kind": "", "cpu": 2 * self.cpu["noor"]}]
        return {"routes": routes, "spending": [{"name": name, "cpu": cpu} for name, cpu in self.cpu.items()]}

    def _look(self, passed: float, **cpu: float) -> Look:
        self.now += passed
        self.cpu.update(cpu)
        return self.successResultOf(Deferred.fromCoroutine(self.watch.look()))

    def _lately(self, look: Look) -> dict[str, float | None]:
        return {row["name"]: look.lately("spending", row) for row in look.counted["spending"]}

    def test_the_first_look_knows_of_nothing(self) -> None:
        assert self._lately(self._look(0)) == {"noor": None}

    def test_it_is_what_was_spent_since_a_minute_ago(self) -> None:
        self._look(0)
        look = self._look(10, noor=6.0)
        assert self._lately(look) == {"noor": 0.1}
        assert look.lately("routes", look.counted["routes"][0]) == 0.2
        for _ in range(20):
            look = self._look(LATE_SECONDS / 10)
        assert self._lately(look) == {"noor": 0.0}
        look = self._look(LATE_SECONDS / 10, noor=12.0)
        assert self._lately(look)["noor"] == 6.0 / LATE_SECONDS

    def test_of_who_was_not_told_of_then_it_is_not_known(self) -> None:
        """Only those that cost most are told of: who comes among them has spent the most of it before."""
        self._look(0)
        look = self._look(10, mira=7.0)
        assert self._lately(look) == {"noor": 0.0, "mira": None}
        look = self._look(LATE_SECONDS, mira=8.0)
        look = self._look(LATE_SECONDS, mira=14.0)
        assert self._lately(look)["mira"] == 6.0 / LATE_SECONDS

    def test_of_the_others_it_is_never_known(self) -> None:
        """They are not the same ones all the while, and whoever joins them brings along what was spent before."""
        self._look(0, **{OTHERS: 1.0})
        assert self._lately(self._look(10, **{OTHERS: 500.0})) == {"noor": 0.0, OTHERS: None}

    def test_what_was_long_ago_is_not_of_late(self) -> None:
        self._look(0)
        look = self._look(3 * LATE_SECONDS, noor=50.0)
        assert self._lately(look) == {"noor": None}

    def test_a_process_that_was_started_anew_has_spent_nothing(self) -> None:
        self._look(0)
        assert self._lately(self._look(10, noor=1.0)) == {"noor": 0.0}
