"""Alerts arrive by every way, and what fails is tried again.

Verifies: docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from davd.interfaces.alert import AlertError, IAlert
from davd.model.alert import Alert
from davd.observe.delivery import PAUSES, TIMEOUT_SECONDS, Delivery, LogAlert
from davd.testing.alert_conformance import FIRING, OVER, AlertConformance


@implementer(IAlert)
class Scripted:
    """Answers each alert with the next of `outcomes`: an exception, None, or a Deferred to wait for."""

    name = "scripted"

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes)
        self.delivered: list[Alert] = []
        self.life: list[str] = []

    async def start(self) -> None:
        """Note it."""
        self.life.append("start")

    async def stop(self) -> None:
        """Note it."""
        self.life.append("stop")

    async def deliver(self, alert: Alert) -> None:
        """Do as the script says."""
        self.delivered.append(alert)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Deferred):
            await outcome
        elif outcome is not None:
            raise outcome


class DeliveryTests(SynchronousTestCase):
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def setUp(self) -> None:
        self.clock = Clock()

    def _started(self, *ways: Scripted) -> Delivery:
        delivery = Delivery(ways, self.clock)
        self.successResultOf(Deferred.fromCoroutine(delivery.start()))
        return delivery

    def test_each_way_and_each_by_itself(self) -> None:
        good, bad = Scripted(), Scripted(AlertError("no"), AlertError("no"))
        delivery = self._started(bad, good)
        delivery.send(FIRING)
        self.assertEqual((good.delivered, bad.delivered), ([FIRING], [FIRING]))
        self.clock.advance(PAUSES[0])
        self.clock.advance(PAUSES[1])
        self.assertEqual((len(good.delivered), len(bad.delivered)), (1, 3))
        self.assertEqual((delivery.delivered, delivery.failed), (2, 2))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_it_is_given_up_in_the_end(self) -> None:
        way = Scripted(*[AlertError("no")] * 9)
        delivery = self._started(way)
        delivery.send(FIRING)
        for pause in (*PAUSES, 86_400.0):
            self.clock.advance(pause)
        self.assertEqual(len(way.delivered), 1 + len(PAUSES))

    def test_one_that_hangs_is_broken_off(self) -> None:
        way = Scripted(Deferred())
        delivery = self._started(way)
        delivery.send(FIRING)
        self.clock.advance(TIMEOUT_SECONDS)
        self.assertEqual(delivery.failed, 1)
        self.clock.advance(PAUSES[0])
        self.assertEqual((len(way.delivered), delivery.delivered), (2, 1))

    def test_the_end_waits_for_what_is_under_way_and_tries_nothing_again(self) -> None:
        hanging: Deferred[None] = Deferred()
        slow, failing = Scripted(hanging), Scripted(AlertError("no"))
        delivery = self._started(slow, failing)
        delivery.send(OVER)
        stopped = Deferred.fromCoroutine(delivery.stop())
        self.assertNoResult(stopped)
        hanging.callback(None)
        self.successResultOf(stopped)
        self.assertEqual((slow.life, failing.life), (["start", "stop"], ["start", "stop"]))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class LogAlertTests(AlertConformance, TestCase):
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def setUp(self) -> None:
        self.events: list[dict[str, Any]] = []
        globalLogPublisher.addObserver(self._note)
        self.addCleanup(globalLogPublisher.removeObserver, self._note)

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("log_namespace") == "davd.alerts":
            self.events.append(event)

    def make_alert(self) -> LogAlert:
        return LogAlert()

    def make_broken(self) -> None:
        return None

    def told(self) -> list[str]:
        return [event["log_format"].format(**event) for event in self.events]

    async def test_levels(self) -> None:
        for alert in (FIRING, OVER):
            await LogAlert().deliver(alert)
        self.assertEqual([event["log_level"] for event in self.events], [LogLevel.error, LogLevel.info])
