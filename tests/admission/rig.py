"""A request pool on a clock that only the test moves, and a reactor of turns around it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from davd.admission.arrival import Arrival
from davd.admission.place import Place
from davd.admission.pool import AsyncRequestPool
from davd.admission.settings import AsyncPoolConfig
from davd.admission.sources import Source
from davd.admission.stats import AsyncPoolStats
from davd.model.errors import HTTPError
from davd.model.priority import RequestPriority
from davd.tree.statistics import Route

LOW, NORMAL, HIGH, CRITICAL = RequestPriority


class Turning(Clock):
    """A clock whose calls run turn by turn: what a call asks for without delay comes in the next one.

    Work that takes CPU time says so with `burn`.
    """

    def turn(self) -> bool:
        """Run the calls that are due now, and none that they add; whether there were any."""
        due = [call for call in self.calls if call.getTime() <= self.rightNow]
        for call in due:
            if call.active():
                self.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)
        return bool(due)

    def burn(self, seconds: float) -> None:
        """Let time pass within a step."""
        self.rightNow += seconds

    def next_call(self) -> float:
        """When the next call is due; infinite when there is none."""
        return min((call.getTime() for call in self.calls), default=float("inf"))


class Outcome:
    """What became of one request."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.results: list[Any] = []
        self.deferred: Deferred[Any] = Deferred.fromCoroutine(coroutine)
        self.deferred.addBoth(self.results.append)

    @property
    def done(self) -> bool:
        """Whether there is an outcome."""
        return bool(self.results)

    @property
    def result(self) -> Any:
        """What was returned."""
        (result,) = self.results
        if isinstance(result, Failure):
            result.raiseException()
        return result

    @property
    def error(self) -> BaseException:
        """What was raised."""
        (failure,) = self.results
        assert isinstance(failure, Failure), failure
        return failure.value

    @property
    def status(self) -> int:
        """The status of the HTTPError that was raised, 200 when something was returned."""
        (result,) = self.results
        if not isinstance(result, Failure):
            return 200
        assert isinstance(result.value, HTTPError), result
        return result.value.status


class Rig:
    """A pool with its time and its clients."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Turning()
        self.pool = AsyncRequestPool(AsyncPoolConfig(**settings), self.clock, self.clock.seconds)
        self.route = Route("GET", "files", "")
        self.sources: dict[str, Source] = {}
        self.log: list[Any] = []

    @property
    def stats(self) -> AsyncPoolStats:
        """The pool's counters."""
        return self.pool.stats

    def source(self, name: str, exempt: bool = False) -> Source:
        """The source of a name, the same one each time."""
        if name not in self.sources:
            self.sources[name] = Source(name, exempt)
        return self.sources[name]

    def arrival(
        self,
        priority: RequestPriority = HIGH,
        source: str = "client",
        exempt: bool = True,
        urgency: int = 3,
        batch: Hashable | None = None,
        route: Route | None = None,
    ) -> Arrival:
        """A request that comes now."""
        return Arrival(self.source(source, exempt), route or self.route, priority, self.clock.seconds(), urgency, batch)

    def ask(self, work: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **arrival: Any) -> Outcome:
        """Give a request to the pool."""
        return Outcome(self.pool.process(self.arrival(**arrival), work, *args))

    def turn(self, turns: int = 1) -> None:
        """Let the reactor turn."""
        for _ in range(turns):
            self.clock.turn()

    def exhaust(self) -> None:
        """Use up the present turn by a request for a single resource."""

        async def burn(place: Place) -> None:
            self.clock.burn(self.pool.config.slice_ms / 1000)

        assert self.ask(burn).done

    async def note(self, place: Place, name: object) -> object:
        """Work that ends at once."""
        self.log.append(name)
        return name

    def held(self) -> int:
        """How many tokens are taken."""
        tokens = self.pool._gate.tokens
        return tokens.limit - tokens.tokens

    def balance(self) -> int:
        """Arrivals less all that became of them: 0 at any moment."""
        stats = self.stats
        ended = stats.completed_requests + stats.failed_requests + stats.timeout_requests + stats.cancelled_requests
        refused = stats.queue_full_rejections + stats.rejected_rate + stats.shed + stats.rejected_closed
        return stats.total_requests - ended - refused - stats.in_flight - stats.current_queue_size
