"""Counters do not go back when a worker ends.

Verifies: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from davd.config.origin import Loaded
from davd.config.settings import Settings
from davd.daemon.tally import Tally
from davd.daemon.workers import ANSWER_SECONDS, Outfit, WorkerProcess
from davd.observe.snapshot import Family, Sample, Snapshot, merge, packed
from tests.daemon.test_supervisor import Processes


def _metrics(requests: float) -> bytes:
    counter = Family("davd_requests", "counter", "Requests.", [Sample({}, requests)])
    times = Family("davd_seconds", "histogram", "Times.", [Sample({"le": "+Inf"}, requests, "_bucket")])
    gauge = Family("davd_connections", "gauge", "Connections.", [Sample({}, 1.0)])
    return packed(Snapshot(requests, [counter, times, gauge]))


class TestTally(SynchronousTestCase):
    """Verifies: docs/operate/monitoring.md, Metrics."""

    def setUp(self) -> None:
        self.workers: list[WorkerProcess] = []
        self.tally = Tally(self.workers)
        self.reactors = [self._begin(number) for number in range(2)]

    def _begin(self, number: int) -> Processes:
        reactor = Processes()
        outfit = Outfit([], 0, [], 2, 6, lambda: Loaded(Settings()))
        self.workers.append(WorkerProcess(reactor, number, number, outfit, self._lost))
        reactor.say("ready")
        reactor.hear()
        return reactor

    def _lost(self, worker: WorkerProcess) -> None:
        self.workers.remove(worker)
        self.tally.gone(worker)

    def _answer(self, reactor: Processes, requests: float) -> None:
        asked = [message["id"] for message in reactor.hear() if message["kind"] == "snapshot"]
        reactor.say("snapshot", id=asked[-1], statistics={"requests": requests}, metrics=_metrics(requests))

    def _end(self, reactor: Processes, worker: WorkerProcess) -> None:
        worker.processEnded(Failure(ProcessDone(0)))
        reactor.advance(0)

    def sums(self, asking: Deferred[list[Snapshot]]) -> tuple[float | None, float | None]:
        """Requests and connections."""
        found = merge(self.successResultOf(asking))
        return found.value("davd_requests"), found.value("davd_connections")

    def ask(self, *answers: float | None) -> tuple[float | None, float | None]:
        """The sums when each worker that is left answers that; None for one that does not."""
        asking = Deferred.fromCoroutine(self.tally.snapshots())
        for reactor, requests in zip(self.reactors, answers, strict=True):
            if requests is None:
                reactor.advance(ANSWER_SECONDS + 1)
            else:
                self._answer(reactor, requests)
        return self.sums(asking)

    def test_one_that_was_killed_counts_as_it_did_last(self) -> None:
        self.assertEqual(self.ask(5.0, 7.0), (12.0, 2.0))
        self._end(self.reactors[0], self.workers[0])
        del self.reactors[0]
        self.assertEqual(self.ask(8.0), (13.0, 1.0))

    def test_one_that_leaves_tells_what_it_did_to_the_end(self) -> None:
        self.assertEqual(self.ask(5.0, 7.0), (12.0, 2.0))
        self.reactors[0].say("snapshot", id=0, statistics={}, metrics=_metrics(6.0))
        self._end(self.reactors.pop(0), self.workers[0])
        self.assertEqual(self.ask(7.0), (13.0, 1.0))
        # And the next one with that number counts from nothing.
        self.reactors.append(self._begin(0))
        self.assertEqual(self.ask(7.0, 2.0), (15.0, 2.0))

    def test_one_that_does_not_answer_counts_as_it_did_last(self) -> None:
        self.assertEqual(self.ask(5.0, 7.0), (12.0, 2.0))
        self.assertEqual(self.ask(None, 9.0), (14.0, 2.0))

    def test_one_that_ends_while_it_is_asked_is_not_counted_twice(self) -> None:
        self.ask(5.0, 7.0)
        asking = Deferred.fromCoroutine(self.tally.snapshots())
        self._answer(self.reactors[1], 7.0)
        self._end(self.reactors.pop(0), self.workers[0])
        self.assertEqual(self.sums(asking)[0], 12.0)
        self.assertEqual(self.ask(7.0)[0], 12.0)

    def test_the_counters_of_those_that_answer(self) -> None:
        asking = Deferred.fromCoroutine(self.tally.statistics())
        self._answer(self.reactors[0], 1.0)
        self.reactors[1].advance(ANSWER_SECONDS + 1)
        self.assertEqual(self.successResultOf(asking), [{"requests": 1.0}])
