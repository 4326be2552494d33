"""A bounded number of connections, lent to one user at a time.

Connections are opened when one is asked for and none is free, and closed again when they have not been needed for a
while. When all are lent, those who ask wait in the order in which they came, and not for ever.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from twisted.internet.defer import Deferred

from davd.interfaces.store import StoreError

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

C = TypeVar("C")


class ConnectionPool(Generic[C]):
    """At most `size` connections.

    `connect` opens one at once, `close` closes one. Who asks when all are lent waits `wait_seconds` at most; a
    connection that has been free for `idle_seconds` is closed. Without a clock nobody waits, and free connections stay
    open.

    The one given back last is lent first: its caches are warm, and the others grow old. `queue` is true while somebody
    waits.
    """

    def __init__(
        self,
        connect: Callable[[], C],
        close: Callable[[C], object],
        *,
        size: int,
        clock: IReactorTime | None = None,
        wait_seconds: float = 5.0,
        idle_seconds: float = 60.0,
    ) -> None:
        self.size = size
        self._connect = connect
        self._close = close
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._idle_seconds = idle_seconds
        self._free: list[tuple[C, float]] = []
        self.queue: OrderedDict[Deferred[C | None], None] = OrderedDict()
        self._places: deque[C | None] = deque()
        self._passing = False
        self._timer: IDelayedCall | None = None
        self._closed = False
        self.in_use = 0
        self._peak = self._waits = self._timeouts = self._opened = self._closed_count = 0
        self._wait_total = 0.0

    def reconfigure(self, size: int, wait_seconds: float, idle_seconds: float) -> None:
        """Go by other limits from now on.

        With more places those who wait get theirs at once; with fewer, connections are closed as they come back.
        """
        self.size, self._wait_seconds, self._idle_seconds = size, wait_seconds, idle_seconds
        while self._free and self.in_use + len(self._free) > size:
            self._shut(self._free.pop(0)[0])
        while self.queue and self.in_use < size:
            self._lend()
            self._pass_on(None)

    # -- lending ------------------------------------------------------------------------------------------------------

    def take_now(self) -> C | None:
        """A connection that can be had without waiting and without passing those who wait; None when there is none."""
        if self._closed:
            raise StoreError("the store is closed")
        if self._free and not self.queue:
            self._lend()
            return self._free.pop()[0]
        if self.queue or self.in_use >= self.size:
            return None
        self._lend()
        return self._open()

    async def take(self) -> C:
        """A connection, when it is the caller's turn; StoreError when that takes too long or the pool is closed."""
        found = self.take_now()
        if found is not None:
            return found
        if self.in_use < self.size and not self.queue:
            self._lend()
        else:
            found = await self._wait()
            if found is not None:
                return found
        # A place is the caller's now, with no connection in it.
        return self._open()

    def _lend(self) -> None:
        self.in_use += 1
        if self.in_use > self._peak:
            self._peak = self.in_use

    def _open(self) -> C:
        """Open a connection for a place that has been lent."""
        try:
            opened = self._connect()
        except BaseException:
            self._pass_on(None)
            raise
        self._opened += 1
        return opened

    async def _wait(self) -> C | None:
        """Wait for what is given back: a connection, or None for the place of one."""
        if self._clock is None:
            raise StoreError(f"all {self.size} connections to the store are in use")
        self._waits += 1
        began = self._clock.seconds()
        waiting: Deferred[C | None] = Deferred(self._leave)
        self.queue[waiting] = None
        timer = self._clock.callLater(self._wait_seconds, self._give_up, waiting)
        try:
            return await waiting
        finally:
            self._wait_total += self._clock.seconds() - began
            if timer.active():
                timer.cancel()

    def _leave(self, waiting: Deferred[C | None]) -> None:
        """The coroutine that waited was cancelled."""
        self.queue.pop(waiting, None)

    def _give_up(self, waiting: Deferred[C | None]) -> None:
        del self.queue[waiting]
        self._timeouts += 1
        seconds = f"{self._wait_seconds:g}"
        waiting.errback(StoreError(f"all {self.size} connections to the store were in use for {seconds} seconds"))

    # -- giving back --------------------------------------------------------------------------------------------------

    def give(self, connection: C) -> None:
        """Take a connection back, ready for the next user."""
        if self.in_use > self.size:
            # There are fewer places than when it was lent.
            self.in_use -= 1
            self._shut(connection)
        elif self.queue or self._closed:
            self._pass_on(connection)
        else:
            self._put_back(connection)

    def discard(self, connection: C) -> None:
        """Close a connection that must not be used again; its place is free."""
        self._shut(connection)
        if self.in_use > self.size:
            self.in_use -= 1
        else:
            self._pass_on(None)

    def _pass_on(self, place: C | None) -> None:
        """A place is free, with a connection in it or without: the first who waits has it.

        Waiters go on from one loop, however many of them finish at once, so a long queue does not deepen the stack.
        """
        self._places.append(place)
        if self._passing:
            return
        self._passing = True
        try:
            while self._places:
                if self.queue:
                    # The place stays lent: nobody can come between.
                    self.queue.popitem(last=False)[0].callback(self._places.popleft())
                else:
                    self._put_back(self._places.popleft())
        finally:
            self._passing = False

    def _put_back(self, place: C | None) -> None:
        self.in_use -= 1
        if place is None:
            return
        if self._closed:
            self._shut(place)
            return
        self._free.append((place, 0.0 if self._clock is None else self._clock.seconds()))
        if self._timer is None and self._clock is not None:
            self._timer = self._clock.callLater(self._idle_seconds, self._tidy)

    def _shut(self, connection: C) -> None:
        self._closed_count += 1
        self._close(connection)

    def _tidy(self) -> None:
        """Close what has been free for long; the oldest come first."""
        assert self._clock is not None
        self._timer = None
        limit = self._clock.seconds() - self._idle_seconds
        old = 0
        while old < len(self._free) and self._free[old][1] <= limit:
            old += 1
        for connection, _ in self._free[:old]:
            self._shut(connection)
        del self._free[:old]
        if self._free:
            self._timer = self._clock.callLater(self._free[0][1] - limit, self._tidy)

    def close(self) -> None:
        """Close what is free, and what is lent when it is given back; those who wait get StoreError."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection, _ in self._free:
            self._shut(connection)
        self._free.clear()
        while self.queue:
            self.queue.popitem(last=False)[0].errback(StoreError("the store is closed"))

    def statistics(self) -> Mapping[str, float]:
        """Connections now, the most that were lent at once, and counters since the start."""
        return {
            "size": self.size,
            "in_use": self.in_use,
            "free": len(self._free),
            "waiting": len(self.queue),
            "peak": self._peak,
            "waits": self._waits,
            "wait_seconds": self._wait_total,
            "timeouts": self._timeouts,
            "opened": self._opened,
            "closed": self._closed_count,
        }
