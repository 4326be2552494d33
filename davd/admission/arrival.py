"""What is known of a request before it is let in."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from davd.http.priority import DEFAULT_URGENCY
from davd.model.priority import RequestPriority

if TYPE_CHECKING:
    from davd.admission.sources import Source
    from davd.tree.statistics import Route


@dataclass(slots=True)
class Arrival:
    """A request at the door.

    `source` is the network it comes from, `route` what its cost is counted under, `arrived` the time on the pool's
    clock (seconds) from which its deadline counts. `urgency` is 0 to 7, lower first, within the class. Requests with
    the same `batch` may share one transaction when they wait together; None never shares. `path` is the raw path asked
    for.
    """

    source: Source
    route: Route
    priority: RequestPriority
    arrived: float
    urgency: int = DEFAULT_URGENCY
    batch: Hashable | None = None
    path: str = ""
