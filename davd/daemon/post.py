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

    `leads` tells that it does what only one of them may do. `shared` is its column of what they count together, None
    when it is alone. `ready` is called when everything serves, `notify` reaches the service manager.
    """

    workers: int = 1
    leads: bool = True
    shared: Column | None = None
    ready: Callable[[], None] = _nobody
    notify: Notify = field(default_factory=lambda: Notify({}))
