"""A request's place among those that run.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TypeAlias

from davd.model.priority import RequestPriority

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from davd.admission.arrival import Arrival
    from davd.admission.batch import Batch
    from davd.admission.queue import Entry
    from davd.admission.stats import Outcome
    from davd.model.errors import HTTPError


# Places have a counter of the name `bytes`.
Piece: TypeAlias = bytes


class Ground(Protocol):
    """What a place asks of the pool it belongs to."""

    def seconds(self, place: Place) -> float:
        """CPU seconds the work's steps took."""
        ...

    def over(self, place: Place) -> bool:
        """Whether nothing of this turn of the reactor is left."""
        ...

    async def pace(self, place: Place) -> None:
        """Wait for a turn of the reactor."""
        ...

    async def demote(self, place: Place, priority: RequestPriority) -> None:
        """Go on as one of a lower class."""
        ...

    def step_out(self, place: Place) -> None:
        """Give the token back and stop the clock."""
        ...

    async def step_in(self, place: Place, wait: bool = True) -> None:
        """Let the clock run again and take a token, if need be and `wait` says so after waiting for one."""
        ...

    def stream(self, place: Place, iterator: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
        """Hold the place until the iterator has ended."""
        ...


class Place:
    """Given to the work of a request while it runs.

    `priority` is the class it counts as, `arrival` what was known of it at the door. `late` tells that its deadline has
    passed. Work sets `committing` when its outcome must not be broken off any more; past the deadline it is then
    awaited instead of cancelled. `bytes` is for the work to count the content it has received. `batch` is set when it
    runs together with others. `queued` is how many seconds it has waited for its turn.

    The other attributes belong to the pool. What is seldom set has its first value in the class, not in each place: a
    place is made for every request.
    """

    late = False
    committing = False
    bytes = 0
    queued = 0.0
    batch: Batch | None = None

    # Nothing happened to it but its first step.
    plain = True
    # It holds a token; its work has begun, has had to wait for something, has handed out a stream; it has left.
    held = True
    begun = True
    suspended = False
    streaming = False
    left = False
    # Seconds of its steps, of waiting for the client, and of waiting for a turn after it had begun.
    spent = 0.0
    away = 0.0
    idle = 0.0
    # Since when it waits for the client, on the pool's clock; since when its turn counts.
    out: float | None = None
    since: float | None = None
    deadline = 0.0
    bucket = -1
    entry: Entry | None = None
    waiting: Deferred[object] | None = None
    refusal: HTTPError | None = None
    outcome: Outcome | None = None
    # When the work began and when its present step did, by the meter; what all steps had taken until then.
    entered = 0.0
    began = 0.0
    busy = 0.0

    def __init__(self, ground: Ground, arrival: Arrival) -> None:
        self._ground = ground
        self.arrival = arrival
        self.priority = arrival.priority

    @property
    def seconds(self) -> float:
        """CPU seconds that the steps of its work took so far."""
        return self._ground.seconds(self)

    async def pace(self) -> None:
        """Let others go between two steps of large work.

        Returns at once while this turn of the reactor has time left, else when it is this request's turn again, by its
        priority. To be called also after waiting for something else, before much is done with it: many may have waited
        for the same. Raises CancelledError when the client has gone or the deadline has passed.
        """
        if self._ground.over(self):
            await self._ground.pace(self)

    async def demote(self, priority: RequestPriority) -> None:
        """Count as one of a lower class from now on, and let others go if they wait; to be called before any effect.

        Raises HTTPError 503 when requests of that class are being refused. A class that is not lower changes nothing.
        """
        if priority < self.priority:
            await self._ground.demote(self, priority)

    def outside(self) -> Outside:
        """A context for waiting for the client: `async with place.outside():`.

        The token is given back and the deadline's clock stands still. On exit the token is taken again, which may mean
        to wait by priority; when the context is left by an exception, only if one is free.
        """
        return Outside(self._ground, self)

    def stream(self, iterator: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
        """The answer's content: the place is held until it has ended or was closed (`aclose`) or forgotten.

        The token is held, and the clock runs, only while the iterator works on a piece. Past the deadline the next
        piece raises HTTPError 504, so that the connection is broken. One stream for a place.
        """
        return self._ground.stream(self, iterator)


class Outside:
    """The time between giving the token back and taking it again."""

    __slots__ = ("_ground", "_nested", "_place")

    def __init__(self, ground: Ground, place: Place) -> None:
        self._ground = ground
        self._place = place
        self._nested = False

    async def __aenter__(self) -> None:
        self._nested = self._place.out is not None
        if not self._nested:
            self._ground.step_out(self._place)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._nested:
            return
        await self._ground.step_in(self._place, error is None)
