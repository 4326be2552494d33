"""The breaker's table, by a clock that the test sets.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.caches.breaker import TRANSITIONS, Breaker, Event, State


class TestTable:
    """Verifies: docs/architecture.md, Caches"""

    def test_every_state_is_left_and_reached(self) -> None:
        assert {state for state, _ in TRANSITIONS} == set(State) == set(TRANSITIONS.values())

    def test_only_rest_ends_an_open_breaker(self) -> None:
        assert {event for state, event in TRANSITIONS if state is State.OPEN} == {Event.DUE}

    def test_what_changes_nothing_is_not_in_it(self) -> None:
        assert all(state is not then for (state, _), then in TRANSITIONS.items())


# A history is steps of one letter: `a` asks and is allowed, `n` asks and is not, `s` a success, `f` a failure, `F` a
# failure that opens, and a digit lets so many tenths of the rest pass.
@pytest.mark.parametrize(
    ("history", "state"),
    [
        ("aaa", State.CLOSED),
        ("ff", State.CLOSED),
        ("ffsff", State.CLOSED),
        ("ffFn", State.OPEN),
        ("ffF9n", State.OPEN),
        ("ffF91a", State.HALF_OPEN),
        ("ffF91ann", State.HALF_OPEN),
        ("ffF91asaaa", State.CLOSED),
        ("ffF91asff", State.CLOSED),
        ("ffF91aFn", State.OPEN),
        ("ffF91aF91a", State.HALF_OPEN),
        ("ffFs", State.OPEN),
        ("ffFfff91a", State.HALF_OPEN),
        ("ffF91a9n", State.HALF_OPEN),
        ("ffF91a91as", State.CLOSED),
        ("ffF99999as", State.CLOSED),
    ],
)
def test_histories(history: str, state: State) -> None:
    """Verifies: docs/architecture.md, Caches"""
    breaker, now = Breaker(3, 10.0), 100.0
    for step in history:
        if step in "an":
            assert breaker.allows(now) is (step == "a"), step
        elif step == "s":
            breaker.succeeded()
        elif step in "fF":
            assert breaker.failed(now) is (step == "F"), step
        else:
            now += int(step)
    assert breaker.state is state
    assert breaker.openings == history.count("F")


@given(st.lists(st.sampled_from("asf1379"), max_size=80))
def test_it_neither_hammers_nor_forgets(history: list[str]) -> None:
    """While it is not closed, one call in a rest at most; and it always passes one again after a rest.

    Verifies: docs/architecture.md, Caches
    """
    breaker, now = Breaker(3, 10.0), 0.0
    last = -100.0
    for step in history:
        if step == "a":
            was_closed = breaker.state is State.CLOSED
            if breaker.allows(now) and not was_closed:
                assert now - last >= 10.0
                last = now
        elif step == "s":
            breaker.succeeded()
            last = -100.0 if breaker.state is State.CLOSED else last
        elif step == "f":
            breaker.failed(now)
        else:
            now += int(step)
    assert breaker.allows(now + 10.0)
