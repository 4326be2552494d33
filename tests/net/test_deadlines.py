"""The wheel of deadlines.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.net.deadlines import Deadline, Wheel


class TestWheel(SynchronousTestCase):
    """Verifies: docs/architecture.md, One request."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.wheel = Wheel(self.clock)  # type: ignore[arg-type]
        self.struck: list[float] = []

    def deadline(self) -> Deadline:
        return Deadline(self.wheel, lambda: self.struck.append(self.clock.seconds()))

    def pump(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds * 4))

    def test_strikes_once_and_not_early(self) -> None:
        self.deadline().set(10)
        self.pump(10)
        self.assertEqual(self.struck, [])
        self.pump(30)
        self.assertEqual(self.struck, [11.0])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_moved_later_by_assignment(self) -> None:
        deadline = self.deadline()
        deadline.set(10)
        self.pump(5)
        deadline.due = self.wheel.now + 20
        self.pump(15)
        self.assertEqual(self.struck, [])
        self.assertEqual(deadline.left(), 5)
        self.pump(7)
        self.assertEqual(self.struck, [26.0])

    def test_moved_earlier_by_set(self) -> None:
        deadline = self.deadline()
        deadline.set(100)
        deadline.set(2)
        self.pump(4)
        self.assertEqual(self.struck, [3.0])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cleared_and_set_again(self) -> None:
        deadline = self.deadline()
        deadline.set(2)
        deadline.clear()
        self.assertEqual(deadline.left(), inf)
        self.pump(10)
        self.assertEqual(self.struck, [])
        deadline.set(1)
        self.pump(3)
        self.assertEqual(len(self.struck), 1)

    def test_ended_for_good(self) -> None:
        deadline = self.deadline()
        deadline.set(2)
        deadline.end()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.pump(5)
        deadline.end()
        self.assertEqual(self.struck, [])

    def test_one_may_end_the_others_of_its_tick(self) -> None:
        others = [self.deadline() for _ in range(20)]
        enders = [Deadline(self.wheel, lambda: [other.end() for other in others] and None) for _ in range(20)]
        for deadline in (*others, *enders):
            deadline.set(3)
        self.pump(10)
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_that_fails_does_not_stop_the_wheel(self) -> None:
        def fail() -> None:
            raise RuntimeError

        Deadline(self.wheel, fail).set(1)
        self.deadline().set(3)
        self.pump(6)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(self.struck, [4.0])

    def test_a_long_stall_is_made_up_for(self) -> None:
        for seconds in (5, 50, 500):
            self.deadline().set(seconds)
        self.clock.advance(100_000)
        self.assertEqual(len(self.struck), 3)

    def test_a_wheel_that_stood_still_starts_again(self) -> None:
        self.deadline().set(1)
        self.pump(10)
        self.clock.advance(1000)
        self.deadline().set(5)
        self.pump(5)
        self.assertEqual(len(self.struck), 1)
        self.pump(2)
        self.assertEqual(len(self.struck), 2)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["set", "clear", "end", "wait"]), st.floats(0, 40))))
def test_every_deadline_strikes_within_a_tick_of_its_time(steps: list[tuple[int, str, float]]) -> None:
    clock = Clock()
    wheel = Wheel(clock)  # type: ignore[arg-type]
    expected = [inf] * 10
    ended = [False] * 10

    def strike(index: int) -> None:
        assert not ended[index]
        assert expected[index] <= clock.seconds() <= expected[index] + 1.25
        expected[index] = inf

    deadlines = [Deadline(wheel, lambda index=index: strike(index)) for index in range(10)]  # type: ignore[misc]
    for index, step, seconds in steps:
        if step == "wait":
            clock.pump([0.25] * int(seconds * 4))
        elif ended[index]:
            continue
        elif step == "set":
            deadlines[index].set(seconds)
            expected[index] = clock.seconds() + seconds
        elif step == "clear":
            deadlines[index].clear()
            expected[index] = inf
        else:
            deadlines[index].end()
            expected[index], ended[index] = inf, True
        assert all(due > clock.seconds() - 1.25 for due in expected)
    clock.pump([0.25] * 200)
    assert all(due == inf for due in expected)
    assert clock.getDelayedCalls() == []
