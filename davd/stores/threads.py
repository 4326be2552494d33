"""Work that must not hold up the reactor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


class RunInThread(Protocol):
    """Runs a call elsewhere; the reactor's `deferToThreadPool`, or `run_here`."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]: ...


class OneThread:
    """A thread that runs calls one after the other: a RunInThread with less ado than a pool of threads.

    `call_from_thread` has a function called with arguments on the reactor's thread, and may be called from any other:
    the reactor's `callFromThread`, or what its event loop has for that.
    """

    def __init__(self, name: str, call_from_thread: Callable[..., object]) -> None:
        self._call_from_thread = call_from_thread
        self._calls: SimpleQueue[tuple[Callable[[], Any], Deferred[Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=name)
        self._thread.start()

    def __call__(self, call: Callable[[], T], /) -> Deferred[T]:
        """Run a call when those before it have ended; the Deferred fires on the reactor's thread."""
        done: Deferred[T] = Deferred()
        self._calls.put((call, done))
        return done

    def _run(self) -> None:
        while (asked := self._calls.get()) is not None:
            call, done = asked
            try:
                result = call()
            except BaseException:
                self._call_from_thread(done.errback, Failure())
            else:
                self._call_from_thread(done.callback, result)

    def stop(self) -> None:
        """End the thread when all calls have ended, and wait for that."""
        self._calls.put(None)
        self._thread.join()


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
