"""The numbers of resources and ETags, which are never used twice."""

from __future__ import annotations

import apsw


class Numbers:
    """Counts on from the number that the store keeps. To be loaded in each transaction, and saved before its COMMIT.

    What is undone loses its numbers.
    """

    __slots__ = ("_last", "_saved")

    def __init__(self) -> None:
        self._last = self._saved = 0

    def __call__(self) -> int:
        """The next number."""
        self._last += 1
        return self._last

    def at_least(self, number: int) -> None:
        """Count on from `number`, if that is later."""
        self._last = max(self._last, number)

    def load(self, connection: apsw.Connection) -> None:
        """Count on from what the store keeps."""
        self._last = self._saved = connection.execute("SELECT number FROM store").get

    def save(self, connection: apsw.Connection) -> None:
        """Keep the last number in the store."""
        if self._last != self._saved:
            connection.execute("UPDATE store SET number = ?", (self._last,))
