"""What a process that serves tells of itself: its metrics, and a line of the access log for each request.

Implements: docs/operate/monitoring.md, Metrics, Access log
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from davd.config.settings import Settings
from davd.daemon import logfiles
from davd.daemon.reload import Reload
from davd.observe.access_log import AccessLog, FileOutput, StreamOutput
from davd.observe.history import STEP_SECONDS
from davd.observe.metrics import Metrics
from davd.observe.snapshot import Snapshot

log = Logger(namespace="davd.observe")


class ObserveError(Exception):
    """What is to be watched cannot be; the text is one sentence."""


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


class Measuring:
    """Reads the metrics of this process when they are asked for, and keeps its access log.

    `healthy` tells whether the store answers; it is asked every few seconds, so that nobody has to wait for the answer.
    """

    def __init__(
        self, settings: Settings, reactor: Any, healthy: Callable[[], Awaitable[bool]], reloading: Reload
    ) -> None:
        self.metrics = Metrics(lambda: self._collect(), time.time)
        self.access: AccessLog | None = None
        self._collect: Callable[[], Mapping[str, Any]] = dict
        self._settings = settings
        self._reactor = reactor
        self._healthy = healthy
        self._reloading = reloading
        self._store_up = 1
        self._loop = LoopingCall(self._ask)
        self._loop.clock = reactor

    def start(self, collect: Callable[[], Mapping[str, Any]], access: bool = True) -> None:
        """Begin; `collect` gives what the parts have counted. A process that answers no request has no `access` log.

        ObserveError when that cannot be opened.
        """
        self._collect = collect
        if access:
            self.access = access_log_of(self._settings, self._reactor)
        if self.access is not None:
            logfiles.add(self.access)
        self._loop.start(STEP_SECONDS, now=False)

    def stop(self) -> None:
        """End; lines of the access log are written."""
        if self._loop.running:
            self._loop.stop()
        if self.access is not None:
            logfiles.remove(self.access)
            self.access.close()

    def more(self) -> Mapping[str, Any]:
        """What is known beside the counters of the parts."""
        return {"health": {"store": self._store_up}, "reload": reload_counted(self._reloading)}

    async def snapshot(self) -> Snapshot:
        """The metrics of now."""
        return self.metrics.read()

    def _ask(self) -> Deferred[None]:
        # A question that goes wrong must not be the last one.
        return Deferred.fromCoroutine(self._ask_once()).addErrback(
            lambda failure: log.failure("the store could not be asked how it is", failure)
        )

    async def _ask_once(self) -> None:
        self._store_up = int(await self._healthy())


def reload_counted(reloading: Reload) -> Mapping[str, Any]:
    """How the last reload ended, as the metrics want it; empty before the first."""
    last = reloading.last
    return {} if last is None else {"ok": int(last.ok), "at": last.at}
