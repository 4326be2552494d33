"""Chores are done when they are due, one after the other of a kind, and end with the server.

Verifies: docs/operate/monitoring.md, Chores
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.observe.chores import PACE_SECONDS, Chore, ChoreReport, Chores

START = 1_700_000_000.0


class ChoresTests(SynchronousTestCase):
    """Verifies: docs/operate/monitoring.md, Chores"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.chores = Chores(self.clock, lambda: START + self.clock.seconds())
        self.done: list[float] = []

    def _add(self, work: Callable[[], Any] | None = None, every: float = 100.0, first: float | None = None) -> None:
        async def note() -> int:
            self.done.append(self.clock.seconds())
            return len(self.done)

        self.chores.add(Chore("chore", every, work or note, first))

    def _report(self) -> ChoreReport:
        (report,) = self.chores.report()
        return report

    def test_each_interval_and_the_report(self) -> None:
        self._add()
        self.assertEqual((self._report().outcome, self._report().next_run), ("never", None))
        self.chores.start()
        self.assertEqual(self._report().next_run, START + 100)
        self.clock.pump([50.0] * 5)
        self.assertEqual(self.done, [100.0, 200.0])
        report = self._report()
        self.assertEqual(
            (report.name, report.last_run, report.duration, report.outcome, report.next_run),
            ("chore", START + 200, 0.0, "done", START + 300),
        )
        self.assertEqual((report.result, report.runs, report.failures, report.running), ("2", 2, 0, False))
        self.successResultOf(Deferred.fromCoroutine(self.chores.stop()))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertIsNone(self._report().next_run)

    def test_a_first_run_of_its_own(self) -> None:
        self._add(first=1.0)
        self.chores.start()
        self.clock.pump([1.0, 99.0, 1.0])
        self.assertEqual(self.done, [1.0, 101.0])

    def test_one_that_comes_later_counts_from_then_on(self) -> None:
        self.chores.start()
        self.clock.advance(10)
        self._add()
        self.clock.advance(100)
        self.assertEqual(self.done, [110.0])
        self.assertRaises(ValueError, self._add)

    def test_a_failure_is_told_and_the_next_run_comes(self) -> None:
        outcomes = [OSError("no disk"), None]

        async def work() -> None:
            self.done.append(self.clock.seconds())
            error = outcomes.pop(0)
            if error is not None:
                raise error

        self._add(work)
        self.chores.start()
        self.clock.advance(100)
        self.assertEqual((self._report().outcome, self._report().failures), ("no disk", 1))
        self.clock.advance(100)
        self.assertEqual((self._report().outcome, self._report().failures, self.done), ("done", 1, [100.0, 200.0]))

    def test_a_long_one_is_not_done_twice_at_once_and_is_waited_for(self) -> None:
        waits: list[Deferred[str]] = []

        async def work() -> str:
            waits.append(Deferred())
            return await waits[-1]

        self._add(work)
        self.chores.start()
        self.clock.advance(100)
        asked = Deferred.fromCoroutine(self.chores.run("chore"))
        self.clock.advance(500)
        self.assertEqual((len(waits), self._report().running), (1, True))
        stopped = Deferred.fromCoroutine(self.chores.stop())
        self.assertNoResult(stopped)
        waits[0].callback("much")
        self.successResultOf(stopped)
        report = self.successResultOf(asked)
        self.assertEqual((report.result, report.duration, report.next_run), ("much", 500.0, None))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_asked_for_it_is_done_at_once_and_due_an_interval_later(self) -> None:
        self._add()
        self.chores.start()
        self.clock.advance(40)
        self.successResultOf(Deferred.fromCoroutine(self.chores.run("chore")))
        self.clock.pump([60.0, 40.0])
        self.assertEqual(self.done, [40.0, 140.0])
        self.failureResultOf(Deferred.fromCoroutine(self.chores.run("none")), KeyError)

    def test_one_that_paces_ends_where_it_stands(self) -> None:
        async def work() -> None:
            while True:
                self.done.append(self.clock.seconds())
                await self.chores.pace()

        self._add(work)
        self.chores.start()
        self.clock.pump([100.0, PACE_SECONDS, PACE_SECONDS])
        self.assertEqual(len(self.done), 3)
        stopped = Deferred.fromCoroutine(self.chores.stop())
        self.clock.advance(PACE_SECONDS)
        self.successResultOf(stopped)
        self.assertEqual((self._report().outcome, len(self.done)), ("stopped", 3))
        self.successResultOf(Deferred.fromCoroutine(self.chores.run("chore")))
        self.assertEqual(len(self.done), 3)
