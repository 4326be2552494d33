"""The watch over a running server: metrics, their last hour, alerts, and the access log.

Implements: docs/operate/monitoring.md, Metrics, Alerts, Access log
"""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.plugin import getPlugins
from twisted.python.reflect import namedAny

from davd.config.settings import Settings
from davd.daemon import logfiles
from davd.daemon.expiry import Expiry
from davd.daemon.reload import Reload
from davd.interfaces.alert import IAlert, IAlertMaker
from davd.observe.access_log import AccessLog, FileOutput, StreamOutput
from davd.observe.alert_settings import AlertSettings
from davd.observe.alerts import Alerts
from davd.observe.delivery import Delivery, LogAlert
from davd.observe.history import STEP_SECONDS, History
from davd.observe.metrics import Metrics
from davd.observe.rules import rules_of
from davd.observe.signals import signals
from davd.observe.snapshot import Snapshot

log = Logger(namespace="davd.observe")

_HOUR: Final = 3600.0


class ObserveError(Exception):
    """What is to be watched cannot be; the text is one sentence."""


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


def access_log_of(settings: Settings, reactor: Any) -> AccessLog | None:
    """The access log that the settings ask for; None when it is off. ObserveError when its file cannot be opened."""
    where, form = settings.observe.access_log, settings.observe.access_format
    if where == "off":
        return None
    if where in ("stdout", "journal"):
        return AccessLog(StreamOutput(), "journal" if where == "journal" and form == "text" else form, reactor)
    try:
        return AccessLog(FileOutput(where), form, reactor)
    except OSError as error:
        raise ObserveError(f"the access log {where} cannot be opened: {error.strerror}") from None


class Observing:
    """Looks at the server every few seconds, notes what it sees, and sends alerts.

    `healthy` tells whether the store answers. `collect` is set when there is something to count; before that nothing
    is looked at. `judging` is false in a process that leaves alerts to another one.
    """

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        healthy: Callable[[], Awaitable[bool]],
        expiry: Expiry,
        reloading: Reload,
        judging: bool = True,
    ) -> None:
        alerts = settings.alerts
        self.history = History()
        self.alerts = Alerts(rules_of(alerts), alerts.repeat_hours * _HOUR, socket.gethostname())
        self.metrics = Metrics(lambda: self._collect(), time.time)
        self.access: AccessLog | None = None
        self._collect: Callable[[], Mapping[str, Any]] = dict
        self._settings = settings
        self._reactor = reactor
        self._healthy = healthy
        self._expiry = expiry
        self._reloading = reloading
        self._judging = judging
        self._delivery = Delivery(ways_of(alerts), reactor)
        self._before: Snapshot | None = None
        self._store_up = 1
        self._loop = LoopingCall(self._look)
        self._loop.clock = reactor
        self._looking: Deferred[None] | None = None

    async def start(self, collect: Callable[[], Mapping[str, Any]]) -> None:
        """Begin; `collect` gives what the parts have counted. ObserveError or AlertError for what cannot work."""
        self._collect = collect
        await self._delivery.start()
        self.access = access_log_of(self._settings, self._reactor)
        if self.access is not None:
            logfiles.add(self.access)
        self._loop.start(STEP_SECONDS, now=False)

    async def stop(self) -> None:
        """End; alerts under way are sent, lines of the access log are written."""
        if self._loop.running:
            self._loop.stop()
        if self._looking is not None and not self._looking.called:
            await self._looking
        await self._delivery.stop()
        if self.access is not None:
            logfiles.remove(self.access)
            self.access.close()

    def more(self) -> Mapping[str, Any]:
        """What is known beside the counters of the parts."""
        last = self._reloading.last
        return {
            "certificates": self._expiry.ends,
            "alerts": self.alerts.states(),
            "health": {"store": self._store_up},
            "reload": {} if last is None else {"ok": int(last.ok), "at": last.at},
        }

    def reconfigure(self, new: Settings) -> None:
        """Take over other conditions of alerts."""
        live = self._settings
        if new.alerts != live.alerts:
            live.alerts = new.alerts
            self.alerts.reconfigure(rules_of(new.alerts), new.alerts.repeat_hours * _HOUR)

    async def snapshot(self) -> Snapshot:
        """The metrics of now."""
        return self.metrics.read()

    def _look(self) -> Deferred[None]:
        self._looking = looking = Deferred.fromCoroutine(self._look_once())
        # A look that goes wrong must not be the last one.
        looking.addErrback(lambda failure: log.failure("the server could not be looked at", failure))
        return looking

    async def _look_once(self) -> None:
        self._store_up = int(await self._healthy())
        snapshot = self.metrics.read()
        seen = signals(self._before, snapshot)
        self._before = snapshot
        self.history.add(snapshot.at, seen)
        if self._judging:
            for alert in self.alerts.look(snapshot.at, seen):
                self._delivery.send(alert)
