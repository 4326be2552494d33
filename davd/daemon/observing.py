"""The watch over a running server, by one process for all: the last hour of its signals, and alerts.

Implements: docs/operate/monitoring.md, Metrics, Alerts
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.plugin import getPlugins
from twisted.python.reflect import namedAny

from davd.config.settings import Settings
from davd.interfaces.alert import IAlert, IAlertMaker
from davd.observe.alert_settings import AlertSettings
from davd.observe.alerts import Alerts
from davd.observe.delivery import Delivery, LogAlert
from davd.observe.history import STEP_SECONDS, History
from davd.observe.rules import rules_of
from davd.observe.signals import signals
from davd.observe.snapshot import Snapshot

log = Logger(namespace="davd.observe")

_HOUR: Final = 3600.0


def _log(section: dict[str, Any]) -> IAlert:
    if section:
        raise ValueError("there is nothing to set")
    return LogAlert()


_WAYS: Final[dict[str, str]] = {"email": "davd.observe.mail.make", "webhook": "davd.observe.webhook.make"}


def ways_of(settings: AlertSettings) -> list[IAlert]:
    """The ways by which alerts go out; ValueError with one sentence for one that is unknown or refuses its settings."""
    makers = {**_WAYS, **{maker.name: maker.path for maker in getPlugins(IAlertMaker)}}
    for name in settings.delivery:
        if name not in settings.deliver:
            raise ValueError(f"alerts.delivery.{name}: alerts.deliver does not name it")
    ways: list[IAlert] = []
    for name in settings.deliver:
        if name != "log" and name not in makers:
            raise ValueError(f"alerts.deliver: there is no way called {name}")
        make: Callable[[dict[str, Any]], IAlert] = _log if name == "log" else namedAny(makers[name])
        try:
            ways.append(make(dict(settings.delivery.get(name, {}))))
        except ValueError as error:
            raise ValueError(f"alerts.delivery.{name}: {error}") from None
    return ways


class Observing:
    """Looks every few seconds at what `snapshot` gives, the metrics of all processes; notes it, and sends alerts."""

    def __init__(self, settings: Settings, reactor: Any, snapshot: Callable[[], Awaitable[Snapshot]]) -> None:
        alerts = settings.alerts
        self.history = History()
        self.alerts = Alerts(rules_of(alerts), alerts.repeat_hours * _HOUR, socket.gethostname())
        self._settings = settings
        self._snapshot = snapshot
        self._delivery = Delivery(ways_of(alerts), reactor)
        self._before: Snapshot | None = None
        self._loop = LoopingCall(self._look)
        self._loop.clock = reactor
        self._looking: Deferred[None] | None = None

    async def start(self) -> None:
        """Begin; AlertError for a way of delivery that cannot work."""
        await self._delivery.start()
        self._loop.start(STEP_SECONDS, now=False)

    async def stop(self) -> None:
        """End; alerts under way are sent."""
        if self._loop.running:
            self._loop.stop()
        if self._looking is not None and not self._looking.called:
            await self._looking
        await self._delivery.stop()

    def reconfigure(self, new: Settings) -> None:
        """Take over other conditions of alerts."""
        live = self._settings
        if new.alerts != live.alerts:
            live.alerts = new.alerts
            self.alerts.reconfigure(rules_of(new.alerts), new.alerts.repeat_hours * _HOUR)

    def _look(self) -> Deferred[None]:
        self._looking = looking = Deferred.fromCoroutine(self._look_once())
        # A look that goes wrong must not be the last one.
        looking.addErrback(lambda failure: log.failure("the server could not be looked at", failure))
        return looking

    async def _look_once(self) -> None:
        snapshot = await self._snapshot()
        seen = signals(self._before, snapshot)
        self._before = snapshot
        self.history.add(snapshot.at, seen)
        for alert in self.alerts.look(snapshot.at, seen):
            self._delivery.send(alert)
