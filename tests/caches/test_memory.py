"""Values in memory: the bound, the order in which they go, and the counters.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.caches.memory import Local, Memory
from davd.testing.exchange import run

OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["get", "put", "drop", "clear"]), st.integers(0, 6), st.integers(0, 60)), max_size=60
)


def counters(memory: Memory[object]) -> tuple[float, ...]:
    told = memory.statistics()
    return tuple(told[name] for name in ("hits", "misses", "puts", "refused", "evictions", "entries", "bytes"))


class TestMemory:
    """Verifies: docs/architecture.md, Caches"""

    def test_values_of_any_kind(self) -> None:
        memory: Memory[object] = Memory(1000, 1000)
        value = (b"before", b"after")
        memory.put(("GET", "/x"), value, 11)
        assert memory.get(("GET", "/x")) is value
        assert memory.get(("GET", "/y")) is None

    def test_the_one_unused_for_longest_goes(self) -> None:
        memory: Memory[str] = Memory(30, 30)
        for key in "abc":
            memory.put(key, key, 10)
        memory.get("a")
        memory.put("d", "d", 10)
        assert [memory.get(key) for key in "abcd"] == ["a", None, "c", "d"]
        assert memory.evictions == 1

    @pytest.mark.parametrize(("max_bytes", "max_entry"), [(0, 10), (10, 0), (5, 10)])
    def test_too_large_for_what_there_is(self, max_bytes: int, max_entry: int) -> None:
        memory: Memory[str] = Memory(max_bytes, max_entry)
        assert not memory.put("key", "value", 6)
        assert memory.get("key") is None
        assert memory.bytes == 0

    def test_too_large_a_value_takes_the_place_of_the_old(self) -> None:
        memory: Memory[str] = Memory(100, 10)
        memory.put("key", "old", 5)
        assert not memory.put("key", "new", 11)
        assert memory.get("key") is None

    @given(OPERATIONS)
    def test_any_history(self, history: list[tuple[str, int, int]]) -> None:
        """It does what an ordered dict with a bound does, and its counters are those of that."""
        memory: Memory[object] = Memory(100, 50)
        model: OrderedDict[int, tuple[object, int]] = OrderedDict()
        hits = misses = puts = refused = evictions = 0
        for place, (verb, key, size) in enumerate(history):
            if verb == "get":
                found = model.get(key)
                assert memory.get(key) == (None if found is None else found[0])
                hits, misses = hits + (found is not None), misses + (found is None)
                if found is not None:
                    model.move_to_end(key)
            elif verb == "put":
                fits = 0 < size <= 50
                assert memory.put(key, place, size) is fits
                puts, refused = puts + fits, refused + (not fits)
                if not fits:
                    model.pop(key, None)
                else:
                    evictions += _make_room(model, key, size)
                    model[key] = (place, size)
                    model.move_to_end(key)
            elif verb == "drop":
                memory.drop(key)
                model.pop(key, None)
            else:
                memory.clear()
                model.clear()
            held = sum(size for _, size in model.values())
            assert held <= 100
            assert counters(memory) == (hits, misses, puts, refused, evictions, len(model), held)


def _make_room(model: OrderedDict[int, tuple[object, int]], key: int, size: int) -> int:
    gone = 0
    while sum(held for _, held in model.values()) + size - model.get(key, (None, 0))[1] > 100:
        model.popitem(last=False)
        gone += 1
    return gone


class TestLocal:
    """Verifies: docs/architecture.md, Caches"""

    def test_a_key_weighs_too(self) -> None:
        local = Local(100, 100)
        local.put(b"k" * 60, b"v" * 40)
        local.put(b"k" * 60 + b"2", b"v" * 40)
        assert run(local.get(b"k" * 60)) == b"v" * 40
        assert run(local.get(b"k" * 60 + b"2")) is None


class TestReconfiguring:
    """Verifies: docs/architecture.md, Configuration."""

    def test_another_size_begins_with_nothing_and_another_limit_of_entries_does_not(self) -> None:
        memory: Memory[str] = Memory(100, 50)
        memory.put("a", "x", 50)
        memory.reconfigure(100, 20)
        assert memory.get("a") == "x"
        assert not memory.put("b", "x", 21)
        memory.reconfigure(1000, 900)
        assert (len(memory), memory.bytes, memory.max_entry) == (0, 0, 900)
        assert memory.put("c", "x", 900)
        memory.reconfigure(0, 900)
        assert not memory.put("d", "x", 1)
