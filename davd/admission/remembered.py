"""Records by name: a bounded number is remembered, and none that is in use is made twice.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

Record = TypeVar("Record")


class Remembered(Generic[Record]):
    """The records that `make` makes of names.

    The `capacity` that were asked for last are kept. One that is forgotten while somebody still holds it stays the
    record of its name: whoever asks next gets the same.
    """

    def __init__(self, capacity: int, make: Callable[[str], Record]) -> None:
        self._capacity = capacity
        self._make = make
        # Not a plain dict: taking the first item from one again and again walks over all that were taken before.
        self._kept: OrderedDict[str, Record] = OrderedDict()
        # Those that were forgotten while somebody held them.
        self._held: WeakValueDictionary[str, Record] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._kept) + len(self._held)

    def get(self, name: str) -> Record | None:
        """The record of this name if it is remembered."""
        record = self._kept.get(name)
        if record is not None:
            self._kept.move_to_end(name)
        return record

    def of(self, name: str) -> Record:
        """The record of this name."""
        record = self._kept.get(name)
        if record is not None:
            self._kept.move_to_end(name)
            return record
        record = self._held.pop(name, None)
        if record is None:
            record = self._make(name)
        self._kept[name] = record
        if len(self._kept) > self._capacity:
            forgotten, held = self._kept.popitem(last=False)
            self._held[forgotten] = held
        return record

    def forget(self, name: str) -> None:
        """Make the record of this name anew when it is asked for next; whoever holds the old one keeps it."""
        self._kept.pop(name, None)
        self._held.pop(name, None)

    def all(self) -> list[Record]:
        """Every record that is remembered or in use, in no order."""
        return [*self._kept.values(), *self._held.values()]
