"""Workers that come and go with the load.

Verifies: docs/operate/scaling.md, The decision, The forecast, What can be seen
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.config.settings import DaemonSettings
from davd.daemon.autoscale import FILE, Autoscale, forecast_of
from davd.daemon.bounds import Bounds
from davd.daemon.service import bounds_of, fitting_workers
from davd.observe.catalogue import CATALOGUE
from davd.observe.forecast.series import SEASON_STEPS, STEP_SECONDS, LoadSeries
from davd.observe.metrics import Metrics
from davd.observe.scaling_settings import ScalingSettings
from davd.observe.snapshot import Family, Sample, Snapshot
from tests.daemon.test_workers import until, workers
from tests.daemon.twistd import PLAIN, Running, ask, basic, command, run

BEGIN = 1_700_000_100 // STEP_SECONDS * STEP_SECONDS


class Simulated:
    """Workers that only count, on a clock that is set: all serve at once, and share `busy` evenly."""

    def __init__(self, clock: Clock) -> None:
        self.busy = 0.0
        self.silent = False
        self.coming = False
        self.scaled: list[int] = []
        self._clock = clock
        self._then = clock.seconds()
        self._used = {100: 0.0}
        self._next = 101

    def number(self) -> int:
        return len(self._used)

    def steady(self) -> bool:
        return not self.coming

    def measure(self) -> Deferred[Mapping[int, Snapshot] | None]:
        now = self._clock.seconds()
        for process in self._used:
            self._used[process] += self.busy * (now - self._then) / len(self._used)
        self._then = now
        if self.silent:
            return Deferred()
        return succeed({process: _snapshot(used) for process, used in self._used.items()})

    def scale(self, count: int) -> None:
        self.scaled.append(count)
        while len(self._used) < count:
            # What it took to start is not load.
            self._used[self._next] = 50.0
            self._next += 1
        while len(self._used) > count:
            self._used.popitem()


def _snapshot(used: float) -> Snapshot:
    return Snapshot(0.0, [Family("process_cpu_seconds", "counter", "", [Sample({}, used)])])


def _here(work: Callable[[], Any]) -> Deferred[Any]:
    return succeed(work())


class AutoscaleTests(SynchronousTestCase):
    """Verifies: docs/operate/scaling.md, The decision, The forecast"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.crew = Simulated(self.clock)
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def begin(self, **more: Any) -> Autoscale:
        settings = ScalingSettings(**more)
        autoscale = Autoscale(
            settings, 1, 6, self.crew, str(self.folder), self.clock, lambda: BEGIN + self.clock.seconds(), _here
        )
        autoscale.start()
        self.addCleanup(self.end, autoscale)
        return autoscale

    def end(self, autoscale: Autoscale) -> None:
        self.successResultOf(Deferred.fromCoroutine(_coroutine(autoscale.stop())))

    def run_for(self, seconds: float) -> None:
        self.clock.pump([5.0] * int(seconds / 5))

    def known(self, load: Callable[[int], float], count: int) -> None:
        """Keep a history of `count` steps, which ends where the clock begins."""
        series = LoadSeries()
        for step in range(-count, 0):
            series.add(BEGIN + (step + 0.9) * STEP_SECONDS, load(step), STEP_SECONDS)
        series.add(BEGIN, 0.0, 0.0)
        series.save(self.folder / FILE)

    def test_workers_come_after_three_looks(self) -> None:
        self.begin()
        self.crew.busy = 2.0
        self.run_for(10)
        self.assertEqual(self.crew.scaled, [])
        self.run_for(5)
        self.assertEqual(self.crew.scaled, [3])

    def test_they_go_one_by_one(self) -> None:
        self.begin()
        self.crew.busy = 2.0
        self.run_for(60)
        self.crew.busy = 0.1
        self.run_for(3000)
        self.assertEqual(self.crew.scaled, [3, 2, 1])

    def test_a_constant_load_is_left_alone(self) -> None:
        self.begin()
        self.crew.busy = 1.3
        self.run_for(4 * 3600)
        self.assertEqual(self.crew.scaled, [2])

    def test_nothing_changes_when_one_does_not_tell(self) -> None:
        autoscale = self.begin()
        self.crew.busy = 5.0
        self.crew.silent = True
        self.run_for(600)
        self.assertEqual(self.crew.scaled, [])
        self.assertNotIn("load", autoscale.statistics())
        self.crew.silent = False
        self.run_for(60)
        self.assertEqual(self.crew.scaled, [6])

    def test_nothing_changes_while_one_is_coming_up(self) -> None:
        self.begin()
        self.crew.busy = 5.0
        self.crew.coming = True
        self.run_for(600)
        self.assertEqual(self.crew.scaled, [])
        self.crew.coming = False
        self.run_for(20)
        self.assertEqual(self.crew.scaled, [6])

    def test_they_are_there_before_what_came_last_week(self) -> None:
        """The baseline acts from one week on, before what is measured says anything."""
        self.known(lambda step: 2.0 if (step % SEASON_STEPS) in range(12, 30) else 0.1, SEASON_STEPS + 10)
        autoscale = self.begin()
        self.crew.busy = 0.1
        self.run_for(12 * STEP_SECONDS - 1)
        self.assertEqual(self.crew.scaled, [3])
        told = autoscale.statistics()
        self.assertEqual(told["acts"], {"seasonal_naive": 1})
        self.assertEqual(told["changes"], {"load": 0, "queue": 0, "forecast": 1, "less": 0})
        self.run_for(40 * STEP_SECONDS)
        self.assertEqual(self.crew.scaled, [3, 2, 1])

    def test_without_a_forecast_only_what_is_measured_counts(self) -> None:
        self.known(lambda step: 2.0, SEASON_STEPS + 10)
        autoscale = self.begin(forecast="off")
        self.run_for(1200)
        self.assertEqual(self.crew.scaled, [])
        self.assertNotIn("acts", autoscale.statistics())

    def test_the_load_is_kept_and_found_again(self) -> None:
        first = self.begin()
        self.crew.busy = 0.4
        self.run_for(2 * STEP_SECONDS + 5)
        self.end(first)
        again = self.begin()
        self.assertEqual([round(load or 0, 6) for load in again.series.values()], [0.4, 0.4])

    def test_a_forecast_that_never_ends_does_not_hold_up_the_end(self) -> None:
        self.known(lambda step: 1.0, 2 * SEASON_STEPS + 400)
        under_way: list[Deferred[Any]] = []

        def away(work: Callable[[], Any]) -> Deferred[Any]:
            if not under_way:
                under_way.append(Deferred())
                return under_way[0]
            return _here(work)

        autoscale = Autoscale(
            ScalingSettings(), 1, 6, self.crew, str(self.folder), self.clock, lambda: BEGIN + self.clock.seconds(), away
        )
        autoscale.start()
        self.crew.busy = 3.0
        self.run_for(2 * STEP_SECONDS + 5)
        self.assertEqual(self.crew.scaled, [5])
        self.assertIsNone(autoscale.forecast())
        stopped = Deferred.fromCoroutine(_coroutine(autoscale.stop()))
        self.assertNoResult(stopped)
        self.clock.advance(10)
        self.successResultOf(stopped)
        again = LoadSeries()
        again.load(self.folder / FILE, BEGIN + self.clock.seconds())
        self.assertEqual(again.values()[-2:], autoscale.series.values()[-2:])

    def test_a_forecast_is_believed_for_ten_minutes(self) -> None:
        self.known(lambda step: 1.5, SEASON_STEPS + 10)
        autoscale = self.begin()
        self.assertEqual(autoscale.forecast(), 1.5)
        self.crew.silent = True
        self.run_for(STEP_SECONDS + 10)
        self.assertEqual(autoscale.forecast(), 1.5)
        self.run_for(STEP_SECONDS)
        self.assertIsNone(autoscale.forecast())

    def test_what_is_told_becomes_metrics(self) -> None:
        self.known(lambda step: 1.0 + (step % 7) * 0.1, 2 * SEASON_STEPS + 400)
        autoscale = self.begin()
        self.crew.busy = 0.4
        self.run_for(600)
        snapshot = Metrics(lambda: {"scaling": autoscale.statistics()}, self.clock.seconds).read()
        families = {row.name for row in CATALOGUE if row.name.startswith(("davd_workers", "davd_load", "davd_scaling"))}
        self.assertEqual({family.name for family in snapshot.families}, families)
        self.assertEqual(snapshot.value("davd_workers", state="max"), 6)
        self.assertAlmostEqual(snapshot.value("davd_load_processors") or 0, 0.4)
        for name in ("davd_load_forecast_processors", "davd_load_forecast_error_processors"):
            self.assertIsNotNone(snapshot.value(name, forecast="holt_winters"))
            self.assertIsNotNone(snapshot.value(name, forecast="seasonal_naive"))
        self.assertEqual(snapshot.value("davd_load_forecast_acts"), 1)


async def _coroutine(work: Coroutine[Any, Any, None]) -> None:
    await work


class TestBounds:
    """Verifies: docs/operate/scaling.md, How many workers"""

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            (DaemonSettings(workers=3), Bounds(3, 3, 3)),
            (DaemonSettings(workers=3, max_workers=8), Bounds(3, 3, 3)),
            (DaemonSettings(workers=3, autoscale=True, max_workers=8), Bounds(3, 1, 8)),
            (DaemonSettings(workers=9, autoscale=True, max_workers=8), Bounds(8, 1, 8)),
            (DaemonSettings(autoscale=True, min_workers=2, max_workers=8), Bounds(2, 2, 8)),
            (DaemonSettings(autoscale=True, min_workers=2, max_workers=2), Bounds(2, 2, 2)),
            (DaemonSettings(autoscale=True, min_workers=64), Bounds(64, 64, 64)),
        ],
    )
    def test_by_the_settings(self, settings: DaemonSettings, expected: Bounds) -> None:
        assert bounds_of(settings) == expected

    def test_without_a_number_by_the_processors(self) -> None:
        assert bounds_of(DaemonSettings(autoscale=True, workers=0)).most == fitting_workers()


class TestForecastOf:
    """Verifies: docs/operate/scaling.md, The forecast"""

    def test_those_that_davd_has(self) -> None:
        for name in ("holt_winters", "seasonal_naive"):
            forecast = forecast_of(ScalingSettings(forecast=name))
            assert forecast is not None
            assert forecast.name == name
        assert forecast_of(ScalingSettings(forecast="off")) is None

    @pytest.mark.parametrize(
        ("settings", "sentence"),
        [
            (ScalingSettings(forecast="stars"), "scaling.forecast: there is no forecast called stars"),
            (ScalingSettings(forecasts={"stars": {}}), "scaling.forecasts.stars: scaling.forecast does not name it"),
            (ScalingSettings(forecasts={"holt_winters": {"x": 1}}), "scaling.forecasts.holt_winters: there is nothing"),
        ],
    )
    def test_what_cannot_be(self, settings: ScalingSettings, sentence: str) -> None:
        with pytest.raises(ValueError, match=f"^{sentence}"):
            forecast_of(settings)


CONFIG = """
[daemon]
autoscale = true
max_workers = 2

[scaling]
look_seconds = 0.2
busy = 0.2
hold_seconds = 1
"""


class _Load:
    """Threads that ask without pause until the context is left; `lost` are the failures."""

    def __init__(self, davd: Running) -> None:
        self._davd = davd
        self._login = basic("admin", davd.password)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(4)]
        self.lost: list[str] = []

    def __enter__(self) -> _Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        connection = self._davd.connect()
        while not self._stop.is_set():
            try:
                status = ask(connection, "PUT", f"/files/admin/{number}", b"x" * 1000, self._login).status
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                connection.close()
                continue
            if status not in (201, 204):
                self.lost.append(str(status))
        connection.close()


def _scaling(davd: Running) -> dict[str, Any]:
    counters: dict[str, Any] = davd.statistics()["scaling"]
    return counters


class TestProcesses:
    """Verifies: docs/operate/scaling.md, The decision, What can be seen"""

    def test_a_second_worker_comes_with_the_load_and_goes_when_it_is_over(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=["--admin", PLAIN], config=CONFIG) as davd:
            (first,) = workers(davd)
            assert _scaling(davd)["max"] == 2
            with _Load(davd) as load:
                until(lambda: len(workers(davd)) == 2)
                assert workers(davd)[0] == first
                # The one that has come serves as well.
                until(lambda: _scaling(davd).get("load", 0) > 0.2)
            assert load.lost == []
            until(lambda: workers(davd) == [first])
            until(lambda: len(davd.statistics()["workers"]) == 1)
            assert "2 workers instead of 1 (load)" in davd.log()
            assert "1 workers instead of 2 (less)" in davd.log()
            with contextlib.closing(http.client.HTTPConnection(davd.admin.split("/")[2], timeout=60)) as plane:
                text = ask(plane, "GET", "/metrics", None, davd.token()).content.decode()  # type: ignore[attr-defined]
            assert 'davd_workers{state="serving"} 1.0' in text
            assert 'davd_scaling_changes_total{why="load"}' in text
            # A worker that is ended by others is started again as ever, and the rest goes on.
            os.kill(first, signal.SIGKILL)
            until(lambda: workers(davd) not in ([], [first]))
            davd.process.send_signal(signal.SIGUSR2)
            davd.wait_for("all workers are new")

    def test_the_limits_are_dealt_out_anew(self, tmp_path: Path) -> None:
        config = (
            CONFIG.replace("hold_seconds = 1", "hold_seconds = 3600")
            + "[pool]\nmin_concurrent_requests = 40\nmax_concurrent_requests = 40\n"
        )
        with Running(tmp_path, words=["--admin", PLAIN], config=config) as davd:
            assert davd.statistics()["pool"]["limit"] == 40
            with _Load(davd) as load:
                until(lambda: len(workers(davd)) == 2)
            assert load.lost == []
            until(lambda: davd.statistics()["pool"]["limit"] == 40)

    @pytest.mark.parametrize(
        ("config", "sentence"),
        [
            ("[daemon]\nautoscale = true\nmin_workers = 3\nmax_workers = 2\n", "daemon.min_workers: it is more than"),
            ('[scaling]\nforecast = "stars"\n', "scaling.forecast: there is no forecast called stars"),
        ],
    )
    def test_what_cannot_be_stops_the_start(self, tmp_path: Path, config: str, sentence: str) -> None:
        (tmp_path / "davd.toml").write_text(config)
        done = run(command("epoll", "--data", "data", "--config", "davd.toml", "--listen", PLAIN), tmp_path)
        assert done.returncode == 1
        assert sentence in done.stderr
