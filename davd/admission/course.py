"""What becomes of a request after its first step, or before it: waits, deadlines, the end.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from types import coroutine
from typing import Any

from twisted.internet.defer import CancelledError

from davd.admission.clock import ReactorTime
from davd.admission.deadlines import Deadlines
from davd.admission.gate import Gate
from davd.admission.place import Place
from davd.admission.stats import AsyncPoolStats, Outcome
from davd.admission.stream import Stream
from davd.model.errors import HTTPError
from davd.model.priority import RequestPriority


class Course:
    """Follows the requests that do not end with their first step; the ground that places stand on.

    `left` is called when one of them has left. `timeout` is the time in seconds that a request has.
    """

    def __init__(
        self,
        gate: Gate,
        clock: ReactorTime,
        meter: Callable[[], float],
        stats: AsyncPoolStats,
        left: Callable[[], None],
        timeout: float,
    ) -> None:
        self._gate = gate
        self._turns = gate.turns
        self.deadlines: Deadlines[Place] = Deadlines(clock, self._strike)
        self._seconds = clock.seconds
        self._meter = meter
        self._stats = stats
        self._left = left
        self.timeout = timeout

    # For places

    def seconds(self, place: Place) -> float:
        """CPU seconds the work's steps took."""
        return self._turns.spent(place)

    def over(self, place: Place) -> bool:
        """Whether nothing of this turn is left."""
        return self._turns.over(place)

    async def pace(self, place: Place) -> None:
        """Wait for a turn."""
        await self._gate.pace(place)

    async def demote(self, place: Place, priority: RequestPriority) -> None:
        """Go on as one of a lower class."""
        await self._gate.demote(place, priority)

    def step_out(self, place: Place) -> None:
        """Give the token back and stop the clock."""
        place.plain = False
        place.out = self._seconds()
        self.deadlines.forget(place)
        if place.held:
            place.held = False
            self._gate.tokens.tokens += 1
            self._gate.given()

    async def step_in(self, place: Place, wait: bool = True) -> None:
        """Let the clock run again and take a token, after waiting for one if `wait` says so."""
        assert place.out is not None
        place.away += self._seconds() - place.out
        place.out = None
        self.watch(place)
        if wait:
            await self._gate.again(place)
        elif self._gate.free(place.priority):
            self._gate.tokens.tokens -= 1
            place.held = True

    def stream(self, place: Place, iterator: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Hold the place until the iterator has ended."""
        if place.streaming:
            raise ValueError("a place holds one stream")
        place.plain = False
        place.streaming = True
        return Stream(self, place, iterator)

    # Deadlines

    def watch(self, place: Place) -> None:
        """Let the deadline count."""
        place.deadline = place.arrival.arrived + self.timeout + place.away
        self.deadlines.watch(place)

    def _strike(self, place: Place) -> None:
        place.late = True
        entry = place.entry
        if entry is None:
            if place.waiting is not None and not place.committing:
                place.waiting.cancel()
        elif place.begun:
            entry.wait.cancel()
        else:
            self._gate.refuse(entry, Outcome.TIMEOUT)

    # Steps

    def first(self, place: Place, steps: Any) -> Any:
        """Take the first step of a stream's next piece; raises StopIteration, which holds the piece, if that was all.

        Raises HTTPError 504 past the deadline.
        """
        if self._seconds() >= place.deadline and not place.committing:
            place.late = True
            place.outcome = Outcome.TIMEOUT
            place.refusal = HTTPError(504, detail="over the deadline")
            raise place.refusal
        self._turns.begin(place)
        try:
            return steps.send(None)
        finally:
            self._turns.stop(place)

    @coroutine
    def go_on(self, place: Place, steps: Any, waiting: Any) -> Generator[Any, Any, Any]:
        """Take the further steps of a coroutine that has yielded `waiting`, a Deferred."""
        turns = self._turns
        place.suspended = True
        if place.bucket < 0 and place.out is None:
            self.watch(place)
        while True:
            place.waiting = waiting
            try:
                result = yield waiting
            except GeneratorExit:
                place.waiting = None
                steps.close()
                raise
            except BaseException as error:
                place.waiting = None
                turns.begin(place)
                try:
                    waiting = steps.throw(error)
                except StopIteration as stop:
                    return stop.value
                finally:
                    turns.stop(place)
            else:
                place.waiting = None
                turns.begin(place)
                try:
                    waiting = steps.send(result)
                except StopIteration as stop:
                    return stop.value
                finally:
                    turns.stop(place)

    # The end

    def _outcome(self, place: Place, error: BaseException) -> Outcome:
        if isinstance(error, HTTPError):
            if error is place.refusal and place.outcome is not None:
                return place.outcome
            return Outcome.COMPLETED if error.status < 500 else Outcome.FAILED
        if isinstance(error, (CancelledError, GeneratorExit)):
            return Outcome.TIMEOUT if place.late and not place.committing else Outcome.CANCELLED
        return Outcome.FAILED

    def failed(self, place: Place, error: BaseException) -> Outcome:
        """End a request whose work, or whose content, has raised; a CancelledError that is a TIMEOUT is a 504."""
        outcome = self._outcome(place, error)
        self.leave(place, outcome)
        return outcome

    def leave(self, place: Place, outcome: Outcome) -> None:
        """End a request, once."""
        if place.left:
            return
        place.left = True
        gate = self._gate
        stats = self._stats
        self.deadlines.forget(place)
        if place.out is not None:
            place.away += self._seconds() - place.out
        stats.in_flight -= 1
        stats.count(outcome)
        place.arrival.source.in_flight -= 1
        priority = place.priority
        if place.begun:
            took = self._meter() - place.entered - place.away
            stats.processing[priority].add(took)
            waited = place.queued - place.idle
            if waited > 0:
                stats.queueing[priority].add(waited)
            if place.suspended:
                gate.observe(took - place.idle)
        if place.held:
            place.held = False
            gate.tokens.tokens += 1
            gate.given()
        self._left()
