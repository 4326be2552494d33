"""The tests that every forecast passes; a plugin's author inherits them in a class of their own."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from zope.interface.verify import verifyObject

from davd.interfaces.forecast import IForecast

SEASON = 7 * 48
STEPS = 4


def made_up(seasons: float, gaps: bool = False) -> list[float | None]:
    """A history with days and weeks in it, of half an hour each step to keep it short."""
    chance = random.Random(7)
    found: list[float | None] = []
    for step in range(round(seasons * SEASON)):
        day = 0.5 if step % SEASON >= 5 * 48 else 1.5
        load = 0.3 + day * (1 - math.cos(2 * math.pi * step / 48)) + chance.gauss(0, 0.05)
        found.append(None if gaps and (step % 97 < 5 or SEASON + 50 < step < SEASON + 120) else max(0.0, load))
    return found


class ForecastConformance:
    """Verifies: docs/operate/scaling.md, The forecast

    `make_forecast` gives a new forecast with the settings that are to be tested. Whether it is a good one is not asked:
    the judge finds out.
    """

    def make_forecast(self) -> Any:
        """The forecast under test."""
        raise NotImplementedError

    def test_it_provides_the_interface(self) -> None:
        """All of `IForecast`, with the right signatures."""
        forecast = self.make_forecast()
        assert verifyObject(IForecast, forecast)
        assert forecast.name == forecast.name.lower()
        assert forecast.name.replace("_", "").isalnum()

    def test_short_histories_do_no_harm(self) -> None:
        """It says nothing, or gives loads, from no history at all on."""
        for length in (0, 1, 2, SEASON - 1, SEASON, SEASON + 1):
            history = made_up(2)[:length]
            forecast = self.make_forecast()
            forecast.fit(history, SEASON)
            _loads(forecast.forecast(history, SEASON, STEPS))

    def test_it_gives_loads_when_there_is_enough(self) -> None:
        """As many as were asked for, with gaps in the history and without."""
        for gaps in (False, True):
            history = made_up(4.3, gaps)
            forecast = self.make_forecast()
            forecast.fit(history, SEASON)
            assert _loads(forecast.forecast(history, SEASON, STEPS)), "expected a forecast"

    def test_odd_histories_do_no_harm(self) -> None:
        """Nothing known at all, nothing ever to do, and a history that ends in a gap."""
        for history in (
            [None] * (4 * SEASON),
            [0.0] * (4 * SEASON),
            [*made_up(4), *[None] * 60],
            [*[0.0] * (3 * SEASON), 1e6, *[0.0] * SEASON],
        ):
            forecast = self.make_forecast()
            forecast.fit(history, SEASON)
            _loads(forecast.forecast(history, SEASON, STEPS))

    def test_it_leaves_the_history_as_it_is(self) -> None:
        """Others are given the same list."""
        history = made_up(4, gaps=True)
        before = list(history)
        forecast = self.make_forecast()
        forecast.fit(history, SEASON)
        forecast.forecast(history, SEASON, STEPS)
        assert history == before

    def test_the_same_history_gives_the_same_forecast(self) -> None:
        """Whatever it was asked in between."""
        history = made_up(4.5)
        forecast = self.make_forecast()
        forecast.fit(history, SEASON)
        first = forecast.forecast(history, SEASON, STEPS)
        forecast.forecast(history[: 3 * SEASON], SEASON, STEPS)
        assert forecast.forecast(history, SEASON, STEPS) == first


def _loads(found: Sequence[float] | None) -> bool:
    """Whether there is a forecast; fails for one that cannot be one."""
    if found is None:
        return False
    assert len(found) == STEPS
    assert all(math.isfinite(value) and value >= 0 for value in found)
    return True
