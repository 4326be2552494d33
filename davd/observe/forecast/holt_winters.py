"""Forecasts by exponential smoothing of level, trend and the profile of a week (Holt and Winters).

Additive, with a damped trend. A load that is far off, as on a holiday, moves the level at once, but the profile only a
little: what has happened once need not happen next week.

Implements: docs/operate/scaling.md, The forecast
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean, median
from typing import Final

from zope.interface import implementer

from davd.interfaces.forecast import IForecast

# What is tried, coarsely: shares of the last error that go into level, trend and profile, and how a trend lasts.
_LEVELS: Final = (0.02, 0.08, 0.25, 0.6)
_TRENDS: Final = ((0.0, 0.9), (0.002, 0.98), (0.02, 0.9))
_PROFILES: Final = (0.02, 0.1, 0.3)

# How many seasons have to be there, and what part of their steps has to be known.
SEASONS: Final = 2
_KNOWN_SHARE: Final = 0.5
# How many times the usual error counts for the profile at most.
_MOST_ERRORS: Final = 3.0
# How much the last error counts in what is usual.
_USUAL_SHARE: Final = 0.01
# The profile at the beginning is that of two weeks: what lies within this part of one, half an hour, steadies it.
_NEAR: Final = 7 * 24 * 2


@dataclass(frozen=True, slots=True)
class Parameters:
    """Shares of an error that go into the level, the trend and the profile; what is left of a trend after a step."""

    level: float = 0.08
    trend: float = 0.0
    damping: float = 0.9
    profile: float = 0.1


@dataclass(slots=True)
class _State:
    """What is known after some steps; `profile` is by the place in the season, `usual` is the usual error."""

    level: float
    trend: float
    profile: list[float]
    usual: float


@implementer(IForecast)
class HoltWinters:
    """Needs two seasons of history, half of it known; the parameters are those with the least error one step ahead."""

    name = "holt_winters"

    def __init__(self) -> None:
        self.parameters = Parameters()

    def fit(self, history: Sequence[float | None], season: int) -> None:
        """Try the grid on what lies behind the first two seasons, or keep to the usual parameters without that."""
        start = _begin(history, season)
        # With less than a day behind them, what is best there is so by chance.
        if start is None or len(history) - SEASONS * season < season // 7:
            self.parameters = Parameters()
            return
        tried = [
            Parameters(level, trend, damping, profile)
            for level, (trend, damping), profile in product(_LEVELS, _TRENDS, _PROFILES)
        ]
        errors = [_run(_copy(start), parameters, history, season) for parameters in tried]
        self.parameters = tried[errors.index(min(errors))]

    def forecast(self, history: Sequence[float | None], season: int, steps: int) -> list[float] | None:
        """The level, what is left of the trend, and the profile at each step, never below zero."""
        state = _begin(history, season)
        if state is None:
            return None
        _run(state, self.parameters, history, season)
        found: list[float] = []
        level, trend = state.level, state.trend
        for step in range(len(history), len(history) + steps):
            trend *= self.parameters.damping
            level += trend
            found.append(max(0.0, level + state.profile[step % season]))
        return found


def _copy(state: _State) -> _State:
    return _State(state.level, state.trend, list(state.profile), state.usual)


def _begin(history: Sequence[float | None], season: int) -> _State | None:
    """What the first two seasons tell; None when there are not as many or too little of them is known.

    The profile is steadied over neighbours, since each place of it is known only twice.
    """
    length = SEASONS * season
    if len(history) < length:
        return None
    weeks = [history[first : first + season] for first in range(0, length, season)]
    known = [[value for value in week if value is not None] for week in weeks]
    if min(len(values) for values in known) < season * _KNOWN_SHARE:
        return None
    levels = [fmean(values) for values in known]
    raw: list[float | None] = []
    for place in range(season):
        found = [value - level for week, level in zip(weeks, levels, strict=True) if (value := week[place]) is not None]
        raw.append(fmean(found) if found else None)
    profile = _steadied(raw)
    rest = [
        abs(value - level - profile[place])
        for week, level in zip(weeks, levels, strict=True)
        for place, value in enumerate(week)
        if value is not None
    ]
    return _State(levels[-1], 0.0, profile, max(median(rest) * 1.5, 1e-9))


def _steadied(raw: Sequence[float | None]) -> list[float]:
    """Each place as the mean of its neighbours without their extremes; the season is a circle."""
    season = len(raw)
    reach = season // _NEAR
    profile: list[float] = []
    last = 0.0
    for place in range(season):
        near = sorted(
            value for offset in range(-reach, reach + 1) if (value := raw[(place + offset) % season]) is not None
        )
        if len(near) > 4:
            near = near[1:-1]
        last = fmean(near) if near else last
        profile.append(last)
    return profile


def _run(state: _State, parameters: Parameters, history: Sequence[float | None], season: int) -> float:
    """Bring a state from the end of the first two seasons to the end of the history; the sum of the errors on the way.

    The second season is gone through again, so that the level is that of its end; its errors do not count.
    """
    level, trend, profile, usual = state.level, state.trend, state.profile, state.usual
    of_level, of_trend, damping = parameters.level, parameters.trend, parameters.damping
    of_profile = parameters.profile * (1 - parameters.level)
    total = 0.0
    counts_from = SEASONS * season
    place = 0
    for step in range(season, len(history)):
        value = history[step]
        trend *= damping
        level += trend
        if value is not None:
            error = value - level - profile[place]
            size = error if error >= 0 else -error
            most = _MOST_ERRORS * usual
            level += of_level * error
            trend += of_trend * error
            if step >= counts_from:
                total += size
                if size > most:
                    size = most
                    error = most if error > 0 else -most
                profile[place] += of_profile * error
                usual += _USUAL_SHARE * (size - usual)
        place += 1
        if place == season:
            place = 0
    state.level, state.trend, state.usual = level, trend, max(usual, 1e-9)
    return total
