"""Counters of routes.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from davd.tree.statistics import OTHER, Route, Routes


def names(route: Route) -> tuple[str, str, str]:
    return route.method, route.area, route.kind


def test_record() -> None:
    route = Routes().of("GET", "files", "")
    route.record(200, 0.25, 0.125, 100)
    route.record(404, 0.25, 0.125, 0)
    route.record(500, 0.5, 0.25, 11)
    assert (route.count, route.errors, route.seconds, route.cpu, route.bytes) == (3, 1, 1.0, 0.5, 111)


def test_one_row_each() -> None:
    routes = Routes()
    row = routes.of("PROPFIND", "calendars", "1")
    assert names(row) == ("PROPFIND", "calendars", "1")
    assert routes.of("PROPFIND", "calendars", "1") is row
    assert routes.of("PROPFIND", "calendars", "0") is not row
    assert names(routes.of("PROPFIND", "", "0")) == ("PROPFIND", "", "0")


def test_parts_of_the_tree_that_are_not_known_count_together() -> None:
    routes = Routes(areas=["files"])
    assert routes.of("GET", "photos", "") is routes.of("GET", "%2e%2e", "")
    assert names(routes.of("GET", "photos", "")) == ("GET", OTHER, "")


def test_rows_for_a_page() -> None:
    routes = Routes(3)
    for number, method in enumerate(("GET", "PUT", "COPY", "MOVE")):
        routes.of(method, "files", "").record(200, 0, float(number % 3), 0)
    routes.of("GET", "calendars", "")
    # COPY and MOVE found no room; rows that counted nothing are not shown.
    assert [(names(row), row.count) for row in routes.rows()] == [
        ((OTHER, OTHER, OTHER), 2),
        (("PUT", "files", ""), 1),
        (("GET", "files", ""), 1),
    ]


WORDS = st.text("abc", min_size=1, max_size=3)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=60), st.integers(1, 12))
def test_bounded_and_nothing_is_lost(asked: list[tuple[str, str, str]], capacity: int) -> None:
    routes = Routes(capacity, ["a", "b"])
    for method, area, kind in asked:
        routes.of(method, area, kind).record(200, 0, 0, 0)
    rows = routes.rows()
    assert len(rows) <= capacity
    assert sum(row.count for row in rows) == len(asked)
    assert len({names(row) for row in rows}) == len(rows)
