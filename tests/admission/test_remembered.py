"""Records by name.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

import gc

from hypothesis import given, settings
from hypothesis import strategies as st

from davd.admission.remembered import Remembered


class Record:
    def __init__(self, name: str) -> None:
        self.name = name


def test_the_ones_asked_for_last_are_kept() -> None:
    made: list[str] = []

    def make(name: str) -> Record:
        made.append(name)
        return Record(name)

    records = Remembered(2, make)
    for name in ("a", "b", "a", "c", "a", "c"):
        records.of(name)
    assert made == ["a", "b", "c"]
    gc.collect()
    assert {record.name for record in records.all()} == {"a", "c"}
    assert records.get("b") is None
    found = records.get("a")
    assert found is not None and found.name == "a"
    # `get` counts as asking.
    records.of("d")
    assert records.get("c") is None and records.get("a") is not None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=60), st.integers(1, 4))
def test_no_record_in_use_is_made_twice(steps: list[tuple[str, bool]], capacity: int) -> None:
    records = Remembered(capacity, Record)
    held: dict[str, Record] = {}
    for name, hold in steps:
        record = records.of(name)
        assert record.name == name
        assert held.get(name, record) is record
        if hold:
            held[name] = record
        else:
            held.pop(name, None)
        del record
    gc.collect()
    assert len(records) <= capacity + len(held)
