"""One timer for many deadlines.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from davd.admission.deadlines import RESOLUTION, Deadlines


class Item:
    """Something that is due."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.bucket = -1


_TIMES = st.floats(0, 60, allow_nan=False)


@given(st.lists(st.tuples(_TIMES, _TIMES, st.booleans()), max_size=40), st.sampled_from([0.05, 0.5, 5.0]))
def test_each_strikes_once_in_time_unless_forgotten(plan: list[tuple[float, float, bool]], pace: float) -> None:
    """`plan` holds when an item is watched, how long it has then, and whether it is forgotten halfway."""
    clock = Clock()
    struck: dict[Item, float] = {}

    def strike(item: Item) -> None:
        assert item not in struck
        assert item.bucket == -1
        struck[item] = clock.seconds()

    deadlines = Deadlines(clock, strike)
    items = []
    for begin, left, forgotten in plan:
        item = Item(begin + left)
        items.append((item, forgotten))
        clock.callLater(begin, deadlines.watch, item)
        if forgotten:
            clock.callLater(begin + left / 2, deadlines.forget, item)
    clock.pump([pace] * int(130 / pace))
    for item, forgotten in items:
        if not forgotten:
            assert item.deadline <= struck[item] <= item.deadline + RESOLUTION + pace
    assert clock.getDelayedCalls() == []
    assert list(deadlines) == []


def test_shifted() -> None:
    clock = Clock()
    struck: list[float] = []
    deadlines: Deadlines[Item] = Deadlines(clock, lambda item: struck.append(clock.seconds()))
    deadlines.watch(Item(30.0))
    deadlines.watch(Item(40.0))
    deadlines.shift(-20.0)
    clock.pump([0.5] * 200)
    assert struck == [10.0, 20.0]


def test_forgetting_twice_and_stopping_twice() -> None:
    clock = Clock()
    deadlines: Deadlines[Item] = Deadlines(clock, lambda item: None)
    item = Item(1.0)
    deadlines.forget(item)
    deadlines.watch(item)
    deadlines.forget(item)
    deadlines.forget(item)
    assert len(clock.getDelayedCalls()) == 1
    deadlines.stop()
    deadlines.stop()
    assert clock.getDelayedCalls() == []


def test_striking_one_may_end_or_add_others() -> None:
    clock = Clock()
    struck: list[Item] = []
    items = [Item(1.0), Item(1.0), Item(1.5)]

    def strike(item: Item) -> None:
        struck.append(item)
        if item is items[0]:
            deadlines.forget(items[1])
            deadlines.watch(items[2])

    deadlines = Deadlines(clock, strike)
    deadlines.watch(items[0])
    deadlines.watch(items[1])
    clock.advance(1.0)
    assert struck == [items[0]]
    clock.advance(1.0)
    assert struck == [items[0], items[2]]


def test_one_that_is_due_already_strikes_in_the_next_turn() -> None:
    clock = Clock()
    clock.advance(100)
    struck: list[Item] = []
    deadlines = Deadlines(clock, struck.append)
    deadlines.watch(Item(3.0))
    assert struck == []
    clock.advance(0)
    assert len(struck) == 1
