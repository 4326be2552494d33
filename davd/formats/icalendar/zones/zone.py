"""What a time zone is to davd: a clock's readings to UTC and back, in whole seconds.

Implements: RFC 5545, 3.3.5
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Final, Protocol

# A table holds the changes of 2^30 seconds, 34 years: two or three tables serve nearly every calendar.
_ERA_BITS: Final = 30
# No offset is as large as a day, so this much around an era decides all of it.
_MARGIN: Final = 2 * 86_400
# Years 1 to 9999 have 294 eras; who asks for that many is not helped by remembering them.
_ERAS: Final = 12


class Zone(Protocol):
    """A clock that people read.

    `wall` is seconds from 1970-01-01T00:00:00 on that clock, `utc` seconds from the same moment in UTC, both without
    leap seconds and of either sign. `name` is the zone's IANA name where it has one, else what it was asked for by.
    """

    name: str

    def utc(self, wall: int) -> int:
        """The instant at which the clock shows `wall`.

        "If the local time described does not occur ..., the DATE-TIME value is interpreted using the UTC offset before
        the gap in local times"; if it "occurs more than once ..., the DATE-TIME value refers to the first occurrence".
        """
        ...

    def wall(self, utc: int) -> int:
        """What the clock shows at `utc`."""
        ...

    def offset(self, utc: int) -> int:
        """By how many seconds the clock is ahead of UTC at `utc`."""
        ...


class Changes(Protocol):
    """Where a zone's offset changes, however that is known."""

    def between(self, low: int, high: int) -> tuple[int, list[tuple[int, int]]]:
        """The offset at `low`, and (instant, offset from then on) with `low` < instant <= `high`, ascending."""
        ...


class FixedZone:
    """A zone whose clock is always the same number of seconds ahead of UTC."""

    __slots__ = ("_offset", "name")

    def __init__(self, name: str, offset: int) -> None:
        self.name = name
        self._offset = offset

    def utc(self, wall: int) -> int:
        """See `Zone.utc`."""
        return wall - self._offset

    def wall(self, utc: int) -> int:
        """See `Zone.wall`."""
        return utc + self._offset

    def offset(self, utc: int) -> int:
        """See `Zone.offset`."""
        return self._offset


class TableZone:
    """A zone whose offset changes; tables of the changes are made for the eras that are asked for."""

    __slots__ = ("_eras", "name")

    def __init__(self, name: str, changes: Changes) -> None:
        self.name = name
        self._eras = _Eras(changes)

    def utc(self, wall: int) -> int:
        """See `Zone.utc`."""
        walls, _, offsets = self._eras[wall >> _ERA_BITS]
        return wall - offsets[bisect_right(walls, wall)]

    def wall(self, utc: int) -> int:
        """See `Zone.wall`."""
        _, instants, offsets = self._eras[utc >> _ERA_BITS]
        return utc + offsets[bisect_right(instants, utc)]

    def offset(self, utc: int) -> int:
        """See `Zone.offset`."""
        _, instants, offsets = self._eras[utc >> _ERA_BITS]
        return offsets[bisect_right(instants, utc)]


class _Eras(dict[int, tuple[list[int], list[int], list[int]]]):
    """For each era: from which walls, and from which instants, the offsets but the first are in force; the offsets."""

    __slots__ = ("_changes",)

    def __init__(self, changes: Changes) -> None:
        super().__init__()
        self._changes = changes

    def __missing__(self, era: int) -> tuple[list[int], list[int], list[int]]:
        first, changes = self._changes.between((era << _ERA_BITS) - _MARGIN, ((era + 1) << _ERA_BITS) + _MARGIN)
        offsets = [first]
        offsets += [offset for _, offset in changes]
        instants = [instant for instant, _ in changes]
        # In a gap the offset before it holds, up to instant + after; of a time that occurs twice the first occurrence
        # is meant, up to instant + before. Either is the larger offset.
        walls = [instant + max(sides) for instant, sides in zip(instants, pairwise(offsets), strict=True)]
        table = (walls, instants, offsets)
        if len(self) >= _ERAS:
            self.clear()
        self[era] = table
        return table


UTC: Final[Zone] = FixedZone("UTC", 0)
