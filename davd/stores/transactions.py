"""Doing work in a transaction of its own, again when another one was in the way, and not for ever."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from twisted.internet.defer import CancelledError, Deferred

from davd.interfaces.store import Conflict, IStore, ITransaction, StoreError

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

T = TypeVar("T")

# The longest pause before the first repetition and before any, in seconds.
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0


async def transact(
    store: IStore,
    work: Callable[[ITransaction], Awaitable[T]],
    *,
    attempts: int = 4,
    timeout: float | None = None,
    clock: IReactorTime | None = None,
    chance: Callable[[], float] = random.random,
) -> T:
    """The result of `work`, which was given a transaction that is now durable.

    Whatever `work` raises undoes the transaction and is raised here. On Conflict all is done anew, `attempts` times at
    most, so `work` must not change anything but the transaction. Before each repetition there is a pause, twice as long
    each time and of a length that chance decides, so that those who were in each other's way do not meet again.

    After `timeout` seconds in all, `work` is cancelled and its transaction undone: StoreError. That is not done any
    more once the COMMIT has begun, because then nobody knows what would be undone. Without a clock there are neither
    pauses nor a timeout: a store without a reactor has done its waiting itself.
    """
    run = _Run()
    repeated = _repeat(store, work, attempts, clock, chance, run)
    if clock is None or timeout is None:
        return await repeated
    running = Deferred.fromCoroutine(repeated)
    timer = clock.callLater(timeout, run.expire, running)
    try:
        return await running
    except CancelledError:
        if run.late:
            raise StoreError(f"a transaction was not finished within {timeout:g} seconds and was undone") from None
        raise
    finally:
        if timer.active():
            timer.cancel()


class _Run:
    """How far it has come: whether a COMMIT may have begun, and whether time was up before that."""

    __slots__ = ("committing", "late")

    def __init__(self) -> None:
        self.committing = False
        self.late = False

    def expire(self, running: Deferred[T]) -> None:
        if not self.committing:
            self.late = True
            running.cancel()


async def _repeat(
    store: IStore,
    work: Callable[[ITransaction], Awaitable[T]],
    attempts: int,
    clock: IReactorTime | None,
    chance: Callable[[], float],
    run: _Run,
) -> T:
    pause = _FIRST_PAUSE
    while True:
        try:
            async with store.write() as transaction:
                result = await work(transaction)
                run.committing = True
            return result
        except Conflict:
            attempts -= 1
            if attempts <= 0:
                raise
        run.committing = False
        if clock is not None:
            await _sleep(clock, pause * chance())
            pause = min(2 * pause, _LONGEST_PAUSE)


async def _sleep(clock: IReactorTime, seconds: float) -> None:
    over: Deferred[None] = Deferred(lambda _: call.cancel())
    call = clock.callLater(seconds, over.callback, None)
    await over
