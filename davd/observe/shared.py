"""What the processes of one machine count together: a table in shared memory with a column for each of them.

A process writes the cells of its own column only, so there are no locks; what the others have counted is the sum over
their columns. Names (addresses, accounts) are found by a keyed hash in two rows; the smaller of the two sums counts, so
that two names get in each other's way only when they meet in both rows.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

import mmap
import os
import secrets
from hashlib import blake2b
from struct import Struct
from typing import Final, TypeAlias

# The places of a name in the two rows.
Slots: TypeAlias = tuple[int, int]

# Numbers that go up and down, by name and in all.
CONNECTIONS: Final = 0
REQUESTS: Final = 1
GAUGES: Final = 2
# Amounts that only grow, by name: what `davd.admission.budgets.UNITS` are.
UNITS: Final = 4

_WIDTH: Final = 4096
_ROW: Final = 2 * _WIDTH
_CELL: Final = 8
_KEY_BYTES: Final = 16
_HEAD_CELLS: Final = 8
# A column: the gauges of all, the gauges by name, the amounts, and the times until which they count.
_TOTALS: Final = 0
_NAMED: Final = _TOTALS + GAUGES
_AMOUNTS: Final = _NAMED + GAUGES * _ROW
_TIMES: Final = _AMOUNTS + UNITS * _ROW
_COLUMN: Final = _TIMES + UNITS * _ROW
_PLACES: Final = Struct("<HH")


class Table:
    """The memory that is shared: `descriptor` is what another process is to inherit, to give it to `Table`.

    `columns` is for how many processes it is. Without a descriptor a new one is made.
    """

    def __init__(self, columns: int, descriptor: int | None = None) -> None:
        size = (_HEAD_CELLS + columns * _COLUMN) * _CELL
        fresh = descriptor is None
        self.descriptor = os.memfd_create("davd-shared") if descriptor is None else descriptor
        self.columns = columns
        if fresh:
            os.ftruncate(self.descriptor, size)
        self._memory = mmap.mmap(self.descriptor, size)
        if fresh:
            self._memory[:_KEY_BYTES] = secrets.token_bytes(_KEY_BYTES)
        self.key = self._memory[:_KEY_BYTES]
        whole = memoryview(self._memory)
        self.integers = whole.cast("q")
        self.numbers = whole.cast("d")

    def column(self, number: int) -> Column:
        """The column that the process of this number writes."""
        return Column(self, number)

    def clear(self, number: int) -> None:
        """Forget what a process that has ended had under way; what it has spent stays spent."""
        first = _HEAD_CELLS + number * _COLUMN
        # The amounts behind go on from where they are with whoever gets the column next.
        self.integers[first : first + _AMOUNTS] = memoryview(bytes(_AMOUNTS * _CELL)).cast("q")

    def total(self, gauge: int) -> int:
        """The sum of a gauge over all columns."""
        integers = self.integers
        return sum(integers[_HEAD_CELLS + column * _COLUMN + gauge] for column in range(self.columns))


class Column:
    """One process's part of the table, and its view of the others."""

    def __init__(self, table: Table, number: int) -> None:
        self._key = table.key
        self._integers = table.integers
        self._numbers = table.numbers
        self._first = _HEAD_CELLS + number * _COLUMN
        self._others = [_HEAD_CELLS + other * _COLUMN for other in range(table.columns) if other != number]

    def slots(self, name: str) -> Slots:
        """Where a name is counted."""
        digest = blake2b(name.encode("utf-8", "surrogateescape"), digest_size=4, key=self._key).digest()
        one, two = _PLACES.unpack(digest)
        return one % _WIDTH, _WIDTH + two % _WIDTH

    # Gauges

    def add(self, gauge: int, by: int) -> None:
        """Count more, or less when `by` is negative, in all."""
        self._integers[self._first + gauge] += by

    def elsewhere(self, gauge: int) -> int:
        """What the other processes count in all."""
        integers = self._integers
        return sum([integers[first + gauge] for first in self._others])

    def add_to(self, gauge: int, slots: Slots, by: int) -> None:
        """Count more, or less, of a name."""
        integers = self._integers
        row = self._first + _NAMED + gauge * _ROW
        integers[row + slots[0]] += by
        integers[row + slots[1]] += by

    def elsewhere_of(self, gauge: int, slots: Slots) -> int:
        """What the other processes count of a name, and of those it shares its cells with."""
        integers = self._integers
        row = _NAMED + gauge * _ROW
        one, two = row + slots[0], row + slots[1]
        first = second = 0
        for column in self._others:
            first += integers[column + one]
            second += integers[column + two]
        return first if first < second else second

    # Amounts

    def spend(self, unit: int, slots: Slots, amount: float, until: float) -> None:
        """Add to what a name has spent, which is made good again at the time `until`."""
        numbers = self._numbers
        for slot in slots:
            numbers[self._first + _AMOUNTS + unit * _ROW + slot] += amount
            cell = self._first + _TIMES + unit * _ROW + slot
            if until > numbers[cell]:
                numbers[cell] = until

    def spent(self, unit: int, slots: Slots) -> tuple[float, float]:
        """What the other processes have spent since the table was made, by row: differences are what counts."""
        numbers = self._numbers
        row = _AMOUNTS + unit * _ROW
        one, two = row + slots[0], row + slots[1]
        first = second = 0.0
        for column in self._others:
            first += numbers[column + one]
            second += numbers[column + two]
        return first, second

    def until(self, unit: int, slots: Slots) -> float:
        """The time at which everything that was spent by any process is made good again; 0 or past when it is."""
        numbers = self._numbers
        row = _TIMES + unit * _ROW
        one, two = row + slots[0], row + slots[1]
        columns = [self._first, *self._others]
        first = max([numbers[column + one] for column in columns])
        second = max([numbers[column + two] for column in columns])
        return min(first, second)
