"""The rolling restart: every worker is replaced by a new one, one after the other, and nobody is refused.

Implements: docs/operate/operate.md, Signals, Commands to a running davd
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from davd.daemon.command_socket import Outcome, Progress, Tell
from davd.daemon.workers import WorkerProcess
from davd.daemon.workforce import Workforce

log = Logger(namespace="davd")


class RollingRestart:
    """Replaces the workers of `workforce`, an old one leaves when its new one serves.

    `before` is called at the beginning of each restart, `after` at its end with whether all workers are new. One that
    is asked for while another is under way comes after that: whoever asks wants workers that began later than now.
    """

    def __init__(self, workforce: Workforce, before: Callable[[], object], after: Callable[[bool], object]) -> None:
        self._workforce = workforce
        self._before = before
        self._after = after
        self._running: Deferred[Outcome] | None = None
        self._waiting: list[tuple[Tell, Deferred[Outcome]]] = []
        self._listening: list[Tell] = []
        # The numbers of those that this restart has replaced.
        self._new: list[int] = []

    @property
    def running(self) -> bool:
        """Whether workers are being replaced."""
        return self._running is not None

    def ask(self, tell: Tell) -> Deferred[Outcome]:
        """Replace them now, or once more when they are being replaced; how that ends, which never fails.

        `tell` is called with each step.
        """
        outcome: Deferred[Outcome] = Deferred()
        self._waiting.append((tell, outcome))
        if self.running:
            log.info("a restart is under way: the workers are replaced once more when it is over")
            tell(Progress("another restart is under way: the workers are replaced once more when it is over"))
        else:
            self._begin()
        return outcome

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._listening = [tell for tell, _ in waiting]
        self._running = Deferred.fromCoroutine(self._replace_all())
        self._running.addErrback(self._broken).addCallback(self._over, [outcome for _, outcome in waiting])

    def _broken(self, failure: object) -> Outcome:
        log.failure("the restart was broken off", failure)  # type: ignore[arg-type]
        sentence = f"the restart was broken off: {self._which()}; the log says why"
        return Outcome(False, sentence, workers=self._told())

    def _over(self, outcome: Outcome, asked: list[Deferred[Outcome]]) -> None:
        self._running = None
        self._after(outcome.ok)
        for one in asked:
            one.callback(outcome)
        if self._waiting and not self.running:
            if self._workforce.ending:
                waiting, self._waiting = self._waiting, []
                for _, one in waiting:
                    one.callback(outcome)
            else:
                self._begin()

    def _told(self) -> tuple[dict[str, object], ...]:
        return tuple(self._workforce.told())

    def _which(self) -> str:
        """Which workers a restart that has failed leaves: the new ones go by other settings than those that stay."""
        if not self._new:
            return "the old ones stay"
        new = ", ".join(map(str, self._new))
        return f"those that are not new stay; new, with the settings of this restart, are {new}"

    def _say(self, sentence: str, done: int, of: int) -> None:
        for tell in self._listening:
            tell(Progress(sentence, done, of))

    async def _replace_all(self) -> Outcome:
        workforce = self._workforce
        # One that is being added comes up with the settings from before.
        numbers = sorted(workforce.numbers | {worker.number for worker in workforce.processes if not worker.leaving})
        self._new = []
        log.info("restarting {count} workers", count=len(numbers))
        self._before()
        for done, number in enumerate(numbers):
            old = [worker for worker in workforce.processes if worker.number == number and not worker.leaving]
            if not await self._room(number, done, len(numbers)):
                break
            new = workforce.start(number)
            try:
                await new.ready
            except Exception:
                if workforce.ending:
                    break
                sentence = f"the new worker {number} does not serve: {self._which()}; the log says why"
                log.error("{sentence}", sentence=sentence)
                return Outcome(False, sentence, workers=self._told())
            if workforce.ending:
                break
            for worker in old:
                workforce.leave(worker)
            self._new.append(number)
            self._say(f"worker {number} is new, process {new.pid}", done + 1, len(numbers))
        else:
            log.info("all workers are new")
            return Outcome(True, f"all {len(numbers)} workers are new", workers=self._told())
        return Outcome(False, "davd is ending", workers=self._told())

    async def _room(self, number: int, done: int, of: int) -> bool:
        """Wait for a place, when all are taken by workers that still answer their last clients; False at the end."""
        workforce = self._workforce
        while not workforce.ending and not workforce.has_room():
            leaving = [worker for worker in workforce.processes if worker.leaving]
            sentence = (
                f"the restart of worker {number} waits for one of {len(leaving)} workers of earlier restarts to answer "
                "its last clients"
            )
            log.info("{sentence}", sentence=sentence)
            self._say(sentence, done, of)
            await DeferredList([_gone(worker) for worker in leaving], fireOnOneCallback=True)
        return not workforce.ending


def _gone(worker: WorkerProcess) -> Deferred[None]:
    """Fires when the worker's process has gone."""
    gone: Deferred[None] = Deferred()

    def pass_on(result: None) -> None:
        gone.callback(None)
        return result

    worker.ended.addCallback(pass_on)
    return gone
