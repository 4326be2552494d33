"""The process that starts the workers, holds their sockets and looks after them; it serves nobody itself.

It has no store open and runs on epoll: on uvloop the end of a child is never seen.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, gatherResults, maybeDeferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from davd.admin.plane import Plane
from davd.authentication.throttle import Throttle
from davd.config.origin import Loaded
from davd.daemon import logfiles
from davd.daemon.admin_plane import open_plane
from davd.daemon.autoscale import Autoscale
from davd.daemon.backoff import Backoff
from davd.daemon.control import Message
from davd.daemon.notify import Notify, Watchdog
from davd.daemon.prepare import Prepared
from davd.daemon.server import STOP_SECONDS
from davd.daemon.totals import totals
from davd.daemon.watch import Watch
from davd.daemon.workers import Outfit, WorkerProcess
from davd.net.certificates import CertificateError
from davd.net.endpoints import Bound, unlink
from davd.observe.metrics import Metrics
from davd.observe.shared import Table
from davd.observe.snapshot import Snapshot, merge, unpacked
from davd.stores.memory.store import MemoryStore

log = Logger(namespace="davd")

LOOK_SECONDS = 5.0
# A worker, the one that takes its place, and one that is still answering its last clients.
COLUMNS_EACH = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many workers there are when davd starts, and between which numbers they may be later."""

    start: int
    least: int
    most: int


class Supervisor(Service):
    """Keeps workers serving on the sockets of `prepared`, as many as `bounds` say.

    Where these leave a choice, the load decides. `words` are what each is started with beside its number. A worker that
    ends by itself is started again, after a while when that happens often. SIGHUP and SIGUSR1 go on to the workers;
    SIGUSR2 replaces them, one after the other, each when the new one serves.
    """

    name = "davd"

    def __init__(
        self, loaded: Loaded, prepared: Prepared, bounds: Bounds, words: list[str], reactor: Any, notify: Notify
    ) -> None:
        self._settings = loaded.settings
        self._watch = None if loaded.file is None else Watch(loaded.file, self._reload, reactor)
        self._prepared = prepared
        self._bounds = bounds
        # The numbers of those that should serve; one that is added is among them from when it has come up.
        self._numbers = set(range(bounds.start))
        self._words = words
        self._reactor = reactor
        self._notify = notify
        self._watchdog = Watchdog(notify, self.healthy, reactor)
        self._workers: list[WorkerProcess] = []
        self._backoffs = [Backoff() for _ in range(bounds.most)]
        self._restarts: list[Any] = []
        self._look = LoopingCall(self._look_after)
        self._look.clock = reactor
        self._table: Table | None = None
        self._outfit: Outfit | None = None
        self._admin_port: Any = None
        self._autoscale: Autoscale | None = None
        self._replacing: Deferred[None] | None = None
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
        logfiles.share()
        self._table = Table(self._bounds.most * COLUMNS_EACH)
        sockets = [bound.socket.fileno() for bound in self._sockets()]
        self._outfit = Outfit(self._words, self._table.descriptor, sockets, self._bounds.start, self._table.columns)
        for number, action in (
            (signal.SIGHUP, self._reload),
            (signal.SIGUSR1, self._reopen),
            (signal.SIGUSR2, self.restart),
        ):
            signal.signal(number, self._later(action))
        started = [self._start_worker(number).ready for number in sorted(self._numbers)]
        gatherResults(started, consumeErrors=True).addCallbacks(self._all_serve, self._failed)

    def _later(self, action: Callable[[], object]) -> Callable[..., None]:
        return lambda *_: self._reactor.callFromThread(action)

    def _sockets(self) -> list[Bound]:
        return [bound for bound in self._prepared.listeners if isinstance(bound, Bound)]

    def _all_serve(self, _: object) -> None:
        if self._ending:
            return
        self._serving = True
        for bound in self._sockets():
            log.info("serving {endpoint}", endpoint=bound.text)
        if self._prepared.admin is not None:
            self._start_admin(self._prepared.admin)
        self._look.start(LOOK_SECONDS, now=False)
        if self._bounds.least < self._bounds.most:
            self._follow_the_load()
        if self._watch is not None:
            self._watch.start()
        self._watchdog.start()
        self._notify.ready()

    def _failed(self, _: object) -> None:
        """A worker has ended before it served: so would the next one."""
        if self._ending:
            return
        log.critical("davd could not start: a worker has ended; the log says why")
        self._reactor.addSystemEventTrigger("after", "shutdown", os._exit, 1)
        self._reactor.stop()

    def _follow_the_load(self) -> None:
        reactor = self._reactor
        self._autoscale = Autoscale(
            self._settings.scaling,
            self._bounds.least,
            self._bounds.most,
            self,
            self._settings.data,
            reactor,
            time.time,
            lambda work: deferToThreadPool(reactor, reactor.getThreadPool(), work),
        )
        self._autoscale.start()

    def _start_admin(self, bound: Bound) -> None:
        settings = self._settings
        # It has no store, so nothing that is counted here is kept over a restart.
        throttle = Throttle(settings.authentication, MemoryStore())
        self._admin_port = open_plane(
            self._reactor,
            bound,
            self._prepared.admin_tls,
            Plane(self._ready, self.statistics, self.snapshot),
            self._prepared.token,
            throttle,
            settings.admin.hostnames,
        )

    async def _ready(self) -> dict[str, bool]:
        return {"workers": await self.healthy(), "staying": not self._ending}

    async def snapshot(self) -> Snapshot:
        """The metrics of all workers."""
        workers = [worker for worker in self._workers if worker.serves]
        told = await DeferredList([worker.ask_snapshot() for worker in workers], consumeErrors=True)
        found = [unpacked(message["metrics"]) for ok, message in told if ok and message.get("metrics")]
        if self._autoscale is not None:
            scaling = {"scaling": self._autoscale.statistics()}
            found.append(Metrics(lambda: scaling, time.time).read())
        return merge(found) if found else Snapshot(time.time(), [])

    # Workers

    def _start_worker(self, number: int) -> WorkerProcess:
        assert self._table is not None and self._outfit is not None
        taken = {worker.column for worker in self._workers}
        column = next(column for column in range(self._table.columns) if column not in taken)
        worker = WorkerProcess(self._reactor, number, column, self._outfit, self._lost)
        self._workers.append(worker)
        worker.ready.addCallback(self._one_serves, worker)
        return worker

    def _one_serves(self, _: None, worker: WorkerProcess) -> None:
        if self._ending:
            return
        log.info("worker {number} serves, process {pid}", number=worker.number, pid=worker.pid)
        if worker.began <= self._reloaded_at:
            # It may have read the settings before, and could not yet when all were told to.
            worker.reload()
        if not worker.leaving:
            self._numbers.add(worker.number)
            self._share()

    def _lost(self, worker: WorkerProcess) -> None:
        """A worker's process has gone, as it was told or not."""
        assert self._table is not None
        self._workers.remove(worker)
        self._table.clear(worker.column)
        if worker.leaving or self._ending:
            log.info("worker {number} has ended, process {pid}", number=worker.number, pid=worker.pid)
            return
        others = any(other.number == worker.number for other in self._workers)
        if others or not self._serving or worker.number not in self._numbers:
            # Who started it waits for it, and hears of it.
            return
        wait = self._backoffs[worker.number].wait(self._reactor.seconds() - worker.began)
        log.error(
            "worker {number} has ended ({status}): a new one starts in {wait:.1f} s",
            number=worker.number,
            status=worker.status,
            wait=wait,
        )
        self._restarts = [call for call in self._restarts if call.active()]
        self._restarts.append(self._reactor.callLater(wait, self._start_again, worker.number))

    def _start_again(self, number: int) -> None:
        # A replacement may have come first, or there are to be fewer.
        wanted = number in self._numbers and not any(worker.number == number for worker in self._workers)
        if wanted and not self._ending:
            self._start_worker(number).ready.addErrback(lambda _: None)

    def _leaving_seconds(self) -> float:
        """How long a worker may take to go: idle clients may ask once more, then requests under way are answered."""
        return 2 * (self._settings.daemon.drain_seconds + STOP_SECONDS)

    def _look_after(self) -> None:
        """Ask every worker how it is, and end those that have not answered for long."""
        for worker in self._workers:
            if worker.overdue():
                log.error("worker {number} does not answer: it is killed", number=worker.number)
                worker.kill()
            else:
                worker.say("health")

    # How many there are: what `Autoscale` asks for

    def number(self) -> int:
        """How many workers there should be."""
        return len(self._numbers)

    def steady(self) -> bool:
        """Whether all that should serve do, and none is being replaced or coming up."""
        staying = [worker for worker in self._workers if not worker.leaving]
        return (
            self._replacing is None
            and all(worker.serves for worker in staying)
            and {worker.number for worker in staying} == self._numbers
        )

    def measure(self) -> Deferred[Mapping[int, Snapshot] | None]:
        """The metrics of each worker that serves, by its process id; None when one of them does not tell."""
        workers = [worker for worker in self._workers if worker.serves and not worker.leaving]
        told = gatherResults([worker.ask_snapshot() for worker in workers], consumeErrors=True)

        def read(messages: list[Message]) -> Mapping[int, Snapshot] | None:
            if not all(message.get("metrics") for message in messages):
                return None
            return {worker.pid: unpacked(message["metrics"]) for worker, message in zip(workers, messages, strict=True)}

        return told.addCallbacks(read, lambda _: None)

    def scale(self, count: int) -> None:
        """Have workers started or ended, so that there will be `count`; not while they are replaced, or davd ends."""
        if self._ending or self._replacing is not None:
            return
        free = [number for number in range(self._bounds.most) if number not in self._numbers]
        columns = self._table.columns if self._table is not None else 0
        for number in free[: max(0, count - len(self._numbers))]:
            # Those that are leaving still have theirs.
            if len(self._workers) < columns:
                self._start_worker(number).ready.addErrback(self._not_added, number)
        # The first one does what only one of them may do, so it is the last to go.
        for number in sorted(self._numbers)[count:]:
            self._numbers.discard(number)
            for worker in self._workers:
                if worker.number == number and not worker.leaving:
                    worker.drain(True, self._leaving_seconds())
        self._share()

    def _not_added(self, _: object, number: int) -> None:
        if not self._ending:
            log.error("the worker {number} that was to be added has ended; the log says why", number=number)

    def _share(self) -> None:
        """Let the workers know how many share the limits."""
        for worker in self._workers:
            worker.say("share", count=len(self._numbers))

    # What the workers are told

    def _reload(self) -> None:
        """Have the workers read the settings and the certificates again."""
        if self._ending:
            return
        self._reloaded_at = self._reactor.seconds()
        if self._prepared.admin_tls is not None:
            try:
                self._prepared.admin_tls.reload()
            except CertificateError as error:
                log.error("the certificates stay as they were: {error}", error=error)
        if not self._serving:
            # Those that are coming up are told when they serve; the service manager hears then that davd is ready.
            return
        self._notify.reloading()
        DeferredList([worker.reload() for worker in self._workers]).addCallback(self._all_reloaded)

    def _all_reloaded(self, _: object) -> None:
        if not self._ending:
            self._notify.ready()

    def _reopen(self) -> None:
        logfiles.reopen()
        logfiles.share()
        for worker in self._workers:
            worker.say("reopen")

    def restart(self) -> Deferred[None]:
        """Replace every worker by a new one, one after the other; the old one goes when the new one serves."""
        if self._replacing is None and self._serving and not self._ending:
            self._replacing = Deferred.fromCoroutine(self._replace_all()).addBoth(self._replaced)
            return self._replacing
        log.warn("no restart now: another one is under way, or davd has not begun or is ending")
        return Deferred.fromCoroutine(_nothing())

    def _replaced(self, result: Any) -> None:
        self._replacing = None
        if result is not None:
            log.failure("the restart was broken off", result)

    async def _replace_all(self) -> None:
        log.info("restarting {count} workers", count=len(self._numbers))
        self._notify.reloading()
        for number in sorted(self._numbers):
            old = [worker for worker in self._workers if worker.number == number]
            for gone in old:
                if gone.leaving:
                    await _wait_for(gone)
            new = self._start_worker(number)
            try:
                await new.ready
            except Exception:
                log.error("the new worker {number} does not serve: the old ones stay", number=number)
                break
            if self._ending:
                break
            for worker in old:
                worker.drain(True, self._leaving_seconds())
        else:
            log.info("all workers are new")
        self._notify.ready()

    # What the workers tell

    async def healthy(self) -> bool:
        """Whether all workers that should serve do, and each said of late that its store answers."""
        serving = {worker.number for worker in self._workers if worker.serves and worker.healthy}
        return self._numbers <= serving

    async def statistics(self) -> dict[str, Any]:
        """What the workers count, summed up, and the workers themselves."""
        workers = [worker for worker in self._workers if worker.serves]
        told = await DeferredList([worker.ask_snapshot() for worker in workers], consumeErrors=True)
        counted = totals([message["statistics"] for ok, message in told if ok])
        counted["workers"] = [
            {"number": worker.number, "pid": worker.pid, "serves": worker.serves, "leaving": worker.leaving}
            for worker in self._workers
        ]
        if self._autoscale is not None:
            counted["scaling"] = self._autoscale.statistics()
        return counted

    # End

    def stopService(self) -> Deferred[None]:
        """Have the workers answer what is under way, and end with them."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._ending = True
        seconds = self._settings.daemon.drain_seconds + STOP_SECONDS
        self._notify.stopping(seconds + STOP_SECONDS)
        self._watchdog.stop()
        if self._watch is not None:
            self._watch.stop()
        if self._look.running:
            self._look.stop()
        for call in self._restarts:
            if call.active():
                call.cancel()
        if self._autoscale is not None:
            await self._autoscale.stop()
        # Once the workers have closed theirs as well, clients are refused instead of being kept waiting for nobody.
        for bound in self._sockets():
            bound.close()
        workers = list(self._workers)
        for worker in workers:
            worker.drain(False, seconds)
        limit = self._reactor.callLater(seconds, _kill, workers)
        await gatherResults([worker.ended for worker in workers])
        if limit.active():
            limit.cancel()
        if self._admin_port is not None:
            await maybeDeferred(self._admin_port.stopListening)
            unlink(self._prepared.admin.path if self._prepared.admin else "")
        log.info("stopped")
        # twistd would end the process by the signal that stopped the reactor, as though nothing had been tidied up.
        self._reactor._exitSignal = None


def _kill(workers: Sequence[WorkerProcess]) -> None:
    for worker in workers:
        worker.kill()


async def _nothing() -> None:
    """Be done."""


def _wait_for(worker: WorkerProcess) -> Deferred[None]:
    """Fires when the worker's process has gone."""
    gone: Deferred[None] = Deferred()

    def pass_on(result: None) -> None:
        gone.callback(None)
        return result

    worker.ended.addCallback(pass_on)
    return gone
