"""The running server: what is started, in which order, and how it ends."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.logger import Logger

from davd.admission.admission import Admission
from davd.caches.memory import Memory
from davd.caches.tiers import Tiers
from davd.config.origin import Loaded
from davd.config.reload import Changes
from davd.config.settings import Settings
from davd.daemon import logfiles, signalling
from davd.daemon.admin_plane import AdminTLS
from davd.daemon.administration import Administration, Means, Views
from davd.daemon.assemble import Rows, admission_of, application_of, authenticator_of, tiers_of
from davd.daemon.command_socket import CommandSocket, Outcome
from davd.daemon.measuring import Measuring, ObserveError
from davd.daemon.notify import Watchdog
from davd.daemon.post import Post
from davd.daemon.prepare import Prepared
from davd.daemon.reconfigure import Parts, Reconfiguration
from davd.daemon.reload import Refused, Reload, ReloadOutcome
from davd.daemon.secret import secret_of
from davd.daemon.soundness import Soundness
from davd.daemon.statistics import Statistics
from davd.daemon.threads import Threads
from davd.interfaces.alert import AlertError
from davd.interfaces.identity import CheckerError, IChecker
from davd.interfaces.store import StoreError
from davd.net.certificates import CertificateError
from davd.net.endpoints import Bound, ListenError
from davd.net.listeners import Listener, accept_waiting, listen
from davd.net.site import Site
from davd.net.tls import TLS
from davd.observe.stall import StallMeter
from davd.stores.sqlite.store import SQLiteStore

log = Logger(namespace="davd")

GC_THRESHOLDS = (20_000, 20, 50)
# For how long a thread that computes keeps the interpreter from the reactor.
SWITCH_SECONDS = 0.001

# What has reached this machine when the end is asked for is accepted, and read before anything is closed.
LAST_CALL_TURNS = 3
LAST_CALL_SECONDS = 0.025
# What the end takes beside the requests under way, at most.
STOP_SECONDS = 5.0

ONE_PROCESS = "davd runs in one process: there are no workers to replace; restart the service, or set daemon.workers"


class Server(Service):
    """Starts and stops the store, the caches, the checkers and the listeners.

    `loaded` are its settings and where they come from, `read` reads them again, for what can be changed while the
    server runs; ConfigError when they are wrong. `reloading` tells how that has ended.
    `post` is its place among several processes, and whom it tells how it does.
    """

    name = "davd"

    def __init__(
        self, loaded: Loaded, prepared: Prepared, reactor: Any, read: Callable[[], Loaded], post: Post
    ) -> None:
        self._settings = settings = loaded.settings
        self._post = post
        self._watchdog = Watchdog(post.notify, self.healthy, reactor)
        self._reconfiguration: Reconfiguration | None = None
        self._parts: Parts | None = None
        self._threads = Threads(reactor, settings.pool.workers(), settings.authentication)
        self.reloading = Reload(read, self._reconfigure, reactor, loaded)
        self._prepared = prepared
        self._reactor = reactor
        self._checkers: list[IChecker] = []
        self._listeners: list[Listener] = []
        self._certificates: list[TLS | AdminTLS] = []
        self._admission: Admission | None = None
        self._tiers: Tiers | None = None
        self._stall = StallMeter(reactor, self._requests)
        self._statistics: Statistics | None = None
        self._store: SQLiteStore | None = None
        self._soundness: Soundness | None = None
        self.measuring = Measuring(settings, reactor, self.healthy, self.reloading)
        self._administration: Administration | None = None
        self._commands = CommandSocket(
            settings.data,
            {
                "status": lambda _: self._status(),
                "reload": lambda _: self._reload_as_asked(),
                "restart": lambda _: Outcome(False, ONE_PROCESS),
                "configuration": lambda _: self._told_settings(),
            },
            reactor,
        )
        self._stopping = False
        self._site: Site | None = None
        self._started: Deferred[None] | None = None
        self._ending = False

    def startService(self) -> None:
        """Called by twistd; the rest happens when the reactor runs."""
        super().startService()
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        if self._post.alone:
            signalling.end_once(self._reactor)
        self._started = Deferred.fromCoroutine(self._start()).addErrback(self._failed)

    def _failed(self, failure: Any) -> None:
        if failure.check(StoreError, ListenError, CertificateError, CheckerError, ObserveError, AlertError):
            self._end(str(failure.value))
        else:
            log.failure("davd could not start", failure)
            self._end("davd could not start; the log says why")

    def _end(self, sentence: str) -> None:
        """Stop the process with a status that tells systemd and scripts that it did not end well."""
        log.critical("{sentence}", sentence=sentence)
        if self._ending:
            return
        self._ending = True
        self._reactor.addSystemEventTrigger("after", "shutdown", os._exit, 1)
        if self._reactor.running:
            self._reactor.stop()

    async def _start(self) -> None:
        settings = self._settings
        store = SQLiteStore(
            settings.data,
            settings.store,
            self._threads.run,
            self._reactor,
            # Commits have a thread of their own, so that they never queue behind long work.
            commit_in_thread=self._threads.one("commit"),
            on_failure=self._end,
        )
        await store.start()
        self._store = store
        self._soundness = Soundness(store)
        authenticator, self._checkers = authenticator_of(settings, store, self._threads.run_hash, time.time)
        for checker in self._checkers:
            await checker.start()
        memory: Memory[Any] = Memory(settings.caches.memory_bytes, settings.caches.entry_bytes)
        secret = await secret_of(store, time.time())
        self._tiers = tiers = tiers_of(settings, self._reactor, self._threads.run, secret, memory.clear)
        await tiers.start()
        self._admission = admission = admission_of(settings, self._reactor, self._post.workers, self._post.shared)
        rows = Rows(settings)
        application = application_of(
            settings, store, authenticator, admission, memory, tiers, time.time, self._threads.run, rows
        )
        self._site = Site(application, settings.net, self._reactor, shared=self._post.shared)
        self._parts = parts = Parts(
            settings,
            store,
            authenticator,
            admission,
            application,
            memory,
            tiers,
            self._site,
            rows,
            self._threads.resize,
            self._threads.resize_hashing,
            self._post.workers,
        )
        administration = self._administer(store, rows) if self._post.alone else None
        self._administration = administration
        steps = [*parts.steps()] if administration is None else [*parts.steps(), administration.reconfigure]
        self._reconfiguration = Reconfiguration(settings, steps)
        if administration is not None:
            # Before anybody is told that davd serves.
            signalling.obey(
                self._reactor,
                {
                    signal.SIGHUP: self._reload_as_told,
                    signal.SIGUSR1: logfiles.reopen,
                    signal.SIGUSR2: lambda: log.warn("{sentence}", sentence=ONE_PROCESS),
                },
            )
            self.reloading.start()
        self._statistics = Statistics(
            self._site,
            admission,
            application,
            store,
            memory,
            tiers,
            self._stall,
            None if administration is None else administration.chores,
            settings.data,
            self._more,
            reloading=self.reloading,
        )
        self.measuring.start(self._statistics.counted)
        if self.measuring.access is not None:
            application.access = self.measuring.access.note
        if administration is not None:
            if self._prepared.admin_tls is not None:
                self._certificates.append(self._prepared.admin_tls)
            await administration.start()
            self._commands.start()
        # What is here now stays: the collector need not walk through it again, nor look as often as for a script.
        # Nobody waits for it yet.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        sys.setswitchinterval(SWITCH_SECONDS)
        self._stall.start()
        for opened in self._prepared.listeners:
            listener = await listen(self._reactor, opened, self._site, self._prepared.tls)
            self._listeners.append(listener)
            if self._post.shared is None:
                log.info("serving {endpoint}", endpoint=listener.text)
            if listener.tls is not None and listener.tls not in self._certificates:
                self._certificates.append(listener.tls)
        self._watchdog.start()
        self._post.notify.ready()
        self._post.ready()

    def _requests(self) -> int:
        """How many requests have come so far."""
        return self._site.statistics.requests if self._site is not None else 0

    def _more(self) -> Mapping[str, Any]:
        """What the metrics tell beside the counters of the parts."""
        told = self.measuring.more()
        return told if self._administration is None else {**self._administration.more(), **told}

    async def _ready(self) -> dict[str, bool]:
        return {"store": await self.healthy(), "staying": not self._stopping, "caches": self._tiers is not None}

    def _administer(self, store: SQLiteStore, rows: Rows) -> Administration:
        views = Views(self._ready, self.statistics, self.measuring.snapshot)
        means = Means(
            store, rows, self.reloading, self._threads.hash, self._certificates, self.reload_certificates, time.time
        )
        return Administration(self._settings, self._prepared, views, means, self._reactor)

    def statistics(self) -> Mapping[str, Any]:
        """The counters of all parts; empty before the start."""
        return {} if self._statistics is None else self._statistics.collect()

    def share(self, workers: int) -> None:
        """Go by the part of the limits that one of so many processes has."""
        if self._parts is not None:
            self._parts.share(workers)

    async def healthy(self) -> bool:
        """Whether the store answers, and its file is still the one that was opened: writes to another would be lost."""
        return self._soundness is not None and await self._soundness.healthy()

    def _reload_as_told(self) -> None:
        """Reload, and let the service manager know when it is over."""
        self._post.notify.reloading()
        self.reload()
        self._post.notify.ready()

    def _reload_as_asked(self) -> Outcome:
        outcome = self.reload()
        return Outcome(outcome.ok, outcome.sentence, outcome.applied, outcome.restart)

    async def _status(self) -> Outcome:
        return Outcome(
            True,
            "davd runs in one process",
            pid=os.getpid(),
            version=version("davd"),
            ready=await self._ready(),
            connections=self.statistics().get("connections", {}).get("connections", 0),
            alerts=() if self._administration is None else self._administration.alerts(),
        )

    def _told_settings(self) -> Outcome:
        rows = self._administration.configuration() if self._administration is not None else ()
        return Outcome(True, "these settings are in force", settings=tuple(rows))

    def reload(self) -> ReloadOutcome:
        """Read the settings and the certificates again; what cannot be used is left aside and the old ones stay."""
        outcome = self.reloading.reload()
        self.reload_certificates()
        return outcome

    def _reconfigure(self, new: Settings) -> Changes:
        if self._reconfiguration is None:
            raise Refused("davd is still starting")
        return self._reconfiguration.apply(new)

    def reload_certificates(self) -> None:
        """Read them again; those that cannot be used are left aside, with a line in the log."""
        for tls in self._certificates:
            try:
                tls.reload()
                log.info("certificates read again")
            except CertificateError as error:
                log.error("the certificates stay as they were: {error}", error=error)

    def stopService(self) -> Deferred[None]:
        """Take no more connections, finish what runs, then close the store."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _last_call(self) -> None:
        """Accept the connections that wait, then give the reactor some turns to read from them."""
        site = self._site
        if not self._listeners or site is None:
            return
        bound = (one.socket for one in self._prepared.listeners if isinstance(one, Bound))
        listening = [one for one in bound if one.fileno() >= 0]
        await accept_waiting(self._reactor, listening, site.statistics.met, self._settings.daemon.drain_seconds)
        for _ in range(LAST_CALL_TURNS):
            await deferLater(self._reactor, LAST_CALL_SECONDS)

    async def wind_down(self) -> None:
        """Leave new connections to another process, and each of one's own one request more, while there is time.

        To be followed by the end of the reactor, which ends those that have asked nothing more.
        """
        if self._started is not None:
            await self._started
        await self._stop_listening()
        if self._site is not None:
            # What was accepted just before is made known to the site in the turns that follow.
            await deferLater(self._reactor, LAST_CALL_SECONDS)
            gone = self._site.wind_down()
            limit = self._reactor.callLater(self._settings.daemon.drain_seconds, gone.cancel)
            with suppress(CancelledError):
                await gone
            if limit.active():
                limit.cancel()

    async def _stop_listening(self) -> None:
        listeners, self._listeners = self._listeners, []
        await gatherResults([listener.stop_listening() for listener in listeners], consumeErrors=True)

    async def _stop(self) -> None:
        self.reloading.stop()
        self._stopping = True
        self._watchdog.stop()
        seconds = self._settings.daemon.drain_seconds
        self._post.notify.stopping(seconds + STOP_SECONDS)
        if self._started is not None:
            await self._started
        # Those that wait to be accepted have their time out of that of the requests under way.
        limit_at = self._reactor.seconds() + seconds
        await self._last_call()
        await self._stop_listening()
        self._commands.stop()
        if self._administration is not None:
            await self._administration.close()
        if self._site is not None:
            site = self._site
            drained = site.drain()
            limit = self._reactor.callLater(max(0.0, limit_at - self._reactor.seconds()), site.abort)
            await drained
            if limit.active():
                limit.cancel()
        for checker in self._checkers:
            await checker.stop()
        if self._admission is not None:
            self._admission.pool.close()
        if self._tiers is not None:
            await self._tiers.stop()
        self._stall.stop()
        if self._administration is not None:
            await self._administration.stop()
        self.measuring.stop()
        if self._store is not None:
            await self._store.stop()
        self._threads.stop()
        log.info("stopped")
        # twistd would end the process by the signal that stopped the reactor, as though nothing had been tidied up.
        self._reactor._exitSignal = None
