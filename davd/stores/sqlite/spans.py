"""Stretches of time: how an object's are packed, and the few rows by which they are found.

A row is a span, or several that follow each other: an object with two hundred of them has no more than some thirty
or sixty rows. Which of several lie in a range is seen from the packed ones.

Implements: RFC 4791, 9.9
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from davd.model.index import FOREVER, Span

# Rows that are shorter are all of one level: a day and a half, little beside what is asked for.
LOWEST: Final = 17

# The level of rows without a beginning or an end; 2**62 seconds are more than any two times are apart.
ENDLESS: Final = 62

# So many spans have a row each. Of more, those are put together that lie in one of about so many parts of the whole.
MOST: Final = 32

# Bytes of one packed span.
SIZE: Final = 16

# (level, start, end, exact, first, count): `exact` tells that one of its spans is. When it stands for several, `count`,
# they are in the packed ones from the one numbered `first` on, which is 0 for a single one.
SpanRow = tuple[int, int, int, int, int, int]


def level(start: int, end: int) -> int:
    """The level of a row: it is no longer than 2**level seconds, and longer than half of that unless it is `LOWEST`."""
    if start <= -FOREVER or end >= FOREVER:
        return ENDLESS
    return max(LOWEST, (end - start - 1).bit_length())


def pack(spans: Iterable[Span]) -> bytes | None:
    """Spans in their order as pairs of 64-bit numbers: the start, and the end doubled with `exact` in its lowest bit.

    A moment is packed as the second that begins with it. None for none.
    """
    places = [(span.start, 2 * (span.end if span.end > span.start else span.start + 1) + span.exact) for span in spans]
    if not places:
        return None
    places.sort()
    return struct.pack(f"<{2 * len(places)}q", *[number for place in places for number in place])


def unpack(packed: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The starts and the doubled ends of packed spans."""
    numbers = struct.unpack(f"<{len(packed) // 8}q", packed)
    return numbers[::2], numbers[1::2]


def rows(packed: bytes | None) -> list[SpanRow]:
    """The rows of an object; no two of the same level begin at the same time."""
    if not packed:
        return []
    starts, ends = unpack(packed)
    if len(starts) == 1:
        start, end = starts[0], ends[0] >> 1
        return [(level(start, end), start, end, ends[0] & 1, 0, 1)]
    return _grouped(starts, ends, _width(starts, ends) if len(starts) > MOST else 0)


def _width(starts: tuple[int, ...], ends: tuple[int, ...]) -> int:
    """How many seconds a row of several spans may be long."""
    begun = [start for start in starts if start > -FOREVER]
    ended = [end for end in ends if end < 2 * FOREVER]
    return max(0, (max(ended) >> 1) - begun[0]) // MOST if begun and ended else 0


def _grouped(starts: tuple[int, ...], ends: tuple[int, ...], width: int) -> list[SpanRow]:
    """Rows of spans that begin together, or lie together within `width` seconds."""
    found: list[SpanRow] = []
    first, count = 0, len(starts)
    while first < count:
        begin = starts[first]
        together = bisect_right(starts, begin, first)
        after = bisect_right(starts, begin + width, first)
        finish = max(ends[first:after]) >> 1
        while after > together and finish - begin > width:
            after -= 1
            finish = max(ends[first:after]) >> 1
        exact = ends[first] & 1 or max(end & 1 for end in ends[first:after])
        many = after - first
        # What is numbered is written anew when others come before it, so a single one is not.
        found.append((level(begin, finish), begin, finish, exact, first if many > 1 else 0, many))
        first = after
    return found


def overlap(packed: bytes, start: int, end: int) -> bool | None:
    """Whether one of the spans in a range is exact; None when none of them is in it."""
    found = None
    numbers = struct.unpack(f"<{len(packed) // 8}q", packed)
    for place in range(0, len(numbers), 2):
        if numbers[place] >= end:
            break
        if numbers[place + 1] >> 1 > start:
            if numbers[place + 1] & 1:
                return True
            found = False
    return found
