"""What work can ask of its place: turns, a lower class, waiting for the client, a stream.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator

import pytest
from twisted.internet.defer import CancelledError, Deferred

from davd.admission.place import Place
from davd.model.errors import HTTPError
from davd.model.priority import RequestPriority
from tests.admission.rig import HIGH, LOW, NORMAL, Outcome, Rig


class TestPace:
    """Large work between its steps."""

    def test_while_the_turn_has_time_left_it_goes_on(self) -> None:
        rig = Rig(slice_ms=10.0)

        async def work(place: Place) -> None:
            for _ in range(9):
                rig.clock.burn(0.001)
                await place.pace()

        assert rig.ask(work, priority=LOW).done
        assert rig.clock.getDelayedCalls() == []

    def test_no_step_takes_much_longer_than_a_slice(self) -> None:
        rig = Rig(slice_ms=10.0)

        async def work(place: Place) -> float:
            for _ in range(1000):
                rig.clock.burn(0.001)
                await place.pace()
            return place.seconds

        asked = rig.ask(work, priority=LOW)
        rig.turn(200)
        assert asked.result == pytest.approx(1.0)
        assert rig.stats.longest_step <= 0.012

    def test_those_that_pace_go_by_class_and_then_by_coming(self) -> None:
        rig = Rig(slice_ms=10.0, max_concurrent_requests=100)

        async def work(place: Place, name: str) -> None:
            await place.pace()
            rig.log.append(name)

        rig.exhaust()
        rig.ask(work, "high", priority=HIGH)
        rig.ask(work, "low 1", priority=LOW)
        rig.ask(work, "normal", priority=NORMAL)
        rig.ask(work, "low 2", priority=LOW)
        assert rig.log == []
        rig.turn()
        assert rig.log == ["high", "normal", "low 1", "low 2"]
        assert rig.balance() == rig.held() == 0

    def test_large_work_does_not_hold_up_a_single_resource(self) -> None:
        rig = Rig(slice_ms=10.0)

        async def large(place: Place) -> None:
            for _ in range(100):
                rig.clock.burn(0.005)
                await place.pace()

        asked = [rig.ask(large, priority=LOW) for _ in range(3)]
        for number in range(5):
            rig.turn()
            assert rig.ask(rig.note, number, priority=HIGH).done
        assert not any(outcome.done for outcome in asked)

    def test_it_needs_no_token(self) -> None:
        """One that has the last token goes on while others wait for it."""
        rig = Rig(max_concurrent_requests=1)

        async def work(place: Place) -> None:
            for number in range(3):
                rig.exhaust_from(place)
                await place.pace()
                rig.log.append(number)

        rig.exhaust_from = lambda place: rig.clock.burn(0.01)  # type: ignore[attr-defined]
        rig.ask(work, priority=LOW)
        rig.ask(rig.note, "waits", priority=HIGH)
        rig.turn(6)
        assert rig.log == [0, 1, 2, "waits"]
        assert rig.held() == 0

    def test_cancelled_while_it_waits_for_its_turn(self) -> None:
        rig = Rig()

        async def work(place: Place) -> None:
            rig.clock.burn(0.01)
            await place.pace()

        asked = rig.ask(work, priority=LOW)
        asked.deferred.cancel()
        assert isinstance(asked.error, CancelledError)
        rig.turn(2)
        assert rig.balance() == rig.held() == 0
        assert rig.ask(rig.note, "next", priority=LOW).done


class TestDemote:
    """Work that turns out to be of a lower class."""

    async def _work(self, place: Place, rig: Rig, name: str, priority: RequestPriority) -> None:
        await place.demote(priority)
        rig.log.append((name, place.priority))

    def test_with_nobody_waiting_it_goes_on(self) -> None:
        rig = Rig()
        assert rig.ask(self._work, rig, "work", LOW, priority=NORMAL).done
        assert rig.log == [("work", LOW)]
        assert rig.stats.processing[LOW].number() == 1
        assert rig.held() == 0

    def test_never_up(self) -> None:
        rig = Rig()
        rig.exhaust()
        assert rig.ask(self._work, rig, "work", HIGH, priority=HIGH).done
        assert rig.log == [("work", HIGH)]

    def test_others_go_first(self) -> None:
        rig = Rig()
        rig.exhaust()
        demoted = rig.ask(self._work, rig, "demoted", LOW, priority=HIGH)
        rig.ask(rig.note, "normal", priority=NORMAL)
        assert not demoted.done
        assert (rig.stats.in_flight, rig.stats.current_queue_size, rig.balance()) == (0, 2, 0)
        rig.turn()
        assert rig.log == ["normal", ("demoted", LOW)]
        assert rig.balance() == rig.held() == 0

    def test_its_token_is_had_in_the_next_turn(self) -> None:
        rig = Rig(max_concurrent_requests=8)

        async def later(place: Place, begin: Deferred[object]) -> None:
            await begin
            await place.demote(LOW)

        begin: Deferred[object] = Deferred()
        rig.ask(later, begin)
        # So few tokens are left then that its own class may have none of them.
        for _ in range(7):
            rig.ask(_wait, Deferred())
        rig.turn(2)
        waiting = rig.ask(rig.note, "waits for the token", priority=HIGH)
        assert not waiting.done
        before = rig.clock.seconds()
        begin.callback(None)
        rig.turn()
        assert waiting.done
        # Nobody had to be looked at by the clock for that.
        assert rig.clock.seconds() - before < 0.1

    def test_it_can_be_refused_as_one_of_its_class(self) -> None:
        rig = Rig(max_concurrent_requests=1, max_queue_size=1)
        rig.exhaust()
        demoted = rig.ask(self._work, rig, "demoted", LOW)
        rig.ask(_wait, Deferred())
        rig.ask(rig.note, "displaces", priority=HIGH)
        assert demoted.status == 503
        assert rig.stats.queue_full_rejections == 1
        assert rig.balance() == 0

    def test_over_the_deadline_it_is_cancelled(self) -> None:
        rig = Rig(max_concurrent_requests=1)
        rig.exhaust()
        demoted = rig.ask(self._work, rig, "demoted", LOW)
        rig.ask(_wait, Deferred())
        rig.clock.advance(31)
        assert demoted.status == 504
        assert rig.balance() == rig.held() == 0


async def _wait(place: Place, waiting: Deferred[object]) -> object:
    return await waiting


class TestOutside:
    """Waiting for the client."""

    async def _work(self, place: Place, content: Deferred[object]) -> object:
        async with place.outside():
            return await content

    def test_it_holds_no_token_but_counts(self) -> None:
        rig = Rig(max_concurrent_requests=1, max_requests_per_ip=1)
        content: Deferred[object] = Deferred()
        asked = rig.ask(self._work, content, source="192.0.2.1", exempt=False)
        assert (rig.held(), rig.stats.in_flight) == (0, 1)
        assert rig.ask(rig.note, "refused", source="192.0.2.1", exempt=False).status == 429
        assert rig.ask(rig.note, "other").done
        content.callback("content")
        assert asked.result == "content"
        assert rig.balance() == rig.held() == 0

    def test_the_clock_stands_still(self) -> None:
        rig = Rig(request_timeout=10.0)
        content: Deferred[object] = Deferred()
        rest: Deferred[object] = Deferred()

        async def work(place: Place) -> object:
            await self._work(place, content)
            return await rest

        rig.clock.advance(1)
        asked = rig.ask(work)
        rig.clock.advance(1000)
        content.callback(None)
        rig.clock.advance(9.9)
        assert not asked.done
        rig.clock.advance(0.3)
        assert asked.status == 504
        assert rig.stats.processing[HIGH].seconds == pytest.approx(10, abs=0.2)

    def test_the_token_is_waited_for(self) -> None:
        rig = Rig(max_concurrent_requests=1)
        content: Deferred[object] = Deferred()
        asked = rig.ask(self._work, content)
        running: Deferred[object] = Deferred()
        rig.ask(_wait, running)
        rig.ask(rig.note, "came later")
        content.callback("content")
        assert not asked.done
        assert rig.stats.in_flight == 2
        running.callback(None)
        rig.turn(2)
        assert asked.result == "content"
        assert rig.balance() == rig.held() == 0

    def test_gone_while_it_waits_for_the_token(self) -> None:
        rig = Rig(max_concurrent_requests=1)
        content: Deferred[object] = Deferred()
        asked = rig.ask(self._work, content)
        running: Deferred[object] = Deferred()
        rig.ask(_wait, running)
        content.callback("content")
        asked.deferred.cancel()
        assert isinstance(asked.error, CancelledError)
        running.callback(None)
        assert rig.balance() == rig.held() == 0

    def test_late_while_it_waits_for_the_token(self) -> None:
        rig = Rig(max_concurrent_requests=1, request_timeout=10.0)
        content: Deferred[object] = Deferred()
        asked = rig.ask(self._work, content)
        rig.clock.advance(100)
        rig.ask(_wait, Deferred())
        content.callback("content")
        rig.clock.advance(11)
        assert asked.status == 504

    def test_gone_while_it_waits_for_the_client(self) -> None:
        """What the work does then it does at once, with a token if there is one."""
        for free in (True, False):
            rig = Rig(max_concurrent_requests=1)
            asked = rig.ask(self._work, Deferred())
            if not free:
                rig.ask(_wait, Deferred())
            asked.deferred.cancel()
            assert isinstance(asked.error, CancelledError)
            assert rig.stats.cancelled_requests == 1
            assert (rig.balance(), rig.held()) == (0, 0 if free else 1)

    def test_one_within_the_other(self) -> None:
        rig = Rig()
        content: Deferred[object] = Deferred()

        async def work(place: Place) -> None:
            async with place.outside():
                async with place.outside():
                    await content
                assert rig.held() == 0
            assert rig.held() == 1

        asked = rig.ask(work)
        content.callback(None)
        assert asked.result is None
        assert rig.held() == 0

    def test_a_change_of_the_timeout_counts_afterwards(self) -> None:
        rig = Rig(request_timeout=10.0)
        content: Deferred[object] = Deferred()

        async def work(place: Place) -> None:
            await self._work(place, content)
            await Deferred()

        asked = rig.ask(work)
        rig.clock.advance(100)
        rig.pool.reconfigure(type(rig.pool.config)(request_timeout=5.0))
        content.callback(None)
        rig.clock.advance(4.9)
        assert not asked.done
        rig.clock.advance(0.3)
        assert asked.status == 504


class TestStream:
    """Content that is produced while it is sent."""

    async def _work(self, place: Place, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        return place.stream(pieces)

    async def _pieces(self, *waits: Deferred[bytes]) -> AsyncIterator[bytes]:
        for wait in waits:
            yield await wait

    @staticmethod
    async def _next(stream: AsyncIterator[bytes]) -> bytes:
        return await anext(stream)

    def _step(self, stream: AsyncIterator[bytes]) -> Outcome:
        return Outcome(self._next(stream))

    def test_the_place_is_held_until_the_end(self) -> None:
        rig = Rig()
        waits: list[Deferred[bytes]] = [Deferred(), Deferred()]
        stream = rig.ask(self._work, self._pieces(*waits)).result
        assert (rig.stats.in_flight, rig.held()) == (1, 0)
        first = self._step(stream)
        assert rig.held() == 1
        waits[0].callback(b"one")
        assert first.result == b"one"
        assert rig.held() == 0
        waits[1].callback(b"two")
        assert self._step(stream).result == b"two"
        assert rig.stats.in_flight == 1
        assert isinstance(self._step(stream).error, StopAsyncIteration)
        assert (rig.stats.in_flight, rig.stats.completed_requests) == (0, 1)
        assert isinstance(self._step(stream).error, StopAsyncIteration)
        assert rig.balance() == rig.held() == 0

    def test_the_consumers_time_does_not_count(self) -> None:
        rig = Rig(request_timeout=10.0)
        waits: list[Deferred[bytes]] = [Deferred(), Deferred()]
        stream = rig.ask(self._work, self._pieces(*waits)).result
        for wait in waits:
            rig.clock.advance(100)
            piece = self._step(stream)
            rig.clock.advance(4)
            wait.callback(b"piece")
            assert piece.result == b"piece"
        rig.clock.advance(100)
        assert isinstance(self._step(stream).error, StopAsyncIteration)
        assert rig.stats.processing[HIGH].seconds == pytest.approx(8)

    def test_over_the_deadline_it_raises(self) -> None:
        rig = Rig(request_timeout=10.0)
        ended: list[str] = []

        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"one"
                await Deferred()
            finally:
                ended.append("ended")

        stream = rig.ask(self._work, pieces()).result
        assert self._step(stream).result == b"one"
        second = self._step(stream)
        rig.clock.advance(11)
        assert second.status == 504
        assert ended == ["ended"]
        assert rig.stats.timeout_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_over_the_deadline_without_ever_waiting(self) -> None:
        rig = Rig(request_timeout=10.0)

        async def pieces() -> AsyncIterator[bytes]:
            while True:
                rig.clock.burn(4.0)
                yield b"piece"

        stream = rig.ask(self._work, pieces()).result
        statuses = []
        for _ in range(4):
            step = self._step(stream)
            rig.turn(2)
            statuses.append(step.status)
        assert statuses == [200, 200, 200, 504]
        assert rig.stats.timeout_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_closed_early(self) -> None:
        rig = Rig()
        ended: list[str] = []

        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"one"
                yield b"two"
            finally:
                ended.append("ended")

        stream = rig.ask(self._work, pieces()).result
        assert self._step(stream).result == b"one"
        assert Outcome(stream.aclose()).done
        assert ended == ["ended"]
        assert rig.stats.cancelled_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_forgotten(self) -> None:
        rig = Rig()
        rig.ask(self._work, self._pieces()).results.clear()
        gc.collect()
        assert rig.stats.cancelled_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_a_failure_is_passed_on(self) -> None:
        rig = Rig()
        wait: Deferred[bytes] = Deferred()
        stream = rig.ask(self._work, self._pieces(wait)).result
        step = self._step(stream)
        wait.errback(ZeroDivisionError())
        assert isinstance(step.error, ZeroDivisionError)
        assert rig.stats.failed_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_the_client_goes_while_a_piece_is_made(self) -> None:
        rig = Rig()
        stream = rig.ask(self._work, self._pieces(Deferred())).result
        step = self._step(stream)
        step.deferred.cancel()
        assert isinstance(step.error, CancelledError)
        assert rig.stats.cancelled_requests == 1
        assert rig.balance() == rig.held() == 0

    def test_a_piece_waits_for_a_token(self) -> None:
        rig = Rig(max_concurrent_requests=1, request_timeout=10.0)
        wait: Deferred[bytes] = Deferred()
        wait.callback(b"piece")
        stream = rig.ask(self._work, self._pieces(wait)).result
        running: Deferred[object] = Deferred()
        rig.ask(_wait, running)
        step = self._step(stream)
        assert not step.done
        running.callback(None)
        rig.turn(2)
        assert step.result == b"piece"

    def test_late_while_a_piece_waits_for_a_token(self) -> None:
        rig = Rig(max_concurrent_requests=1, request_timeout=10.0)
        stream = rig.ask(self._work, self._pieces()).result
        rig.clock.advance(5)
        rig.ask(_wait, Deferred())
        step = self._step(stream)
        rig.clock.advance(11)
        assert step.status == 504
        assert rig.balance() == rig.held() == 0

    def test_the_work_may_read_it_itself(self) -> None:
        rig = Rig()
        wait: Deferred[bytes] = Deferred()

        async def work(place: Place) -> bytes:
            return b"".join([piece async for piece in place.stream(self._pieces(wait))])

        asked = rig.ask(work)
        wait.callback(b"all of it")
        assert asked.result == b"all of it"
        assert rig.balance() == rig.held() == 0

    def test_one_for_a_place(self) -> None:
        rig = Rig()

        async def work(place: Place) -> None:
            streams = [place.stream(self._pieces())]
            with pytest.raises(ValueError, match="one stream"):
                streams.append(place.stream(self._pieces()))

        assert rig.ask(work).done

    def test_work_that_fails_after_all_leaves_its_place(self) -> None:
        rig = Rig()

        async def work(place: Place) -> None:
            place.stream(self._pieces())
            raise HTTPError(500)

        assert rig.ask(work).status == 500
        assert rig.balance() == rig.held() == 0
