"""The walls that rules produce, in three ways: by one step for all, period by period, or from one match to the next.

A stream's walls are those after DTSTART, whether the rule produces DTSTART or not. They end with the year 9999, or
where the calendar has repeated itself without any. None among them is a breath: BREATH steps have found nothing.

Implements: RFC 5545, 3.3.10; RFC 7529, 4.1
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from davd.formats.icalendar.recur.gregorian import DAY, LAST_DAY
from davd.formats.icalendar.recur.periods import Periods
from davd.formats.icalendar.recur.times import Times, chosen

# How many steps without a find there are between two breaths; each is about a microsecond.
BREATH: Final = 256
END: Final = (LAST_DAY + 1) * DAY

# SKIP moves a day out of its period by a day, or by a week.
_MOVED_AT_MOST: Final = 11


class Stream(Protocol):
    """What a rule produces."""

    def walls(self, after: int) -> Iterator[int | None]:
        """The walls from `after` on, ascending, with breaths among them; `after` is later than DTSTART."""
        ...

    def before(self, limit: int) -> int | None:
        """How many walls there are before `limit`; None when only going through them tells."""
        ...


class EmptyStream:
    """No walls."""

    __slots__ = ()

    def walls(self, after: int) -> Iterator[int | None]:
        """See `Stream.walls`."""
        return iter(())

    def before(self, limit: int) -> int:
        """See `Stream.before`."""
        return 0


class RegularStream:
    """Periods of one length in seconds, `step`, with the same walls in each: `offsets` from the period's beginning.

    `origin` is the beginning of the period that DTSTART, the wall `start`, is in.
    """

    __slots__ = ("_offsets", "_origin", "_start", "_step")

    def __init__(self, origin: int, step: int, offsets: tuple[int, ...], start: int) -> None:
        self._origin = origin
        self._step = step
        self._offsets = offsets
        self._start = start

    def walls(self, after: int) -> Iterator[int | None]:
        """See `Stream.walls`."""
        offsets = self._offsets
        step = self._step
        period = self._origin + (after - self._origin) // step * step
        for offset in offsets[bisect_left(offsets, after - period) :]:
            yield period + offset
        if len(offsets) == 1:
            yield from range(period + step + offsets[0], END, step)
            return
        for begin in range(period + step, END if offsets else period, step):
            for offset in offsets:
                yield begin + offset

    def before(self, limit: int) -> int:
        """See `Stream.before`."""
        return self._below(limit) - self._below(self._start + 1)

    def _below(self, wall: int) -> int:
        period, rest = divmod(wall - self._origin, self._step)
        return period * len(self._offsets) + bisect_left(self._offsets, rest)


class PeriodStream:
    """Periods of the calendar, each with its days, and the same times on each day; BYSETPOS chooses in each period.

    `moved` tells that SKIP may move days out of their period.
    """

    __slots__ = ("_moved", "_periods", "_positions", "_start", "_times")

    def __init__(
        self, periods: Periods, times: Times, start: int, positions: tuple[int, ...] = (), moved: bool = False
    ) -> None:
        self._periods = periods
        self._times = times
        self._start = start
        self._positions = positions
        self._moved = moved

    def walls(self, after: int) -> Iterator[int | None]:
        """See `Stream.walls`."""
        found = self._found(max(self._periods.at(after // DAY) - self._moved, 0))
        for values in self._in_order(found) if self._moved else found:
            if values is None:
                yield None
            elif self._positions:
                for wall in values[1]:
                    if wall >= after:
                        yield wall
            else:
                yield from self._times.on(values[1], after)

    def _found(self, period: int) -> Iterator[tuple[int, Sequence[int]] | None]:
        """The first day of each period that has any, from `period` on, with its days, or with its walls if BYSETPOS."""
        periods = self._periods
        if self._positions and not chosen(self._positions, periods.most * self._times.count):
            return
        without = 0
        following: int | None = period
        while following is not None and (begin := periods.begin(following)) <= LAST_DAY:
            values = periods.days(following)
            if self._positions:
                values = self._choose(values)
            following = periods.following(following)
            if values:
                without = 0
                yield begin, values
                continue
            without += 1
            if without > periods.cycle:
                return
            if without % BREATH == 0:
                yield None

    def _choose(self, days: Sequence[int]) -> list[int]:
        times = self._times
        count = times.count
        # "BYSETPOS operates on a set of recurrence instances in one interval of the recurrence rule."
        return [
            days[index // count] * DAY + times.at(index % count) for index in chosen(self._positions, len(days) * count)
        ]

    def _in_order(
        self, found: Iterator[tuple[int, Sequence[int]] | None]
    ) -> Iterator[tuple[int, Sequence[int]] | None]:
        """The same days or walls, ascending and each once, although some lie in the period before or after."""
        day = DAY if self._positions else 1
        pending: set[int] = set()
        for values in found:
            if values is not None:
                edge = (values[0] - _MOVED_AT_MOST) * day
                ready = sorted(value for value in pending if value < edge)
                pending.difference_update(ready)
                pending.update(values[1])
                yield values[0], ready
            else:
                yield None
        yield LAST_DAY, sorted(value for value in pending if value <= LAST_DAY * day)

    def before(self, limit: int) -> int | None:
        """See `Stream.before`."""
        if self._moved or not self._periods.countable:
            return None
        return self._below(limit) - self._below(self._start + 1)

    def _below(self, wall: int) -> int:
        """How many walls the periods from the first on have before `wall`."""
        periods = self._periods
        period = periods.at(wall // DAY)
        total = 0
        if period > periods.cycle:
            total = period // periods.cycle * sum(map(self._size, range(periods.cycle)))
        total += sum(map(self._size, range(period % periods.cycle if total else period)))
        days = periods.days(period)
        if self._positions:
            return total + bisect_left(self._choose(days), wall)
        index = bisect_left(days, wall // DAY)
        total += index * self._times.count
        if index < len(days) and days[index] == wall // DAY:
            total += self._times.before(wall % DAY)
        return total

    def _size(self, period: int) -> int:
        size = self._periods.size(period) * self._times.count
        return len(chosen(self._positions, size)) if self._positions else size
