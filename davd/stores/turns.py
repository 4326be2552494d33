"""Who writes next."""

from __future__ import annotations

from collections import deque

from twisted.internet.defer import Deferred


class Turns:
    """One holder at a time; the others wait in the order in which they came.

    A coroutine that finds nobody before it does not suspend. Waiters are resumed one after the other from one loop,
    however many of them finish without suspending, so a long queue does not deepen the stack.
    """

    __slots__ = ("_passing", "_waiting", "held")

    def __init__(self) -> None:
        self.held = False
        self._waiting: deque[Deferred[None]] = deque()
        self._passing = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def take(self) -> None:
        """Return when it is the caller's turn; the caller must give it back with `give`."""
        if not self.held and not self._waiting:
            self.held = True
            return
        waiting: Deferred[None] = Deferred(self._leave)
        self._waiting.append(waiting)
        await waiting

    def _leave(self, waiting: Deferred[None]) -> None:
        """The coroutine that waited was cancelled."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def give(self) -> None:
        """End the caller's turn and let the next one have it."""
        self.held = False
        self.resume()

    def resume(self) -> None:
        """Let the first in the queue have its turn, unless somebody has it."""
        if self._passing:
            return
        self._passing = True
        try:
            while self._waiting and not self.held:
                self.held = True
                self._waiting.popleft().callback(None)
        finally:
            self._passing = False
