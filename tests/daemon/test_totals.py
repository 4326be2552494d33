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
