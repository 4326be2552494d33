"""The longest stall of the reactor, by a clock that is turned by hand.

Verifies: docs/architecture.md, Overload
"""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.observe.stall import BOUNDS, EVERY_SECONDS, IDLE_SECONDS, StallMeter


class StallMeterTests(SynchronousTestCase):
    """Verifies: docs/architecture.md, Overload."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.meter = StallMeter(self.clock, itertools.count().__next__)
        self.meter.start()

    def idle(self, seconds: float) -> None:
        """Let time pass in which every call comes when it is due."""
        self.clock.pump([EVERY_SECONDS] * round(seconds / EVERY_SECONDS))

    def test_an_idle_reactor_has_no_stalls(self) -> None:
        self.idle(2)
        self.assertAlmostEqual(self.meter.longest, 0.0)
        self.assertAlmostEqual(self.meter.recent, 0.0)
        self.assertEqual(self.meter.histogram()[0], (BOUNDS[0], 200))

    def test_a_stall_is_seen_from_the_moment_a_call_was_due(self) -> None:
        self.idle(1)
        self.clock.advance(EVERY_SECONDS + 0.3)
        self.assertAlmostEqual(self.meter.longest, 0.3)
        self.idle(1)
        self.clock.advance(EVERY_SECONDS + 0.03)
        self.assertAlmostEqual(self.meter.longest, 0.3)
        self.assertAlmostEqual(self.meter.total, 0.33)

    def test_the_recent_one_is_forgotten_after_a_minute_and_the_longest_is_not(self) -> None:
        self.clock.advance(EVERY_SECONDS + 0.4)
        self.idle(30)
        self.clock.advance(EVERY_SECONDS + 0.1)
        self.assertAlmostEqual(self.meter.recent, 0.4)
        self.idle(31)
        self.assertAlmostEqual(self.meter.recent, 0.1)
        self.idle(40)
        self.assertAlmostEqual(self.meter.recent, 0.0)
        self.assertAlmostEqual(self.meter.longest, 0.4)

    def test_a_stall_of_minutes_is_recent_when_it_ends(self) -> None:
        self.clock.advance(300)
        self.assertAlmostEqual(self.meter.recent, 300 - EVERY_SECONDS)
        self.idle(50)
        self.assertAlmostEqual(self.meter.recent, 300 - EVERY_SECONDS)
        self.idle(20)
        self.assertAlmostEqual(self.meter.recent, 0.0)

    def test_without_work_it_looks_seldom(self) -> None:
        done = 0
        meter = StallMeter(self.clock, lambda: done)
        meter.start()
        self.clock.advance(EVERY_SECONDS)
        self.clock.advance(IDLE_SECONDS)
        self.assertEqual(meter.statistics()["looks"], 2)
        done = 1
        self.clock.advance(IDLE_SECONDS)
        self.clock.advance(EVERY_SECONDS + 0.2)
        self.assertEqual(meter.statistics()["looks"], 4)
        self.assertAlmostEqual(meter.longest, 0.2)

    def test_after_its_end_nothing_is_left_to_be_called(self) -> None:
        self.meter.stop()
        self.meter.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])


@given(st.lists(st.floats(0, 5), max_size=60))
def test_the_histogram_counts_every_call_once(stalls: list[float]) -> None:
    clock = Clock()
    meter = StallMeter(clock, itertools.count().__next__)
    meter.start()
    for stall in stalls:
        clock.advance(EVERY_SECONDS + stall)
    counted = dict(meter.histogram())
    assert counted[math.inf] == len(stalls) == meter.statistics()["looks"]
    for bound in BOUNDS:
        # The clock adds up; what is next to a bound may fall on either side of it.
        assert sum(stall < bound - 1e-6 for stall in stalls) <= counted[bound]
        assert counted[bound] <= sum(stall < bound + 1e-6 for stall in stalls)
    assert abs(meter.longest - max([stall for stall in stalls if stall > BOUNDS[0]], default=0.0)) < 1e-6
