"""Work that must not hold up the reactor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


class RunInThread(Protocol):
    """Runs a call elsewhere; the reactor's `deferToThreadPool`, or `run_here`."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]: ...


async def run_here(call: Callable[[], T]) -> T:
    """Run a call at once in the caller's own thread: for commands that have no reactor."""
    return call()


async def finished(running: Awaitable[T]) -> T:
    """Wait for a call that is running in a thread, to its end even when the waiting coroutine is cancelled.

    A thread cannot be stopped, and what it works on must not be touched meanwhile; the CancelledError is raised when
    the call has ended.
    """
    if not isinstance(running, Deferred):
        return await running
    cancelled: CancelledError | None = None
    outcome: list[T | Failure] = []
    running.addBoth(outcome.append)
    while not outcome:
        waiting: Deferred[None] = Deferred()
        running.addBoth(_wake, waiting)
        try:
            await waiting
        except CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()
    return outcome[0]


def _wake(_: object, waiting: Deferred[None]) -> None:
    if not waiting.called:
        waiting.callback(None)
