"""Like requests that are served together.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from davd.admission.arrival import Arrival


class Batch:
    """Requests with the same `Arrival.batch` that have waited together and take their first step one after the other.

    `members` are their arrivals in that order. `shared` is for what they share in that step, an open transaction say,
    None at first. What is in `closing` is called once when all of them have taken it: a member that has to wait then
    goes on by itself, so that nobody holds what is shared for longer.
    """

    __slots__ = ("closing", "members", "shared")

    def __init__(self, members: list[Arrival]) -> None:
        self.members = members
        self.shared: Any = None
        self.closing: list[Callable[[], object]] = []

    def close(self) -> None:
        """The step is over."""
        closing, self.closing = self.closing, []
        for close in closing:
            close()
