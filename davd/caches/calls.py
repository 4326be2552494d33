"""Calls to a service that may never answer, and the clock that ends them.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime


class Refused(Exception):
    """The service has answered with an error; the text is its own."""


class Call:
    """One call: when it is given up (seconds of the reactor), whether it is over, and who waits for its answer.

    `answer` fires with bytes or None and never fails; it is None when nobody waits. `size` is what a value that is
    being written weighs.
    """

    __slots__ = ("answer", "due", "over", "size")

    def __init__(self, due: float, answer: Deferred[bytes | None] | None, size: int = 0) -> None:
        self.due = due
        self.answer = answer
        self.size = size
        self.over = False

    def end(self, value: bytes | None) -> None:
        """The call is over, with what it gave."""
        self.over = True
        answer, self.answer = self.answer, None
        if answer is not None and not answer.called:
            answer.callback(value)


class Deadlines:
    """Ends calls that have been under way for `seconds`, with one timer for all of them.

    All calls have the same time, so they come due in the order they were added. `expire` is called for each that is not
    over by then.
    """

    __slots__ = ("_calls", "_clock", "_expire", "_timer", "seconds")

    def __init__(self, clock: IReactorTime, seconds: float, expire: Callable[[Call], None]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._expire = expire
        self._calls: deque[Call] = deque()
        self._timer: object | None = None

    def add(self, answer: Deferred[bytes | None] | None, size: int = 0) -> Call:
        """A new call that begins now."""
        call = Call(self._clock.seconds() + self.seconds, answer, size)
        self._calls.append(call)
        if self._timer is None:
            self._timer = self._clock.callLater(self.seconds, self._due)
        return call

    def _due(self) -> None:
        # When this process itself was late, answers may be there that it has not read yet: the reactor gets to read
        # them before anything is given up.
        self._timer = self._clock.callLater(0, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        calls = self._calls
        now = self._clock.seconds()
        while calls and (calls[0].over or calls[0].due <= now):
            call = calls.popleft()
            if not call.over:
                self._expire(call)
        if calls and self._timer is None:
            self._timer = self._clock.callLater(max(0.0, calls[0].due - now), self._due)

    def stop(self) -> None:
        """End all calls now, without an answer."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()  # type: ignore[attr-defined]
        while self._calls:
            call = self._calls.popleft()
            if not call.over:
                call.end(None)
