"""One clock for the deadlines of all connections: a delayed call a second, not one or more for each of them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

log = Logger()


class Deadline:
    """One moment that one connection may have to answer for.

    `due` is that moment on the wheel's clock, infinite while there is none. It may be moved later by assignment: the
    wheel looks at it only when its earlier place comes round. To set it earlier or for the first time, call `set`.
    """

    __slots__ = ("_expired", "_wheel", "due", "place")

    def __init__(self, wheel: Wheel, expired: Callable[[], None]) -> None:
        self._wheel = wheel
        self._expired: Callable[[], None] | None = expired
        self.due = inf
        self.place = -1

    def set(self, seconds: float) -> None:
        """Let it be due so many seconds from now, whatever it was before."""
        self.due = self._wheel.clock.seconds() + seconds
        self._wheel.put(self)

    def left(self) -> float:
        """Seconds until it is due; infinite when it is not set, negative when it should have struck."""
        return self.due - self._wheel.clock.seconds()

    def clear(self) -> None:
        """Nothing is due any more; it may be set again."""
        self.due = inf

    def end(self) -> None:
        """Clear it for good and let go of what it would have called."""
        self.due = inf
        self._expired = None
        self._wheel.remove(self)

    def strike(self) -> None:
        """Tell that the moment has come. Called by the wheel alone."""
        self.due = inf
        if self._expired is not None:
            self._expired()


class Wheel:
    """Holds deadlines by the tick in which they have to be looked at.

    A deadline strikes at the first tick after its moment: up to `tick` seconds late, never early. `now` is the time of
    the last tick, for those who can do with that. While nothing is held there is no delayed call.
    """

    def __init__(self, clock: IReactorTime, tick: float = 1.0) -> None:
        self.clock = clock
        self.now = clock.seconds()
        self._tick = tick
        self._places: dict[int, set[Deadline]] = {}
        self._turned = int(self.now / tick)
        self._call: IDelayedCall | None = None

    def put(self, deadline: Deadline) -> None:
        """See that the deadline is looked at when it is due; it may be there already, at that time or earlier."""
        place = int(deadline.due / self._tick) + 1
        if self._call is None:
            self._start()
        if place <= self._turned:
            place = self._turned + 1
        if deadline.place >= 0:
            if deadline.place <= place:
                return
            self._take_out(deadline)
        deadline.place = place
        there = self._places.get(place)
        if there is None:
            self._places[place] = {deadline}
        else:
            there.add(deadline)

    def remove(self, deadline: Deadline) -> None:
        """Forget the deadline."""
        if deadline.place >= 0:
            self._take_out(deadline)
            if not self._places and self._call is not None:
                self._call.cancel()
                self._call = None

    def _take_out(self, deadline: Deadline) -> None:
        place, deadline.place = deadline.place, -1
        there = self._places.get(place)
        # None: its place is being gone through just now, and sees that this one has left.
        if there is not None:
            there.discard(deadline)
            if not there:
                del self._places[place]

    def _start(self) -> None:
        self.now = self.clock.seconds()
        self._turned = int(self.now / self._tick)
        self._wait()

    def _wait(self) -> None:
        """Come back when the next tick begins."""
        self._call = self.clock.callLater(max(0.0, (self._turned + 1) * self._tick - self.now), self._turn)

    def _turn(self) -> None:
        self._call = None
        self.now = now = self.clock.seconds()
        current = int(now / self._tick)
        passed, self._turned = self._turned, current
        # After a long stall there may be more ticks to catch up with than places that are held.
        if current - passed <= len(self._places):
            due = [place for place in range(passed + 1, current + 1) if place in self._places]
        else:
            due = sorted(place for place in self._places if place <= current)
        for place in due:
            for deadline in self._places.pop(place, ()):
                # One that struck before in this round may have ended or moved this one.
                if deadline.place != place:
                    continue
                deadline.place = -1
                if deadline.due <= now:
                    self._strike(deadline)
                elif deadline.due != inf:
                    self.put(deadline)
        if self._places and self._call is None:
            self._wait()

    def _strike(self, deadline: Deadline) -> None:
        try:
            deadline.strike()
        except Exception:
            log.failure("a deadline failed to strike")
