"""TZif files: the compiled form of the time zone database.

Implements: RFC 9636, 3.1, 3.2, 3.3
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from davd.formats.icalendar.zones.posix import Change, Footer, LocalTime, parse

_HEADER: Final = struct.Struct(">4sc15x6l")
_TYPE: Final = struct.Struct(">l?B")
_BEYOND: Final = 1 << 62


class TzifError(ValueError):
    """The octets are no TZif file of version 2 or later."""


@dataclass(frozen=True, slots=True)
class Tzif:
    """A zone's history and future.

    `first` is in force before `instants[0]`, `times[i]` from `instants[i]` on, and after `last` what `footer` says;
    without a footer the last one stays.
    """

    first: LocalTime
    instants: tuple[int, ...]
    times: tuple[LocalTime, ...]
    footer: Footer | None
    last: int = -_BEYOND

    def between(self, low: int, high: int) -> tuple[int, list[tuple[int, int]]]:
        """See `davd.formats.icalendar.zones.zone.Changes`."""
        changes = self.changes(low, high)
        if changes and changes[0].instant <= low:
            first = changes.pop(0).after.offset
        else:
            first = changes[0].before.offset if changes else self.first.offset
        return first, [(change.instant, change.after.offset) for change in changes]

    def changes(self, low: int, high: int) -> list[Change]:
        """The changes with `low` < instant <= `high`, ascending, preceded by the one in force at `low` if any."""
        instants = self.instants
        found: list[Change] = []
        begin = max(bisect_right(instants, low) - 1, 0)
        for at in range(begin, bisect_right(instants, high)):
            found.append(Change(instants[at], self.times[at - 1] if at else self.first, self.times[at]))
        last = self.last
        if self.footer is not None and high > last:
            for change in self.footer.changes(max(low, last), high):
                if change.instant <= low:
                    if change.instant > last:
                        found = [change]
                elif change.instant > last:
                    found.append(change)
        return found


def read(data: bytes) -> Tzif:
    """The zone in the octets of a TZif file; TzifError or TzStringError for others."""
    try:
        magic, version, *counts = _HEADER.unpack_from(data)
        if magic != b"TZif" or version < b"2":
            raise TzifError("Not a TZif file of version 2 or later.")
        # The first block repeats the second one in 32 bits.
        position = _HEADER.size + _size(counts, 4)
        counts = list(_HEADER.unpack_from(data, position)[2:])
        position += _HEADER.size
        _, _, _, transitions, types, characters = counts
        instants = struct.unpack_from(f">{transitions}q", data, position)
        position += 8 * transitions
        indices = data[position : position + transitions]
        position += transitions
        records = [_TYPE.unpack_from(data, position + _TYPE.size * at) for at in range(types)]
        position += _TYPE.size * types
        names = data[position : position + characters]
        position += _size(counts, 8) - 9 * transitions - _TYPE.size * types
        local = [
            LocalTime(offset, daylight, names[at : names.index(b"\0", at)].decode("ascii"))
            for offset, daylight, at in records
        ]
        times = [local[index] for index in indices]
        before, newline, after = data[position:].partition(b"\n")
        text, ended, _ = after.partition(b"\n")
    except (struct.error, IndexError, ValueError) as error:
        raise error if isinstance(error, TzifError) else TzifError("A TZif file is broken off.") from error
    if before or not newline or not ended or not local:
        raise TzifError("A TZif file is broken off.")
    kept = [at for at in range(transitions) if times[at] != (times[at - 1] if at else local[0])]
    return Tzif(
        # "Local time for timestamps before the first transition is specified by the first time type".
        local[0],
        tuple(instants[at] for at in kept),
        tuple(times[at] for at in kept),
        parse(text.decode("ascii")) if text else None,
        instants[-1] if instants else -_BEYOND,
    )


def _size(counts: list[int], width: int) -> int:
    """The octets of a data block whose times are `width` octets long."""
    in_utc, standard, leap, transitions, types, characters = counts
    return transitions * (width + 1) + types * 6 + characters + leap * (width + 4) + standard + in_utc
