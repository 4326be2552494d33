"""Up to which moment that which is due may be removed: the clock, as far as it can be believed.

A clock may jump by years, forward and back: a battery is empty, a machine starts before it knows the time, somebody
sets the date. What is removed by its age while the clock is wrong does not come back when it is right again. So the
time by which things are removed has a pace of its own. While davd runs it goes at most twice as fast as time passes,
and a start brings it on by a week at most; it catches up with a clock that is ahead, and waits for one that is behind.

Implements: docs/operate/backup.md, The trash; RFC 6578, 3.2
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from davd.interfaces.store import IStore, StoreFull
from davd.model.trash import DAY, NEWEST
from davd.stores.transactions import transact

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

# How many times faster than the time that passes: so what has 30 days has 15 at least, whatever the clock does.
_PACE: Final = 2.0
# So much of the time between two runs of davd is believed, of which there is only the clock's word.
_AWAY_SECONDS: Final = 7 * DAY
# A clock with which the time could not be brought together for so long, of time that davd ran, is believed as it is.
_BELIEVED_SECONDS: Final = 60 * DAY
_KEY: Final = "chores:deletion_time"
_FOR_EVER: Final = 1e15


class DeletionTime:
    """The time of one store, which keeps it. `now` gives POSIX seconds, `monotonic` seconds that pass."""

    def __init__(
        self,
        store: IStore,
        clock: IReactorTime,
        now: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._now = now
        self._monotonic = monotonic
        self._reached: float | None = None
        self._looked = 0.0
        # For how many seconds it has not been what the clock says.
        self._apart = 0.0

    async def reached(self) -> float:
        """The POSIX time by which things may be removed now, never later than what the clock says; StoreError."""
        if self._reached is None:
            await self._begin()
        else:
            tick = self._monotonic()
            self._go_on(self._now(), tick - self._looked, _PACE)
            self._looked = tick
        assert self._reached is not None
        now = self._now()
        value = json.dumps([self._reached, now, self._apart]).encode()
        try:
            await transact(self._store, lambda transaction: transaction.keep(_KEY, value, _FOR_EVER), clock=self._clock)
        except StoreFull:
            # To remove something is what helps then; and the next time there may be room for this.
            pass
        return min(self._reached, now)

    async def _begin(self) -> None:
        """Go on from where the process before this one has come to."""

        async with self._store.read() as view:
            kept: bytes | None = await view.kept(_KEY, 0.0)
            newest = await view.trash(None, 0.0, NEWEST, 1)
        if self._reached is not None:
            return
        self._looked = self._monotonic()
        now = self._now()
        if kept is None:
            # Nobody knows how long ago that was. It cannot have been before the last that came into the trash.
            self._reached = min([now, *(entry.deleted for entry in newest)])
            return
        self._reached, seen, self._apart = json.loads(kept)
        self._go_on(now, max(0.0, min(now - seen, _AWAY_SECONDS)), 1.0)

    def _go_on(self, now: float, passed: float, pace: float) -> None:
        assert self._reached is not None
        if now > self._reached:
            self._reached = min(now, self._reached + pace * passed)
        self._apart = 0.0 if self._reached == now else self._apart + passed
        if self._apart > _BELIEVED_SECONDS:
            self._reached, self._apart = now, 0.0
