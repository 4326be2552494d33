"""Verifies: docs/operate/scaling.md, The forecast"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby

import pytest
from zope.interface import implementer

from davd.interfaces.forecast import IForecast
from davd.observe.forecast.holt_winters import HoltWinters
from davd.observe.forecast.judge import MARGIN, Judge, Verdict
from davd.observe.forecast.seasonal_naive import SeasonalNaive
from tests.observe.forecast.weeks import DAY, WEEK, weeks

History = Sequence[float | None]


@implementer(IForecast)
class Told:
    """A forecast that gives what `tell` makes of the length of the history."""

    name = "told"

    def __init__(self, tell: Callable[[int], Sequence[float] | None]) -> None:
        self._tell = tell
        self.fitted: list[int] = []

    def fit(self, history: History, season: int) -> None:
        self.fitted.append(len(history))

    def forecast(self, history: History, season: int, steps: int) -> Sequence[float] | None:
        return self._tell(len(history))


def _judged(judge: Judge, history: History, first: int, number: int = 0) -> list[Verdict]:
    """The verdicts from the history's step `first` on; `number` is what the steps are numbered from."""
    return [judge.step(number + length - 1, history[:length]) for length in range(first, len(history) + 1)]


def _runs(verdicts: Sequence[Verdict]) -> list[tuple[str, int]]:
    """Who acted, and for how many steps, in turn."""
    return [(name, len(list(steps))) for name, steps in groupby(verdict.acts for verdict in verdicts)]


SEASON = 24
LEAST = DAY // 3


def _of_weeks(candidate: IForecast) -> Judge:
    """A judge who looks back over a day, as the real one does."""
    return Judge(candidate, SeasonalNaive(), WEEK, 2, origins=DAY, least=LEAST, stride=2)


def _small(candidate: IForecast, least: int = 6) -> Judge:
    """A judge of days of 24 steps, who looks one step ahead and back over 12."""
    return Judge(candidate, SeasonalNaive(), SEASON, 1, origins=12, least=least, stride=1)


class TestActing:
    """Verifies: docs/operate/scaling.md, The forecast"""

    def test_nobody_acts_before_there_is_a_week(self) -> None:
        history = weeks(2.1)
        judge = _of_weeks(HoltWinters())
        verdicts = [judge.step(length, history[:length]) for length in (1, DAY, WEEK - 2)]
        assert [(verdict.acts, verdict.loads) for verdict in verdicts] == [("", None)] * 3
        assert judge.step(WEEK, history[:WEEK]).acts == "seasonal_naive"

    def test_the_better_one_acts_after_a_third_of_a_day(self) -> None:
        history = weeks(2 + 0.5 / 7 + 0.1)
        judge = _of_weeks(HoltWinters())
        runs = _runs(_judged(judge, history, 2 * WEEK))
        assert runs[0] == ("seasonal_naive", LEAST + 1)
        assert runs[1][0] == "holt_winters"

    def test_after_a_start_it_acts_at_once_when_the_past_speaks_for_it(self) -> None:
        history = weeks(3.5)
        verdict = _of_weeks(HoltWinters()).step(5_000_000, history)
        assert verdict.acts == "holt_winters"
        assert verdict.origins >= DAY - 5
        assert verdict.errors["holt_winters"] < verdict.errors["seasonal_naive"]
        assert verdict.forecasts.keys() == verdict.errors.keys() == verdict.scaled.keys()
        assert 0.5 < verdict.scaled["seasonal_naive"] < 1.5

    def test_where_last_week_is_better_it_never_acts(self) -> None:
        def jobs(step: int) -> float:
            return 2.0 if step % DAY in range(33, 35) or step % WEEK in range(100, 133) else 0.2

        history = weeks(3.3, noise=0.001, shape=jobs)
        judge = _of_weeks(HoltWinters())
        assert {verdict.acts for verdict in _judged(judge, history, 3 * WEEK)} == {"seasonal_naive"}

    def test_one_that_becomes_the_worse_is_put_out_within_a_day(self) -> None:
        history = weeks(3.5, noise=0.1)
        turns = 3 * WEEK + DAY // 2
        smooth = HoltWinters()

        @implementer(IForecast)
        class Spoilt:
            name = "spoilt"
            fit = smooth.fit

            def forecast(self, history: History, season: int, steps: int) -> Sequence[float] | None:
                found = smooth.forecast(history, season, steps)
                return found if found is None or len(history) < turns else [load + 0.5 for load in found]

        runs = _runs(_judged(_of_weeks(Spoilt()), history, 3 * WEEK))
        assert [name for name, _ in runs] == ["spoilt", "seasonal_naive"]
        assert runs[0][1] < DAY // 2 + DAY

    def test_at_no_step_does_the_worse_one_act(self) -> None:
        history = weeks(
            4.4, holidays=[23], growth=0.1, shift=(4 * WEEK + 13, 0.5), gaps=[(3 * WEEK + 30, 3 * WEEK + 50)]
        )
        judge = _of_weeks(HoltWinters())
        seen = set()
        for verdict in _judged(judge, history, 4 * WEEK):
            seen.add(verdict.acts)
            if verdict.acts == "holt_winters":
                assert verdict.errors["holt_winters"] < verdict.errors["seasonal_naive"]
                assert verdict.origins >= LEAST
        assert "holt_winters" in seen


class TestHysteresis:
    """Verifies: docs/operate/scaling.md, The forecast"""

    def test_a_little_better_is_not_let_in_but_may_stay(self) -> None:
        # The baseline is always off by 1; the candidate is by as much as `off` says.
        history = [float(step) for step in range(200)]
        off = {"now": SEASON * (1 - MARGIN / 2)}
        judge = _small(Told(lambda length: [length + off["now"]]))
        assert {verdict.acts for verdict in _judged(judge, history[:80], 60)} == {"seasonal_naive"}
        off["now"] = 0.0
        assert _judged(judge, history[:110], 81)[-1].acts == "told"
        off["now"] = SEASON * (1 - MARGIN / 2)
        assert {verdict.acts for verdict in _judged(judge, history[:150], 111)} == {"told"}
        off["now"] = float(SEASON)
        assert _judged(judge, history[:175], 151)[-1].acts == "seasonal_naive"

    def test_it_is_fitted_once_a_day_and_never_to_what_it_is_judged_by(self) -> None:
        candidate = Told(lambda length: [0.0])
        judge = Judge(candidate, SeasonalNaive(), 70, 2, origins=10, least=5, stride=1)
        _judged(judge, [1.0] * 125, 100)
        assert candidate.fitted == [88, 100, 110, 120]


class TestPlugins:
    """Verifies: docs/operate/scaling.md, The forecast"""

    @pytest.mark.parametrize(
        "tell",
        [
            lambda length: [],
            lambda length: [1.0, 2.0],
            lambda length: [math.nan],
            lambda length: [math.inf],
            lambda length: [-1.0],
            lambda length: 1,
            lambda length: ["a lot"],
            lambda length: 1 / 0,
            lambda length: None,
        ],
    )
    def test_what_is_no_forecast_does_not_count(self, tell: Callable[[int], Sequence[float] | None]) -> None:
        history = [float(step) for step in range(80)]
        for verdict in _judged(_small(Told(tell)), history, 40):
            assert verdict.acts == "seasonal_naive"
            assert verdict.loads is not None
            assert list(verdict.forecasts) == ["seasonal_naive"]
            assert verdict.errors == {}

    def test_one_that_stops_telling_does_not_act(self) -> None:
        history = [float(step) for step in range(100)]
        judge = _small(Told(lambda length: [float(length)] if length < 70 else None))
        verdicts = _judged(judge, history, 60)
        assert _runs(verdicts) == [("told", 10), ("seasonal_naive", 31)]
        assert verdicts[-1].errors == {}

    def test_what_cannot_be_fitted_is_asked_all_the_same(self) -> None:
        class Stubborn(Told):
            def fit(self, history: History, season: int) -> None:
                raise RuntimeError("no")

        history = [float(step) for step in range(80)]
        assert _judged(_small(Stubborn(lambda length: [float(length)])), history, 60)[-1].acts == "told"

    def test_the_baseline_itself_may_be_named(self) -> None:
        history = weeks(1.3)
        verdict = _of_weeks(SeasonalNaive()).step(9_999, history)
        assert verdict.acts == "seasonal_naive"
        assert verdict.errors["seasonal_naive"] > 0

    def test_steps_that_were_left_out(self) -> None:
        """A process that was stopped for long is judged anew."""
        judge = _small(Told(lambda length: [float(length)]))
        history = [float(step) for step in range(60)]
        assert _judged(judge, history, 50)[-1].acts == "told"
        gap = [*history, *[None] * 30, 90.0]
        verdict = judge.step(90, gap)
        assert (verdict.acts, verdict.origins) == ("seasonal_naive", 0)
