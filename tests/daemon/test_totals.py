"""Counters of several processes put together.

Verifies: docs/architecture.md, Measuring
"""

from __future__ import annotations

from davd.daemon.totals import totals


class TestTotals:
    """Verifies: docs/architecture.md, Measuring."""

    def test_numbers_add_up_but_those_of_which_the_greatest_counts(self) -> None:
        one = {
            "pool": {"completed": 3, "longest_step": 0.5, "peak_queue_size": 9},
            "reactor": {"recent": 0.1},
            "on": True,
        }
        two = {
            "pool": {"completed": 4, "longest_step": 0.2, "peak_queue_size": 11},
            "reactor": {"recent": 0.3},
            "on": False,
        }
        assert totals([one, two]) == {
            "pool": {"completed": 7, "longest_step": 0.5, "peak_queue_size": 11},
            "reactor": {"recent": 0.3},
            "on": True,
        }

    def test_rows_of_the_same_name_become_one(self) -> None:
        one = {
            "routes": [
                {"method": "GET", "branch": "files", "count": 1},
                {"method": "PUT", "branch": "files", "count": 2},
            ]
        }
        two = {"routes": [{"method": "GET", "branch": "files", "count": 5}], "new": {"x": 1}}
        assert totals([one, two]) == {
            "routes": [
                {"method": "GET", "branch": "files", "count": 6},
                {"method": "PUT", "branch": "files", "count": 2},
            ],
            "new": {"x": 1},
        }

    def test_buckets_and_texts(self) -> None:
        assert totals([{"counts": [1, 2], "name": "a"}, {"counts": [3, 4], "name": "b"}]) == {
            "counts": [4, 6],
            "name": "a",
        }
        assert totals([]) == {}

    def test_nothing_that_was_counted_is_changed(self) -> None:
        one = {"a": {"b": 1}}
        totals([one, {"a": {"b": 2}}])
        assert one == {"a": {"b": 1}}

    def test_what_is_no_counter_is_not_summed(self) -> None:
        one = {
            "at": 100.0,
            "chores": {"sweep": {"runs": 2, "last_run": 90.0, "duration": 0.5}},
            "process": {"started": 10.0, "number": 1},
            "store": {"log.bytes": 500, "commits.count": 3, "commits.log_pages": 9, "pool.peak": 4},
            "tiers": {"redis_connected": 1},
            "last": {"ok": True},
        }
        two = {
            "at": 101.0,
            "chores": {"sweep": {"runs": 0, "last_run": None, "duration": 0.0}},
            "process": {"started": 20.0, "number": 1},
            "store": {"log.bytes": 500, "commits.count": 4, "commits.log_pages": 7, "pool.peak": 2},
            "tiers": {"redis_connected": 0},
            "last": {"ok": False},
        }
        assert totals([one, two]) == {
            "at": 101.0,
            "chores": {"sweep": {"runs": 2, "last_run": 90.0, "duration": 0.5}},
            "process": {"started": 10.0, "number": 2},
            "store": {"log.bytes": 500, "commits.count": 7, "commits.log_pages": 9, "pool.peak": 4},
            "tiers": {"redis_connected": 0},
            "last": {"ok": False},
        }

    def test_a_mean_is_that_of_all(self) -> None:
        one = {"average_queue_time": 1.0, "queueing": {"LOW": {"number": 1, "seconds": 1.0}}}
        two = {"average_queue_time": 2.0, "queueing": {"LOW": {"number": 3, "seconds": 6.0}}}
        assert totals([one, two])["average_queue_time"] == 7.0 / 4
        assert totals([one])["average_queue_time"] == 1.0

    def test_histograms_keep_their_bounds(self) -> None:
        one, two = [[0.1, 1], [float("inf"), 2]], [(0.1, 3), (float("inf"), 5)]
        assert totals([{"histogram": one}, {"histogram": two}]) == {"histogram": [[0.1, 4], [float("inf"), 7]]}

    def test_what_each_knows_of_all_is_not_summed_and_the_dearest_comes_first(self) -> None:
        rows = [{"kind": "account", "name": "mira", "requests": 5.0, "cpu": 1.0}]
        more = [{"kind": "account", "name": "omar", "requests": 1.0, "cpu": 3.0}, dict(rows[0], requests=6.0)]
        assert totals([{"consumers": rows}, {"consumers": more}])["consumers"] == [more[0], more[1]]
