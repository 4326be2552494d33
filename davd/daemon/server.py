"""The running server: what is started, in which order, and how it ends."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from msgspec import structs
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore, gatherResults, maybeDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from davd.admin.accounts import Accounts
from davd.admin.plane import Plane
from davd.admission.admission import Admission
from davd.authentication.passwords import hash_password
from davd.authentication.throttle import Throttle
from davd.caches.memory import Memory
from davd.caches.tiers import Tiers
from davd.config import show
from davd.config.origin import Loaded
from davd.config.reload import Changes
from davd.config.settings import Settings
from davd.daemon import logfiles
from davd.daemon.admin_plane import AdminTLS, open_plane
from davd.daemon.assemble import Rows, admission_of, application_of, authenticator_of, tiers_of
from davd.daemon.chores import add_chores
from davd.daemon.expiry import Expiry
from davd.daemon.notify import Watchdog
from davd.daemon.observing import ObserveError, Observing
from davd.daemon.post import Post
from davd.daemon.prepare import Prepared
from davd.daemon.reconfigure import Parts, Reconfiguration
from davd.daemon.reload import Refused, Reload, ReloadOutcome
from davd.daemon.secret import secret_of
from davd.daemon.statistics import Statistics
from davd.interfaces.alert import AlertError
from davd.interfaces.identity import CheckerError, IChecker
from davd.interfaces.store import StoreError
from davd.net.certificates import CertificateError
from davd.net.endpoints import Bound, ListenError, unlink
from davd.net.listeners import Listener, accept_waiting, listen
from davd.net.site import Site
from davd.net.tls import TLS
from davd.observe.chores import Chores
from davd.observe.stall import StallMeter
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import OneThread

log = Logger(namespace="davd")

T = TypeVar("T")
GC_THRESHOLDS = (20_000, 20, 50)
# For how long a thread that computes keeps the interpreter from the reactor.
SWITCH_SECONDS = 0.001

# What has reached this machine when the end is asked for is accepted, and read before anything is closed.
LAST_CALL_TURNS = 3
LAST_CALL_SECONDS = 0.025
# What the end takes beside the requests under way, at most.
STOP_SECONDS = 5.0


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
        self._hashing = DeferredSemaphore(settings.authentication.hash_threads)
        self.reloading = Reload(read, self._reconfigure, reactor, loaded)
        self._prepared = prepared
        self._reactor = reactor
        self._pools: list[ThreadPool | OneThread] = []
        self._checkers: list[IChecker] = []
        self._listeners: list[Listener] = []
        self._certificates: list[TLS | AdminTLS] = []
        self._workers: ThreadPool | None = None
        self._admission: Admission | None = None
        self._tiers: Tiers | None = None
        self._stall = StallMeter(reactor, self._requests)
        self._statistics: Statistics | None = None
        self._store: SQLiteStore | None = None
        self._expiry = Expiry(self._certificates, time.time)
        self._chores = Chores(reactor, time.time)
        self.observing = Observing(
            self._settings, reactor, self.healthy, self._expiry, self.reloading, judging=post.leads
        )
        self._stopping = False
        self._inode = 0
        self._site: Site | None = None
        self._admin_port: Any = None
        self._started: Deferred[None] | None = None
        self._ending = False

    def startService(self) -> None:
        """Called by twistd; the rest happens when the reactor runs."""
        super().startService()
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
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

    def _run_in_thread(self, work: Callable[[], T]) -> Deferred[T]:
        """Run what would hold up the reactor: scans, files, hashes."""
        if self._workers is None:
            self._workers = ThreadPool(0, self._settings.pool.workers(), "davd-work")
            self._workers.start()
            self._pools.append(self._workers)
        return deferToThreadPool(self._reactor, self._workers, work)

    def _thread(self, name: str) -> OneThread:
        # Twisted's reactor on an asyncio loop goes through two of its turns where the loop itself needs one.
        loop = getattr(self._reactor, "_asyncioEventloop", None)
        thread = OneThread(f"davd-{name}", self._reactor.callFromThread if loop is None else loop.call_soon_threadsafe)
        self._pools.append(thread)
        return thread

    async def _start(self) -> None:
        settings = self._settings
        store = SQLiteStore(
            settings.data,
            settings.store,
            self._run_in_thread,
            self._reactor,
            # Commits have a thread of their own, so that they never queue behind long work.
            commit_in_thread=self._thread("commit"),
            on_failure=self._end,
        )
        await store.start()
        self._store = store
        add_chores(
            self._chores,
            store,
            self._reactor,
            time.time,
            self._expiry,
            self._reload_certificates,
            self._post.leads,
        )
        self._inode = _inode(store.path)
        # Hashes must not take all threads: each needs megabytes, and guesses come in floods.
        authenticator, self._checkers = authenticator_of(
            settings, store, lambda work: self._hashing.run(self._run_in_thread, work), time.time
        )
        for checker in self._checkers:
            await checker.start()
        memory: Memory[Any] = Memory(settings.caches.memory_bytes, settings.caches.entry_bytes)
        secret = await secret_of(store, time.time())
        self._tiers = tiers = tiers_of(settings, self._reactor, self._run_in_thread, secret, memory.clear)
        await tiers.start()
        self._admission = admission = admission_of(settings, self._reactor, self._post.workers, self._post.shared)
        rows = Rows(settings)
        application = application_of(
            settings, store, authenticator, admission, memory, tiers, time.time, self._run_in_thread, rows
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
            self._resize_workers,
            self._resize_hashing,
            self._post.workers,
        )
        self._reconfiguration = Reconfiguration(settings, [*parts.steps(), self.observing.reconfigure])
        # Before anybody is told that davd serves: until then these signals end it.
        if self._post.shared is None:
            signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._reload_as_told))
            signal.signal(signal.SIGUSR1, lambda *_: self._reactor.callFromThread(logfiles.reopen))
            self.reloading.start()
        self._statistics = Statistics(
            self._site,
            admission,
            application,
            store,
            memory,
            tiers,
            self._stall,
            self._chores,
            settings.data,
            self.observing.more,
            reloading=self.reloading,
        )
        await self.observing.start(self._statistics.counted)
        if self.observing.access is not None:
            application.access = self.observing.access.note
        if self._prepared.admin is not None:
            self._start_admin(self._prepared.admin, rows)
        self._chores.start()
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

    def _hash(self, password: str) -> Deferred[str]:
        settings = self._settings.authentication
        return self._hashing.run(self._run_in_thread, lambda: hash_password(settings, password))

    async def _ready(self) -> dict[str, bool]:
        return {"store": await self.healthy(), "staying": not self._stopping, "caches": self._tiers is not None}

    def _start_admin(self, bound: Bound, rows: Rows) -> None:
        tls = self._prepared.admin_tls
        settings = self._settings
        assert self._statistics is not None and self._store is not None
        plane = Plane(
            self._ready,
            self._statistics.collect,
            self.observing.snapshot,
            self._chores,
            self.observing.history,
            Accounts(self._store, rows.registry(settings).provisions, self._hash, time.time),
            self.observing.alerts.firing,
            lambda: [structs.asdict(row) for row in show.rows(self.reloading.loaded)],
        )
        throttle = Throttle(settings.authentication, self._store)
        self._admin_port = open_plane(
            self._reactor, bound, tls, plane, self._prepared.token, throttle, settings.admin.hostnames
        )
        if tls is not None:
            self._certificates.append(tls)

    def statistics(self) -> Mapping[str, Any]:
        """The counters of all parts; empty before the start."""
        return {} if self._statistics is None else self._statistics.collect()

    def share(self, workers: int) -> None:
        """Go by the part of the limits that one of so many processes has."""
        if self._parts is not None:
            self._parts.share(workers)

    async def healthy(self) -> bool:
        """Whether the store answers, and its file is still the one that was opened: writes to another would be lost."""
        if self._store is None:
            return False
        try:
            async with self._store.read() as view:
                return bool(await view.resolve(())) and _inode(self._store.path) == self._inode
        except (StoreError, OSError):
            return False

    def _reload_as_told(self) -> None:
        """Reload, and let the service manager know when it is over."""
        self._post.notify.reloading()
        self.reload()
        self._post.notify.ready()

    def reload(self) -> ReloadOutcome:
        """Read the settings and the certificates again; what cannot be used is left aside and the old ones stay."""
        outcome = self.reloading.reload()
        self._reload_certificates()
        return outcome

    def _reconfigure(self, new: Settings) -> Changes:
        if self._reconfiguration is None:
            raise Refused("davd is still starting")
        return self._reconfiguration.apply(new)

    def _resize_workers(self, threads: int) -> None:
        if self._workers is not None:
            self._workers.adjustPoolsize(0, threads)

    def _resize_hashing(self, threads: int) -> None:
        """Hash in so many threads; what is being hashed or waits goes on beside them."""
        self._hashing = DeferredSemaphore(threads)

    def _reload_certificates(self) -> None:
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
        await self._last_call()
        await self._stop_listening()
        if self._admin_port is not None:
            await maybeDeferred(self._admin_port.stopListening)
            unlink(self._prepared.admin.path if self._prepared.admin else "")
        if self._site is not None:
            site = self._site
            drained = site.drain()
            limit = self._reactor.callLater(seconds, site.abort)
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
        await self._chores.stop()
        await self.observing.stop()
        if self._store is not None:
            await self._store.stop()
        for pool in self._pools:
            pool.stop()
        log.info("stopped")
        # twistd would end the process by the signal that stopped the reactor, as though nothing had been tidied up.
        self._reactor._exitSignal = None


def _inode(path: str) -> int:
    return os.stat(path).st_ino
