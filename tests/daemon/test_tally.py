"""Counters do not go back when a worker ends.

Verifies: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from davd.config.origin import Loaded
from davd.config.settings import Settings
from davd.daemon.statistics import SPENDERS
from davd.daemon.tally import Tally
from davd.daemon.totals import totals
from davd.daemon.workers import ANSWER_SECONDS, Outfit, WorkerProcess
from davd.observe.snapshot import Family, Sample, Snapshot, merge, packed
from davd.tree.spending import OTHERS
from tests.daemon.test_supervisor import Processes


def _metrics(requests: float) -> bytes:
    counter = Family("davd_requests", "counter", "Requests.", [Sample({}, requests)])
    times = Family("davd_seconds", "histogram", "Times.", [Sample({"le": "+Inf"}, requests, "_bucket")])
    gauge = Family("davd_connections", "gauge", "Connections.", [Sample({}, 1.0)])
    return packed(Snapshot(requests, [counter, times, gauge]))


def _statistics(requests: int, *accounts: str) -> dict[str, Any]:
    spent = {"count": 1, "cpu": 2.0, "bytes": 3, "received": 4, "rows": 5}
    return {
        "connections": {"connections": 1, "requests": requests, "tls": {"[::1]:443": {"versions": {"TLSv1.3": 1}}}},
        "answers": {"recalled": requests},
        "statuses": {"200": requests},
        "routes": [{"method": "GET", "area": "files", "kind": "", "count": requests, "cpu": 0.5}],
        "spending": [{"name": name, **spent} for name in accounts],
        "pool": {"in_flight": 1},
        "process": {"number": 1},
    }


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

    def _answer(self, reactor: Processes, requests: float, statistics: dict[str, Any] | None = None) -> None:
        asked = [message["id"] for message in reactor.hear() if message["kind"] == "snapshot"]
        statistics = {"requests": requests} if statistics is None else statistics
        reactor.say("snapshot", id=asked[-1], statistics=statistics, metrics=_metrics(requests))

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

    def count(self, *answers: dict[str, Any] | None) -> dict[str, Any]:
        """The counters of all when each worker that is left answers that; None for one that does not."""
        asking = Deferred.fromCoroutine(self.tally.statistics())
        for reactor, statistics in zip(self.reactors, answers, strict=True):
            if statistics is None:
                reactor.advance(ANSWER_SECONDS + 1)
            else:
                self._answer(reactor, 1.0, statistics)
        return totals(self.successResultOf(asking))

    def test_the_counters_of_one_that_does_not_answer_are_those_it_told_last(self) -> None:
        self.assertEqual(self.count(_statistics(5), None), _statistics(5))
        found = self.count(None, _statistics(7))
        self.assertEqual((found["connections"]["requests"], found["connections"]["connections"]), (12, 1))
        self.assertEqual((found["statuses"], found["process"]), ({"200": 12}, {"number": 1}))

    def test_the_counters_of_those_that_have_ended_are_kept_and_not_what_they_had_open(self) -> None:
        before = self.count(_statistics(5, "noor"), _statistics(7, "mira"))
        self.reactors[0].say("snapshot", id=0, statistics=_statistics(6, "noor"), metrics=b"")
        self._end(self.reactors.pop(0), self.workers[0])
        self._end(self.reactors.pop(0), self.workers[0])
        self.reactors.append(self._begin(0))
        after = self.count(_statistics(1, "noor"))
        self.assertEqual(before["connections"]["requests"], 12)
        self.assertEqual(
            after["connections"],
            {"connections": 1, "requests": 14, "tls": {"[::1]:443": {"versions": {"TLSv1.3": 3}}}},
        )
        self.assertEqual((after["answers"], after["statuses"]), ({"recalled": 14}, {"200": 14}))
        self.assertEqual([(row["count"], row["cpu"]) for row in after["routes"]], [(14, 1.5)])
        self.assertEqual({row["name"]: row["cpu"] for row in after["spending"]}, {"noor": 4.0, "mira": 2.0})
        self.assertEqual((after["pool"], after["process"]), ({"in_flight": 1}, {"number": 1}))

    def test_one_that_ends_without_counters_counts_as_it_told_last(self) -> None:
        self.count(_statistics(5), _statistics(7))
        self.reactors[0].say("snapshot", id=0, statistics={}, metrics=b"")
        self._end(self.reactors.pop(0), self.workers[0])
        self.assertEqual(self.count(_statistics(8))["statuses"], {"200": 13})

    def test_no_more_accounts_are_kept_than_one_worker_tells_of(self) -> None:
        for round in range(3):
            self.count(_statistics(1, *(f"a{round}.{number}" for number in range(SPENDERS)), OTHERS), _statistics(1))
            self._end(self.reactors.pop(0), self.workers[0])
            self.reactors.insert(0, self._begin(0))
            self.workers.insert(0, self.workers.pop())
        kept = self.count({}, {"spending": []})["spending"]
        self.assertEqual(len(kept), SPENDERS + 1)
        self.assertEqual(sum(row["cpu"] for row in kept), 3 * (SPENDERS + 1) * 2.0)
        self.assertIn(OTHERS, {row["name"] for row in kept})
