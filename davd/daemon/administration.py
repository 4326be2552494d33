"""What only one process of davd does, and the admin plane that shows it: the one place that builds a whole plane.

With one process that is the server itself, with several their supervisor. Chores look after the store, alerts are
judged by the metrics of all processes, accounts are managed, and the settings in force are told.

Implements: docs/operate/monitoring.md, Admin plane
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs
from twisted.internet.defer import maybeDeferred

from davd.admin.accounts import Accounts
from davd.admin.app_passwords import AppPasswords
from davd.admin.collections import Collections
from davd.admin.plane import Plane
from davd.admin.trash import TrashBin
from davd.application.putting_back import PuttingBack
from davd.authentication.settings import AuthenticationSettings
from davd.authentication.throttle import Throttle
from davd.config import show
from davd.config.settings import Settings
from davd.daemon.admin_plane import open_plane
from davd.daemon.assemble import Rows
from davd.daemon.backup.checked import backup_counts
from davd.daemon.chores import add_chores, chore_counts
from davd.daemon.expiry import Certificates, Expiry
from davd.daemon.observing import Observing
from davd.daemon.prepare import Prepared
from davd.daemon.reload import Reload
from davd.interfaces.store import IStore
from davd.net.endpoints import unlink
from davd.observe.chores import Chores
from davd.observe.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Views:
    """What a process tells of itself and of those it looks after.

    `ready` tells of each thing that has to be in order whether it is, `statistics` are the counters of all parts,
    `snapshot` the metrics of all processes.
    """

    ready: Callable[[], Awaitable[Mapping[str, bool]]]
    statistics: Callable[[], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]
    snapshot: Callable[[], Awaitable[Snapshot]]


@dataclass(frozen=True, slots=True)
class Means:
    """What the administration works with.

    `hash` makes the hash of a password, `now` gives POSIX seconds. `certificates` is what has some, a list that may
    still grow; `renew` has every process read them again.
    """

    store: IStore
    rows: Rows
    reloading: Reload
    hash: Callable[[str], Awaitable[str]]
    certificates: Sequence[Certificates]
    renew: Callable[[], object]
    now: Callable[[], float]


class Administration:
    """Does the chores, watches, and serves the admin plane on the socket of `prepared`, if it has one."""

    def __init__(self, settings: Settings, prepared: Prepared, views: Views, means: Means, reactor: Any) -> None:
        self.chores = Chores(reactor, means.now)
        self.observing = Observing(settings, reactor, views.snapshot)
        self._settings = settings
        self._prepared = prepared
        self._means = means
        self._reactor = reactor
        self._expiry = Expiry(means.certificates, means.now, means.renew)
        self._accounts = Accounts(means.store, means.rows.registry(settings).provisions, means.hash, means.now)
        registry = means.rows.registry(settings)
        self._putting_back = PuttingBack(means.store, registry, settings.dav)
        self._collections = Collections(means.store, registry, settings.dav, means.now)
        self._plane = self._plane_of(views)
        self._port: Any = None
        add_chores(self.chores, means.store, reactor, means.now, self._expiry, means.renew)

    def _plane_of(self, views: Views) -> Plane:
        return Plane(
            views.ready,
            views.statistics,
            views.snapshot,
            self.chores,
            self.observing.history,
            self._accounts,
            self.observing.alerts.firing,
            self.configuration,
            trash=TrashBin(self._means.store, self._putting_back, self._means.now),
            collections=self._collections,
            passwords=AppPasswords(self._means.store, self._log_ins, self._means.now),
        )

    def _log_ins(self) -> AuthenticationSettings:
        return self._means.reloading.loaded.settings.authentication

    def configuration(self) -> list[dict[str, Any]]:
        """The rows of the settings in force, secrets masked."""
        return [structs.asdict(row) for row in show.rows(self._means.reloading.loaded)]

    def alerts(self) -> tuple[str, ...]:
        """The name and the sentence of each alert in force."""
        return tuple([f"{alert.name}: {alert.summary}" for alert in self.observing.alerts.firing()])

    def more(self) -> Mapping[str, Any]:
        """What the metrics tell beside the counters of the parts that serve."""
        return {
            "chores": chore_counts(self.chores),
            "certificates": self._expiry.ends,
            "alerts": self.observing.alerts.states(),
            "backup": backup_counts(self._settings.data),
        }

    async def start(self) -> None:
        """Begin; AlertError for a way by which alerts cannot go out."""
        await self.observing.start()
        prepared = self._prepared
        if prepared.admin is not None:
            throttle = Throttle(self._settings.authentication, self._means.store)
            hostnames = self._settings.admin.hostnames
            self._port = open_plane(
                self._reactor, prepared.admin, prepared.admin_tls, self._plane, prepared.token, throttle, hostnames
            )
        self.chores.start()

    def reconfigure(self, new: Settings) -> None:
        """Take over other conditions of alerts, and the limits by which accounts are made."""
        self.observing.reconfigure(new)
        registry = self._means.rows.registry(new)
        self._accounts.reconfigure(registry.provisions)
        self._collections.reconfigure(registry, new.dav)
        self._putting_back.reconfigure(registry, new.dav)

    async def close(self) -> None:
        """Show nothing any more."""
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)
            unlink(self._prepared.admin.path if self._prepared.admin else "")

    async def stop(self) -> None:
        """Show nothing any more, and end what is under way."""
        await self.close()
        await self.chores.stop()
        await self.observing.stop()
