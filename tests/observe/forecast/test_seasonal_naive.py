"""Verifies: docs/operate/scaling.md, The forecast"""

from __future__ import annotations

from davd.observe.forecast.seasonal_naive import SeasonalNaive
from davd.testing.forecast_conformance import ForecastConformance


class TestConformance(ForecastConformance):
    """Verifies: docs/operate/scaling.md, The forecast"""

    def make_forecast(self) -> SeasonalNaive:
        return SeasonalNaive()


class TestSeasonalNaive:
    """Verifies: docs/operate/scaling.md, The forecast"""

    def test_what_was_a_season_ago(self) -> None:
        assert SeasonalNaive().forecast([1, 2, 3, 4, 5, 6], 4, 2) == [3, 4]

    def test_beyond_the_season_it_begins_anew(self) -> None:
        assert SeasonalNaive().forecast([1, 2, 3], 3, 7) == [1, 2, 3, 1, 2, 3, 1]

    def test_a_gap_is_filled_by_the_season_before(self) -> None:
        assert SeasonalNaive().forecast([1, 2, 3, 4, None, 6], 3, 3) == [4, 2, 6]

    def test_what_was_never_known_is_not_told(self) -> None:
        assert SeasonalNaive().forecast([None, 2, 3, None, 5, 6], 3, 1) is None
        assert SeasonalNaive().forecast([1, 2], 3, 1) is None
        assert SeasonalNaive().forecast([], 3, 1) is None
