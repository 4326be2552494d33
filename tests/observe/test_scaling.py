"""Verifies: docs/operate/scaling.md, The decision"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.observe.scaling import Decision, Measured, Scaling
from davd.observe.scaling_settings import ScalingSettings

HOLD = 300.0
LOOK = 5.0
loads = st.floats(0, 40, allow_nan=False)


def _scaling(low: int = 1, high: int = 8, busy: float = 0.7, requests: float = 0.0) -> Scaling:
    return Scaling(ScalingSettings(busy=busy, requests_per_worker=requests, hold_seconds=HOLD), low, high)


def _at(now: float, busy: float, queue: float = 0.0, requests: float = 0.0) -> Measured:
    return Measured(now, busy, requests, queue)


def _numbers(
    scaling: Scaling,
    actual: int,
    seconds: float,
    busy: Callable[[float], float],
    queue: float = 0.0,
    begin: float = 0.0,
) -> list[int]:
    """How many workers there are from look to look, when each decision is carried out at once."""
    found = []
    for look in range(int(seconds / LOOK)):
        now = look * LOOK
        actual = scaling.decide(now, actual, _at(now, busy(now), queue), None).wanted
        found.append(actual)
    return found


class TestUp:
    """Verifies: docs/operate/scaling.md, The decision"""

    def test_all_that_are_missing_come_at_once(self) -> None:
        assert _scaling().decide(0.0, 1, _at(0.0, 2.5), None) == Decision(4, "load")

    def test_what_just_fits_fits(self) -> None:
        assert _scaling().decide(0.0, 3, _at(0.0, 0.7 * 3), None) == Decision(3, "stays")

    def test_requests_count_where_they_are_to(self) -> None:
        measured = _at(0.0, 0.1, requests=950.0)
        assert _scaling(requests=300.0).decide(0.0, 1, measured, None) == Decision(4, "load")
        assert _scaling().decide(0.0, 1, measured, None) == Decision(1, "stays")

    def test_those_that_wait_are_worth_one_more(self) -> None:
        assert _scaling().decide(0.0, 2, _at(0.0, 0.5, queue=0.2), None) == Decision(3, "queue")
        assert _scaling(high=2).decide(0.0, 2, _at(0.0, 0.5, queue=0.2), None) == Decision(2, "stays")

    def test_a_forecast_is_seen_to_before_it_comes(self) -> None:
        assert _scaling().decide(0.0, 1, _at(0.0, 0.3), 1.5) == Decision(3, "forecast")

    def test_a_forecast_takes_nothing_from_what_is_measured(self) -> None:
        assert _scaling().decide(0.0, 1, _at(0.0, 1.5), 0.0) == Decision(3, "load")


class TestDown:
    """Verifies: docs/operate/scaling.md, The decision"""

    def test_one_by_one_and_late(self) -> None:
        numbers = _numbers(_scaling(), 4, 4 * HOLD, lambda now: 0.1)
        changes = [look * LOOK for look in range(1, len(numbers)) if numbers[look] != numbers[look - 1]]
        assert (numbers[0], numbers[-1]) == (4, 1)
        assert changes == [HOLD, 2 * HOLD + LOOK, 3 * HOLD + 2 * LOOK]

    def test_what_comes_back_meanwhile_begins_the_wait_anew(self) -> None:
        numbers = _numbers(_scaling(), 2, 2 * HOLD - 20, lambda now: 1.0 if now == HOLD - 10 else 0.1)
        assert set(numbers) == {2}

    def test_not_while_the_forecast_says_that_they_will_be_needed(self) -> None:
        scaling = _scaling()
        for look in range(200):
            now = look * LOOK
            assert scaling.decide(now, 2, _at(now, 0.1), 1.2).wanted == 2

    def test_not_into_a_queue(self) -> None:
        assert set(_numbers(_scaling(), 3, 3 * HOLD, lambda now: 0.1, queue=0.06)) == {3}

    def test_one_that_was_missed_stays_for_longer_the_next_time(self) -> None:
        """What only shows with one worker less is tried less and less often."""
        scaling, actual, lowered = _scaling(), 2, []
        for look in range(4000):
            now = look * LOOK
            wanted = scaling.decide(now, actual, _at(now, 0.2, queue=0.5 if actual == 1 else 0.0), None).wanted
            if wanted < actual:
                lowered.append(now)
            actual = wanted
        waits = [later - before for before, later in zip(lowered, lowered[1:], strict=False)]
        assert len(waits) >= 3
        assert all(later > 1.8 * before for before, later in zip(waits, waits[1:], strict=False) if later < 16 * HOLD)


class TestWithoutMeasurement:
    """Verifies: docs/operate/scaling.md, The decision"""

    @pytest.mark.parametrize("at", [None, -15.1, 0.1])
    def test_nothing_changes(self, at: float | None) -> None:
        measured = None if at is None else _at(at, 30.0, queue=9.0)
        assert _scaling().decide(0.0, 3, measured, 30.0) == Decision(3, "stays")

    def test_nor_is_the_time_counted_as_time_with_little_to_do(self) -> None:
        scaling = _scaling()
        scaling.decide(0.0, 2, _at(0.0, 0.1), None)
        scaling.decide(HOLD - LOOK, 2, None, None)
        assert scaling.decide(HOLD, 2, _at(HOLD, 0.1), None).wanted == 2

    def test_but_the_bounds_hold(self) -> None:
        assert _scaling(2, 4).decide(0.0, 1, None, None) == Decision(2, "bounds")
        assert _scaling(2, 4).decide(0.0, 6, None, None) == Decision(4, "bounds")

    def test_bounds_that_cannot_be(self) -> None:
        for low, high in ((0, 1), (3, 2)):
            with pytest.raises(ValueError, match="expected"):
                _scaling(low, high)


class TestProperties:
    """Verifies: docs/operate/scaling.md, The decision"""

    @settings(max_examples=60)
    @given(
        bounds=st.tuples(st.integers(1, 6), st.integers(0, 6)),
        looks=st.lists(st.tuples(loads, loads, st.floats(0, 1), st.booleans(), st.none() | loads), max_size=80),
        actual=st.integers(1, 12),
        step=st.sampled_from([1.0, 5.0, 100.0, 400.0]),
    )
    def test_whatever_comes(
        self,
        bounds: tuple[int, int],
        looks: list[tuple[float, float, float, bool, float | None]],
        actual: int,
        step: float,
    ) -> None:
        low, high = bounds[0], bounds[0] + bounds[1]
        scaling = _scaling(low, high)
        for number, (busy, requests, queue, fresh, forecast) in enumerate(looks):
            now = number * step
            measured = _at(now, busy, queue, requests) if fresh else None
            wanted = scaling.decide(now, actual, measured, forecast).wanted
            assert low <= wanted <= high
            if low <= actual <= high:
                # At most one at a time goes, and none that is needed.
                assert wanted >= actual - 1
                if measured is None:
                    assert wanted == actual
                elif wanted < actual:
                    assert wanted >= scaling.needed(measured)
            if measured is not None and low <= actual <= high:
                assert wanted >= min(high, scaling.needed(measured))
            actual = wanted

    @settings(max_examples=60)
    @given(busy=st.floats(0, 8), begin=st.integers(1, 8))
    def test_a_constant_load_comes_to_rest(self, busy: float, begin: int) -> None:
        numbers = _numbers(_scaling(), begin, 12 * HOLD, lambda now: busy)
        changes = [after - before for before, after in zip(numbers, numbers[1:], strict=False) if after != before]
        # Either up at the first look, or down step by step; never both.
        assert not changes or all(change < 0 for change in changes)
        assert len(set(numbers[-int(2 * HOLD / LOOK) :])) == 1

    @settings(max_examples=80)
    @given(
        actual=st.integers(1, 8),
        one=st.tuples(loads, loads, st.floats(0, 1), loads),
        more=st.tuples(loads, loads, st.floats(0, 1), loads),
    )
    def test_more_load_never_means_fewer(
        self,
        actual: int,
        one: tuple[float, float, float, float],
        more: tuple[float, float, float, float],
    ) -> None:
        def wanted(busy: float, requests: float, queue: float, forecast: float) -> int:
            scaling = _scaling(requests=3.0)
            for now in (0.0, HOLD, HOLD + LOOK):
                last = scaling.decide(now, actual, _at(now, busy, queue, requests), forecast).wanted
            return last

        assert wanted(*one) <= wanted(*[a + b for a, b in zip(one, more, strict=True)])
