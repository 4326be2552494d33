"""Deadlines, and requests that are given up at any point of their way.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred

from davd.admission.place import Place
from davd.model.errors import HTTPError
from tests.admission.rig import HIGH, LOW, Outcome, Rig


async def _wait(place: Place, waiting: Deferred[object]) -> object:
    return await waiting


class TestDeadline:
    """Counted from arrival, queued or running."""

    def test_queued(self) -> None:
        rig = Rig(max_concurrent_requests=1, request_timeout=30.0)
        arrival = rig.arrival()
        rig.clock.advance(20)
        rig.ask(_wait, Deferred())
        rig.ask(rig.note, "later")
        asked = Outcome(rig.pool.process(arrival, rig.note, "queued"))
        rig.clock.advance(9.9)
        assert not asked.done
        rig.clock.advance(0.1)
        assert asked.status == 503
        assert int(asked.error.headers["Retry-After"]) == 10  # type: ignore[attr-defined]
        assert (rig.stats.timeout_requests, rig.stats.current_queue_size, rig.log) == (1, 1, [])
        assert rig.balance() == 0

    def test_running(self) -> None:
        rig = Rig(request_timeout=30.0)
        cancelled: list[object] = []
        undone: list[bool] = []

        async def work(place: Place) -> None:
            try:
                await Deferred(cancelled.append)
            finally:
                undone.append(place.late)

        asked = rig.ask(work)
        rig.clock.advance(29.9)
        assert not asked.done
        rig.clock.advance(0.1)
        assert asked.status == 504
        assert (len(cancelled), undone) == (1, [True])
        assert rig.stats.timeout_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_time_in_the_queue_counts(self) -> None:
        rig = Rig(max_concurrent_requests=1, request_timeout=30.0)
        first: Deferred[object] = Deferred()
        rig.ask(_wait, first)
        asked = rig.ask(_wait, Deferred())
        rig.clock.advance(20)
        first.callback(None)
        rig.turn()
        rig.clock.advance(9.9)
        assert not asked.done
        rig.clock.advance(0.2)
        assert asked.status == 504

    def test_what_commits_is_awaited(self) -> None:
        rig = Rig(request_timeout=30.0)
        for outcome in ("done", HTTPError(507)):
            commit: Deferred[object] = Deferred()

            async def work(place: Place, commit: Deferred[object] = commit) -> object:
                place.committing = True
                result = await commit
                assert place.late
                return result

            asked = rig.ask(work)
            rig.clock.advance(100)
            assert not asked.done
            if isinstance(outcome, HTTPError):
                commit.errback(outcome)
                assert asked.error is outcome
            else:
                commit.callback(outcome)
                assert asked.result == outcome
        assert (rig.stats.completed_requests, rig.stats.failed_requests, rig.stats.timeout_requests) == (1, 1, 0)
        assert rig.balance() == rig.held() == 0

    def test_work_that_ends_well_all_the_same_has_its_result(self) -> None:
        rig = Rig(request_timeout=30.0)

        async def work(place: Place) -> str:
            try:
                await Deferred()
            except CancelledError:
                return "what there is"
            return "never"

        asked = rig.ask(work)
        rig.clock.advance(31)
        assert asked.result == "what there is"
        assert rig.balance() == rig.held() == 0

    def test_work_that_undoes_slowly_keeps_its_token(self) -> None:
        rig = Rig(request_timeout=30.0)
        undone: Deferred[object] = Deferred()

        async def work(place: Place) -> None:
            try:
                await Deferred()
            finally:
                await undone

        asked = rig.ask(work)
        rig.clock.advance(31)
        assert not asked.done
        assert rig.held() == 1
        undone.callback(None)
        assert asked.status == 504
        assert rig.held() == 0

    def test_one_call_for_all(self) -> None:
        rig = Rig(max_concurrent_requests=500)
        for _ in range(1000):
            rig.ask(_wait, Deferred())
            rig.clock.advance(0.001)
        # One for the deadlines, and one that looks at the tokens.
        assert len(rig.clock.getDelayedCalls()) <= 2


class TestSteps:
    """The work's further steps."""

    def test_results_and_failures_reach_the_work(self) -> None:
        rig = Rig()
        waits: list[Deferred[object]] = [Deferred(), Deferred(), Deferred()]

        async def work(place: Place) -> list[object]:
            seen: list[object] = [await waits[0]]
            try:
                await waits[1]
            except KeyError as error:
                seen.append(type(error))
            seen.append(await waits[2])
            return seen

        asked = rig.ask(work)
        waits[2].callback(3)
        waits[0].callback(1)
        waits[1].errback(KeyError())
        assert asked.result == [1, KeyError, 3]

    def test_the_longest_step_and_the_seconds(self) -> None:
        rig = Rig()
        waits: list[Deferred[object]] = [Deferred(), Deferred()]

        async def work(place: Place) -> float:
            rig.clock.burn(0.25)
            await waits[0]
            rig.clock.burn(0.5)
            await waits[1]
            rig.clock.burn(0.125)
            return place.seconds

        asked = rig.ask(work)
        rig.clock.burn(10)
        waits[0].callback(None)
        waits[1].callback(None)
        assert asked.result == 0.875
        assert rig.stats.longest_step == 0.5

    def test_a_step_within_a_step_is_not_counted_twice(self) -> None:
        rig = Rig()

        async def inner(place: Place) -> float:
            await wait
            rig.clock.burn(1.0)
            return place.seconds

        async def outer(place: Place) -> float:
            rig.clock.burn(0.25)
            wait.callback(None)
            rig.clock.burn(0.25)
            return place.seconds

        async def later(place: Place) -> float:
            await begin
            return await outer(place)

        begin: Deferred[object] = Deferred()
        for work in (outer, later):
            wait: Deferred[object] = Deferred()
            first = rig.ask(inner)
            second = rig.ask(work)
            if work is later:
                begin.callback(None)
            assert (first.result, second.result) == (1.0, 0.5)
            assert rig.stats.longest_step == 1.0
        assert rig.pool.statistics([])["busy_seconds"] == 3.0

    def test_what_its_steps_took_is_told_when_it_has_ended(self) -> None:
        rig = Rig()
        places: list[Place] = []
        wait: Deferred[object] = Deferred()

        async def quick(place: Place) -> None:
            places.append(place)
            rig.clock.burn(0.25)

        async def refused(place: Place) -> None:
            await quick(place)
            raise HTTPError(404)

        async def waits(place: Place) -> None:
            await quick(place)
            await wait
            rig.clock.burn(0.5)

        rig.ask(quick)
        rig.ask(refused)
        rig.ask(waits)
        rig.clock.burn(7.0)
        wait.callback(None)
        # Time that goes by afterwards is nobody's.
        rig.clock.burn(3.0)
        assert [place.seconds for place in places] == [0.25, 0.25, 0.75]
        assert rig.pool.statistics([])["busy_seconds"] == 1.25


class TestGivenUp:
    """The client goes away."""

    def test_in_the_queue(self) -> None:
        rig = Rig(max_concurrent_requests=1)
        running: Deferred[object] = Deferred()
        rig.ask(_wait, running)
        asked = [rig.ask(rig.note, number) for number in range(3)]
        asked[1].deferred.cancel()
        assert isinstance(asked[1].error, CancelledError)
        assert (rig.stats.cancelled_requests, rig.stats.current_queue_size) == (1, 2)
        running.callback(None)
        rig.turn(2)
        assert rig.log == [0, 2]
        assert rig.balance() == rig.held() == 0

    def test_by_the_request_before_it(self) -> None:
        """One that goes while another is let in, by what that other does."""
        rig = Rig(max_concurrent_requests=1)
        running: Deferred[object] = Deferred()
        rig.ask(_wait, running)

        async def cancel(place: Place) -> None:
            asked.deferred.cancel()

        rig.ask(cancel)
        asked = rig.ask(rig.note, "never")
        running.callback(None)
        rig.turn(2)
        assert rig.log == []
        assert rig.balance() == rig.held() == 0

    @pytest.mark.parametrize("priority", [LOW, HIGH])
    def test_thrown_away_in_the_queue(self, priority: object) -> None:
        rig = Rig(max_concurrent_requests=1)
        rig.ask(_wait, Deferred())
        coroutine = rig.pool.process(rig.arrival(priority), rig.note, "never")  # type: ignore[arg-type]
        coroutine.send(None)
        coroutine.close()
        assert (rig.stats.cancelled_requests, rig.stats.current_queue_size) == (1, 0)
        assert rig.balance() == 0
