"""Like requests that are served together.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from davd.admission.arrival import Arrival


class Batch:
    """Requests with the same `Arrival.batch` that have waited together and run one after the other in one step.

    `members` are their arrivals in the order in which they run. `shared` is for what they share, an open transaction
    say, None at first. What is in `closing` is called when the last of them has left, whichever way they ended; all are
    called, and the first exception among theirs becomes the failure of the last member.
    """

    __slots__ = ("_left", "closing", "members", "shared")

    def __init__(self, members: list[Arrival]) -> None:
        self.members = members
        self.shared: Any = None
        self.closing: list[Callable[[], object]] = []
        self._left = len(members)

    def leave(self) -> None:
        """One member has ended, or will never run."""
        self._left -= 1
        if self._left:
            return
        failed: Exception | None = None
        for close in self.closing:
            try:
                close()
            except Exception as error:
                failed = failed or error
        self.closing = []
        if failed is not None:
            raise failed
