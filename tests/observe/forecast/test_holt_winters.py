"""Verifies: docs/operate/scaling.md, The forecast"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from davd.observe.forecast.holt_winters import HoltWinters, Parameters
from davd.observe.forecast.seasonal_naive import SeasonalNaive
from davd.testing.forecast_conformance import ForecastConformance
from tests.observe.forecast.weeks import DAY, WEEK, weeks

History = Sequence[float | None]


class TestConformance(ForecastConformance):
    """Verifies: docs/operate/scaling.md, The forecast"""

    def make_forecast(self) -> HoltWinters:
        return HoltWinters()


def _ratio(history: History, start: int) -> float:
    """The error of Holt-Winters ten minutes ahead, from `start` on, as a share of that of the baseline."""
    smooth, naive = HoltWinters(), SeasonalNaive()
    smooth.fit(history[:start], WEEK)
    ours = theirs = 0.0
    for length in range(start, len(history) - 1, 3):
        actual = history[length + 1]
        one, other = (each.forecast(history[:length], WEEK, 2) for each in (smooth, naive))
        if actual is not None and one is not None and other is not None:
            ours += abs(one[1] - actual)
            theirs += abs(other[1] - actual)
    assert theirs > 0
    return ours / theirs


START = 3 * WEEK + DAY


class TestWeeks:
    """Verifies: docs/operate/scaling.md, The forecast"""

    @pytest.mark.parametrize(
        ("history", "most"),
        [
            (weeks(3.4), 0.95),
            (weeks(3.4, noise=0.3), 0.95),
            (weeks(3.4, growth=0.2), 0.7),
            (weeks(3.4, shift=(START + 17, 1.0)), 0.4),
            (weeks(3.4, gaps=[(200, 270), (2 * WEEK + 5, 2 * WEEK + 200), (START - 7, START + 2)]), 0.95),
            (weeks(4.4, holidays=[17]), 0.8),
        ],
        ids=["as usual", "noise", "growth", "level shift", "gaps", "after a holiday"],
    )
    def test_it_is_better_than_last_week(self, history: History, most: float) -> None:
        assert _ratio(history, START) < most

    def test_where_weeks_repeat_to_the_minute_it_is_not(self) -> None:
        def jobs(step: int) -> float:
            return 2.0 if step % DAY in range(33, 35) or step % WEEK in range(100, 133) else 0.2

        assert _ratio(weeks(3.4, noise=0.001, shape=jobs), START) > 2

    def test_a_holiday_hardly_changes_the_profile(self) -> None:
        # The same Wednesday one week after an empty one.
        day = 23
        with_holiday, without = (weeks(3.5, noise=0.0, holidays=days)[: day * DAY] for days in ([16], []))
        smooth = HoltWinters()
        smooth.parameters = Parameters()
        one, other = (smooth.forecast(history, WEEK, DAY) for history in (with_holiday, without))
        assert one is not None
        assert other is not None
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) < 0.2 * max(other)


class TestHistory:
    """Verifies: docs/operate/scaling.md, The forecast"""

    def test_less_than_two_weeks_tell_nothing(self) -> None:
        history = weeks(2)
        assert HoltWinters().forecast(history[1:], WEEK, 2) is None
        assert HoltWinters().forecast(history, WEEK, 2) is not None

    def test_two_weeks_of_which_half_is_unknown_tell_nothing(self) -> None:
        assert HoltWinters().forecast(weeks(2, gaps=[(0, WEEK // 2 + 1)]), WEEK, 2) is None
        assert HoltWinters().forecast(weeks(2, gaps=[(0, WEEK // 2 - 1)]), WEEK, 2) is not None

    def test_a_place_that_was_never_known_is_as_those_beside_it(self) -> None:
        gaps = [(week * WEEK + 133, week * WEEK + 137) for week in range(2)]
        found = HoltWinters().forecast(weeks(2, noise=0.0, gaps=gaps) + weeks(0.2, noise=0.0), WEEK, 12)
        expected = weeks(1, noise=0.0)[134:146]
        assert found is not None
        assert max(abs(a - b) for a, b in zip(found, expected, strict=True) if b is not None) < 0.3

    def test_the_grid_finds_a_level_that_wanders(self) -> None:
        wandering = HoltWinters()
        level, history = 1.0, list[float | None]()
        for step, value in enumerate(weeks(3.5, noise=1.0, shape=lambda _: 10.0)):
            assert value is not None
            level += (value - 10.0) / 10
            history.append(5 + level + (step % 7) * 0.001)
        wandering.fit(history, WEEK)
        steady = HoltWinters()
        steady.fit(weeks(3.5), WEEK)
        assert wandering.parameters.level > steady.parameters.level

    def test_a_trend_dies_away(self) -> None:
        smooth = HoltWinters()
        smooth.parameters = Parameters(level=0.5, trend=0.1, damping=0.9)
        history: list[float | None] = [1.0] * (2 * WEEK) + [1.0 + step for step in range(20)]
        found = smooth.forecast(history, WEEK, 200)
        assert found is not None
        assert found[0] > 19.5
        assert found[-1] < found[0] + 12
        assert found[-1] - found[-2] < 0.001
