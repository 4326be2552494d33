"""Turns are taken in order, without deep stacks.

Verifies: docs/architecture.md, Data
"""

import sys

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from davd.stores.turns import Turns


class TestTurns(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data"""

    def setUp(self) -> None:
        self.turns = Turns()
        self.order: list[int] = []

    async def work(self, number: int, until: Deferred[None] | None = None) -> None:
        await self.turns.take()
        self.order.append(number)
        if until is not None:
            await until
        self.turns.give()

    def test_who_comes_first_is_served_first(self) -> None:
        gate: Deferred[None] = Deferred()
        working = [Deferred.fromCoroutine(self.work(0, gate))]
        working += [Deferred.fromCoroutine(self.work(number)) for number in range(1, 5)]
        self.assertEqual((self.order, len(self.turns)), ([0], 4))
        gate.callback(None)
        self.assertEqual((self.order, len(self.turns), self.turns.held), ([0, 1, 2, 3, 4], 0, False))
        for each in working:
            self.successResultOf(each)

    def test_a_long_queue_does_not_deepen_the_stack(self) -> None:
        gate: Deferred[None] = Deferred()
        Deferred.fromCoroutine(self.work(0, gate))
        last = [Deferred.fromCoroutine(self.work(number)) for number in range(sys.getrecursionlimit() * 3)][-1]
        gate.callback(None)
        self.successResultOf(last)

    def test_who_gives_up_is_passed_over(self) -> None:
        gate: Deferred[None] = Deferred()
        Deferred.fromCoroutine(self.work(0, gate))
        second, third = (Deferred.fromCoroutine(self.work(number)) for number in (1, 2))
        second.cancel()
        self.failureResultOf(second, CancelledError)
        gate.callback(None)
        self.successResultOf(third)
        self.assertEqual(self.order, [0, 2])
