"""What a server process is told of the others, if there are any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from davd.daemon.notify import Notify
from davd.observe.shared import Column


def _nobody() -> None:
    """Nobody waits to hear it."""


@dataclass(frozen=True, slots=True)
class Post:
    """A server's place among `workers` processes.

    `shared` is its column of what they count together, None when it is alone: then it also does what only one process
    may do, and what the supervisor of several does otherwise. `ready` is called when everything serves, `notify`
    reaches the service manager.
    """

    workers: int = 1
    shared: Column | None = None
    ready: Callable[[], None] = _nobody
    notify: Notify = field(default_factory=lambda: Notify({}))

    @property
    def alone(self) -> bool:
        """Whether there is no other process, and no supervisor."""
        return self.shared is None
