"""Which of two forecasts may act: that of the plugin only as long as it has been the better one.

Both are asked at every step for what comes `horizon` steps later, and when that has come, it is seen how far off each
was: a rolling origin. What counts is the mean absolute error over the origins of the last day. The forecast that has no
season more than memory, the seasonal naive one, is the baseline.

Implements: docs/operate/scaling.md, The forecast
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean

from twisted.logger import Logger

from davd.interfaces.forecast import IForecast

log = Logger(namespace="davd.observe")

# The window of errors, and how many there have to be before the candidate may act.
ORIGINS = 288
LEAST = 96
# After a start the past is gone through with this many steps between two origins.
STRIDE = 6
# To be let in the candidate has to be better by this share; to be put out it is enough to be no better.
MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """The forecast that counts, as loads of the next steps, or None; and how it came about.

    `acts` is the name of the one whose it is, empty for nobody. `forecasts`, `errors` (mean absolute ones) and `scaled`
    (those as multiples of the error of repeating the last season over the whole history) are by name, where known.
    `origins` is over how many forecasts the errors are.
    """

    loads: Sequence[float] | None
    acts: str
    forecasts: dict[str, float]
    errors: dict[str, float]
    scaled: dict[str, float]
    origins: int


class Judge:
    """Compares `candidate` with `baseline`; all steps are numbered, so that gaps in the calls do no harm."""

    def __init__(
        self,
        candidate: IForecast,
        baseline: IForecast,
        season: int,
        horizon: int,
        origins: int = ORIGINS,
        least: int = LEAST,
        stride: int = STRIDE,
    ) -> None:
        self._candidate = candidate
        self._baseline = baseline
        self._season = season
        self._horizon = horizon
        self._origins = origins
        self._least = least
        self._stride = stride
        # Forecasts by the step they are for, and the errors of both where both are known, with how many origins each
        # stands for.
        self._open: dict[int, tuple[float, float]] = {}
        self._errors: deque[tuple[int, float, float, int]] = deque()
        self._let_in = False
        self._begun = False
        self._fitted_at: int | None = None
        self._told = False

    def step(self, last: int, history: Sequence[float | None]) -> Verdict:
        """The verdict after the step numbered `last`, which is the last one of the history.

        It may take seconds: the first time, and once a day when the candidate is fitted.
        """
        if not self._begun:
            self._begun = True
            self._replay(last, history)
        self._settle(last, history)
        self._fit(last, history)
        ours = self._ask(self._candidate, history)
        theirs = self._ask(self._baseline, history)
        if ours is not None and theirs is not None:
            self._open[last + self._horizon] = (ours[-1], theirs[-1])
        self._judge()
        acting = self._candidate if self._let_in and ours is not None else self._baseline
        loads = ours if acting is self._candidate else theirs
        return self._verdict(history, loads, acting.name if loads is not None else "", ours, theirs)

    def _replay(self, last: int, history: Sequence[float | None]) -> None:
        """Judge by the last day of the history as though it came now.

        The candidate is fitted to what was known before that day, or it would know what it is asked.
        """
        first = len(history) - self._origins - self._horizon
        if first < self._season:
            return
        self._safely_fit(history[:first])
        for length in range(first, len(history) - self._horizon + 1, self._stride):
            known = history[:length]
            actual = history[length + self._horizon - 1]
            theirs = None if actual is None else self._ask(self._baseline, known)
            ours = None if theirs is None else self._ask(self._candidate, known)
            if actual is None or theirs is None or ours is None:
                continue
            step = last - (len(history) - length) + self._horizon
            self._errors.append((step, abs(ours[-1] - actual), abs(theirs[-1] - actual), self._stride))

    def _settle(self, last: int, history: Sequence[float | None]) -> None:
        """Compare with what has come, and forget what is a day old."""
        for step in sorted(step for step in self._open if step <= last):
            ours, theirs = self._open.pop(step)
            place = len(history) - 1 - (last - step)
            actual = history[place] if place >= 0 else None
            if actual is not None:
                self._errors.append((step, abs(ours - actual), abs(theirs - actual), 1))
        while self._errors and self._errors[0][0] <= last - self._origins:
            self._errors.popleft()

    def _fit(self, last: int, history: Sequence[float | None]) -> None:
        if self._fitted_at is None or last - self._fitted_at >= self._season // 7:
            self._fitted_at = last
            self._safely_fit(history)

    def _judge(self) -> None:
        """Let the candidate in when it is better by the margin, put it out when it is not better at all."""
        ours, theirs, count = self._sums()
        if count < self._least or ours >= theirs:
            self._let_in = False
        elif ours < theirs * (1 - MARGIN):
            self._let_in = True

    def _sums(self) -> tuple[float, float, int]:
        ours = theirs = 0.0
        count = 0
        for _, one, other, stands_for in self._errors:
            ours += one * stands_for
            theirs += other * stands_for
            count += stands_for
        return ours, theirs, count

    def _verdict(
        self,
        history: Sequence[float | None],
        loads: Sequence[float] | None,
        acts: str,
        ours: Sequence[float] | None,
        theirs: Sequence[float] | None,
    ) -> Verdict:
        names = (self._candidate.name, self._baseline.name)
        forecasts = {name: max(found) for name, found in zip(names, (ours, theirs), strict=True) if found is not None}
        one, other, count = self._sums()
        errors = dict(zip(names, (one / count, other / count), strict=True)) if count else {}
        scale = _usual(history, self._season)
        scaled = {name: error / scale for name, error in errors.items()} if scale else {}
        return Verdict(loads, acts, forecasts, errors, scaled, count)

    # A plugin may do anything

    def _safely_fit(self, history: Sequence[float | None]) -> None:
        try:
            self._candidate.fit(history, self._season)
        except Exception:
            self._complain()

    def _ask(self, forecast: IForecast, history: Sequence[float | None]) -> Sequence[float] | None:
        """A forecast; None for one that cannot be one, which is told of once."""
        try:
            found = forecast.forecast(history, self._season, self._horizon)
            if found is None:
                return None
            found = [float(value) for value in found]
        except Exception:
            self._complain()
            return None
        if len(found) == self._horizon and all(isfinite(value) and value >= 0 for value in found):
            return found
        if not self._told:
            self._told = True
            log.error("the forecast {name} gives no loads: it does not count", name=forecast.name)
        return None

    def _complain(self) -> None:
        if not self._told:
            self._told = True
            log.failure("the forecast {name} has failed", name=self._candidate.name)


def _usual(history: Sequence[float | None], season: int) -> float | None:
    """The mean error of repeating the last season over a whole history: the scale of MASE. None when unknown."""
    pairs = zip(history[season:], history, strict=False)
    errors = [abs(now - before) for now, before in pairs if now is not None and before is not None]
    return fmean(errors) or None if errors else None
