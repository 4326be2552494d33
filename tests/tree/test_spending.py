"""Who has cost most, however many there are.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from davd.tree.spending import OTHERS, REQUEST_SECONDS, Spending


class TestSpending:
    """Verifies: docs/architecture.md, Admission"""

    def test_what_is_counted(self) -> None:
        spending = Spending()
        spending.of("noor").charge(0.5, 1000, 10, 3)
        spending.of("noor").charge(0.25, 0, 0, 0)
        spending.of("mira").charge(0.1, 5, 5, 1)
        first, second = spending.top(10)
        assert (first.name, first.count, first.cpu, first.bytes, first.received, first.rows) == (
            "noor", 2, 0.75, 1000, 10, 3,
        )  # fmt: skip
        assert second.name == "mira"
        assert [row.name for row in spending.top(1)] == ["noor"]

    def test_who_is_not_told_of_is_among_the_others(self) -> None:
        spending = Spending()
        for number in range(7):
            spending.of(f"noor{number}").charge(10.0 - number, 2, 3, 4)
        spending.others.charge(0.5, 1, 1, 1)
        for _ in range(2):
            told = spending.told(5)
            assert [row.name for row in told] == [*(f"noor{number}" for number in range(5)), OTHERS]
            rest = told[-1]
            assert (rest.count, rest.cpu, rest.bytes, rest.received, rest.rows) == (3, 9.5, 5, 7, 9)
        # What they have counted is still theirs.
        assert (spending.others.count, len(spending)) == (1, 7)
        assert [row.name for row in Spending().told(5)] == []

    def test_without_others_there_is_no_row_of_them(self) -> None:
        spending = Spending()
        spending.of("noor").charge(1.0, 1, 1, 1)
        assert [row.name for row in spending.told(5)] == ["noor"]

    def test_bytes_and_requests_count_without_time(self) -> None:
        spending = Spending()
        spending.of("polls").charge(0.0, 0, 0, 0)
        spending.of("polls").charge(0.0, 0, 0, 0)
        spending.of("once").charge(0.0, 0, 0, 0)
        spending.of("copies").charge(0.0, 10**9, 0, 0)
        assert [row.name for row in spending.top(3)] == ["copies", "polls", "once"]

    def test_a_crowd_does_not_drive_out_the_heavy_ones(self) -> None:
        spending = Spending(16)
        for number in range(2000):
            spending.of(f"crowd{number}").charge(0.001, 1, 1, 1)
            if number % 10 == 0:
                spending.of("heavy").charge(0.1, 1, 1, 1)
        assert spending.top(1)[0].name == "heavy"
        assert spending.top(1)[0].count == 200
        assert len(spending) <= 16
        assert sum(row.count for row in spending.top(16)) + spending.others.count == 2200

    @settings(max_examples=100)
    @given(st.lists(st.integers(0, 40), max_size=600), st.integers(4, 12))
    def test_nobody_above_the_bound_is_missing_and_nothing_is_lost(self, asked: list[int], capacity: int) -> None:
        spending = Spending(capacity)
        for number in asked:
            spending.of(str(number)).charge(0.0, 0, 0, 0)
        true = Counter(map(str, asked))
        rows = {row.name: row for row in spending.top(capacity)}
        assert sum(row.count for row in rows.values()) + spending.others.count == len(asked)
        assert all(row.count <= true[name] for name, row in rows.items())
        assert len(rows) <= capacity
        # The mass of a full lower half bounds the floor: whoever has more than that is there.
        bound = len(asked) / (capacity - capacity // 2) * 2
        assert {name for name, count in true.items() if count > bound} <= set(rows)
        assert all(row.rank() + REQUEST_SECONDS / 2 >= true[name] * REQUEST_SECONDS for name, row in rows.items())
