"""Identical requests that are answered at the same time: one of them does the work, the others wait for it.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Hashable

from twisted.internet.defer import Deferred


class Flights:
    """What is being worked on, by key, and who waits for it."""

    __slots__ = ("_waiting", "joined")

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[Deferred[None]]] = {}
        self.joined = 0

    def join(self, key: Hashable) -> Deferred[None] | None:
        """A Deferred that fires when the work on `key` has ended, however; None when there is none.

        It may be cancelled.
        """
        waiting = self._waiting.get(key)
        if waiting is None:
            return None
        self.joined += 1
        ended: Deferred[None] = Deferred()
        waiting.append(ended)
        return ended

    def begin(self, key: Hashable) -> None:
        """The caller works on `key` and will say when it has ended."""
        self._waiting[key] = []

    def end(self, key: Hashable) -> None:
        """Wake those who wait."""
        for ended in self._waiting.pop(key):
            if not ended.called:
                ended.callback(None)
