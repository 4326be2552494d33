"""In which stretches of time the instances of an object are, as an index keeps them.

Implements: RFC 4791, 9.9
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from davd.formats.icalendar.overrides import Override, Shift
from davd.formats.icalendar.recur.budget import Budget, BudgetError
from davd.formats.icalendar.recur.density import longest_gap
from davd.formats.icalendar.recur.occurrences import occurrences, up_to
from davd.formats.icalendar.recur.plan import stream
from davd.formats.icalendar.recur.rule import Rule
from davd.formats.icalendar.series import Series
from davd.formats.icalendar.timing import Timing, end_of, extent
from davd.formats.icalendar.values import DAY, Kind
from davd.model.index import FOREVER, Span

# How many spans an object has at most.
MOST: Final = 200
# Instances that are no farther apart share a span.
_GAP: Final = 40 * DAY
# How far ahead instances get spans of their own.
_AHEAD: Final = 30 * 365 * DAY
# How far back they do; those before share one.
_BEHIND: Final = 10 * 365 * DAY
# A rule without a gap for so long is taken to have none.
_DENSE: Final = 800 * DAY
# After so many instances in a row, the next one is looked for half a gap later.
_ROW: Final = 8
_LEAP: Final = _GAP // 2
_ANEW: Final = 16
# Rules with a greater COUNT end where they would if their instances were as far apart as they can be, or never.
_COUNTED: Final = 1_000
# The same for rules whose instances take longer to find.
_SOUGHT: Final = 300
# No walls are later, on any clock.
_LAST_WALL: Final = 253_402_300_800 + DAY


def spans(
    when: Timing | None, series: Series | None, changed: list[Override], shifts: list[Shift], now: int
) -> list[Span]:
    """The spans of an object; see `davd.formats.icalendar.instances.RecurringObject.spans`."""
    found = [Span(own.low, own.high, True) for own in changed]
    if when is not None:
        if series is None:
            found.append(Span(*when.fixed, True))
        elif not (series.recurs or changed):
            # EXDATE may leave nothing of it.
            found.append(Span(*_extent(when, series, series.anchor.wall), series.exdates is None))
        else:
            found += _Covering(when, series, changed, shifts, now).spans()
    return _at_most(_without_contained(found))


class _Covering:
    """The spans of a recurrence set, wide enough for what EXDATE, overrides and shifts do to it."""

    __slots__ = ("_as_is", "_budget", "_early", "_late", "_latest", "_recent", "_series", "_timing")

    def __init__(self, when: Timing, series: Series, changed: list[Override], shifts: list[Shift], now: int) -> None:
        self._timing = when
        self._series = series
        self._as_is = series.exdates is None and not changed
        # For all rules: some 5 ms of work.
        self._budget = Budget(iterations=5_000, instances=3_000)
        start = series.anchor.wall
        self._recent = max(now - _BEHIND, start)
        self._latest = max(now, start) + _AHEAD
        # What shifts move is within reach of where it was.
        self._early = -min((shift.delta or 0 for shift in shifts), default=0)
        self._late = max((max(shift.delta or 0, 0) + max(shift.timing.length, 0) for shift in shifts), default=0)
        if shifts:
            self._early = max(self._early, 0) + DAY
            self._late += DAY

    def spans(self) -> Iterator[Span]:
        """One rule after the other, then RDATE."""
        series = self._series
        if not series.rules:
            yield self._of(series.anchor.wall, series.anchor.wall, series.anchor.wall)
        for rule, until in series.rules:
            yield from self._of_rule(rule, until)
        if series.rdates is not None:
            yield from self._of_dates()

    def _of(self, first: int, last: int, known: int) -> Span:
        """What covers the instances whose starts are walls from `first` to `last`; `known` as `_end` gives it."""
        low, high = _extent(self._timing, self._series, first)
        if last > first:
            high = _extent(self._timing, self._series, last)[1] if last < _LAST_WALL else FOREVER
        exact = self._as_is and last == first and (first <= known or first == self._series.anchor.wall)
        return Span(low - self._early, high if high >= FOREVER else high + self._late, exact)

    def _of_rule(self, rule: Rule, until: int | None) -> Iterator[Span]:
        start = self._series.anchor.wall
        gap = longest_gap(rule, start)
        last, known = self._end(rule, until, gap)
        if gap is not None and gap * DAY <= _GAP:
            # The first instance that the rule produces itself is no farther from DTSTART than the gap, or from then on
            # there are no others.
            yield self._of(start, max(last, start), known)
            return
        first: int | None = start
        recent = previous = self._recent
        if recent > start:
            yield self._of(start, min(recent, last), known)
            first = None
        try:
            for wall, apart in self._walk(rule, recent, last):
                if first is None or apart:
                    if first is not None:
                        yield self._of(first, previous, known)
                    first = recent = wall
                previous = wall
                if wall - recent > _DENSE or wall > self._latest:
                    yield self._of(first, last, known)
                    return
        except BudgetError:
            first = recent if first is None else first
            previous = last
        if first is not None:
            yield self._of(first, previous, known)

    def _walk(self, rule: Rule, recent: int, last: int) -> Iterator[tuple[int, bool]]:
        """Walls of the rule after `recent`, and whether there is a gap before each; some in the middle are left out.

        COUNT is not looked at: `last` tells where it ends, and to count what comes before a wall may take long. Where
        instances have been left out before a gap, the wall before it is as late as they can be.
        """
        start = self._series.anchor.wall
        is_date = self._series.anchor.kind is Kind.DATE
        # What a rule comes to is found out once: that may take milliseconds.
        found = stream(replace(rule, count=None), start, is_date)
        previous = recent
        after = recent + 1
        left_out = False
        while after <= last:
            row = 0
            for wall in up_to(found.walls(after), last, self._budget):
                if wall is None:
                    continue
                apart = wall - previous > _GAP
                if apart and left_out:
                    yield after, False
                yield wall, apart
                left_out = False
                previous = wall
                row = 0 if apart else row + 1
                if row >= _ROW:
                    # To begin anew costs something too.
                    self._budget.search(_ANEW)
                    break
            else:
                if left_out:
                    yield after, False
                return
            after = previous + _LEAP
            left_out = True
        if left_out:
            yield last, False

    def _end(self, rule: Rule, until: int | None, gap: int | None) -> tuple[int, int]:
        """The last wall that an occurrence of the rule can start at, and up to which all that it produces are some."""
        start = self._series.anchor.wall
        last = known = _LAST_WALL
        if until is not None:
            known = self._series.zone.wall(until) - DAY
            last = min(last, known + 2 * DAY)
        if rule.count is None:
            return last, known
        if gap is not None:
            last = min(last, start + rule.count * (gap + 1) * DAY)
        if rule.count > (_SOUGHT if gap is None else _COUNTED):
            return last, start
        is_date = self._series.anchor.kind is Kind.DATE
        try:
            *_, end = occurrences(rule, start, is_date=is_date, budget=self._budget)
        except BudgetError:
            return last, start
        return min(last, end), known

    def _of_dates(self) -> Iterator[Span]:
        rdates = self._series.rdates
        assert rdates is not None
        first = None
        low = high = 0
        for number, found in enumerate(rdates.between(-FOREVER, FOREVER)):
            begin, end = _extent(self._timing, self._series, found.wall)
            if found.length is not None:
                end = found.utc + max(found.length, 1)
            if first is not None and begin - high > _GAP:
                yield Span(low - self._early, high + self._late, False)
                first = None
            if first is None:
                first, low, high = found, begin, end
            high = max(high, end)
            if number >= _COUNTED:
                high = FOREVER
                break
        if first is not None:
            yield Span(low - self._early, min(high + self._late, FOREVER), False)


def _extent(when: Timing, series: Series, wall: int) -> tuple[int, int]:
    start = series.zone.utc(wall)
    return extent(when.reach, start, end_of(start, wall, series.zone, when.days, when.seconds))


def _without_contained(found: list[Span]) -> list[Span]:
    """The spans in order, without those that are part of another one."""
    if len(found) < 2:
        return found
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if not kept or span.end > kept[-1].end:
            kept.append(span)
    return kept


def _at_most(found: list[Span]) -> list[Span]:
    """No more than MOST spans: the ones that are closest together become one."""
    excess = len(found) - MOST
    if excess <= 0:
        return found
    gaps = sorted(range(1, len(found)), key=lambda index: found[index].start - found[index - 1].end)
    joined = set(islice(gaps, excess))
    kept: list[Span] = []
    for index, span in enumerate(found):
        if index in joined:
            kept[-1] = Span(kept[-1].start, max(kept[-1].end, span.end), False)
        else:
            kept.append(span)
    return kept
