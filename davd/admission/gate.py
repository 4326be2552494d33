"""Who may go now, and who waits, is displaced or shed.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Final

from davd.admission.adaptive import AdaptiveLimit
from davd.admission.batch import Batch
from davd.admission.clock import Call, ReactorTime
from davd.admission.codel import CoDel
from davd.admission.queue import Entry, RequestQueue
from davd.admission.settings import AsyncPoolConfig
from davd.admission.stats import AsyncPoolStats, Outcome
from davd.admission.tokens import Tokens
from davd.admission.turns import Turns
from davd.model.errors import HTTPError
from davd.model.priority import RequestPriority

if TYPE_CHECKING:
    from davd.admission.place import Place

LOW, NORMAL, HIGH, CRITICAL = RequestPriority

# Those that wait for tokens are looked at this often, in seconds, even if none is given back.
_LOOK = 0.125

# Who is shed, in this order: a class, whether only those of it that cost more than the average request does, and by
# how much their delay and interval exceed those that are set.
_STEPS: Final = ((LOW, False, 1, 1), (NORMAL, True, 1, 2), (NORMAL, False, 2, 4))

# How many are shed before the next one is let go, so that neither holds up the other.
_SHED_AT_ONCE = 4


class Gate:
    """Tokens, the reactor's turns, and the queues for both.

    Who is not queued goes on when its priority is at least `door` and more than `floors[priority]` tokens are free. So
    a flood of one class leaves some tokens to the higher ones, and nobody overtakes what is queued of its own class or
    above. Everything that is queued goes on from a turn's slice, never from within somebody else's step. `full` tells
    that the queue is.
    """

    def __init__(
        self, config: AsyncPoolConfig, clock: ReactorTime, meter: Callable[[], float], stats: AsyncPoolStats
    ) -> None:
        self._clock = clock
        self._stats = stats
        self.tokens = Tokens(config.max_concurrent_requests)
        self.turns = Turns(clock, meter, stats, config.slice_ms / 1000, self._dispatch, self._changed)
        self.adaptive = AdaptiveLimit(config.max_concurrent_requests, config.min_concurrent_requests, clock.seconds())
        self.floors: list[int] = [0, 0, 0, 0]
        self.door = 0
        self.full = False
        self._waiting = RequestQueue(config.ageing_seconds)
        self._pacing = RequestQueue(config.ageing_seconds)
        self._judges = [CoDel(config.shed_delay, config.shed_interval) for _ in _STEPS]
        self._look: Call | None = None
        self.configure(config)

    def configure(self, config: AsyncPoolConfig) -> None:
        """Take over new settings; nothing that waits is dropped."""
        self._config = config
        self.full = self._stats.current_queue_size >= config.max_queue_size
        ageing = min(config.ageing_seconds, config.request_timeout / 2)
        self._waiting.age(ageing)
        self._pacing.age(ageing)
        self.turns.slice = config.slice_ms / 1000
        for judge, (_, _, delays, intervals) in zip(self._judges, _STEPS, strict=True):
            judge.target = delays * config.shed_delay
            judge.interval = intervals * config.shed_interval
        self.adaptive.configure(
            config.max_concurrent_requests,
            min(config.min_concurrent_requests, config.max_concurrent_requests),
            config.target_latency,
        )
        self._resize(self.adaptive.limit if config.adaptive_limit else config.max_concurrent_requests)

    def _resize(self, limit: int) -> None:
        self.tokens.resize(limit)
        self.floors = [limit // 4, limit // 16, 0, -self._config.reserved_requests]
        if self._waiting.size:
            self.turns.call()

    # Going through

    def free(self, priority: RequestPriority) -> bool:
        """Whether one of this class may go on without waiting."""
        return priority >= self.door and self.tokens.tokens > self.floors[priority]

    async def enter(self, place: Place) -> None:
        """Wait for a token for work that has not begun; raises HTTPError 503 when it is refused."""
        while self.full:
            # Whoever is refused may come again at once, with the next request of the same connection.
            if self._config.max_queue_size and self._displace(place.priority):
                continue
            place.outcome = Outcome.QUEUE_FULL
            place.refusal = self._refusal()
            raise place.refusal
        await self._wait(place, Entry(place.arrival, place.priority, self._since(place), False, True), self._waiting)

    async def again(self, place: Place) -> None:
        """Take the token again for work that has begun."""
        if self.free(place.priority):
            self.tokens.tokens -= 1
            place.held = True
            return
        await self._wait(place, Entry(place.arrival, place.priority, self._since(place), True, False), self._waiting)

    async def demote(self, place: Place, priority: RequestPriority) -> None:
        """Go on as one of a lower class; raises HTTPError 503 when it is refused as such."""
        place.priority = priority
        self.tokens.tokens += 1
        self.given()
        place.held = False
        place.plain = False
        if self.free(priority):
            self.tokens.tokens -= 1
            place.held = True
            return
        await self._wait(place, Entry(place.arrival, priority, self._clock.seconds(), True, True), self._waiting)

    async def pace(self, place: Place) -> None:
        """Wait for a turn; the token stays taken."""
        place.plain = False
        entry = Entry(place.arrival, place.priority, self._since(place), True, False)
        self.turns.exhaust()
        await self._wait(place, entry, self._pacing)

    def given(self) -> None:
        """A token was given back: those that wait may have it."""
        if self._waiting.size:
            self.turns.call()

    def observe(self, seconds: float) -> None:
        """Learn from how long one request has held a token that had to wait for others meanwhile."""
        if self._config.adaptive_limit and self.adaptive.observe(seconds, self._clock.seconds()):
            self._resize(self.adaptive.limit)

    def _since(self, place: Place) -> float:
        if place.since is None:
            place.since = self._clock.seconds()
        return place.since

    async def _wait(self, place: Place, entry: Entry, queue: RequestQueue) -> None:
        came = self._clock.seconds()
        stats = self._stats
        place.entry = entry
        route = entry.arrival.route
        # Compared as sums, since either may be none.
        entry.dear = route.cpu * stats.total_requests > self.turns.busy * route.count
        queue.push(entry)
        if entry.counted:
            stats.in_flight -= 1
            size = stats.current_queue_size = stats.current_queue_size + 1
            self.full = size >= self._config.max_queue_size
            if size > stats.peak_queue_size:
                stats.peak_queue_size = size
        if queue is self._waiting and self.tokens.tokens <= self.floors[entry.priority]:
            self._look_later()
        else:
            self.turns.call()
        self._changed()
        try:
            await entry.wait
            place.held = True
            place.batch = entry.batch
        except BaseException as error:
            if entry.alive:
                self._take_out(entry, queue)
            elif entry.outcome is not None and isinstance(error, HTTPError):
                place.outcome, place.refusal = entry.outcome, error
            raise
        finally:
            place.entry = None
            waited = self._clock.seconds() - came
            place.queued += waited
            if entry.begun:
                place.idle += waited

    def _take_out(self, entry: Entry, queue: RequestQueue) -> None:
        queue.remove(entry)
        if entry.counted:
            self._stats.current_queue_size -= 1
            self._stats.in_flight += 1
            self.full = self._stats.current_queue_size >= self._config.max_queue_size
        self._changed()

    def _changed(self) -> None:
        """Set the door by who waits."""
        waiting = self._waiting
        if waiting.waiting(CRITICAL):
            self.door = CRITICAL + 1
        elif waiting.waiting(HIGH):
            self.door = HIGH + 1
        elif self.turns.exhausted or self._pacing.size or waiting.waiting(NORMAL):
            self.door = NORMAL + 1
        else:
            self.door = LOW + 1 if waiting.size else 0

    # The queue's turn

    def _dispatch(self) -> bool:
        """Let the next one go; False when none may."""
        now = self._clock.seconds()
        shed = self._shed(now)
        free = self.tokens.tokens
        best: Entry | None = None
        queue = self._waiting
        for priority in (CRITICAL, HIGH, NORMAL, LOW):
            if self._waiting.waiting(priority):
                entry = self._waiting.head(priority)
                # One that has aged may have what is kept free for the higher classes.
                if (
                    entry is not None
                    and (free > self.floors[priority] or (free > 0 and now - entry.since >= self._waiting.ageing))
                    and (best is None or entry.order < best.order)
                ):
                    best, queue = entry, self._waiting
            if self._pacing.waiting(priority):
                entry = self._pacing.head(priority)
                if entry is not None and (best is None or entry.order < best.order):
                    best, queue = entry, self._pacing
        if best is None:
            if self._waiting.size:
                self._look_later()
            return shed
        if queue is self._pacing:
            self._take_out(best, queue)
            best.wait.callback(None)
        elif best.begun or best.arrival.batch is None or not self._config.enable_batching:
            self._let(best)
        else:
            self._let_together(best)
        return True

    def _let(self, entry: Entry) -> None:
        self.tokens.tokens -= 1
        self._take_out(entry, self._waiting)
        entry.wait.callback(None)

    def _let_together(self, entry: Entry) -> None:
        floor = self.floors[entry.priority]
        mates = self._waiting.mates(entry, min(self._config.batch_size, self.tokens.tokens - floor))
        if len(mates) == 1:
            self._let(entry)
            return
        batch = Batch([mate.arrival for mate in mates])
        for mate in mates:
            # What the members before it did may have ended its wait, or taken tokens.
            if mate.alive and self.tokens.tokens > floor:
                mate.batch = batch
                self._let(mate)
        batch.close()

    def _look_later(self) -> None:
        if self._look is None:
            self._look = self._clock.callLater(_LOOK, self._look_now)

    def _look_now(self) -> None:
        self._look = None
        if self._waiting.size:
            self.turns.call()

    # Refusing

    def refuse(self, entry: Entry, outcome: Outcome) -> None:
        """End a wait with 503."""
        entry.outcome = outcome
        error = self._refusal()
        self._take_out(entry, self._waiting)
        entry.wait.errback(error)

    def retry_after(self) -> int:
        """In how many seconds a new request may come again: the longest present wait, from 1 to the timeout."""
        longest = 0.0
        now = self._clock.seconds()
        for priority in RequestPriority:
            entry = self._waiting.oldest(priority)
            if entry is not None and now - entry.since > longest:
                longest = now - entry.since
        return max(1, ceil(min(longest, self._config.request_timeout)))

    def _refusal(self) -> HTTPError:
        return HTTPError(503, headers={"Retry-After": str(self.retry_after())})

    def _displace(self, priority: RequestPriority) -> bool:
        """Make room in the full queue: the newest entry of the lowest class below goes; whether there is one."""
        for lower in (LOW, NORMAL, HIGH):
            entry = self._waiting.newest(lower) if lower < priority else None
            if entry is not None:
                self.refuse(entry, Outcome.QUEUE_FULL)
                return True
        return False

    def _shed(self, now: float) -> bool:
        """Refuse some of those that wait too long; never the next one of a class."""
        any_shed = False
        for judge, (priority, dear, _, _) in zip(self._judges, _STEPS, strict=True):
            for _ in range(_SHED_AT_ONCE):
                entry = self._waiting.behind(priority, dear)
                if entry is None:
                    judge.calm()
                    break
                if not judge.due(now, now - entry.since):
                    break
                self.refuse(entry, Outcome.SHED)
                any_shed = True
        return any_shed

    def stop(self) -> None:
        """End the delayed calls; to be called when nothing waits any more."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
        self.turns.cease()
