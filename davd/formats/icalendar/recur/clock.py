"""Rules whose period is no whole number of times in what their other parts select: from one match to the next.

Implements: RFC 5545, 3.3.10
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from math import gcd

from davd.formats.icalendar.recur.daysets import DaySet
from davd.formats.icalendar.recur.gregorian import DAY
from davd.formats.icalendar.recur.streams import BREATH, END
from davd.formats.icalendar.recur.times import HOUR, MINUTE


class ClockStream:
    """Every `interval`th unit (day, hour, minute or second, by its length in seconds) from that of `start` on.

    Units count when their day is in `days` (all, when None) and their hour, minute and second are in the lists (any,
    when empty). In each lie the walls `within`, in seconds from its beginning.
    """

    __slots__ = ("_days", "_hours", "_interval", "_minutes", "_per_day", "_seconds", "_start", "_unit", "_within")

    def __init__(
        self,
        unit: int,
        interval: int,
        start: int,
        days: DaySet | None,
        within: tuple[int, ...],
        hours: tuple[int, ...] = (),
        minutes: tuple[int, ...] = (),
        seconds: tuple[int, ...] = (),
    ) -> None:
        self._unit = unit
        self._interval = interval
        self._start = start
        self._days = days
        self._within = within
        self._hours = hours or tuple(range(24))
        self._minutes = minutes or tuple(range(60))
        self._seconds = seconds or tuple(range(60))
        self._per_day = DAY // unit

    def walls(self, after: int) -> Iterator[int | None]:
        """See `davd.formats.icalendar.recur.streams.Stream.walls`."""
        if not self._reachable():
            return
        unit, interval = self._unit, self._interval
        index = self._start // unit
        index += max(-((index - after // unit) // interval) * interval, 0)
        steps = 0
        while index * unit < END:
            match = self._match(index)
            if match is None:
                return
            if match == index:
                begin = index * unit
                for offset in self._within:
                    if begin + offset >= after:
                        yield begin + offset
                index += interval
                continue
            index -= (index - match) // interval * interval
            steps += 1
            if steps % BREATH == 0:
                yield None

    def before(self, limit: int) -> None:
        """See `davd.formats.icalendar.recur.streams.Stream.before`."""
        return None

    def _match(self, index: int) -> int | None:
        """The index, when it counts; else one that no unit that counts is before, or None when there are no more."""
        per_day = self._per_day
        day, slot = divmod(index, per_day)
        if self._days is not None:
            found = self._days.next(day)
            if found is None:
                return None
            if found != day:
                return found * per_day
        if per_day == 1:
            return index
        time = slot * self._unit
        hour, rest = divmod(time, HOUR)
        found = _next(self._hours, hour)
        if found != hour:
            return day * per_day + (found * HOUR if found is not None else DAY) // self._unit
        if self._unit == HOUR:
            return index
        minute, second = divmod(rest, MINUTE)
        found = _next(self._minutes, minute)
        if found != minute:
            return day * per_day + (hour * HOUR + (found * MINUTE if found is not None else HOUR)) // self._unit
        if self._unit == MINUTE:
            return index
        found = _next(self._seconds, second)
        return index + ((found if found is not None else MINUTE) - second)

    def _reachable(self) -> bool:
        """Whether the interval ever meets one of the times of day."""
        unit = self._unit
        per_day = self._per_day
        # All that is met is as far from the first as a multiple of this.
        common = gcd(self._interval, per_day)
        if common == 1:
            return True
        hours = {hour * HOUR // unit % common for hour in self._hours}
        minutes = {minute * MINUTE // unit % common for minute in self._minutes} if unit < HOUR else {0}
        seconds = {second % common for second in self._seconds} if unit < MINUTE else {0}
        times = {(hour + minute) % common for hour in hours for minute in minutes}
        return any((self._start // unit - time - second) % common == 0 for time in times for second in seconds)


def _next(numbers: tuple[int, ...], number: int) -> int | None:
    index = bisect_left(numbers, number)
    return numbers[index] if index < len(numbers) else None
