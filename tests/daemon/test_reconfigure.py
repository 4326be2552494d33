"""The parts of a running server obey new settings, or all of them the old ones.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from davd.admission.budgets import UNITS
from davd.caches.derived import Derived
from davd.caches.memory import Memory
from davd.caches.redis import Redis
from davd.caldav.names import CALENDAR_TYPE
from davd.carddav.names import ADDRESSBOOK_TYPE
from davd.config.keys import Key, keys
from davd.config.reload import adopted, copy_of
from davd.config.settings import Settings
from davd.daemon.assemble import Rows, admission_of, application_of, authenticator_of, tiers_of
from davd.daemon.observing import Observing
from davd.daemon.offline import drive
from davd.daemon.reconfigure import Parts, Reconfiguration
from davd.daemon.reload import Refused
from davd.net.site import Site
from davd.observe.snapshot import Snapshot
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here


class Server:
    """The parts of a server on a store in `folder`, without listeners, and what has been made of its threads."""

    def __init__(self, folder: Path) -> None:
        self.clock: Any = Clock()
        self.settings = settings = Settings(data=str(folder))
        # It is not there, and a tier that looks for it is all that is wanted.
        settings.caches.redis = "redis://127.0.0.1:1"
        self.store = SQLiteStore(settings.data, settings.store, run_here, self.clock)
        drive(self.store.start())
        self.authenticator, _ = authenticator_of(settings, self.store, run_here, time.time)
        self.memory: Memory[Any] = Memory(settings.caches.memory_bytes, settings.caches.entry_bytes)
        self.tiers = tiers_of(settings, self.clock, run_here, b"", self.memory.clear)
        self.admission = admission_of(settings, self.clock)
        self.rows = Rows(settings)
        self.application = application_of(
            settings,
            self.store,
            self.authenticator,
            self.admission,
            self.memory,
            self.tiers,
            time.time,
            run_here,
            self.rows,
        )
        self.site = Site(self.application, settings.net, self.clock)
        self.threads: list[int] = []
        self.hashes: list[int] = []
        self.parts = Parts(
            settings,
            self.store,
            self.authenticator,
            self.admission,
            self.application,
            self.memory,
            self.tiers,
            self.site,
            self.rows,
            self.threads.append,
            self.hashes.append,
        )
        self.observing = Observing(settings, self.clock, self._snapshot)
        self.steps = [*self.parts.steps(), self.observing.reconfigure]
        self.reconfiguration = Reconfiguration(settings, self.steps)

    async def _snapshot(self) -> Snapshot:
        return Snapshot(0.0, [])

    def tier(self, kind: type) -> Any:
        """The tier of that kind."""
        return next(tier for tier in self.tiers.tiers if isinstance(tier, kind))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with its defaults."""
    made = Server(tmp_path)
    yield made
    drive(made.store.stop())


@pytest.fixture
def logged() -> Iterator[list[LogEvent]]:
    """What is logged as a failure."""
    events: list[LogEvent] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if "log_failure" in event:
            events.append(event)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


def _another(key: Key) -> Any:
    """A value that the key may have and does not have by default."""
    default = key.default
    if isinstance(default, bool):
        return not default
    if isinstance(default, int | float):
        for value in (default + 1, default / 2, max(0, default - 1), default + 0.5):
            value = type(default)(value)
            if value != default:
                try:
                    return msgspec.convert(value, key.type)
                except msgspec.ValidationError:
                    continue
    return {
        "net.server": "another",
        "net.exempt_networks": ["10.0.0.0/8"],
        "net.trusted_proxies": ["10.0.0.0/8"],
        "net.forwarded_field": "forwarded",
        "net.proxy_protocol": ["10.0.0.0/8"],
        "authentication.realm": "another",
        "dav.principal_search": "all",
        "dav.well_known": ["carddav"],
        "dav.hostnames": ["another.example"],
        "caldav.min_date_time": "20000101T000000Z",
        "caldav.max_date_time": "20300101T000000Z",
        "caldav.calendar_name": "Another",
        "caldav.tasks_name": "Another",
        "caldav.time_zone": "Europe/Berlin",
        "carddav.book_name": "Another",
        "carddav.directories": ["/another/"],
    }[key.name]


# What a part goes by, for those keys that it keeps in another form than the settings; the others it reads in its
# section when it needs them, which is looked at below.
_DERIVED: dict[str, Callable[[Server], Any]] = {
    "net.exempt_networks": lambda server: ["10.0.0.0/8"] if "10.1.2.3" in server.site._exempt else [],
    "net.proxy_protocol": lambda server: ["10.0.0.0/8"] if "10.1.2.3" in server.site.proxies else [],
    "authentication.realm": lambda server: server.authenticator._challenge.split('"')[1],
    "authentication.hash_queue": lambda server: server.authenticator._passwords._queue,
    "authentication.remember_entries": lambda server: server.authenticator._remembered._entries,
    "authentication.hash_threads": lambda server: server.hashes[-1],
    "pool.worker_count": lambda server: server.threads[-1],
    "application.recall_bytes": lambda server: server.application._kept._max_bytes,
    "application.recall_entry_bytes": lambda server: server.application._kept._max_entry,
    "caches.memory_bytes": lambda server: server.memory._kept.maxsize,
    "caches.entry_bytes": lambda server: server.memory.max_entry,
    "caches.shared_after_ms": lambda server: server.application._answers._shared_after * 1000,
    "caches.redis_timeout_ms": lambda server: server.tier(Redis)._reads.seconds * 1000,
    "caches.redis_ttl": lambda server: server.tier(Redis)._lifetime / 1000,
    "caches.derived_entry_bytes": lambda server: server.tier(Derived)._max_entry,
    "store.query_cache": lambda server: server.store._queries._size,
    "store.route_cache": lambda server: server.store.routes.cache._half * 2 + 1,
    "store.slow_query_ms": lambda server: server.store._connections.slow_seconds * 1000,
    "store.pool_size": lambda server: server.store._pool.size,
    "store.pool_wait_seconds": lambda server: server.store._pool._wait_seconds,
    "store.pool_idle_seconds": lambda server: server.store._pool._idle_seconds,
    "store.snapshot_ms": lambda server: server.store._snapshots._keep_seconds * 1000,
    "store.checkpoint_pages": lambda server: server.store.writer._checkpoint_at,
}
_LIMITS = ("request_line", "header_bytes", "header_count", "trailer_bytes", "trailer_count", "chunk_extension")
_HELD: dict[str, Callable[[Server], Any]] = {
    "net": lambda server: server.site._context.settings,
    "authentication": lambda server: server.authenticator._settings,
    "pool": lambda server: server.admission.pool.config,
    "rates": lambda server: server.admission.rates._settings,
    "dav": lambda server: server.application._exchanges.settings,
    "caches": lambda server: server.tier(Redis)._settings,
    "store": lambda server: server.store.writer._settings,
}


def _in_force(server: Server, key: str) -> Any:
    """What the part that a key is for goes by now."""
    section, _, name = key.rpartition(".")
    if key in _DERIVED:
        return _DERIVED[key](server)
    if section == "net" and name in _LIMITS:
        return getattr(server.site._context.limits, name)
    if section in ("caldav", "carddav", "alerts", "scaling"):
        return getattr(getattr(server.settings, section), name)
    return getattr(_HELD[section](server), name)


def _with(settings: Settings, key: Key, value: Any) -> Settings:
    changed = copy_of(settings)
    section, _, name = key.name.rpartition(".")
    setattr(getattr(changed, section), name, value)
    return changed


HOT = [key for key in keys().values() if key.hot]


class TestHotKeys:
    """Verifies: docs/architecture.md, Configuration."""

    @pytest.mark.parametrize("key", HOT, ids=[key.name for key in HOT])
    def test_the_part_goes_by_the_new_value(self, server: Server, key: Key) -> None:
        value = _another(key)
        before = server.application._registry
        changes = server.reconfiguration.apply(_with(server.settings, key, value))
        assert (changes.apply, changes.restart) == ((key.name,), ())
        assert _in_force(server, key.name) == (pytest.approx(value) if isinstance(value, float) else value)
        assert (server.application._registry is before) == (not key.name.startswith(("caldav.", "carddav.")))
        assert server.application._exchanges.registry is server.application._registry

    def test_limits_of_calendars_and_contacts_are_those_of_new_rows(self, server: Server) -> None:
        new = copy_of(server.settings)
        new.caldav.max_resource_size = new.carddav.max_resource_size = 5000
        server.reconfiguration.apply(new)
        types = server.application._registry.collection_types
        assert types[CALENDAR_TYPE].max_bytes == types[ADDRESSBOOK_TYPE].max_bytes == 5000

    def test_nothing_has_changed(self, server: Server) -> None:
        assert not server.reconfiguration.apply(copy_of(server.settings))
        assert server.threads == []

    def test_what_needs_a_restart_is_left_aside_and_named_each_time(self, server: Server) -> None:
        new = copy_of(server.settings)
        new.data, new.net.listen, new.net.server = "/elsewhere", ["tcp:1"], "another"
        assert server.reconfiguration.apply(new).apply == ("net.server",)
        changes = server.reconfiguration.apply(new)
        assert (changes.apply, changes.restart) == ((), ("data", "net.listen"))
        assert server.settings.net.listen == ["ssl:8443"]

    def test_rates_of_sources_that_are_known_already(self, server: Server) -> None:
        source = server.admission.sources.of("192.0.2.1")
        server.admission.admit(source)
        new = copy_of(server.settings)
        new.rates.address_requests, new.rates.address_requests_burst = 1.0, 7.0
        server.reconfiguration.apply(new)
        server.admission.admit(source)
        assert source.left(UNITS.index("requests"), time.monotonic()) <= 7.0

    def test_a_network_is_exempt_and_no_longer(self, server: Server) -> None:
        source = server.admission.sources.of("10.1.2.3")
        assert not source.exempt
        new = copy_of(server.settings)
        new.net.exempt_networks = ["10.0.0.0/8"]
        server.reconfiguration.apply(new)
        # Whoever holds the record is exempt, and who comes anew.
        assert source.exempt
        assert server.admission.sources.of("10.1.2.3").exempt
        assert not server.admission.sources.of("127.0.0.1").exempt


class TestWhole:
    """Verifies: docs/architecture.md, Configuration."""

    def _state(self, server: Server) -> dict[str, Any]:
        names = [key.name for key in HOT if key.name not in ("authentication.hash_threads", "pool.worker_count")]
        return {name: _in_force(server, name) for name in names}

    def _changed(self, server: Server) -> Settings:
        """Settings of which every hot key is another."""
        new = copy_of(server.settings)
        for key in HOT:
            new = _with(new, key, _another(key))
        return new

    @pytest.mark.parametrize("error", [ValueError("x.y: it does not work"), RuntimeError("broken")])
    def test_when_a_part_fails_all_is_as_it_was(self, server: Server, error: Exception, logged: list[Any]) -> None:
        def fail(settings: Settings) -> None:
            if settings.net.server == "another":
                raise error

        before, state = copy_of(server.settings), self._state(server)
        reconfiguration = Reconfiguration(server.settings, [*server.steps, fail])
        with pytest.raises(Refused, match=str(error)):
            reconfiguration.apply(self._changed(server))
        assert server.settings == before
        assert self._state(server) == state
        assert server.hashes[-1] == before.authentication.hash_threads
        assert server.threads[-1] == before.pool.workers()
        # What is no sentence for an operator is told to the log with all that is known.
        assert bool(logged) == isinstance(error, RuntimeError)
        # And it works the next time.
        assert server.reconfiguration.apply(self._changed(server)).apply == tuple(key.name for key in HOT)

    def test_an_unknown_zone_is_refused_with_everything_beside_it(self, server: Server) -> None:
        new = copy_of(server.settings)
        new.caldav.time_zone, new.net.server = "No/Where", "another"
        with pytest.raises(Refused, match=r"^caldav\.time_zone: "):
            server.reconfiguration.apply(new)
        assert server.settings.net.server == "davd"

    def test_what_does_not_fit_what_a_restart_would_bring(self, server: Server) -> None:
        server.settings.dav.prefix = "no prefix"
        new = copy_of(server.settings)
        new.dav.prefix, new.net.server = "", "another"
        with pytest.raises(Refused, match=r"^dav\.prefix: .*, until davd is restarted$"):
            server.reconfiguration.apply(new)
        assert server.settings.net.server == "davd"

    def test_what_is_taken_over_is_a_copy(self, server: Server) -> None:
        new = self._changed(server)
        server.reconfiguration.apply(new)
        new.net.server = "changed afterwards"
        assert server.settings.net.server == "another"
        assert server.settings == adopted(server.settings, server.settings, ())
