"""A coroutine that waits on Deferreds, driven without a Deferred of its own.

Most answers are ready at their first step; only the others come here, with the Deferred they wait on.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


class Steps(Generic[T]):
    """The rest of a coroutine's way.

    `done` is called with what it returns, `failed` with what it raises, one of the two and once. Either may happen
    within `start`.
    """

    __slots__ = ("_coroutine", "_done", "_failed", "_outcome", "_stepping", "_waiting")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._coroutine = coroutine
        self._done = done
        self._failed = failed
        self._waiting: Deferred[Any] | None = None
        self._outcome: list[Any] = []
        self._stepping = False

    def start(self) -> None:
        """Take the first step and all that follow without waiting."""
        self._outcome.append(None)
        self._step()

    def wait(self, waiting: object) -> None:
        """Go on from what the first step, taken by the caller, has yielded."""
        if self._listen(waiting):
            self._step()

    def cancel(self) -> None:
        """Cancel the Deferred it waits on, which the coroutine sees as CancelledError; nothing when it has ended."""
        if self._waiting is not None:
            self._waiting.cancel()

    def _listen(self, waiting: object) -> bool:
        """Ask to be told of the result; whether it was there already."""
        if not isinstance(waiting, Deferred):
            self._outcome.append(Failure(TypeError(f"the application may wait on Deferreds only, not on {waiting!r}")))
            return True
        self._waiting = waiting
        self._stepping = True
        waiting.addBoth(self._fire)
        self._stepping = False
        return bool(self._outcome)

    def _fire(self, result: object) -> None:
        self._waiting = None
        self._outcome.append(result)
        if not self._stepping:
            self._step()

    def _step(self) -> None:
        outcome = self._outcome
        while outcome:
            result = outcome.pop()
            try:
                if isinstance(result, Failure):
                    waiting = result.throwExceptionIntoGenerator(self._coroutine)
                else:
                    waiting = self._coroutine.send(result)
            except StopIteration as stop:
                self._done(stop.value)
                return
            except Exception as error:
                self._failed(error)
                return
            self._listen(waiting)
