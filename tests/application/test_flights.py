"""Identical requests that are under way together.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from davd.application.flights import Flights


class TestFlights(SynchronousTestCase):
    """Verifies: docs/architecture.md, Admission"""

    def test_nobody_waits_for_what_is_not_under_way(self) -> None:
        flights = Flights()
        self.assertIsNone(flights.join("a"))
        flights.begin("a")
        self.assertIsNone(flights.join("b"))

    def test_all_who_joined_go_on_at_the_end(self) -> None:
        flights = Flights()
        flights.begin("a")
        waiting = [self._join(flights, "a") for _ in range(3)]
        for landing in waiting:
            self.assertNoResult(landing)
        flights.end("a")
        for landing in waiting:
            self.successResultOf(landing)
        self.assertEqual(flights.joined, 3)
        self.assertIsNone(flights.join("a"))

    def test_who_went_away_is_not_woken(self) -> None:
        flights = Flights()
        flights.begin("a")
        gone, stays = self._join(flights, "a"), self._join(flights, "a")
        gone.cancel()
        self.failureResultOf(gone, CancelledError)
        flights.end("a")
        self.successResultOf(stays)

    def _join(self, flights: Flights, key: str) -> Deferred[None]:
        landing = flights.join(key)
        assert landing is not None
        return landing
