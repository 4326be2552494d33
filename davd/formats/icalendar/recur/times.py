"""Times of day, as the many that a rule may name: hours times minutes times seconds, without a list of all.

Implements: RFC 5545, 3.3.10
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from davd.formats.icalendar.recur.gregorian import DAY

HOUR: Final = 3_600
MINUTE: Final = 60


class Times:
    """Times of day in seconds from midnight: each of `blocks` plus each of `within`.

    Both ascend, and the blocks lie further apart than `within` is long.
    """

    __slots__ = ("blocks", "count", "within")

    def __init__(self, blocks: tuple[int, ...], within: tuple[int, ...] = (0,)) -> None:
        self.blocks = blocks
        self.within = within
        self.count = len(blocks) * len(within)

    def at(self, index: int) -> int:
        """The time at a place in their order."""
        block, rest = divmod(index, len(self.within))
        return self.blocks[block] + self.within[rest]

    def before(self, time: int) -> int:
        """How many are before the time."""
        block = bisect_left(self.blocks, time)
        if block == 0:
            return 0
        block -= 1
        return block * len(self.within) + bisect_left(self.within, time - self.blocks[block])

    def all(self) -> tuple[int, ...]:
        """Every time in order."""
        return tuple(block + rest for block in self.blocks for rest in self.within)

    def on(self, days: Sequence[int], after: int) -> Iterator[int]:
        """The walls of the times on ascending days, without those before `after`."""
        first = bisect_left(days, after // DAY)
        if self.count == 1:
            time = self.blocks[0] + self.within[0]
            for day in days[first:]:
                wall = day * DAY + time
                if wall >= after:
                    yield wall
            return
        last = self.within[-1] if self.within else 0
        for day in days[first:]:
            midnight = day * DAY
            for block in self.blocks:
                begin = midnight + block
                if begin + last < after:
                    continue
                for rest in self.within:
                    if begin + rest >= after:
                        yield begin + rest


def chosen(positions: tuple[int, ...], total: int) -> list[int]:
    """Which places of a set of `total` instances BYSETPOS chooses, counted from 0, ascending."""
    return sorted({place - 1 if place > 0 else total + place for place in positions if -total <= place <= total})
