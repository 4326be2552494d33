"""Getting alerts to where they are to go: by every way that is set, again when one of them fails.

Implements: docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.logger import Logger
from zope.interface import implementer

from davd.interfaces.alert import AlertError, IAlert
from davd.model.alert import Alert

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

log = Logger(namespace="davd.alerts")

TIMEOUT_SECONDS: Final = 60.0
# Pauses before the repetitions, in seconds; after the last one it is given up.
PAUSES: Final = (30.0, 120.0, 600.0, 3600.0)


@implementer(IAlert)
class LogAlert:
    """Writes alerts to the log."""

    name = "log"

    async def start(self) -> None:
        """There is nothing to get ready."""

    async def stop(self) -> None:
        """There is nothing to release."""

    async def deliver(self, alert: Alert) -> None:
        """One line: an error for what is critical, a warning for the rest, and information for what is over."""
        say = log.info if not alert.firing else log.error if alert.severity == "critical" else log.warn
        say("{sentence}", sentence=alert.sentence())


class Delivery:
    """Delivers by `ways`. What fails is told in the log and tried again, each way by itself."""

    def __init__(self, ways: Sequence[IAlert], clock: IReactorTime) -> None:
        self._ways = tuple(ways)
        self._clock = clock
        self._running: set[Deferred[None]] = set()
        self._waiting: set[IDelayedCall] = set()
        self._stopping = False
        self.delivered = 0
        self.failed = 0

    async def start(self) -> None:
        """Get all ways ready; AlertError of the first that cannot work."""
        for way in self._ways:
            await way.start()

    async def stop(self) -> None:
        """Give up what waits to be tried again, let what is under way end, and release the ways."""
        self._stopping = True
        for call in self._waiting:
            call.cancel()
        self._waiting.clear()
        await DeferredList(list(self._running))
        for way in self._ways:
            await way.stop()

    def send(self, alert: Alert) -> None:
        """Have an alert told by every way; returns at once."""
        for way in self._ways:
            self._begin(way, alert, 0)

    def _begin(self, way: IAlert, alert: Alert, tries: int) -> None:
        running = Deferred.fromCoroutine(self._deliver(way, alert, tries))
        if not running.called:
            self._running.add(running)
            running.addBoth(lambda _: self._running.discard(running))

    async def _deliver(self, way: IAlert, alert: Alert, tries: int) -> None:
        delivering = Deferred.fromCoroutine(way.deliver(alert))
        delivering.addTimeout(TIMEOUT_SECONDS, self._clock, _late)
        try:
            await delivering
        except Exception as error:
            self.failed += 1
            again = tries < len(PAUSES) and not self._stopping
            log.error(
                "the alert {alert} could not be told by {way}{then}: {error}",
                alert=alert.name,
                way=way.name,
                then=f", again in {PAUSES[tries]:.0f} s" if again else "",
                error=str(error) or type(error).__name__,
            )
            if again:
                self._later(way, alert, tries)
        else:
            self.delivered += 1

    def _later(self, way: IAlert, alert: Alert, tries: int) -> None:
        def again() -> None:
            self._waiting.discard(call)
            self._begin(way, alert, tries + 1)

        call = self._clock.callLater(PAUSES[tries], again)
        self._waiting.add(call)


def _late(result: object, seconds: float) -> object:
    if isinstance(getattr(result, "value", None), CancelledError):
        raise AlertError(f"it took more than {seconds:.0f} seconds")
    return result
