"""The running server: what is started, in which order, and how it ends."""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults, maybeDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from davd.admission.admission import Admission
from davd.caches.memory import Memory
from davd.caches.tiers import Tiers
from davd.config.load import ConfigError
from davd.config.settings import Settings
from davd.daemon.admin_plane import AdminTLS, serve
from davd.daemon.assemble import admission_of, application_of, authenticator_of, tiers_of
from davd.daemon.chores import Renewal, Sweep
from davd.daemon.prepare import Prepared
from davd.daemon.secret import secret_of
from davd.daemon.statistics import Statistics
from davd.interfaces.identity import CheckerError, IChecker
from davd.interfaces.store import StoreError
from davd.net.certificates import CertificateError
from davd.net.endpoints import Bound, ListenError, unlink
from davd.net.listeners import Listener, listen
from davd.net.site import Site
from davd.net.tls import TLS
from davd.observe.stall import StallMeter
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import OneThread

log = Logger(namespace="davd")

T = TypeVar("T")
DRAIN_SECONDS = 30.0
GC_THRESHOLDS = (20_000, 20, 50)
# For how long a thread that computes keeps the interpreter from the reactor.
SWITCH_SECONDS = 0.001

# What has reached this machine when the end is asked for is accepted, for so long, and read before anything is closed.
ACCEPT_SECONDS = 1.0
LAST_CALL_SECONDS = 0.025


class Server(Service):
    """Starts and stops the store, the caches, the checkers and the listeners.

    `read` reads the settings again, for what can be changed while the server runs; ConfigError when they are wrong.
    """

    name = "davd"

    def __init__(self, settings: Settings, prepared: Prepared, reactor: Any, read: Callable[[], Settings]) -> None:
        self._settings = settings
        self._read = read
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
        self._sweep: Sweep | None = None
        self._renewal = Renewal(self._reload_certificates, reactor)
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
        if failure.check(StoreError, ListenError, CertificateError, CheckerError):
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
        self._sweep = Sweep(store, self._reactor, time.time)
        self._sweep.start()
        self._inode = _inode(store.path)
        # Hashes must not take all threads: each needs megabytes, and guesses come in floods.
        gate = DeferredSemaphore(settings.authentication.hash_threads)
        authenticator, self._checkers = authenticator_of(
            settings, store, lambda work: gate.run(self._run_in_thread, work), time.time
        )
        for checker in self._checkers:
            await checker.start()
        memory: Memory[Any] = Memory(settings.caches.memory_bytes, settings.caches.entry_bytes)
        secret = await secret_of(store, time.time())
        self._tiers = tiers = tiers_of(settings, self._reactor, self._run_in_thread, secret, memory.clear)
        await tiers.start()
        self._admission = admission = admission_of(settings, self._reactor)
        application = application_of(
            settings, store, authenticator, admission, memory, tiers, time.time, self._run_in_thread
        )
        self._site = Site(application, settings.net, self._reactor)
        self._stall.start()
        self._statistics = Statistics(self._site, admission, application, store, memory, tiers, self._stall)
        for opened in self._prepared.listeners:
            listener = await listen(self._reactor, opened, self._site, self._prepared.tls)
            self._listeners.append(listener)
            log.info("serving {endpoint}", endpoint=listener.text)
            if listener.tls is not None and listener.tls not in self._certificates:
                self._certificates.append(listener.tls)
        if self._prepared.admin is not None:
            self._start_admin(self._prepared.admin)
        if self._certificates:
            self._renewal.start()
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._reload))
        # What is here now stays: the collector need not walk through it again, nor look as often as for a script.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        sys.setswitchinterval(SWITCH_SECONDS)

    def _requests(self) -> int:
        """How many requests have come so far."""
        return self._site.statistics.requests if self._site is not None else 0

    def _start_admin(self, bound: Bound) -> None:
        # klein imports the reactor, which twistd has not chosen yet when it imports this module.
        from davd.admin.health import Admin

        tls = self._prepared.admin_tls
        assert self._statistics is not None
        pages = Admin(self._healthy, self._statistics.collect).app.resource()
        self._admin_port = serve(self._reactor, bound, pages, tls)
        log.info("admin plane on {endpoint}", endpoint=bound.text)
        if tls is not None:
            self._certificates.append(tls)

    async def _healthy(self) -> bool:
        """Whether the store answers, and its file is still the one that was opened: writes to another would be lost."""
        if self._store is None:
            return False
        try:
            async with self._store.read() as view:
                return bool(await view.resolve(())) and _inode(self._store.path) == self._inode
        except (StoreError, OSError):
            return False

    def _reload(self) -> None:
        """Read the settings and the certificates again; what cannot be used is left aside and the old ones stay."""
        self._reload_settings()
        self._reload_certificates()

    def _reload_settings(self) -> None:
        """Bring the settings of the pool and the rates into force; nothing that runs or waits is dropped."""
        try:
            settings = self._read()
        except ConfigError as error:
            log.error("the settings stay as they were: {error}", error=error)
            return
        self._settings.pool, self._settings.rates = settings.pool, settings.rates
        if self._admission is not None:
            self._admission.reconfigure(settings.pool, settings.rates)
        if self._workers is not None:
            self._workers.adjustPoolsize(0, settings.pool.workers())
        log.info("the settings of the pool and the rates were read again")

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
        if not self._listeners:
            return
        waiting = select.poll()
        for bound in self._prepared.listeners:
            if isinstance(bound, Bound) and bound.socket.fileno() >= 0:
                waiting.register(bound.socket, select.POLLIN)
        limit = self._reactor.seconds() + ACCEPT_SECONDS
        # libuv accepts some connections in each turn.
        while waiting.poll(0) and self._reactor.seconds() < limit:
            await deferLater(self._reactor, 0)
        for _ in range(3):
            await deferLater(self._reactor, LAST_CALL_SECONDS)

    async def _stop(self) -> None:
        if self._started is not None:
            await self._started
        await self._last_call()
        await gatherResults([listener.stop_listening() for listener in self._listeners], consumeErrors=True)
        if self._admin_port is not None:
            await maybeDeferred(self._admin_port.stopListening)
            unlink(self._prepared.admin.path if self._prepared.admin else "")
        if self._site is not None:
            site = self._site
            drained = site.drain()
            limit = self._reactor.callLater(DRAIN_SECONDS, site.abort)
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
        self._renewal.stop()
        if self._sweep is not None:
            await self._sweep.stop()
        if self._store is not None:
            await self._store.stop()
        for pool in self._pools:
            pool.stop()
        log.info("stopped")
        # twistd would end the process by the signal that stopped the reactor, as though nothing had been tidied up.
        self._reactor._exitSignal = None


def _inode(path: str) -> int:
    return os.stat(path).st_ino
