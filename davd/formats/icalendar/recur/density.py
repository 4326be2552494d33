"""How far apart the occurrences of a rule can be, told without looking for them.

Implements: RFC 5545, 3.3.10
"""

from __future__ import annotations

from davd.formats.icalendar.recur.gregorian import DAY, WEEK
from davd.formats.icalendar.recur.rule import Freq, Rule
from davd.formats.icalendar.values import civil

# Days that every month has.
_EVERY_MONTH = 28
# The nth day of a kind moves by less than a week from month to month.
_MONTH = 31 + WEEK - 1


def longest_gap(rule: Rule, start_wall: int) -> int | None:
    """A number of days that no two occurrences in a row are farther apart than; None when that is not easily told.

    COUNT and UNTIL aside, and from the first occurrence that the rule produces itself.
    """
    if rule.freq is Freq.YEARLY or rule.bymonth or rule.byweekno or rule.byyearday:
        return None
    if rule.freq is Freq.MONTHLY:
        return _monthly(rule, start_wall) if rule.interval == 1 else None
    if rule.bymonthday or rule.bysetpos:
        return None
    if rule.freq is Freq.WEEKLY:
        return rule.interval * WEEK
    if rule.freq is Freq.DAILY:
        if rule.byday:
            return WEEK if rule.interval == 1 else None
        return rule.interval
    return _by_clock(rule)


def _by_clock(rule: Rule) -> int | None:
    if rule.byhour or rule.byminute or rule.bysecond:
        return None
    if rule.byday:
        return WEEK if rule.interval == 1 else None
    unit = {Freq.HOURLY: 3_600, Freq.MINUTELY: 60}.get(rule.freq, 1)
    return rule.interval * unit // DAY + 1


def _monthly(rule: Rule, start_wall: int) -> int | None:
    days = rule.bymonthday
    if not rule.byday:
        days = days or (civil(start_wall // DAY)[2],)
        if rule.bysetpos or not any(abs(day) <= _EVERY_MONTH for day in days):
            return None
        return 31
    if days:
        return None
    if rule.bysetpos:
        least = 4 * len(rule.byday)
        plain = all(number == 0 for number, _ in rule.byday) and not (rule.byhour or rule.byminute or rule.bysecond)
        return _MONTH if plain and any(abs(place) <= least for place in rule.bysetpos) else None
    return _MONTH if any(abs(number) <= 4 for number, _ in rule.byday) else None
