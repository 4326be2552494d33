"""The process that starts the workers, holds their sockets and looks after them; it serves nobody itself.

It does what only one process may do: chores, alerts, the admin plane. It runs on epoll: on uvloop the end of a child is
never seen.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from davd.config.origin import Loaded
from davd.config.reload import Changes, overwrite
from davd.config.settings import Settings
from davd.daemon import logfiles, signalling
from davd.daemon.admin_plane import AdminTLS
from davd.daemon.administration import Administration, Means, Views
from davd.daemon.assemble import Rows
from davd.daemon.autoscale import Autoscale
from davd.daemon.bounds import Bounds
from davd.daemon.command_socket import CommandSocket, Outcome, Progress, Tell
from davd.daemon.enduring_store import EnduringStore
from davd.daemon.measuring import Measuring
from davd.daemon.notify import Notify, Watchdog
from davd.daemon.prepare import Prepared
from davd.daemon.reconfigure import Reconfiguration
from davd.daemon.reload import Reload, ReloadOutcome
from davd.daemon.renewal import Given
from davd.daemon.rolling import RollingRestart
from davd.daemon.server import STOP_SECONDS
from davd.daemon.threads import Threads
from davd.daemon.totals import totals
from davd.daemon.workers import WorkerProcess
from davd.daemon.workforce import Workforce
from davd.interfaces.alert import AlertError
from davd.net.certificates import CertificateError
from davd.net.endpoints import Bound
from davd.net.tls import TLS
from davd.observe.snapshot import Snapshot, merge

log = Logger(namespace="davd")


def _unheard(progress: Progress) -> None:
    """Nobody wants to know how far it is: who sends a signal reads the log."""


class Supervisor(Service):
    """Keeps workers serving on the sockets of `prepared`, as many as `bounds` say.

    Where these leave a choice, the load decides. `words` are what each is started with beside its number. `read` reads
    the settings again (ConfigError): that is done here alone, and the workers are given what is accepted. SIGHUP and
    SIGUSR1 go on to the workers; SIGUSR2 replaces them, one after the other, each when the new one serves.
    """

    name = "davd"

    def __init__(
        self,
        loaded: Loaded,
        prepared: Prepared,
        bounds: Bounds,
        words: list[str],
        reactor: Any,
        notify: Notify,
        read: Callable[[], Loaded],
    ) -> None:
        self._settings = settings = loaded.settings
        self._read = read
        self._prepared = prepared
        self._bounds = bounds
        self._words = words
        self._reactor = reactor
        self._notify = notify
        self.reloading = Reload(read, self._reconfigure, reactor, loaded)
        self._given = Given(self.reloading, self._reconfigure)
        self._watchdog = Watchdog(notify, self.healthy, reactor)
        self._threads = Threads(reactor, settings.pool.workers(), settings.authentication)
        self._measuring = Measuring(settings, reactor, self._store_healthy, self.reloading)
        self._store: EnduringStore | None = None
        self._workforce: Workforce | None = None
        self._administration: Administration | None = None
        self._autoscale: Autoscale | None = None
        self._rolling: RollingRestart | None = None
        self._reconfiguration = Reconfiguration(settings, [self._shown, self._scaling, self._stored])
        self._commands = CommandSocket(
            settings.data,
            {
                "status": lambda _: self._status(),
                "reload": lambda _: self.reload(),
                "restart": self.restart,
                "configuration": lambda _: self._told_settings(),
            },
            reactor,
        )
        self._started: Deferred[None] | None = None
        self._serving = False
        self._ending = False
        # When the settings were last to be read again.
        self._reloaded_at = -math.inf

    # Start

    def startService(self) -> None:
        """Called by twistd; the workers are started when the reactor runs, as whom twistd has become by then."""
        super().startService()
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        signalling.end_once(self._reactor)
        self._started = Deferred.fromCoroutine(self._start()).addErrback(self._failed)

    async def _start(self) -> None:
        settings = self._settings
        logfiles.share()
        self._store = EnduringStore(settings.data, settings.store, self._threads, self._reactor)
        await self._store.open()
        if self._ending:
            return
        sockets = [bound.socket.fileno() for bound in self._sockets()]
        self._workforce = workforce = Workforce(
            self._bounds,
            self._words,
            sockets,
            lambda: self._given.loaded,
            settings.daemon,
            self._reactor,
            self._one_serves,
            lambda: self._rolling is not None and self._rolling.running,
        )
        self._rolling = RollingRestart(workforce, self._before_restart, self._after_restart)
        signalling.obey(
            self._reactor,
            {
                signal.SIGHUP: lambda: Deferred.fromCoroutine(self.reload()),
                signal.SIGUSR1: self._reopen,
                signal.SIGUSR2: lambda: Deferred.fromCoroutine(self.restart(_unheard)),
            },
        )
        await workforce.begin()
        if not self._ending:
            await self._all_serve(workforce)

    async def _all_serve(self, workforce: Workforce) -> None:
        self._serving = True
        if self._bounds.least < self._bounds.most:
            self._follow_the_load(workforce)
        self._administration = administration = self._administer()
        self._measuring.start(lambda: self._counted(administration), access=False)
        await administration.start()
        if self._ending:
            return
        self._commands.start()
        self.reloading.start(lambda: Deferred.fromCoroutine(self.reload()))
        for bound in self._sockets():
            log.info("serving {endpoint}", endpoint=bound.text)
        self._watchdog.start()
        self._notify.ready()

    def _failed(self, failure: Any) -> None:
        if self._ending:
            return
        if failure.check(AlertError):
            log.critical("{sentence}", sentence=str(failure.value))
        elif self._serving or self._workforce is None:
            log.failure("davd could not start", failure)
        else:
            # It has ended before it served: so would the next one.
            log.critical("davd could not start: a worker has ended; the log says why")
        self._reactor.addSystemEventTrigger("after", "shutdown", os._exit, 1)
        self._reactor.stop()

    def _sockets(self) -> list[Bound]:
        return [bound for bound in self._prepared.listeners if isinstance(bound, Bound)]

    def _follow_the_load(self, workforce: Workforce) -> None:
        self._autoscale = Autoscale(
            self._settings.scaling,
            self._bounds.least,
            self._bounds.most,
            workforce,
            self._settings.data,
            self._reactor,
            time.time,
            self._threads.run,
        )
        self._autoscale.start()

    def _administer(self) -> Administration:
        assert self._store is not None
        admin_tls = self._prepared.admin_tls
        served = [bound.tls for bound in self._sockets() if bound.tls is not None]
        certificates: list[TLS | AdminTLS] = [*dict.fromkeys(served), *([] if admin_tls is None else [admin_tls])]
        views = Views(self._ready, self.statistics, self.snapshot)
        rows = Rows(self._settings)
        means = Means(
            self._store, rows, self.reloading, self._threads.hash, certificates, self._renew_certificates, time.time
        )
        return Administration(self._settings, self._prepared, views, means, self._reactor)

    # What is told of all

    async def healthy(self) -> bool:
        """Whether workers serve, and each of those said of late that its store answers."""
        return self._workforce is not None and await self._workforce.healthy()

    async def _store_healthy(self) -> bool:
        return self._store is not None and await self._store.healthy()

    async def _ready(self) -> dict[str, bool]:
        return {"workers": await self.healthy(), "staying": not self._ending}

    def _counted(self, administration: Administration) -> Mapping[str, Any]:
        scaling = {} if self._autoscale is None else {"scaling": self._autoscale.statistics()}
        return {**administration.more(), **self._measuring.more(), **scaling}

    async def snapshot(self) -> Snapshot:
        """The metrics of all workers, those that have gone included, and the supervisor's own."""
        own = await self._measuring.snapshot()
        return merge([own] if self._workforce is None else [*await self._workforce.tally.snapshots(), own])

    async def statistics(self) -> dict[str, Any]:
        """What the workers count, summed up, and the workers themselves."""
        if self._workforce is None:
            return {}
        counted = totals(await self._workforce.tally.statistics())
        tally = self._workforce.tally
        counted["workers"] = [{**row, **tally.figures(row["pid"])} for row in self._workforce.told()]
        counted["configuration"] = self.reloading.statistics()
        counted["supervisor"] = {"pid": os.getpid(), "store": "" if self._store is None else self._store.failure}
        if self._administration is not None:
            counted["chores"] = self._administration.more()["chores"]
        if self._autoscale is not None:
            counted["scaling"] = self._autoscale.statistics()
        return counted

    async def _status(self) -> Outcome:
        workers = [] if self._workforce is None else self._workforce.told()
        counted = await self.statistics()
        return Outcome(
            True,
            f"{sum(worker['serves'] and not worker['leaving'] for worker in workers)} workers serve",
            workers=tuple(workers),
            pid=os.getpid(),
            version=version("davd"),
            ready=await self._ready(),
            connections=counted.get("connections", {}).get("connections", 0),
            alerts=() if self._administration is None else self._administration.alerts(),
        )

    def _told_settings(self) -> Outcome:
        rows = () if self._administration is None else self._administration.configuration()
        return Outcome(True, "these settings are in force", settings=tuple(rows))

    # Settings

    async def reload(self) -> Outcome:
        """Read the settings again, and have the workers go by them; and read all certificates again."""
        if self._ending:
            return Outcome(False, "davd is ending")
        self._reloaded_at = self._reactor.seconds()
        outcome = self.reloading.reload()
        if outcome.ok:
            self._given.reload()
        self._reload_admin_certificate()
        if not self._serving or self._workforce is None:
            # Those that are coming up are told when they serve; the service manager hears then that davd is ready.
            return Outcome(outcome.ok, outcome.sentence, outcome.applied, outcome.restart)
        self._notify.reloading()
        told = await self._workforce.reload(self._given.loaded if outcome.ok else None)
        if not self._ending:
            self._notify.ready()
        return _in_all(outcome, told)

    def _one_serves(self, worker: WorkerProcess) -> None:
        if worker.began <= self._reloaded_at:
            # It was given what was in force when it was started, and could not yet be told when all were.
            worker.reload(self._given.loaded)

    def _reconfigure(self, new: Settings) -> Changes:
        return self._reconfiguration.apply(new)

    def _shown(self, new: Settings) -> None:
        if self._administration is not None:
            self._administration.reconfigure(new)

    def _scaling(self, new: Settings) -> None:
        overwrite(self._settings.scaling, new.scaling)
        if self._autoscale is not None:
            self._autoscale.reconfigure()

    def _stored(self, new: Settings) -> None:
        if new.store != self._settings.store:
            overwrite(self._settings.store, new.store)
            if self._store is not None:
                self._store.reconfigure()
        if new.authentication.hash_threads != self._settings.authentication.hash_threads:
            self._threads.resize_hashing(new.authentication.hash_threads)

    def _reload_admin_certificate(self) -> None:
        if self._prepared.admin_tls is not None:
            try:
                self._prepared.admin_tls.reload()
            except CertificateError as error:
                log.error("the certificates stay as they were: {error}", error=error)

    def _renew_certificates(self) -> None:
        self._reload_admin_certificate()
        if self._workforce is not None:
            self._workforce.say("certificates")

    def _reopen(self) -> None:
        logfiles.reopen()
        logfiles.share()
        if self._workforce is not None:
            self._workforce.say("reopen")

    # Restart

    async def restart(self, tell: Tell) -> Outcome:
        """Replace every worker by a new one, one after the other; the old one goes when the new one serves."""
        if self._ending or not self._serving or self._rolling is None:
            sentence = f"no restart now: davd is {'ending' if self._ending else 'starting'}"
            log.warn("{sentence}", sentence=sentence)
            return Outcome(False, sentence)
        return await self._rolling.ask(tell)

    def _before_restart(self) -> None:
        self._notify.reloading()
        self._given.renew(self._read)

    def _after_restart(self, done: bool) -> None:
        self._given.settle(done)
        if not self._ending:
            self._notify.ready()

    # End

    def stopService(self) -> Deferred[None]:
        """Have the workers answer what is under way, and end with them."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._ending = True
        self._notify.stopping(self._settings.daemon.drain_seconds + 2 * STOP_SECONDS)
        self._watchdog.stop()
        self.reloading.stop()
        if self._workforce is not None:
            self._workforce.cease()
        if self._autoscale is not None:
            await self._autoscale.stop()
        # Once the workers have closed theirs as well, clients are refused instead of being kept waiting for nobody.
        for bound in self._sockets():
            bound.close()
        if self._workforce is not None:
            await self._workforce.end()
        if self._started is not None:
            await self._started
        self._commands.stop()
        if self._administration is not None:
            await self._administration.stop()
        self._measuring.stop()
        if self._store is not None:
            await self._store.close()
        self._threads.stop()
        log.info("stopped")
        # twistd would end the process by the signal that stopped the reactor, as though nothing had been tidied up.
        self._reactor._exitSignal = None


def _in_all(own: ReloadOutcome, workers: Mapping[int, ReloadOutcome | None]) -> Outcome:
    """The outcome of a reload by the supervisor and by those workers that are still there."""
    for number, outcome in workers.items():
        if own.ok and outcome is not None and not outcome.ok:
            return Outcome(False, f"worker {number}: {outcome.sentence}", own.applied, own.restart)
    return Outcome(own.ok, own.sentence, own.applied, own.restart)
