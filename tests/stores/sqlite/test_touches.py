"""What a batch notes of what it touches.

Verifies: docs/architecture.md, Data
"""

from davd.model.touched import Touched
from davd.stores.sqlite.touches import Touches


def test_all_that_is_noted_is_given_once() -> None:
    touches = Touches()
    assert touches.touched() == Touched(frozenset(), frozenset())
    touches.ids += [1, 2, 1]
    touches.places += [(1, "a"), (1, "a")]
    assert touches.touched() == Touched(frozenset({1, 2}), frozenset({(1, "a")}))
    touches.clear()
    assert touches.touched() == Touched(frozenset(), frozenset())


def test_what_was_noted_since_a_mark_can_be_dropped() -> None:
    touches = Touches()
    touches.ids.append(1)
    outer = touches.mark()
    touches.places.append((1, "a"))
    inner = touches.mark()
    touches.ids.append(2)
    touches.everything = True
    touches.back_to(inner)
    assert touches.touched() == Touched(frozenset({1}), frozenset({(1, "a")}))
    touches.back_to(outer)
    assert touches.touched() == Touched(frozenset({1}), frozenset())
