"""The workers that serve: as many as there should be, started again when they end, more or fewer as the load asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from davd.config.origin import Loaded
from davd.config.settings import DaemonSettings
from davd.daemon.backoff import Backoff
from davd.daemon.bounds import Bounds
from davd.daemon.reload import ReloadOutcome
from davd.daemon.server import STOP_SECONDS
from davd.daemon.tally import Tally
from davd.daemon.workers import Outfit, WorkerProcess
from davd.observe.shared import Table
from davd.observe.snapshot import Snapshot

log = Logger(namespace="davd")

LOOK_SECONDS = 5.0
# A worker, the one that takes its place, and one that is still answering its last clients.
COLUMNS_EACH = 3


class NoRoom(Exception):
    """No more workers can be started before one has gone; the text says why."""


class Workforce:
    """Keeps as many workers serving on `sockets` as `bounds` say, each started with `words` and what `loaded` gives.

    `processes` are all there are, also those that come up or leave; `numbers` those that should serve, where one that
    is added is from when it has come up. `serves` is called with each that begins to serve, `busy` tells whether they
    are being replaced. `tally` has what they have counted.
    """

    def __init__(
        self,
        bounds: Bounds,
        words: Sequence[str],
        sockets: Sequence[int],
        loaded: Callable[[], Loaded],
        settings: DaemonSettings,
        reactor: Any,
        serves: Callable[[WorkerProcess], object],
        busy: Callable[[], bool],
    ) -> None:
        self.processes: list[WorkerProcess] = []
        self.tally = Tally(self.processes)
        self.numbers = set(range(bounds.start))
        self.ending = False
        self._bounds = bounds
        self._settings = settings
        self._reactor = reactor
        self._serves = serves
        self._busy = busy
        self._table = Table(bounds.most * COLUMNS_EACH)
        self._outfit = Outfit(words, self._table.descriptor, sockets, bounds.start, self._table.columns, loaded)
        self._backoffs = [Backoff() for _ in range(bounds.most)]
        self._restarts: list[Any] = []
        self._began = False
        self._looked = 0.0
        self._look = LoopingCall(self._look_after)
        self._look.clock = reactor

    def begin(self) -> Deferred[Any]:
        """Start the first workers; fires when all of them serve, fails when one ends before."""
        started = [self.start(number).ready for number in sorted(self.numbers)]
        return gatherResults(started, consumeErrors=True).addCallback(self._all_serve)

    def _all_serve(self, _: object) -> None:
        if not self.ending:
            self._began = True
            self._looked = self._reactor.seconds()
            self._look.start(LOOK_SECONDS, now=False)

    # One worker

    def has_room(self) -> bool:
        """Whether one more can be started; those that are leaving still have their places."""
        return len(self.processes) < self._table.columns

    def start(self, number: int) -> WorkerProcess:
        """Start a worker of that number, beside the one that has it; its `ready` tells what becomes of it.

        NoRoom when `has_room` does not hold, OSError when the system has no more for it.
        """
        taken = {worker.column for worker in self.processes}
        column = next((column for column in range(self._table.columns) if column not in taken), None)
        if column is None:
            raise NoRoom("too many workers still answer their last clients")
        worker = WorkerProcess(self._reactor, number, column, self._outfit, self._lost)
        self.processes.append(worker)
        worker.ready.addCallback(self._one_serves, worker)
        return worker

    def _one_serves(self, _: None, worker: WorkerProcess) -> None:
        if self.ending:
            return
        log.info("worker {number} serves, process {pid}", number=worker.number, pid=worker.pid)
        self._serves(worker)
        if not worker.leaving:
            self.numbers.add(worker.number)
            self._share()

    def _lost(self, worker: WorkerProcess) -> None:
        """A worker's process has gone, as it was told or not."""
        self.processes.remove(worker)
        self.tally.gone(worker)
        self._table.clear(worker.column)
        if worker.leaving or self.ending:
            log.info("worker {number} has ended, process {pid}", number=worker.number, pid=worker.pid)
            return
        if self._has_one(worker.number) or not self._began or worker.number not in self.numbers:
            # Who started it waits for it, and hears of it.
            return
        wait = self._backoffs[worker.number].wait(self._reactor.seconds() - worker.began)
        log.error(
            "worker {number} has ended ({status}): a new one starts in {wait:.1f} s",
            number=worker.number,
            status=worker.status,
            wait=wait,
        )
        self._plan(worker.number, wait)

    def _has_one(self, number: int) -> bool:
        """Whether there is a worker of that number that serves or comes up, and is to stay."""
        return any(worker.number == number and not worker.leaving for worker in self.processes)

    def _plan(self, number: int, wait: float) -> None:
        """Have a worker of that number started after so many seconds."""
        self._restarts = [call for call in self._restarts if call.active()]
        self._restarts.append(self._reactor.callLater(wait, self._start_again, number))

    def _start_again(self, number: int) -> None:
        # A replacement may have come first, or there are to be fewer.
        if self.ending or number not in self.numbers or self._has_one(number):
            return
        try:
            worker = self.start(number)
        except (OSError, NoRoom) as error:
            # No descriptor, no memory, no process, no column: there may be one later.
            wait = self._backoffs[number].wait(0.0)
            log.error(
                "worker {number} cannot be started ({error}): tried again in {wait:.1f} s",
                number=number,
                error=error,
                wait=wait,
            )
            self._plan(number, wait)
        else:
            worker.ready.addErrback(lambda _: None)

    def leave(self, worker: WorkerProcess) -> None:
        """Have a worker end: idle clients may ask once more, then requests under way are answered."""
        worker.drain(True, 2 * (self._settings.drain_seconds + STOP_SECONDS))

    def _look_after(self) -> None:
        """Ask every worker how it is and what it has counted, and end those that have not answered for long."""
        now = self._reactor.seconds()
        passed, self._looked = now - self._looked, now
        # When this process was stopped, or the machine was, the others have had no chance to be heard meanwhile.
        paused = passed > 2 * LOOK_SECONDS
        for worker in self.processes:
            if paused:
                worker.excuse(passed)
                worker.say("health")
            elif worker.overdue():
                log.error("worker {number} does not answer: it is killed", number=worker.number)
                worker.kill()
            else:
                worker.say("health")
                if worker.answers:
                    worker.ask_snapshot().addErrback(lambda _: None)

    # How many there are: what `Autoscale` asks for

    def number(self) -> int:
        """How many workers there should be."""
        return len(self.numbers)

    def steady(self) -> bool:
        """Whether all that should serve do, and none is being replaced or coming up."""
        staying = [worker for worker in self.processes if not worker.leaving]
        return (
            not self._busy()
            and all(worker.serves for worker in staying)
            and {worker.number for worker in staying} == self.numbers
        )

    def measure(self) -> Deferred[Mapping[int, Snapshot] | None]:
        """The metrics of each worker that serves, by its process id; None when one of them does not tell."""
        workers = [worker for worker in self.processes if worker.serves and not worker.leaving]
        told = gatherResults([worker.ask_snapshot() for worker in workers], consumeErrors=True)

        def read(messages: list[Mapping[str, Any]]) -> Mapping[int, Snapshot] | None:
            if not all(message.get("metrics") for message in messages):
                return None
            return {worker.pid: worker.told for worker in workers if worker.told is not None}

        return told.addCallbacks(read, lambda _: None)

    def scale(self, count: int) -> None:
        """Have workers started or ended, so that there will be `count`; not while they are replaced, or davd ends."""
        if self.ending or self._busy():
            return
        free = [number for number in range(self._bounds.most) if number not in self.numbers]
        for number in free[: max(0, count - len(self.numbers))]:
            if self.has_room():
                self.start(number).ready.addErrback(self._not_added, number)
        for number in sorted(self.numbers)[count:]:
            self.numbers.discard(number)
            for worker in self.processes:
                if worker.number == number and not worker.leaving:
                    self.leave(worker)
        self._share()

    def _not_added(self, _: object, number: int) -> None:
        if not self.ending:
            log.error("the worker {number} that was to be added has ended; the log says why", number=number)

    def _share(self) -> None:
        """Let the workers know how many share the limits."""
        for worker in self.processes:
            worker.say("share", count=len(self.numbers))

    # All of them

    def say(self, kind: str) -> None:
        """Tell every worker something that is not answered."""
        for worker in self.processes:
            worker.say(kind)

    async def reload(self, loaded: Loaded | None) -> Mapping[int, ReloadOutcome | None]:
        """Have those that have come up go by these settings, None: by those they have; how it ended, by their number.

        Who has not come up by then is to be told when it serves. None of one that has gone meanwhile.
        """
        workers = [worker for worker in self.processes if worker.answers]
        told = await gatherResults([worker.reload(loaded) for worker in workers])
        return {worker.number: one for worker, one in zip(workers, told, strict=True)}

    async def healthy(self) -> bool:
        """Whether some serve and stay, and each of those said of late that its store answers.

        That one is being started again is no reason to end the others.
        """
        serving = [worker for worker in self.processes if worker.serves and not worker.leaving]
        return bool(serving) and all(worker.healthy for worker in serving)

    def told(self) -> list[dict[str, Any]]:
        """Number, process, whether it serves and whether it is leaving, of each."""
        return [
            {"number": worker.number, "pid": worker.pid, "serves": worker.serves, "leaving": worker.leaving}
            for worker in self.processes
        ]

    def cease(self) -> None:
        """Start none any more."""
        self.ending = True
        if self._look.running:
            self._look.stop()
        for call in self._restarts:
            if call.active():
                call.cancel()

    async def end(self) -> None:
        """Have all answer what is under way and end; those that take too long are killed."""
        seconds = self._settings.drain_seconds + STOP_SECONDS
        workers = list(self.processes)
        for worker in workers:
            worker.drain(False, seconds)
        limit = self._reactor.callLater(seconds, _kill, workers)
        await gatherResults([worker.ended for worker in workers])
        if limit.active():
            limit.cancel()


def _kill(workers: Sequence[WorkerProcess]) -> None:
    for worker in workers:
        worker.kill()
