"""The request pool: every request passes it.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from twisted.internet.defer import CancelledError

from davd.admission.clock import ReactorTime
from davd.admission.course import Course
from davd.admission.gate import Gate
from davd.admission.histogram import BUCKETS
from davd.admission.place import Place
from davd.admission.settings import AsyncPoolConfig
from davd.admission.stats import AsyncPoolStats, Outcome
from davd.admission.turns import ENDED
from davd.model.errors import HTTPError

if TYPE_CHECKING:
    from davd.admission.arrival import Arrival
    from davd.admission.sources import Source
    from davd.tree.statistics import Route

T = TypeVar("T")
A = TypeVarTuple("A")


class AsyncRequestPool:
    """Lets requests run when they may: by priority, not too many at once, none for too long.

    Deadlines and waits are counted on `clock`, the time that steps take on `meter`; both give seconds. `stats` are the
    counters, `config` the settings in force.
    """

    def __init__(self, config: AsyncPoolConfig, clock: ReactorTime, meter: Callable[[], float] = perf_counter) -> None:
        self.config = config
        self.stats = AsyncPoolStats()
        self._meter = meter
        self._clock = clock
        self._gate = Gate(config, clock, meter, self.stats)
        self._tokens = self._gate.tokens
        self._turns = self._gate.turns
        self._course = Course(self._gate, clock, meter, self.stats, self._one_left, config.request_timeout)
        self._deadlines = self._course.deadlines
        self._per_source = config.max_requests_per_ip
        self._closed = False

    def open_to(self, source: Source) -> bool:
        """Whether a request that is answered from memory may be, without coming in by `process`.

        Not when the pool is closed or the source has as many requests under way as it may. However long the queue is,
        what costs nothing is answered.
        """
        return not self._closed and (source.in_flight + source.abroad < self._per_source or source.exempt)

    def instant(self, route: Route, count: int, size: int) -> None:
        """Count requests that were answered from memory with `size` bytes each, here and on their route."""
        self.stats.instants += count
        route.count += count
        route.bytes += count * size

    async def process(self, arrival: Arrival, work: Callable[[Place, *A], Coroutine[Any, Any, T]], *args: *A) -> T:
        """What `work(place, *args)` returns, run when it is this request's turn.

        Raises what the work raises, and HTTPError with Retry-After: 429 when the source has too many requests under
        way, 503 when the queue is full, the deadline passes in the queue, the request is shed or the server ends.
        HTTPError 504 when the deadline has passed while the work waited and its work has ended by the CancelledError it
        then got.
        """
        source = arrival.source
        priority = arrival.priority
        stats = self.stats
        stats.arrived += 1
        if (source.in_flight + source.abroad >= self._per_source and not source.exempt) or self._closed:
            raise self._refusal(source)
        source.in_flight += 1
        stats.in_flight += 1
        place = Place(self._course, arrival)
        gate = self._gate
        tokens = self._tokens
        if priority >= gate.door and tokens.tokens > gate.floors[priority]:
            tokens.tokens -= 1
        else:
            await self._queue(place)
        turns = self._turns
        place.busy = busy = turns.busy
        place.entered = place.began = began = self._meter()
        try:
            steps = work(place, *args)
            waiting = steps.send(None)
        except StopIteration as stop:
            if not place.plain:
                turns.stop(place)
                self._returned(place)
                return stop.value
            # All that `turns.stop` and `course.leave` do, for those that nothing has happened to.
            took = self._meter() - began
            step = took - (turns.busy - busy)
            turns.busy = busy = turns.busy + step
            place.spent, place.began = step, ENDED
            if step > stats.longest_step:
                stats.longest_step = step
            if busy >= turns.end:
                turns.exhaust()
            histogram = stats.processing[priority]
            bucket = int(took * 1e6).bit_length()
            histogram.counts[bucket if bucket < BUCKETS else -1] += 1
            histogram.seconds += took
            stats.completed += 1
            stats.in_flight -= 1
            source.in_flight -= 1
            tokens.tokens += 1
            if gate.door:
                gate.given()
            return stop.value
        except BaseException as error:
            turns.stop(place)
            self._course.failed(place, error)
            raise
        turns.stop(place)
        return await self._go_on(place, steps, waiting)

    def reconfigure(self, config: AsyncPoolConfig) -> None:
        """Use new settings from now on; what runs or waits goes on under them, and nothing of it is dropped."""
        self._deadlines.shift(config.request_timeout - self._course.timeout)
        self._course.timeout = config.request_timeout
        self._per_source = config.max_requests_per_ip
        self.config = config
        self._gate.configure(config)

    def close(self) -> None:
        """Refuse what comes from now on; what runs or waits goes on, and the last of it ends the pool's timers."""
        self._closed = True
        self._one_left()

    def statistics(self, sources: Iterable[Source]) -> dict[str, object]:
        """The counters, the present limit, and those of `sources` that have most under way, for JSON."""
        return {"limit": self._tokens.limit, "busy_seconds": self._turns.busy} | self.stats.as_dict(sources)

    def _refusal(self, source: Source) -> HTTPError:
        if self._closed:
            self.stats.count(Outcome.CLOSED)
            return HTTPError(503, headers={"Retry-After": str(self._gate.retry_after())})
        self.stats.count(Outcome.RATE)
        return HTTPError(429, headers={"Retry-After": "1"}, detail=f"too many requests at once from {source.name}")

    async def _queue(self, place: Place) -> None:
        place.plain = place.begun = place.held = False
        self._course.watch(place)
        try:
            await self._gate.enter(place)
        except BaseException as error:
            self._course.failed(place, error)
            raise
        place.begun = True

    async def _go_on(self, place: Place, steps: Any, waiting: Any) -> Any:
        try:
            result = await self._course.go_on(place, steps, waiting)
        except CancelledError as error:
            if self._course.failed(place, error) is Outcome.TIMEOUT:
                raise HTTPError(504, detail="over the deadline") from error
            raise
        except BaseException as error:
            self._course.failed(place, error)
            raise
        self._returned(place)
        return result

    def _returned(self, place: Place) -> None:
        if place.streaming and not place.left:
            self._course.step_out(place)
        else:
            self._course.leave(place, Outcome.COMPLETED)

    def _one_left(self) -> None:
        if self._closed and not self.stats.in_flight and not self.stats.current_queue_size:
            self._deadlines.stop()
            self._gate.stop()
