"""Any history of requests, limits and times: the counters add up and no place is lost.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.internet.defer import Deferred

from davd.admission.place import Place
from davd.admission.settings import AsyncPoolConfig
from davd.model.errors import HTTPError
from davd.model.priority import RequestPriority
from tests.admission.rig import Outcome, Rig

_PRIORITIES = st.sampled_from(RequestPriority)
_SOURCES = st.sampled_from(["192.0.2.1", "192.0.2.2"])
_BATCHES = st.sampled_from([None, "a", "b"])
_STEPS = st.lists(
    st.sampled_from(["wait", "outside", "pace", "burn", "demote", "commit", "fail", "refuse", "stream"]), max_size=5
)
_NUMBERS = st.integers(0, 1000)


class Histories(RuleBasedStateMachine):
    """Requests of arbitrary steps; the machine lets them wait, go on, fail, be cancelled and be late."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(max_concurrent_requests=3, max_queue_size=6, max_requests_per_ip=8, reserved_requests=1)
        self.waiting: list[Deferred[object]] = []
        self.asked: list[Outcome] = []
        self.streams: list[AsyncIterator[bytes]] = []
        self.running = 0
        self.sent = 0

    def _wait(self) -> Deferred[object]:
        waiting: Deferred[object] = Deferred()
        self.waiting.append(waiting)
        return waiting

    async def _pieces(self, steps: list[str]) -> AsyncIterator[bytes]:
        for step in steps:
            if step == "wait":
                await self._wait()
            elif step == "fail":
                raise ZeroDivisionError
            yield b"piece"

    async def _work(self, place: Place, steps: list[str]) -> object:
        self.running += 1
        try:
            return await self._do(place, steps)
        finally:
            self.running -= 1

    async def _do(self, place: Place, steps: list[str]) -> object:
        for number, step in enumerate(steps):
            if step == "wait":
                await self._wait()
            elif step == "outside":
                async with place.outside():
                    await self._wait()
            elif step == "pace":
                await place.pace()
            elif step == "burn":
                self.rig.clock.burn(0.006)
            elif step == "demote":
                await place.demote(RequestPriority.LOW)
            elif step == "commit":
                place.committing = True
            elif step == "fail":
                raise ZeroDivisionError
            elif step == "refuse":
                raise HTTPError(404)
            else:
                return place.stream(self._pieces(steps[number + 1 :]))
        return None

    @rule(priority=_PRIORITIES, source=_SOURCES, batch=_BATCHES, steps=_STEPS)
    def send(self, priority: RequestPriority, source: str, batch: str | None, steps: list[str]) -> None:
        """A request comes."""
        self.sent += 1
        outcome = self.rig.ask(self._work, steps, priority=priority, source=source, exempt=False, batch=batch)
        self.asked.append(outcome)

    @rule(number=_NUMBERS, fails=st.booleans())
    def go_on(self, number: int, fails: bool) -> None:
        """Something that was waited for comes, or fails."""
        if self.waiting:
            waiting = self.waiting.pop(number % len(self.waiting))
            if not waiting.called:
                if fails:
                    waiting.errback(ZeroDivisionError())
                else:
                    waiting.callback(None)

    @rule(number=_NUMBERS)
    def cancel(self, number: int) -> None:
        """A client goes."""
        under_way = [outcome for outcome in self.asked if not outcome.done]
        if under_way:
            under_way[number % len(under_way)].deferred.cancel()

    @rule(number=_NUMBERS, close=st.booleans())
    def take(self, number: int, close: bool) -> None:
        """A client takes the next piece of a stream, or breaks off."""
        streams = [outcome for outcome in self.asked if outcome.done and hasattr(outcome.results[0], "aclose")]
        if streams:
            stream = streams[number % len(streams)].result
            if close:
                Outcome(stream.aclose())
            elif stream not in self.streams:
                self.streams.append(stream)
                Outcome(self._take(stream))

    async def _take(self, stream: AsyncIterator[bytes]) -> None:
        try:
            await anext(stream, None)
        finally:
            self.streams.remove(stream)

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 12.0]))
    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.rig.clock.rightNow += seconds
        self.rig.turn()

    @rule(
        limit=st.integers(1, 40),
        queue=st.integers(0, 8),
        timeout=st.sampled_from([5.0, 30.0]),
        batching=st.booleans(),
    )
    def reconfigure(self, limit: int, queue: int, timeout: float, batching: bool) -> None:
        """The settings change."""
        self.rig.pool.reconfigure(
            AsyncPoolConfig(
                max_concurrent_requests=limit,
                max_queue_size=queue,
                max_requests_per_ip=8,
                request_timeout=timeout,
                enable_batching=batching,
            )
        )

    @invariant()
    def the_counters_add_up(self) -> None:
        """Arrivals are those that ended, were refused, run and wait."""
        stats = self.rig.stats
        assert self.rig.balance() == 0
        assert stats.total_requests == self.sent
        assert stats.current_queue_size >= 0
        assert stats.peak_queue_size >= stats.current_queue_size
        under_way = sum(source.in_flight for source in self.rig.sources.values())
        assert under_way == stats.in_flight + stats.current_queue_size
        assert all(0 <= source.in_flight <= 8 for source in self.rig.sources.values())
        assert 0 <= self.rig.held() <= stats.in_flight
        assert self.running <= under_way

    def teardown(self) -> None:
        """Whatever happened: when all has ended, nothing is held and nothing is left to be called."""
        for outcome in self.asked:
            if not outcome.done:
                outcome.deferred.cancel()
        for outcome in self.asked:
            if outcome.done and hasattr(outcome.results[0], "aclose"):
                Outcome(outcome.result.aclose())
        self.rig.pool.close()
        for waiting in self.waiting:
            if not waiting.called:
                waiting.callback(None)
        for _ in range(50):
            self.rig.turn()
        self.the_counters_add_up()
        assert all(outcome.done for outcome in self.asked)
        assert self.rig.held() == 0
        assert (self.rig.stats.in_flight, self.rig.stats.current_queue_size) == (0, 0)
        assert all(source.in_flight == 0 for source in self.rig.sources.values())
        assert self.rig.clock.getDelayedCalls() == []


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
