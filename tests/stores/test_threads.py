"""Waiting for a thread, to its end.

Verifies: docs/architecture.md, Data
"""

from threading import get_ident

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.trial.unittest import SynchronousTestCase, TestCase

from davd.stores.threads import OneThread, finished, run_here
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


class TestOneThread(TestCase):
    """Verifies: docs/architecture.md, Data"""

    async def test_calls_run_one_after_the_other_in_another_thread(self) -> None:
        thread = OneThread("davd-test", reactor.callFromThread)
        self.addCleanup(thread.stop)
        order: list[int] = []
        done = [thread(lambda number=number: order.append(number) or get_ident()) for number in range(50)]
        found = await gatherResults(done)
        self.assertEqual((order, len(set(found)), get_ident() in found), (list(range(50)), 1, False))

    async def test_a_call_that_raises_fails_and_the_next_is_run(self) -> None:
        thread = OneThread("davd-test", reactor.callFromThread)
        self.addCleanup(thread.stop)
        broken, whole = thread(lambda: 1 // 0), thread(lambda: 7)
        with self.assertRaises(ZeroDivisionError):
            await broken
        self.assertEqual(await whole, 7)

    def test_stopping_lets_what_was_asked_end(self) -> None:
        done: list[int] = []
        thread = OneThread("davd-test", lambda call, value: call(value))
        for number in range(5):
            thread(lambda number=number: done.append(number))
        thread.stop()
        self.assertEqual(done, [0, 1, 2, 3, 4])
