"""Waiting for a thread, to its end.

Verifies: docs/architecture.md, Data
"""

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from davd.stores.threads import finished, run_here
from davd.testing.store_machine import drive


class TestFinished(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data"""

    def wait(self, running: Deferred[int]) -> Deferred[int]:
        return Deferred.fromCoroutine(finished(running))

    def test_a_call_run_here_never_suspends(self) -> None:
        self.assertEqual(drive(finished(run_here(lambda: 7))), 7)
        with self.assertRaises(ZeroDivisionError):
            drive(finished(run_here(lambda: 1 // 0)))

    def test_the_result_is_passed_on(self) -> None:
        running: Deferred[int] = Deferred()
        waiting = self.wait(running)
        self.assertNoResult(waiting)
        running.callback(7)
        self.assertEqual(self.successResultOf(waiting), 7)

    def test_the_failure_is_passed_on(self) -> None:
        running: Deferred[int] = Deferred()
        waiting = self.wait(running)
        running.errback(KeyError("x"))
        self.failureResultOf(waiting, KeyError)

    def test_who_gives_up_still_waits_for_the_end(self) -> None:
        running: Deferred[int] = Deferred()
        waiting = self.wait(running)
        waiting.cancel()
        waiting.cancel()
        self.assertNoResult(waiting)
        self.assertFalse(running.called)
        running.callback(7)
        self.failureResultOf(waiting, CancelledError)
