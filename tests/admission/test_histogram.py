"""Durations in buckets.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from davd.admission.histogram import BOUNDS, BUCKETS, Histogram


@given(st.lists(st.floats(1e-6, 33.0), min_size=1, max_size=50), st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99, 1.0]))
def test_quantiles_are_never_too_low_and_at_most_twice_too_high(durations: list[float], share: float) -> None:
    histogram = Histogram()
    for duration in durations:
        histogram.add(duration)
    assert histogram.number() == len(durations)
    exact = next(
        value for value in sorted(durations) if sum(other <= value for other in durations) >= share * len(durations)
    )
    # Buckets begin at whole microseconds.
    assert exact * 0.999 <= histogram.quantile(share) <= 2 * exact + 1e-6


def test_nothing_counted() -> None:
    assert Histogram().quantile(0.5) == 0.0
    assert Histogram().as_dict() == {"number": 0, "seconds": 0.0, "p50": 0.0, "p99": 0.0, "buckets": {}}


def test_the_ends() -> None:
    histogram = Histogram()
    for duration in (-1.0, 0.0, 1e-9, 1e9):
        histogram.add(duration)
    assert histogram.counts[0] == 3
    assert histogram.counts[BUCKETS - 1] == 1
    assert histogram.quantile(1.0) == BOUNDS[-1]
    assert histogram.as_dict()["buckets"] == {str(BOUNDS[0]): 3, "inf": 1}
