"""What the server does by itself once in a while.

Implements: RFC 9325, 3.4
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from davd.interfaces.store import IStore, StoreError
from davd.stores.transactions import transact

log = Logger(namespace="davd.chores")

EVERY_SECONDS = 3600.0
RENEWAL_SECONDS = 12 * 3600.0
# RFC 6578, 3.2 lets a server forget old changes; a client that was away for longer starts anew.
TOMBSTONE_SECONDS = 90 * 86_400.0


class Sweep:
    """Removes what has expired, once an hour: locks, kept values, and tombstones of more than 90 days."""

    def __init__(self, store: IStore, clock: IReactorTime, now: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._now = now
        self._loop = LoopingCall(self._sweep)
        self._loop.clock = clock
        self._running: Deferred[None] | None = None

    def start(self) -> None:
        """Sweep in an hour for the first time: a start has enough to do."""
        self._loop.start(EVERY_SECONDS, now=False)

    async def stop(self) -> None:
        """Sweep no more, and wait for the sweep that runs."""
        running = self._running
        if self._loop.running:
            self._loop.stop()
        if running is not None and not running.called:
            await running

    def _sweep(self) -> Deferred[None]:
        self._running = running = Deferred.fromCoroutine(self._work())
        return running

    async def _work(self) -> None:
        now = self._now()
        try:
            removed = await transact(
                self._store, lambda transaction: transaction.sweep(now, now - TOMBSTONE_SECONDS), clock=self._clock
            )
        except (StoreError, CancelledError) as error:
            log.error("the sweep failed: {error}", error=error)
            return
        if removed:
            log.info("swept {removed} expired rows", removed=removed)


class Renewal:
    """Has the certificates read again twice a day, by `reload`: new contexts have new keys for session tickets."""

    def __init__(self, reload: Callable[[], None], clock: IReactorTime) -> None:
        self._loop = LoopingCall(reload)
        self._loop.clock = clock

    def start(self) -> None:
        """Begin to count; the keys of the start are new."""
        # RFC 9325, 3.4: keys of tickets have to be changed regularly, or they undo what ephemeral keys are for.
        self._loop.start(RENEWAL_SECONDS, now=False)

    def stop(self) -> None:
        """Leave it at that."""
        if self._loop.running:
            self._loop.stop()
