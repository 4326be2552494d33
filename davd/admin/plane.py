"""What the admin plane shows and does: the calls that the daemon gives it.

Implements: docs/operate/monitoring.md, Admin plane
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from davd.admin.accounts import Accounts
from davd.admin.app_passwords import AppPasswords
from davd.admin.collections import Collections
from davd.admin.trash import TrashBin
from davd.model.alert import Alert
from davd.observe.chores import Chores
from davd.observe.history import History
from davd.observe.snapshot import Snapshot

# Rows of a configuration: key, value (masked where it is secret), and where it comes from.
Rows: TypeAlias = Sequence[Mapping[str, Any]]


def _no_rows() -> Rows:
    return []


def _no_alerts() -> Sequence[Alert]:
    return []


@dataclass(frozen=True, slots=True)
class Plane:
    """`ready` tells of each thing that has to be in order whether it is; all must be, or no requests should come.

    `statistics` are the counters of all parts as numbers and texts, `snapshot` the metrics of all processes.
    `configuration` gives the rows of the settings in force. `chores`, `history`, `accounts`, `trash`,
    `collections` and `passwords` are None where this process has none.
    """

    ready: Callable[[], Awaitable[Mapping[str, bool]]]
    statistics: Callable[[], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]
    snapshot: Callable[[], Awaitable[Snapshot]]
    chores: Chores | None = None
    history: History | None = None
    accounts: Accounts | None = None
    alerts: Callable[[], Sequence[Alert]] = _no_alerts
    configuration: Callable[[], Rows] = _no_rows
    trash: TrashBin | None = None
    collections: Collections | None = None
    passwords: AppPasswords | None = None

    async def counted(self) -> Mapping[str, Any]:
        """What `statistics` gives, at once or later."""
        found = self.statistics()
        return found if isinstance(found, Mapping) else await found
