"""VTIMEZONE components to zones, by their own rules.

Implements: RFC 5545, 3.6.5, 3.8.3.3, 3.8.3.4
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from davd.formats.contentlines import ContentError, Line
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.recur.budget import Budget, BudgetError
from davd.formats.icalendar.recur.occurrences import occurrences
from davd.formats.icalendar.recur.rule import Freq, Rule, parse_rule
from davd.formats.icalendar.values import DAY, Kind, Moment, moment, utc_offset
from davd.formats.icalendar.zones.zone import TableZone, Zone

# The richest zone of the database, Gaza's, takes 25 observances, 18 rules and 120 dates.
_OBSERVANCES: Final = 256
_RULES: Final = 32
_DATES: Final = 4_096
# Five onsets of one rule within ten months are more than any place has had; so many of a rule are looked at.
_CROWD: Final = 5
_TEN_MONTHS: Final = 300 * DAY
_LOOKED_AT: Final = 15
# What reading a definition, or an era of it, may cost: some milliseconds for rules nobody writes, nothing for others.
_STEPS: Final = 10_000
_FOUND: Final = 2_000
_UNUSUAL: Final = 1_000
# Components up to this many characters are remembered; their neighbours mostly have the same.
_REMEMBERED: Final = 8_192

_USED: Final = frozenset(("DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"))

# What decides a zone: of each observance the properties used, as name, parameters and value.
_Parts = tuple[tuple[tuple[str, str, str], ...], ...]


def defined(vtimezone: Component) -> Zone:
    """The zone that a VTIMEZONE component defines; ContentError where it does not.

    Before its first onset the zone has that onset's TZOFFSETFROM. The same definition gives the same object while it is
    remembered. Rules that change the clock again and again are refused: nobody's clock does, and somebody has to count.
    """
    parts: _Parts = tuple(
        tuple((line.name, line.raw_params, line.value) for line in sub.lines if line.name in _USED)
        for sub in vtimezone.components
        if sub.name == "STANDARD" or sub.name == "DAYLIGHT"
    )
    name = vtimezone.text("TZID").strip()
    size = len(name) + sum(len(text) for part in parts for property_ in part for text in property_)
    return (_remembered if size <= _REMEMBERED else _made)(name, parts)


def _made(name: str, parts: _Parts) -> Zone:
    # "... MUST include the "TZID" property and at least one definition of a "STANDARD" or "DAYLIGHT" sub-component."
    if not parts:
        raise ContentError("A VTIMEZONE has neither STANDARD nor DAYLIGHT.")
    if len(parts) > _OBSERVANCES:
        raise ContentError(f"A VTIMEZONE has more than {_OBSERVANCES} observances.")
    budget = Budget(_STEPS, _FOUND)
    observances = [
        _observance([Line(name, "", params, value) for name, params, value in part], budget) for part in parts
    ]
    if sum(len(one.rules) for one in observances) > _RULES:
        raise ContentError(f"A VTIMEZONE has more than {_RULES} rules.")
    if sum(len(one.dates) for one in observances) > _DATES:
        raise ContentError(f"A VTIMEZONE has more than {_DATES} dates.")
    return TableZone(name, _Definition(observances))


_remembered = functools.lru_cache(maxsize=128)(_made)


@dataclass(frozen=True, slots=True)
class _Observance:
    """One STANDARD or DAYLIGHT component: walls are on the clock before an onset, `before` ahead of UTC.

    `rules` come with the wall of their last onset, `dates` are ascending and hold DTSTART.
    """

    start: int
    before: int
    after: int
    rules: tuple[tuple[Rule, int | None], ...]
    dates: tuple[int, ...]

    def onsets(self, low: int, high: int, budget: Budget) -> Iterator[int]:
        """The instants of the onsets with `low` < instant <= `high`, in no order."""
        before = self.before
        low += before
        high += before
        for wall in self.dates[bisect_right(self.dates, low) : bisect_right(self.dates, high)]:
            yield wall - before
        for rule, until in self.rules:
            last = high if until is None else min(until, high)
            for wall in self._walls(rule, low + 1, last, budget):
                yield wall - before

    def latest(self, instant: int, budget: Budget) -> int | None:
        """The instant of the last onset up to `instant`."""
        at = instant + self.before
        if at < self.start:
            return None
        latest = self.dates[bisect_right(self.dates, at) - 1]
        for rule, until in self.rules:
            last = at if until is None else min(until, at)
            span = 2 * 366 * DAY
            while last > latest:
                begin = max(last - span, latest)
                found = max(self._walls(rule, begin, last, budget), default=latest)
                if found > latest or begin == latest:
                    latest = found
                    break
                span *= 8
        return latest - self.before

    def _walls(self, rule: Rule, low: int, high: int, budget: Budget) -> Iterator[int]:
        """The onsets after DTSTART by one rule, both bounds included."""
        if low <= high:
            try:
                after = max(low, self.start + 1)
                yield from occurrences(rule, self.start, until_wall=high, after=after, budget=budget)
            except BudgetError:
                # A clock can always be read: what has been found has to do.
                return


class _Definition:
    """The changes of all observances together."""

    __slots__ = ("_first", "_observances")

    def __init__(self, observances: list[_Observance]) -> None:
        self._observances = observances
        self._first = min(observances, key=lambda one: one.start - one.before).before

    def between(self, low: int, high: int) -> tuple[int, list[tuple[int, int]]]:
        """See `davd.formats.icalendar.zones.zone.Changes`."""
        first = self._first
        budget = Budget(_STEPS, _FOUND)
        newest: int | None = None
        changes: list[tuple[int, int]] = []
        for one in self._observances:
            latest = one.latest(low, budget)
            if latest is not None and (newest is None or latest >= newest):
                newest, first = latest, one.after
            changes += [(instant, one.after) for instant in one.onsets(low, high, budget)]
        changes.sort(key=lambda change: change[0])
        return first, changes


def _observance(lines: list[Line], budget: Budget) -> _Observance:
    before = utc_offset(_only(lines, "TZOFFSETFROM"))
    after = utc_offset(_only(lines, "TZOFFSETTO"))
    # "The mandatory "DTSTART" property gives the effective onset date and local time for the time zone sub-component".
    start = _wall(moment(_only(lines, "DTSTART")), before)
    dates = {start}
    rules = []
    for line in lines:
        if line.name == "RDATE":
            # A PERIOD makes no sense here, but its start does.
            dates.update(
                _wall(moment(text.partition("/")[0]), before) for text in line.value.split(",") if text.strip()
            )
        elif line.name == "RRULE":
            rule = parse_rule(line.value)
            # "It MUST be specified in UTC time": a local one is understood, and a DATE with its day.
            until = None if rule.until is None else _wall(rule.until, before)
            if rule.until is not None and rule.until.kind is Kind.DATE:
                until = rule.until.wall + DAY - 1
            few = [] if _is_usual(rule) else _few(rule, start, until, budget)
            dates.update(few)
            if not few:
                rules.append((rule, until))
    return _Observance(start, before, after, tuple(rules), tuple(sorted(dates)))


def _only(lines: list[Line], name: str) -> str:
    for line in lines:
        if line.name == name:
            return line.value
    raise ContentError(f"An observance of a VTIMEZONE has no {name}.")


def _wall(value: Moment, before: int) -> int:
    """The reading of the clock before the onset."""
    return value.wall + before if value.kind is Kind.UTC else value.wall


def _few(rule: Rule, start: int, until: int | None, budget: Budget) -> list[int]:
    """All onsets of an unusual rule if they are few, none if they are many; ContentError if they crowd somewhere."""
    try:
        budget.search(_UNUSUAL)
        first = list(islice(occurrences(rule, start, until_wall=until, budget=budget), _LOOKED_AT))
    except BudgetError as error:
        raise ContentError("A rule of a VTIMEZONE is too hard to follow.") from error
    if any(last - one < _TEN_MONTHS for one, last in zip(first, first[_CROWD - 1 :], strict=False)):
        raise ContentError("A rule of a VTIMEZONE changes the clock too often.")
    return first if len(first) < _LOOKED_AT else []


def _is_usual(rule: Rule) -> bool:
    """Whether the rule plainly has one onset in a year: a date, or one weekday of a month or of a week in it."""
    if rule.freq is not Freq.YEARLY or len(rule.bymonth) > 1 or len(rule.byday) > 1:
        return False
    if rule.byweekno or rule.byyearday or rule.byhour or rule.byminute or rule.bysecond or rule.bysetpos:
        return False
    days = rule.bymonthday
    if not rule.byday:
        return len(days) < 2
    return bool(rule.bymonth) and (rule.byday[0][0] != 0 or (0 < len(days) and days[-1] - days[0] < 7))
