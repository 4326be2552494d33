"""Calls and their deadlines, by a clock that the test sets.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.caches.calls import Call, Deadlines


class DeadlinesTests(SynchronousTestCase):
    """Verifies: docs/architecture.md, Caches"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.expired: list[Call] = []
        self.deadlines = Deadlines(self.clock, 1.0, self.expire)

    def expire(self, call: Call) -> None:
        self.expired.append(call)
        call.end(None)

    def pass_by(self, seconds: float) -> None:
        """Time passes, and the reactor has its next turn."""
        self.clock.advance(seconds)
        self.clock.advance(0)

    def test_each_at_its_time(self) -> None:
        calls = []
        for _ in range(3):
            calls.append(self.deadlines.add(Deferred()))
            self.pass_by(0.25)
        self.assertEqual(self.expired, [])
        for place in range(3):
            self.pass_by(0.25)
            self.assertEqual(self.expired, calls[: place + 1])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answered_in_time(self) -> None:
        answer: Deferred[bytes | None] = Deferred()
        call = self.deadlines.add(answer)
        call.end(b"value")
        self.pass_by(2.0)
        self.assertEqual(self.successResultOf(answer), b"value")
        self.assertEqual((self.expired, self.clock.getDelayedCalls()), ([], []))

    def test_an_answer_that_came_while_the_process_was_late(self) -> None:
        """After a stall there is one turn more, in which the answer is read, before anything is given up."""
        call = self.deadlines.add(Deferred())
        self.clock.callLater(60.0, call.end, b"value")
        self.clock.advance(60.0)
        self.assertEqual(self.expired, [])

    def test_one_timer_for_all(self) -> None:
        for _ in range(50):
            self.deadlines.add(Deferred())
            self.clock.advance(0.01)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_a_new_call_made_by_one_that_expires(self) -> None:
        """It has its whole time."""
        self.deadlines = Deadlines(self.clock, 1.0, lambda call: self.again(call))
        self.deadlines.add(Deferred())
        self.pass_by(1.0)
        self.assertEqual(len(self.expired), 1)
        self.pass_by(0.9)
        self.assertEqual(len(self.expired), 1)
        self.pass_by(0.1)
        self.assertEqual(len(self.expired), 2)

    def again(self, call: Call) -> None:
        self.expire(call)
        self.deadlines.add(Deferred())

    def test_who_has_gone(self) -> None:
        """An answer for someone who no longer waits goes nowhere."""
        answer: Deferred[bytes | None] = Deferred()
        call = self.deadlines.add(answer)
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        call.end(b"late")
        self.pass_by(1.0)
        self.assertEqual(self.expired, [])

    def test_the_end(self) -> None:
        """All that wait have nothing, and no timer is left."""
        answers: list[Deferred[bytes | None]] = [Deferred() for _ in range(3)]
        for answer in answers:
            self.deadlines.add(answer)
        self.deadlines.stop()
        self.assertEqual([self.successResultOf(answer) for answer in answers], [None] * 3)
        self.assertEqual(self.clock.getDelayedCalls(), [])
