"""The clock that the pool is given: the reactor, or `twisted.internet.task.Clock`.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Call(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Let it not come."""
        ...


class ReactorTime(Protocol):
    """The part of Twisted's IReactorTime that the pool needs, in the names that Twisted gives it."""

    def seconds(self) -> float:
        """The time now."""
        ...

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call something in so many seconds, in the next turn of the reactor at the earliest; gives a Call."""
        ...
