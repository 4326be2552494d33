"""Which part of a running server obeys which settings, and how a change of them reaches it.

What is read when it is needed is changed in place: the parts hold the same section. What was made from the settings is
made anew by the part's own `reconfigure`. All of it happens between two turns of the reactor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from twisted.logger import Logger

from davd.admission.admission import Admission
from davd.application.application import Application
from davd.authentication.authenticator import Authenticator
from davd.caches.derived import Derived
from davd.caches.memory import Memory
from davd.caches.redis import Redis
from davd.caches.tiers import Tiers
from davd.config.check import check
from davd.config.reload import Changes, adopted, compare, copy_of, overwrite
from davd.config.settings import Settings
from davd.daemon.assemble import Rows, pool_of
from davd.daemon.reload import Refused
from davd.daemon.view import view_of
from davd.model.address import Networks
from davd.net.site import Site
from davd.stores.sqlite.store import SQLiteStore

log = Logger(namespace="davd.reload")

Step = Callable[[Settings], None]


class Reconfiguration:
    """Brings new settings into force by `steps`, each of which gives some parts what concerns them.

    `settings` are those in force, and stay that object: its sections are those the parts hold. A step is given all
    settings, takes over what differs, and may raise; then it and the steps before are done again with the settings
    from before, which have worked.
    """

    def __init__(self, settings: Settings, steps: Sequence[Step]) -> None:
        self.settings = settings
        self._steps = tuple(steps)

    def apply(self, new: Settings) -> Changes:
        """Bring into force what can be without a restart; Refused when that fails, and then nothing has changed."""
        changes = compare(self.settings, new)
        wanted = adopted(self.settings, new, changes.apply)
        try:
            # What a reload leaves aside may not fit what it takes over.
            check(wanted)
        except ValueError as error:
            raise Refused(f"{error}, until davd is restarted") from None
        if not changes.apply:
            return changes
        before = copy_of(self.settings)
        done: list[Step] = []
        try:
            for step in self._steps:
                done.append(step)
                step(wanted)
        except Exception as error:
            if not isinstance(error, ValueError):
                log.failure("new settings could not be brought into force")
            for step in reversed(done):
                step(before)
            raise Refused(str(error) or type(error).__name__) from error
        # What no part of this process goes by is in force all the same, and is told of.
        take_rest(self.settings, wanted)
        return changes


def take_rest(live: Settings, wanted: Settings) -> None:
    """Give `live`, whose sections others hold as well, all values of `wanted` that it does not have yet."""
    for name in live.__struct_fields__:
        mine, theirs = getattr(live, name), getattr(wanted, name)
        if mine == theirs:
            continue
        if isinstance(mine, Struct):
            overwrite(mine, theirs)
        else:
            setattr(live, name, theirs)


@dataclass(slots=True)
class Parts:
    """The parts of a running server that settings reach, and the settings in force.

    `resize` gives the threads another number, `hashes` the hashes. `workers` is how many processes share the pool's
    limits.
    """

    settings: Settings
    store: SQLiteStore
    authenticator: Authenticator
    admission: Admission
    application: Application
    memory: Memory[Any]
    tiers: Tiers
    site: Site
    rows: Rows
    resize: Callable[[int], None]
    hashes: Callable[[int], None]
    workers: int = 1

    def steps(self) -> Sequence[Step]:
        """What brings settings into force: that which may refuse them comes first."""
        return (self._dav, self._net, self._authentication, self._pool, self._caches, self._store)

    def share(self, workers: int) -> None:
        """So many processes share the pool's limits from now on."""
        if workers != self.workers:
            self.workers = workers
            self.admission.reconfigure(pool_of(self.settings, workers), self.settings.rates)

    def _dav(self, new: Settings) -> None:
        """Answers: the rows hold the limits of calendars and contacts, and all that is kept was made by them."""
        live = self.settings
        if (new.dav, new.caldav, new.carddav) == (live.dav, live.caldav, live.carddav):
            return
        registry = self.rows.registry(new)
        live.dav, live.caldav, live.carddav = new.dav, new.caldav, new.carddav
        self.application.reconfigure(live.dav, registry, view_of(live, registry, self.store.epoch))

    def _net(self, new: Settings) -> None:
        live = self.settings
        if new.net == live.net:
            return
        if new.net.exempt_networks != live.net.exempt_networks:
            self.admission.sources.reconfigure(Networks(new.net.exempt_networks))
        overwrite(live.net, new.net)
        self.site.reconfigure()
        # The bytes that are recalled have the name of the server in them.
        self.application.forget()

    def _authentication(self, new: Settings) -> None:
        live = self.settings
        if new.authentication == live.authentication:
            return
        if new.authentication.hash_threads != live.authentication.hash_threads:
            self.hashes(new.authentication.hash_threads)
        overwrite(live.authentication, new.authentication)
        self.authenticator.reconfigure()
        self.application.forget()

    def _pool(self, new: Settings) -> None:
        live = self.settings
        if (new.pool, new.rates) == (live.pool, live.rates):
            return
        # The rates know by the object that there are others, so these sections are not changed in place.
        live.pool, live.rates = new.pool, new.rates
        self.admission.reconfigure(pool_of(live, self.workers), live.rates)
        self.resize(live.pool.workers())

    def _caches(self, new: Settings) -> None:
        live = self.settings
        if (new.caches, new.application) == (live.caches, live.application):
            return
        overwrite(live.caches, new.caches)
        overwrite(live.application, new.application)
        caches = live.caches
        self.memory.reconfigure(caches.memory_bytes, caches.entry_bytes)
        self.application.resize(live.application, caches.entry_bytes, caches.shared_after_ms / 1000)
        for tier in self.tiers.tiers:
            if isinstance(tier, Redis):
                tier.reconfigure()
            elif isinstance(tier, Derived):
                tier.reconfigure(caches.derived_entry_bytes)

    def _store(self, new: Settings) -> None:
        live = self.settings
        if new.store != live.store:
            overwrite(live.store, new.store)
            self.store.reconfigure()
