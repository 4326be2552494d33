"""The number of workers follows the load: measured by what they have counted, and forecast.

Implements: docs/operate/scaling.md, The decision, The forecast, What can be seen
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.plugin import getPlugins
from twisted.python.failure import Failure
from twisted.python.reflect import namedAny

from davd.interfaces.forecast import IForecast, IForecastMaker
from davd.observe.forecast.holt_winters import HoltWinters
from davd.observe.forecast.judge import Judge, Verdict
from davd.observe.forecast.seasonal_naive import SeasonalNaive
from davd.observe.forecast.series import SEASON_STEPS, STEP_SECONDS, LoadSeries, keep
from davd.observe.scaling import Measured, Scaling
from davd.observe.scaling_settings import ScalingSettings
from davd.observe.snapshot import Snapshot

log = Logger(namespace="davd.scaling")

FILE: Final = "load"
# The load is the mean of this many looks.
LOOKS: Final = 3
# A worker that is started now serves within the step that runs or the next one.
HORIZON: Final = 2
# How long a forecast that is under way may hold up the end.
STOP_SECONDS: Final = 5.0

_OWN: Final[Mapping[str, Callable[[], IForecast]]] = {
    "holt_winters": HoltWinters,
    "seasonal_naive": SeasonalNaive,
}


class Crew(Protocol):
    """The workers, as far as their number is concerned."""

    def number(self) -> int:
        """How many there should be."""

    def steady(self) -> bool:
        """Whether that many serve, and none is being replaced."""

    def measure(self) -> Deferred[Mapping[int, Snapshot] | None]:
        """The metrics of each that serves, by its process id; None when one of them does not tell."""

    def scale(self, count: int) -> None:
        """Have some started or ended, so that there will be so many."""


def forecast_of(settings: ScalingSettings) -> IForecast | None:
    """The forecast that the settings name, None for `off`; ValueError with one sentence for one that cannot be had."""
    for name in settings.forecasts:
        if name != settings.forecast:
            raise ValueError(f"scaling.forecasts.{name}: scaling.forecast does not name it")
    if settings.forecast == "off":
        return None
    section = dict(settings.forecasts.get(settings.forecast, {}))
    own = _OWN.get(settings.forecast)
    if own is not None:
        if section:
            raise ValueError(f"scaling.forecasts.{settings.forecast}: there is nothing to set")
        return own()
    makers = {maker.name: maker.path for maker in getPlugins(IForecastMaker)}
    if settings.forecast not in makers:
        raise ValueError(f"scaling.forecast: there is no forecast called {settings.forecast}")
    make: Callable[[dict[str, Any]], IForecast] = namedAny(makers[settings.forecast])
    try:
        return make(section)
    except ValueError as error:
        raise ValueError(f"scaling.forecasts.{settings.forecast}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Look:
    """What was measured in the `seconds` before `at`: processor seconds, requests, and seconds in the queue."""

    at: float
    seconds: float
    busy: float
    requests: float
    queue: float


class Autoscale:
    """Looks every `look_seconds`, and carries out what `Scaling` decides.

    `folder` is where the load of the last weeks is kept, `now` a clock of POSIX seconds. `in_thread` has what takes
    long done elsewhere; its results come on the reactor's thread.
    """

    def __init__(
        self,
        settings: ScalingSettings,
        low: int,
        high: int,
        crew: Crew,
        folder: str,
        reactor: Any,
        now: Callable[[], float],
        in_thread: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._settings = settings
        self._crew = crew
        self._path = Path(folder) / FILE
        self._reactor = reactor
        self._now = now
        self._in_thread = in_thread
        self._scaling = Scaling(settings, low, high)
        candidate = forecast_of(settings)
        self._judge = None if candidate is None else Judge(candidate, SeasonalNaive(), SEASON_STEPS, HORIZON)
        self.series = LoadSeries()
        self._loop = LoopingCall(self._look_once)
        self._loop.clock = reactor
        self._before: tuple[float, Mapping[int, Sequence[float]]] | None = None
        self._looks: deque[_Look] = deque(maxlen=LOOKS)
        self._measured_at: float | None = None
        self._verdict: tuple[int, Verdict] | None = None
        self._thinking: Deferred[None] | None = None
        self._changes: dict[str, int] = dict.fromkeys(("load", "queue", "forecast", "less"), 0)
        self._wanted = crew.number()

    def start(self) -> None:
        """Read what is known of the last weeks, and begin to look."""
        self.series.load(self._path, self._now())
        self._think()
        self._loop.start(self._settings.look_seconds)

    def reconfigure(self) -> None:
        """Go by what the settings say now that they have been changed in place; the next look is when it was to be."""
        self._loop.interval = self._settings.look_seconds

    async def stop(self) -> None:
        """End; a forecast that is under way is given a few seconds."""
        if self._loop.running:
            self._loop.stop()
        if self._thinking is not None:
            await self._thinking.addTimeout(STOP_SECONDS, self._reactor)
        await self._save()

    # Look

    def _look_once(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._look()).addErrback(self._complain)

    def _complain(self, failure: Failure) -> None:
        self._before = None
        self._looks.clear()
        log.failure("the load cannot be measured: the workers stay as they are", failure)

    async def _look(self) -> None:
        limit = self._settings.look_seconds * LOOKS
        try:
            told = await self._crew.measure().addTimeout(limit, self._reactor)
        except TimeoutError:
            told = None
        if not self._loop.running:
            return
        if told is None:
            self._before = None
            self._looks.clear()
        else:
            self._compare({process: _counters(snapshot) for process, snapshot in told.items()})
        self._decide()

    def _compare(self, counted: Mapping[int, Sequence[float]]) -> None:
        """Note what has been done since the last look; a process that is new has done nothing yet."""
        now = self._reactor.seconds()
        before, self._before = self._before, (now, counted)
        if before is None or now <= before[0]:
            return
        seconds = now - before[0]
        gains = [0.0, 0.0, 0.0]
        for process, counters in counted.items():
            for place, value in enumerate(counters):
                gains[place] += max(0.0, value - before[1].get(process, counters)[place])
        look = _Look(now, seconds, *gains)
        self._looks.append(look)
        self._measured_at = self._now()
        if self.series.add(self._measured_at, look.busy / seconds, seconds):
            self._think()

    def measured(self) -> Measured | None:
        """The load over the last looks, None until there are as many."""
        if len(self._looks) < LOOKS:
            return None
        seconds = sum(look.seconds for look in self._looks)
        requests = sum(look.requests for look in self._looks)
        waited = sum(look.queue for look in self._looks)
        busy = sum(look.busy for look in self._looks)
        return Measured(self._looks[-1].at, busy / seconds, requests / seconds, waited / requests if requests else 0.0)

    def forecast(self) -> float | None:
        """The most that is expected from now until a worker that is started now serves; None when that is unknown."""
        if self._verdict is None:
            return None
        last, verdict = self._verdict
        passed = int(self._now() // STEP_SECONDS) - last - 1
        return None if verdict.loads is None else max(verdict.loads[max(0, passed) :], default=None)

    def _decide(self) -> None:
        if not self._crew.steady():
            # Those that are about to serve will change what is measured.
            self._looks.clear()
            return
        measured, forecast = self.measured(), self.forecast()
        actual = self._crew.number()
        decision = self._scaling.decide(self._reactor.seconds(), actual, measured, forecast)
        self._wanted = decision.wanted
        if decision.wanted == actual:
            return
        self._changes[decision.why] = self._changes.get(decision.why, 0) + 1
        log.info(
            "{wanted} workers instead of {actual} ({why}): {measured}, forecast {forecast}",
            wanted=decision.wanted,
            actual=actual,
            why=decision.why,
            measured=_words(measured),
            forecast="unknown" if forecast is None else f"{forecast:.2f} processors",
        )
        self._looks.clear()
        self._crew.scale(decision.wanted)

    # Think

    def _think(self) -> None:
        """Ask the forecasts, and keep what is known; one after the other, since it may take seconds."""
        if self._thinking is None:
            self._thinking = Deferred.fromCoroutine(self._ask()).addErrback(self._no_forecast)
            if self._thinking.called:
                self._thinking = None
            else:
                self._thinking.addBoth(self._thought)

    def _no_forecast(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            log.failure("there is no forecast", failure)

    def _thought(self, _: object) -> None:
        self._thinking = None

    async def _ask(self) -> None:
        last = self.series.last
        judge = self._judge
        if last is None:
            return
        if judge is not None:
            history = self.series.values()
            was = self._verdict[1].acts if self._verdict is not None else ""
            verdict: Verdict = await self._in_thread(lambda: judge.step(last, history))
            self._verdict = (last, verdict)
            if verdict.acts != was:
                log.info("the forecast that acts: {name}", name=verdict.acts or "none")
        await self._save()

    async def _save(self) -> None:
        data = self.series.packed()
        try:
            await self._in_thread(lambda: keep(self._path, data))
        except OSError as error:
            log.warn("the load of the last weeks cannot be kept: {why}", why=error.strerror)

    # Tell

    def statistics(self) -> dict[str, Any]:
        """What the metrics and the admin plane tell; what is not known is left out."""
        told: dict[str, Any] = {
            "serving": self._crew.number(),
            "wanted": self._wanted,
            "min": self._scaling.low,
            "max": self._scaling.high,
            "changes": dict(self._changes),
            "known_steps": len(self.series.values()),
        }
        if self._measured_at is not None:
            told["at"] = self._measured_at
        measured = self.measured()
        if measured is not None:
            told["load"] = measured.busy
            told["requests"] = measured.requests
            told["queue_seconds"] = measured.queue
        if self._verdict is not None:
            verdict = self._verdict[1]
            told["forecasts"] = dict(verdict.forecasts)
            told["errors"] = dict(verdict.errors)
            told["scaled_errors"] = dict(verdict.scaled)
            told["acts"] = {name: int(name == verdict.acts) for name in verdict.forecasts}
        return told


def _counters(snapshot: Snapshot) -> tuple[float, float, float]:
    """Processor seconds, requests, and seconds in the queue, since the process began."""
    family = snapshot.family("davd_queue_seconds")
    queue = 0.0 if family is None else sum(sample.value for sample in family.samples if sample.suffix == "_sum")
    return snapshot.value("process_cpu_seconds") or 0.0, snapshot.value("davd_requests") or 0.0, queue


def _words(measured: Measured | None) -> str:
    if measured is None:
        return "nothing measured"
    return (
        f"{measured.busy:.2f} processors busy, {measured.requests:.0f} requests a second, "
        f"{measured.queue * 1000:.0f} ms in the queue"
    )
