"""Rates, shares and percentiles from two snapshots, and their last hour.

Verifies: docs/operate/monitoring.md, Metrics, Alerts
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.observe.history import History
from davd.observe.readings import doubling
from davd.observe.signals import SIGNALS, quantile, signals
from davd.observe.snapshot import Family, Sample, Snapshot


def snapshot(at: float, answers: dict[str, float], durations: list[int], **gauges: float) -> Snapshot:
    """A snapshot with answers by status, a histogram of durations by power of two microseconds, and gauges."""
    requests = [Sample({"method": "GET", "class": "high", "status": status}, n) for status, n in answers.items()]
    histogram = list(doubling({"method": "GET"}, durations, 1e-6, 6, 25, 0.0))
    families = [
        Family("davd_requests", "counter", "", requests),
        Family("davd_request_duration_seconds", "histogram", "", histogram),
        *[Family(name, "gauge", "", [Sample({}, value)]) for name, value in gauges.items()],
    ]
    return Snapshot(at, families)


def durations(**counts: int) -> list[int]:
    found = [0] * 27
    for name, count in counts.items():
        found[int(name[1:])] = count
    return found


class TestSignals:
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def test_shares_and_rates_are_those_of_the_time_between(self) -> None:
        before = snapshot(100.0, {"200": 1000, "500": 500}, durations(n10=1500))
        after = snapshot(110.0, {"200": 1080, "500": 510, "503": 10}, durations(n10=1590, n20=10))
        found = signals(before, after)
        assert (found["requests"], found["errors"], found["refused"]) == (10.0, 0.1, 0.1)
        assert 0.0005 < found["p50"] <= 0.001024
        assert 0.5 < found["p99"] <= 1.048576

    def test_requests_are_told_apart_by_what_they_do(self) -> None:
        def of(at: float, **counts: float) -> Snapshot:
            samples = [Sample({"method": name, "class": "high", "status": "200"}, n) for name, n in counts.items()]
            return Snapshot(at, [Family("davd_requests", "counter", "", samples)])

        found = signals(of(0.0, GET=5), of(10.0, GET=15, HEAD=10, REPORT=20, PUT=30, MOVE=40, LOCK=50, BREW=60))
        wanted = {"reads": 2.0, "listings": 2.0, "writes": 3.0, "moves": 4.0, "locks": 5.0, "others": 6.0}
        assert {name: found[name] for name in wanted} == wanted
        assert found["requests"] == sum(wanted.values())

    def test_what_cannot_be_told_is_left_out(self) -> None:
        one = snapshot(100.0, {"200": 10}, durations(n10=10))
        assert "requests" not in signals(None, one)
        quiet = signals(one, snapshot(105.0, {"200": 10}, durations(n10=10)))
        assert quiet["requests"] == 0.0
        assert not {"errors", "p50", "p99"} & set(quiet)

    def test_a_new_process_counts_from_nought(self) -> None:
        before = snapshot(100.0, {"200": 1000}, durations(n10=1000))
        found = signals(before, snapshot(105.0, {"200": 3}, durations(n10=3)))
        assert found["requests"] == 0.0

    def test_the_present(self) -> None:
        found = signals(
            None,
            snapshot(
                1000.0,
                {},
                durations(),
                davd_queue_length=3,
                davd_queue_capacity=12,
                davd_disk_free_bytes=1,
                davd_disk_size_bytes=4,
                davd_certificate_expiry_timestamp_seconds=1500.0,
                davd_store_up=1,
                davd_cache_up=0,
                davd_backup_timestamp_seconds=400.0,
                davd_config_reload_success=0,
            ),
        )
        assert (found["queue"], found["queued"], found["disk_free"]) == (0.25, 3, 0.25)
        assert (found["certificate"], found["backend_down"], found["backup_age"]) == (500.0, 1.0, 600.0)
        assert found["reload_failed"] == 1.0
        assert set(found) <= set(SIGNALS)

    def test_a_backup_that_was_never_made_is_due_since_the_start(self) -> None:
        found = signals(None, snapshot(1000.0, {}, durations(), process_start_time_seconds=300.0))
        assert found["backup_age"] == 700.0
        both = {"process_start_time_seconds": 300.0, "davd_backup_timestamp_seconds": 100.0, "davd_backup_wrong": 2.0}
        found = signals(None, snapshot(1000.0, {}, durations(), **both))
        assert (found["backup_age"], found["backup_wrong"]) == (900.0, 2.0)

    def test_load_and_the_forecast_that_acts(self) -> None:
        def family(name: str, label: str, **values: float) -> Family:
            return Family(name, "gauge", "", [Sample({label: key}, value) for key, value in values.items()])

        scaled = Snapshot(
            1000.0,
            [
                family("davd_workers", "state", serving=2.0, wanted=3.0),
                Family("davd_load_processors", "gauge", "", [Sample({}, 0.75)]),
                family("davd_load_forecast_acts", "forecast", holt_winters=0.0, seasonal_naive=1.0),
                family("davd_load_forecast_processors", "forecast", holt_winters=1.5, seasonal_naive=1.25),
            ],
        )
        found = signals(None, scaled)
        assert (found["workers"], found["load"], found["forecast"]) == (2.0, 0.75, 1.25)
        alone = signals(None, snapshot(1000.0, {}, durations()))
        assert not {"workers", "load", "forecast"} & set(alone)


class TestQuantile:
    """Verifies: docs/operate/monitoring.md, Alerts"""

    @given(st.lists(st.integers(0, 50), min_size=1, max_size=20), st.floats(0.01, 1.0))
    def test_so_many_are_within_it(self, counts: list[int], share: float) -> None:
        upto, buckets = 0, []
        for number, count in enumerate(counts):
            upto += count
            buckets.append((float(number + 1), float(upto)))
        value = quantile(buckets, share)
        if not upto:
            assert value is None
        else:
            assert value is not None
            within = [total for bound, total in buckets if bound >= value]
            assert within[0] >= share * upto - 1e-6

    def test_beyond_the_last_bound(self) -> None:
        assert quantile([(1.0, 1.0), (float("inf"), 10.0)], 0.99) == 1.0
        assert quantile([], 0.5) is None


class TestLastOfHistory:
    """Verifies: docs/operate/monitoring.md, Metrics"""

    def test_it_has_what_was_told_at_the_latest_moment(self) -> None:
        history = History(2)
        assert history.last() == {}
        for number in range(3):
            history.add(float(number), {"requests": float(number), "p95": 0.5} if number < 2 else {"requests": 2.0})
        assert history.last() == {"requests": 2.0}


class TestHistory:
    """Verifies: docs/operate/monitoring.md, Metrics"""

    def test_the_oldest_make_room(self) -> None:
        history = History(3)
        for now in range(1, 6):
            history.add(float(now), {"requests": now * 10.0})
        assert history.since(0.0, ["requests", "p99"]) == {
            "at": [3.0, 4.0, 5.0],
            "requests": [30.0, 40.0, 50.0],
            "p99": [None, None, None],
        }
        assert history.since(4.0, ["requests"]) == {"at": [5.0], "requests": [50.0]}
        assert set(history.since(9.0)) == {"at", *SIGNALS}
        with pytest.raises(KeyError):
            history.since(0.0, ["nothing"])
