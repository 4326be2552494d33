"""A zone's changes put into as few observances, rules and dates, as say the same.

Implements: RFC 5545, 3.6.5, 3.8.3.3, 3.8.3.4, 3.8.5.3
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Final

from davd.formats.icalendar.values import DAY, Kind, Moment, civil, day_number, write_moment
from davd.formats.icalendar.zones.posix import Change, YearDay
from davd.formats.icalendar.zones.tzif import Tzif

WEEKDAYS: Final = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")

# What has no earlier onset is said to begin here, as in Outlook's components; no program's calendar begins later.
_BEGINNING: Final = day_number(1601, 1, 1) * DAY
# Fewer onsets than this are shorter, and easier on clients, as dates.
_SHORTEST_RUN: Final = 3
# The one kind of rule that RRULE cannot say in one calendar month is written out up to here.
_LAST_YEAR: Final = 2099
# No pause between two periods of daylight saving time is longer.
_A_YEAR: Final = 400 * DAY
_THREE_YEARS: Final = 1100 * DAY
_YEAR_ONE: Final = day_number(1, 1, 3) * DAY

# The change of a year by one of a footer's rules.
_Side = Callable[[int], Change]


@dataclass(frozen=True, slots=True)
class Observance:
    """One STANDARD or DAYLIGHT component.

    `start` is the first onset on the clock as it was before (TZOFFSETFROM, here `before`), `dates` are further ones;
    `rule` is an RRULE value or empty.
    """

    daylight: bool
    start: int
    before: int
    after: int
    name: str
    rule: str = ""
    dates: tuple[int, ...] = ()


def observances(data: Tzif, begin: int) -> list[Observance]:
    """The observances from which every offset follows from the instant `begin` on, in order of their starts."""
    begin = max(begin, _YEAR_ONE)
    last = max(data.last, _BEGINNING)
    every = data.changes(data.instants[0] - 1 if data.instants else _BEGINNING, last + _THREE_YEARS)
    daylight = _daylight(every)
    table = [change for change in every if change.instant <= last]
    found: list[Observance] = []
    footer = data.footer
    if footer is not None and footer.start is not None and footer.end is not None and len(every) > len(table):
        for side, day in ((footer.to_standard, footer.end), (footer.to_daylight, footer.start)):
            year, table = _first_year(side, table, last)
            found += _endless(side, day, year, side(year) in daylight)
    covering = data.changes(begin, begin)
    if covering and covering[0].instant <= begin:
        table = [change for change in table if change.instant >= covering[0].instant]
    else:
        offset = data.first.offset
        found.append(Observance(False, min(_BEGINNING, begin + offset), offset, offset, data.first.name))
    found += _bounded(table, daylight)
    return sorted(found, key=lambda one: (one.start - one.before, one.rule))


def _daylight(changes: list[Change]) -> set[Change]:
    """The changes that are to be called DAYLIGHT.

    The database lets Dublin's winter, Morocco's Ramadan and others be "daylight saving time" that saves less than none.
    Clients take DAYLIGHT to be the later clock, as it is everywhere else, so the other part of their year is it here.
    """
    found = set()
    for change, following in zip_longest(changes, changes[1:]):
        after = change.after
        if after.is_daylight:
            is_later = change.before.is_daylight or after.offset >= change.before.offset
        else:
            is_later = (
                following is not None
                and following.after.is_daylight
                and following.after.offset < after.offset
                and following.instant - change.instant < _A_YEAR
            )
        if is_later:
            found.add(change)
    return found


def _first_year(side: _Side, table: list[Change], last: int) -> tuple[int, list[Change]]:
    """The first year from which on the zone changes as the footer says, and the changes of the table before that.

    The footer alone says it after the instant `last`.
    """
    year = civil(last // DAY)[0] + 2
    while side(year - 1).instant > last:
        year -= 1
    known = set(table)
    while side(year - 1) in known:
        year -= 1
        known.discard(side(year))
    return year, [change for change in table if change in known]


def _endless(side: _Side, day: YearDay, year: int, daylight: bool) -> list[Observance]:
    """The observances that say a rule of the footer from `year` on."""
    change = side(year)
    before, after = change.before, change.after
    pieces = _rules(day)
    if not pieces:
        walls = [side(each).instant + before.offset for each in range(year, _LAST_YEAR + 1)]
        return [Observance(daylight, walls[0], before.offset, after.offset, after.name, "", tuple(walls[1:]))]
    found = []
    for month, rule in pieces:
        start = next(
            wall
            for wall in (side(each).instant + before.offset for each in range(year, year + 60))
            if not month or civil(wall // DAY)[1] == month
        )
        found.append(Observance(daylight, start, before.offset, after.offset, after.name, rule))
    return found


def _rules(day: YearDay) -> list[tuple[int, str]]:
    """The RRULE values that together say the day, each with the month it is for (0 for any); none where they cannot."""
    shift = day.time // DAY
    if day.form == "N":
        number = day.day + 1 + shift
        return [(0, f"FREQ=YEARLY;BYYEARDAY={number}")] if 1 <= number <= 365 else []
    if day.form == "J":
        return _rules_of_date(day.day, shift)
    return _rules_of_weekday(day.month, day.week, WEEKDAYS[(day.day + shift) % 7], shift)


def _rules_of_date(number: int, shift: int) -> list[tuple[int, str]]:
    if not shift:
        _, month, date = civil(day_number(1970, 1, number))
        return [(0, f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={date}")]
    # Up to 28 February days count from the start of the year, after it from its end, where only the shift may cross.
    if number < 60:
        number += shift
        return [(0, f"FREQ=YEARLY;BYYEARDAY={number}")] if number >= 1 else []
    number += shift - 366
    return [(0, f"FREQ=YEARLY;BYYEARDAY={number}")] if number <= -1 else []


def _rules_of_weekday(month: int, week: int, weekday: str, shift: int) -> list[tuple[int, str]]:
    """A weekday in the seven days `shift` days after the `week`-th week of the month, 5 being its last seven days."""
    if not shift:
        return [(0, f"FREQ=YEARLY;BYMONTH={month};BYDAY={week if week < 5 else -1}{weekday}")]
    if month == 2 and week == 5 and shift < 0:
        # February's last days are not always the same; elsewhere positive days are known to more clients.
        return [(0, _within(month, range(shift - 7, shift), weekday))]
    length = _length(month)
    first = (length - 6 if week == 5 else 7 * week - 6) + shift
    before, following = (month - 2) % 12 + 1, month % 12 + 1
    if (month == 2 and first + 6 > length) or (before == 2 and first < 1):
        # Which day of the year that is depends on the year.
        return []
    start = _length(before)
    pieces = [
        (before, range(start + first, min(start, start + first + 6) + 1)),
        (month, range(max(first, 1), min(first + 6, length) + 1)),
        (following, range(1, first + 6 - length + 1)),
    ]
    rules = [(each, _within(each, days, weekday)) for each, days in pieces if days]
    return rules if len(rules) > 1 else [(0, rules[0][1])]


def _within(month: int, days: range, weekday: str) -> str:
    """The rule for the weekday on whichever of the days it falls."""
    if len(days) == 7 and days[0] > 0:
        if days[0] % 7 == 1:
            return f"FREQ=YEARLY;BYMONTH={month};BYDAY={days[0] // 7 + 1}{weekday}"
        if days[-1] == _length(month) and month != 2:
            return f"FREQ=YEARLY;BYMONTH={month};BYDAY=-1{weekday}"
    return f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={','.join(map(str, days))};BYDAY={weekday}"


def _length(month: int, year: int = 1970) -> int:
    """The days of a month, of February in a common year unless another is given."""
    return day_number(year + (month == 12), month % 12 + 1, 1) - day_number(year, month, 1)


def _bounded(table: list[Change], daylight: set[Change]) -> list[Observance]:
    """The observances that say the changes of a table: rules that end for what repeats itself, dates for the rest."""
    found: list[Observance] = []
    kinds: dict[tuple[bool, int, int, str], list[int]] = {}
    for change in table:
        before, after = change.before, change.after
        key = (change in daylight, before.offset, after.offset, after.name)
        kinds.setdefault(key, []).append(change.instant + before.offset)
    for (is_daylight, before_offset, after_offset, name), walls in kinds.items():
        single: list[int] = []
        for run in _runs(walls):
            if len(run.walls) < _SHORTEST_RUN:
                single += run.walls
            else:
                # "... the "UNTIL" recurrence rule parameter MUST be used to specify the last valid onset of this
                # observance ... It MUST be specified in UTC time."
                until = write_moment(Moment(run.walls[-1] - before_offset, Kind.UTC))
                rule = f"{run.rule()};UNTIL={until}"
                found.append(Observance(is_daylight, run.walls[0], before_offset, after_offset, name, rule))
        if single:
            single.sort()
            dates = tuple(single[1:])
            found.append(Observance(is_daylight, single[0], before_offset, after_offset, name, "", dates))
    return found


class _Run:
    """Onsets of consecutive years, in the same month and at the same time, for which there is one rule."""

    __slots__ = ("_date", "_first", "_last", "_month", "_nth", "_weekday", "_year", "walls")

    def __init__(self, wall: int) -> None:
        self.walls = [wall]
        self._year, self._month, day = civil(wall // DAY)
        self._weekday: int | None = (wall // DAY + 4) % 7
        self._date: int | None = day
        self._first = self._last = day
        # The ordinals of the weekday that all onsets share.
        self._nth = _ordinals(self._year, self._month, day)

    def takes(self, wall: int) -> bool:
        """Add a later onset of the same month and time, if there is still a rule with it."""
        year, month, day = civil(wall // DAY)
        if year != self._year + 1:
            return False
        nth = self._nth & _ordinals(year, month, day)
        weekday = self._weekday if (wall // DAY + 4) % 7 == self._weekday else None
        date = self._date if day == self._date else None
        first, last = min(self._first, day), max(self._last, day)
        if date is None and (weekday is None or not (nth or last - first < 7)):
            return False
        self._nth, self._year, self._weekday, self._date, self._first, self._last = (
            nth,
            year,
            weekday,
            date,
            first,
            last,
        )
        self.walls.append(wall)
        return True

    def rule(self) -> str:
        """The RRULE value, without an end."""
        if self._weekday is None:
            return f"FREQ=YEARLY;BYMONTH={self._month};BYMONTHDAY={self._date}"
        weekday = WEEKDAYS[self._weekday]
        if self._nth:
            # The last of the month, where both would do: so are most laws.
            return f"FREQ=YEARLY;BYMONTH={self._month};BYDAY={min(self._nth)}{weekday}"
        begin = max(self._last - 6, 1)
        return _within(self._month, range(begin, begin + 7), weekday)


def _ordinals(year: int, month: int, day: int) -> set[int]:
    """The day is the how-many-eth of its weekday in the month, and -1 if it is the last."""
    return {(day - 1) // 7 + 1} | ({-1} if day + 7 > _length(month, year) else set())


def _runs(walls: list[int]) -> Iterable[_Run]:
    """The onsets in runs, each as long as can be; those of one month stay in order."""
    by_time = sorted(walls, key=lambda wall: (civil(wall // DAY)[1], wall % DAY, wall))
    for _, group in groupby(by_time, key=lambda wall: (civil(wall // DAY)[1], wall % DAY)):
        first, *others = group
        run = _Run(first)
        for wall in others:
            if not run.takes(wall):
                yield run
                run = _Run(wall)
        yield run
