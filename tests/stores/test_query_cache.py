"""The query cache gives what the statement would give.

Verifies: docs/architecture.md, Data
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from davd.stores.query_cache import MAX_BYTES, MAX_ROWS, QueryCache


class Table:
    """A table whose rows are changed by commits; counts the questions."""

    def __init__(self) -> None:
        self.version = 0
        self.asked = 0

    def ask(self, statement: str, parameters: tuple[Any, ...]) -> Sequence[Any]:
        self.asked += 1
        return [(statement, *parameters, self.version)]


def test_a_result_is_asked_for_once() -> None:
    table, cache = Table(), QueryCache(10)
    cache.renew(0)
    for _ in range(3):
        assert cache.rows(0, table.ask, "s", (1,)) == [("s", 1, 0)]
        assert cache.rows(0, table.ask, "s", (2,)) == [("s", 2, 0)]
        assert cache.rows(0, table.ask, "t", (1,)) == [("t", 1, 0)]
    assert table.asked == 3
    assert cache.statistics() == {
        "hits": 6, "misses": 3, "bypasses": 0, "evictions": 0, "renewals": 1, "entries": 3,
    }  # fmt: skip


def test_a_view_of_another_version_neither_takes_nor_gives() -> None:
    table, cache = Table(), QueryCache(10)
    cache.renew(1)
    table.version = 1
    cache.rows(1, table.ask, "s", ())
    table.version = 0
    assert cache.rows(0, table.ask, "s", ()) == [("s", 0)]
    # A view whose version is not known has none.
    table.version = 7
    assert cache.rows(None, table.ask, "s", ()) == [("s", 7)]
    assert cache.rows(1, table.ask, "s", ()) == [("s", 1)]
    assert cache.statistics()["bypasses"] == 2


def test_the_oldest_leaves_for_a_new_one() -> None:
    table, cache = Table(), QueryCache(2)
    cache.renew(0)
    for number in (1, 2, 3, 3, 2, 1):
        cache.rows(0, table.ask, "s", (number,))
    assert table.asked == 4
    assert cache.statistics()["evictions"] == 2
    assert cache.statistics()["entries"] == 2


def test_large_results_are_not_kept() -> None:
    cache = QueryCache(10)
    cache.renew(0)
    for rows in ([(1,)] * (MAX_ROWS + 1), [(b"x" * MAX_BYTES, "y")]):
        for _ in range(2):
            assert cache.rows(0, lambda statement, parameters, rows=rows: rows, f"{len(rows)}", ()) is rows
    assert cache.statistics()["hits"] == 0
    assert cache.statistics()["entries"] == 0


def test_an_empty_result_is_a_result() -> None:
    cache = QueryCache(10)
    cache.renew(0)
    asked: list[str] = []
    for _ in range(2):
        assert cache.rows(0, lambda statement, parameters: asked.append(statement) or [], "s", ()) == []
    assert asked == ["s"]


@settings(max_examples=100)
@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.sampled_from(["ask", "ask", "old", "commit", "renew"]), st.integers(0, 4)), max_size=40),
)
def test_every_answer_is_the_statements(size: int, steps: list[tuple[str, int]]) -> None:
    table, cache = Table(), QueryCache(size)
    newest = 0
    for step, number in steps:
        if step == "commit":
            newest += 1
        elif step == "renew":
            cache.renew(newest)
        else:
            shown = newest if step == "ask" else max(0, newest - number)
            table.version = shown
            assert cache.rows(shown, table.ask, "s", (number,)) == [("s", number, shown)]
        assert cache.statistics()["entries"] <= size
