"""Verifies: docs/operate/scaling.md, The forecast"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.observe.forecast.series import MOST_STEPS, STEP_SECONDS, LoadSeries

BEGIN = 1_700_000_100 // STEP_SECONDS * STEP_SECONDS


def _measure(series: LoadSeries, first: int, loads: list[float], every: float = 60.0) -> None:
    """Measure each load for a whole step, from the step `first` behind BEGIN on, and close the last one."""
    for number, load in enumerate(loads, first):
        for look in range(int(STEP_SECONDS / every)):
            series.add(BEGIN + number * STEP_SECONDS + look * every, load, every)
    series.add(BEGIN + (first + len(loads)) * STEP_SECONDS, 0.0, 0.0)


class TestSteps:
    """Verifies: docs/operate/scaling.md, The forecast"""

    def test_a_step_is_the_mean_over_its_time(self) -> None:
        series = LoadSeries()
        assert not series.add(BEGIN + 10, 1.0, 200.0)
        assert not series.add(BEGIN + 299, 4.0, 100.0)
        assert series.last is None
        assert series.add(BEGIN + 301, 9.0, 2.0)
        assert series.values() == [2.0]
        assert series.last == BEGIN // STEP_SECONDS

    def test_what_was_hardly_measured_is_a_gap(self) -> None:
        series = LoadSeries()
        _measure(series, 0, [1.0])
        series.add(BEGIN + 300, 5.0, 149.0)
        assert series.add(BEGIN + 600, 5.0, 5.0)
        assert series.values() == [1.0, None]

    def test_time_that_passed_unmeasured_is_gaps(self) -> None:
        series = LoadSeries()
        _measure(series, 0, [1.0])
        _measure(series, 4, [2.0])
        assert series.values() == [1.0, None, None, None, 2.0]
        assert series.last == BEGIN // STEP_SECONDS + 4

    def test_a_clock_that_goes_back_is_waited_for(self) -> None:
        series = LoadSeries()
        _measure(series, 5, [1.0])
        _measure(series, 0, [7.0, 7.0])
        assert series.values() == [1.0]
        _measure(series, 6, [2.0])
        assert series.values() == [1.0, 2.0]

    def test_no_more_than_some_weeks_are_kept(self) -> None:
        series = LoadSeries()
        _measure(series, 0, [1.0])
        _measure(series, 10 * MOST_STEPS, [2.0])
        assert len(series.values()) == MOST_STEPS
        assert series.values()[-1] == 2.0


class TestFile:
    """Verifies: docs/operate/scaling.md, The forecast"""

    @settings(max_examples=30)
    @given(loads=st.lists(st.floats(0, 1e6) | st.none(), min_size=1, max_size=40), away=st.integers(0, 50))
    def test_what_is_kept_is_read_again_with_a_gap_for_the_time_between(
        self, tmp_path_factory: pytest.TempPathFactory, loads: list[float | None], away: int
    ) -> None:
        path = tmp_path_factory.mktemp("load") / "load"
        series = LoadSeries()
        for number, load in enumerate([1.0, *loads]):
            if load is not None:
                _measure(series, number, [load], 100.0)
        before = series.values()
        last = series.last
        assert last is not None
        series.save(path)
        again = LoadSeries()
        again.load(path, (last + 1 + away) * STEP_SECONDS + 7)
        assert again.values() == before + [None] * away
        assert again.last == last + away
        assert [each.name for each in path.parent.iterdir()] == ["load"]

    def test_without_a_file_it_begins_anew(self, tmp_path: Path) -> None:
        series = LoadSeries()
        series.load(tmp_path / "load", BEGIN)
        assert (series.values(), series.last) == ([], None)
        series.save(tmp_path / "load")
        assert list(tmp_path.iterdir()) == []

    def test_the_future_is_not_believed(self, tmp_path: Path) -> None:
        series = LoadSeries()
        _measure(series, 0, [1.0, 2.0, 3.0])
        series.save(tmp_path / "load")
        again = LoadSeries()
        again.load(tmp_path / "load", BEGIN + 2 * STEP_SECONDS)
        assert again.values() == [1.0, 2.0]

    def test_what_is_older_than_all_that_is_kept_is_left_out(self, tmp_path: Path) -> None:
        series = LoadSeries()
        _measure(series, 0, [1.0])
        series.save(tmp_path / "load")
        again = LoadSeries()
        again.load(tmp_path / "load", BEGIN + 3 * MOST_STEPS * STEP_SECONDS)
        assert again.values() == []

    @pytest.mark.parametrize("damage", ["cut", "flipped", "longer", "empty", "other", "negative"])
    def test_a_damaged_file_is_put_aside(self, tmp_path: Path, damage: str) -> None:
        path = tmp_path / "load"
        series = LoadSeries()
        _measure(series, 0, [1.0, -1.0 if damage == "negative" else 2.0])
        series.save(path)
        data = path.read_bytes()
        path.write_bytes(
            {
                "cut": data[:-5],
                "flipped": data[:-5] + bytes([data[-5] ^ 4]) + data[-4:],
                "longer": data + b"more",
                "empty": b"",
                "other": b"[load]\n" * 20,
                "negative": data,
            }[damage]
        )
        damaged = path.read_bytes()
        again = LoadSeries()
        again.load(path, BEGIN + 1000)
        assert again.values() == []
        assert not path.exists()
        assert (tmp_path / "load.damaged").read_bytes() == damaged
        _measure(again, 3, [3.0])
        again.save(path)
        assert path.exists()
