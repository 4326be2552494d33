"""Coroutines that wait on Deferreds.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from davd.net.steps import Steps


class TestSteps(SynchronousTestCase):
    """Verifies: docs/architecture.md, One request."""

    def setUp(self) -> None:
        self.done: list[Any] = []
        self.failed: list[BaseException] = []

    def steps(self, coroutine: Any) -> Steps[Any]:
        return Steps(coroutine, self.done.append, self.failed.append)

    def test_without_waiting(self) -> None:
        async def work() -> int:
            return await succeed(1) + await succeed(2)

        self.steps(work()).start()
        self.assertEqual(self.done, [3])

    def test_waiting_again_and_again(self) -> None:
        waits: list[Deferred[int]] = [Deferred() for _ in range(3)]

        async def work() -> int:
            return sum([await wait for wait in waits])

        self.steps(work()).start()
        waits[1].callback(20)
        self.assertEqual(self.done, [])
        waits[0].callback(1)
        self.assertEqual(self.done, [])
        waits[2].callback(300)
        self.assertEqual(self.done, [321])

    def test_from_the_first_step_on(self) -> None:
        wait: Deferred[int] = Deferred()

        async def work() -> int:
            return await wait

        coroutine = work()
        self.steps(coroutine).wait(coroutine.send(None))
        wait.callback(7)
        self.assertEqual(self.done, [7])

    def test_a_failure_is_thrown_where_it_was_waited_for(self) -> None:
        waits: list[Deferred[int]] = [Deferred(), Deferred()]

        async def work() -> str:
            try:
                await waits[0]
            except KeyError:
                await waits[1]
            return "never"

        self.steps(work()).start()
        waits[0].errback(KeyError())
        waits[1].errback(ZeroDivisionError())
        self.assertEqual([type(error) for error in self.failed], [ZeroDivisionError])
        self.assertEqual(self.done, [])

    def test_many_ready_results_do_not_recurse(self) -> None:
        async def work() -> int:
            total = 0
            for number in range(20_000):
                total += await succeed(number)
            return total

        self.steps(work()).start()
        self.assertEqual(self.done, [sum(range(20_000))])

    def test_a_paused_deferred_is_waited_for(self) -> None:
        inner: Deferred[int] = Deferred()
        outer: Deferred[int] = succeed(0)
        outer.addCallback(lambda _: inner)

        async def work() -> int:
            return await outer

        self.steps(work()).start()
        self.assertEqual(self.done, [])
        inner.callback(5)
        self.assertEqual(self.done, [5])

    def test_cancel_reaches_the_deferred_and_the_coroutine(self) -> None:
        cancelled: list[object] = []
        wait: Deferred[int] = Deferred(cancelled.append)
        seen: list[str] = []

        async def work() -> None:
            try:
                await wait
            except CancelledError:
                seen.append("cancelled")
                raise

        steps = self.steps(work())
        steps.start()
        steps.cancel()
        steps.cancel()
        self.assertEqual((len(cancelled), seen), (1, ["cancelled"]))
        self.assertIsInstance(self.failed[0], CancelledError)

    def test_to_wait_on_anything_else_is_an_error(self) -> None:
        class Other:
            def __await__(self) -> Any:
                yield self

        async def work() -> None:
            await Other()

        self.steps(work()).start()
        self.assertIsInstance(self.failed[0], TypeError)
