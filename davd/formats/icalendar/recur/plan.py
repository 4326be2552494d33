"""How the walls of a rule are found: what DTSTART lends to the rule, and which stream does it with the least work.

Implements: RFC 5545, 3.3.10; RFC 7529, 4.1
"""

from __future__ import annotations

from dataclasses import replace
from math import gcd
from typing import Final

from davd.formats.icalendar.recur.clock import ClockStream
from davd.formats.icalendar.recur.daysets import DayParts, DaySet, day_set
from davd.formats.icalendar.recur.gregorian import DAY, WEEK, weekday
from davd.formats.icalendar.recur.periods import Months, Weeks, Years
from davd.formats.icalendar.recur.rule import Freq, Rule, Skip
from davd.formats.icalendar.recur.streams import EmptyStream, PeriodStream, RegularStream, Stream
from davd.formats.icalendar.recur.times import HOUR, MINUTE, Times, chosen
from davd.formats.icalendar.values import civil

# Up to so many walls in a period are written out.
_FEW: Final = 1_000

_UNITS: Final = {Freq.DAILY: DAY, Freq.HOURLY: HOUR, Freq.MINUTELY: MINUTE, Freq.SECONDLY: 1}


def stream(rule: Rule, start: int, is_date: bool) -> Stream:
    """What `rule` produces for a DTSTART at the wall `start`, COUNT and UNTIL aside."""
    if is_date:
        rule = _without_times(rule)
    if rule.freq is Freq.YEARLY or rule.freq is Freq.MONTHLY:
        return _by_calendar(rule, start)
    if rule.freq is Freq.WEEKLY:
        return _weekly(rule, start)
    if rule.freq is Freq.DAILY:
        return _daily(rule, start)
    return _by_clock(rule, start)


def _without_times(rule: Rule) -> Rule:
    """The rule for days without times."""
    # "The BYSECOND, BYMINUTE and BYHOUR rule parts MUST NOT be specified when the associated "DTSTART" property has a
    # DATE value type. These rule parts MUST be ignored in RECUR value that violate the above requirement".
    if rule.byhour or rule.byminute or rule.bysecond:
        rule = replace(rule, byhour=(), byminute=(), bysecond=())
    if rule.freq > Freq.DAILY:
        rule = replace(rule, freq=Freq.DAILY, interval=max(rule.interval * _UNITS[rule.freq] // DAY, 1))
    return rule


def _times(rule: Rule, start: int) -> Times:
    """BYHOUR, BYMINUTE and BYSECOND; where one is missing, DTSTART's."""
    time = start % DAY
    hours = rule.byhour or (time // HOUR,)
    minutes = rule.byminute or (time % HOUR // MINUTE,)
    seconds = rule.bysecond or (time % MINUTE,)
    within = tuple(minute * MINUTE + second for minute in minutes for second in seconds)
    return Times(tuple(hour * HOUR for hour in hours), within)


def _selected(times: Times, positions: tuple[int, ...]) -> Times:
    """The times that BYSETPOS leaves where a period has no more than them."""
    if not positions:
        return times
    return Times(tuple(times.at(index) for index in chosen(positions, times.count)))


def _filter(rule: Rule) -> DayParts | None:
    """The parts that say on which days a rule of the lower frequencies has instances; None when it may on all."""
    if not (rule.bymonth or rule.byweekno or rule.byyearday or rule.bymonthday or rule.byday):
        return None
    return DayParts(
        bymonth=rule.bymonth,
        byweekno=rule.byweekno,
        byyearday=rule.byyearday,
        bymonthday=rule.bymonthday,
        # A numeric value "MUST NOT be specified ... when the FREQ rule part is not set to MONTHLY or YEARLY".
        weekdays=tuple(sorted({name for _, name in rule.byday})),
        wkst=rule.wkst,
    )


def _by_calendar(rule: Rule, start: int) -> Stream:
    """YEARLY and MONTHLY."""
    day = start // DAY
    yearly = rule.freq is Freq.YEARLY
    # "Information, not contained in the rule, necessary to determine the various recurrence instance start time and
    # dates are derived from the Start Time ("DTSTART") component attribute."
    bymonth, bymonthday, byday = rule.bymonth, rule.bymonthday, rule.byday
    if not (rule.byyearday or byday):
        _, month, in_month = civil(day)
        if rule.byweekno:
            if yearly and not bymonthday:
                byday = ((0, weekday(day)),)
        else:
            bymonthday = bymonthday or (in_month,)
            if yearly and not bymonth:
                bymonth = (month,)
    # A numeric BYDAY "MUST NOT be specified ... with the FREQ rule part set to YEARLY when the BYWEEKNO rule part is
    # specified": it is read as if it had no number.
    plain = {name for number, name in byday if not number or rule.byweekno}
    parts = DayParts(
        bymonth=bymonth,
        byweekno=rule.byweekno,
        byyearday=rule.byyearday,
        bymonthday=bymonthday,
        weekdays=tuple(sorted(plain)),
        ordinals=() if rule.byweekno else tuple(pair for pair in byday if pair[0]),
        # "special expand for MONTHLY if BYMONTH present; otherwise, special expand for YEARLY."
        by_month=not yearly or bool(bymonth),
        week_year=yearly and bool(rule.byweekno),
        wkst=rule.wkst,
        skip=rule.skip,
    )
    days = day_set(parts)
    moved = rule.skip is not Skip.OMIT
    times = _times(rule, start)
    if yearly:
        years = Years(days, day, rule.interval, rule.wkst if rule.byweekno else None)
        return PeriodStream(years, times, start, rule.bysetpos, moved)
    if rule.interval == 1 and not rule.bysetpos and not moved:
        return PeriodStream(Years(days, day, 1), times, start)
    return PeriodStream(Months(days, day, rule.interval), times, start, rule.bysetpos, moved)


def _weekly(rule: Rule, start: int) -> Stream:
    day = start // DAY
    if not (rule.byday or rule.byweekno or rule.byyearday or rule.bymonthday):
        rule = replace(rule, byday=((0, weekday(day)),))
    times = _times(rule, start)
    if not (rule.bymonth or rule.byweekno or rule.byyearday or rule.bymonthday):
        names = sorted({(name - rule.wkst) % WEEK for _, name in rule.byday})
        total = len(names) * times.count
        if total <= _FEW:
            offsets = tuple(name * DAY + time for name in names for time in times.all())
            if rule.bysetpos:
                offsets = tuple(offsets[index] for index in chosen(rule.bysetpos, total))
            begin = day - (weekday(day) - rule.wkst) % WEEK
            return RegularStream(begin * DAY, rule.interval * WEEK * DAY, offsets, start)
    parts = _filter(rule)
    assert parts is not None
    if rule.interval == 1 and not rule.bysetpos:
        return PeriodStream(Years(day_set(parts), day, 1), times, start)
    weeks = Weeks(day_set(parts), day, rule.interval, rule.wkst, parts.weekdays or tuple(range(WEEK)))
    return PeriodStream(weeks, times, start, rule.bysetpos)


def _daily(rule: Rule, start: int) -> Stream:
    return _on_days(rule, start, rule.interval, _selected(_times(rule, start), rule.bysetpos))


def _on_days(rule: Rule, start: int, interval: int, times: Times) -> Stream:
    """The times on every `interval`th day that the rule's day parts let pass."""
    if not times.count:
        return EmptyStream()
    day = start // DAY
    parts = _filter(rule)
    if parts is None and times.count <= _FEW:
        return RegularStream(day * DAY, interval * DAY, times.all(), start)
    if interval == 1:
        return PeriodStream(Years(day_set(parts or DayParts()), day, 1), times, start)
    if interval % WEEK == 0 and rule.byday and all(name != weekday(day) for _, name in rule.byday):
        return EmptyStream()
    days = day_set(parts) if parts is not None else None
    return ClockStream(DAY, interval, start, days, times.all())


def _by_clock(rule: Rule, start: int) -> Stream:
    """HOURLY, MINUTELY and SECONDLY."""
    unit = _UNITS[rule.freq]
    within = _expanded(rule, start)
    if rule.bysetpos:
        within = tuple(within[index] for index in chosen(rule.bysetpos, len(within)))
    if not within:
        return EmptyStream()
    # What is left of the rule limits.
    hours = rule.byhour
    minutes = rule.byminute if unit <= MINUTE else ()
    seconds = rule.bysecond if unit == 1 else ()
    parts = _filter(rule)
    days: DaySet | None = day_set(parts) if parts is not None else None
    if days is None and not (hours or minutes or seconds):
        return RegularStream(start // unit * unit, rule.interval * unit, within, start)
    if gcd(rule.interval * unit, DAY) != rule.interval * unit:
        return ClockStream(unit, rule.interval, start, days, within, hours, minutes, seconds)
    return _on_days(rule, start, 1, _daily_times(rule.interval * unit, start, within, unit, hours, minutes, seconds))


def _expanded(rule: Rule, start: int) -> tuple[int, ...]:
    """The walls within an hour, minute or second, in seconds from its beginning."""
    if rule.freq is Freq.SECONDLY:
        return (0,)
    seconds = rule.bysecond or (start % MINUTE,)
    if rule.freq is Freq.MINUTELY:
        return seconds
    minutes = rule.byminute or (start % HOUR // MINUTE,)
    return tuple(minute * MINUTE + second for minute in minutes for second in seconds)


def _daily_times(
    step: int,
    start: int,
    within: tuple[int, ...],
    unit: int,
    hours: tuple[int, ...],
    minutes: tuple[int, ...],
    seconds: tuple[int, ...],
) -> Times:
    """The times of each day for units that recur every `step` seconds, where that divides the day."""
    first = start // unit * unit % step
    allowed_hours = frozenset(hours or range(24))
    allowed_minutes = frozenset(minutes or range(60))
    allowed_seconds = frozenset(seconds or range(60))

    def allowed(time: int) -> bool:
        return time % HOUR // MINUTE in allowed_minutes and time % MINUTE in allowed_seconds

    if unit == HOUR:
        return Times(tuple(time for time in range(first, DAY, step) if time // HOUR in allowed_hours), within)
    if unit == MINUTE:
        allowed_seconds = frozenset((0,))
    if HOUR % step == 0:
        # Each hour is like the others.
        slots = tuple(time + offset for time in range(first, HOUR, step) if allowed(time) for offset in within)
        return Times(tuple(hour * HOUR for hour in sorted(allowed_hours)), slots)
    slots = tuple(time for time in range(first, DAY, step) if time // HOUR in allowed_hours and allowed(time))
    return Times(slots, within)
