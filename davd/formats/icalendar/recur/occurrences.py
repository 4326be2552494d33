"""The occurrences of a rule from any point on: COUNT, UNTIL and DTSTART applied to what a rule produces.

Implements: RFC 5545, 3.3.10
"""

from __future__ import annotations

from collections.abc import Iterator

from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.recur.plan import stream
from davd.formats.icalendar.recur.rule import Rule
from davd.formats.icalendar.recur.streams import BREATH, END, Stream


def occurrences(
    rule: Rule,
    start_wall: int,
    *,
    is_date: bool = False,
    until_wall: int | None = None,
    after: int | None = None,
    budget: Budget | None = None,
) -> Iterator[int]:
    """The walls of a rule's occurrences in ascending order, each once.

    `start_wall` is DTSTART; it is the first occurrence whether the rule produces it or not. `is_date` tells that
    DTSTART is a DATE, so that all walls are midnights. The last occurrence is not later than `until_wall`, which the
    caller makes of the rule's UNTIL (the rule's own `until` is not looked at); DTSTART comes in any case.

    With `after`, the occurrences begin with the first that is not before it; those before cost next to nothing, but for
    rules with COUNT that are too odd for arithmetic. Without a budget the occurrences end with the year 9999, or with a
    rule that has no more. TooMuch when the budget is spent.
    """
    found = steps(rule, start_wall, is_date=is_date, until_wall=until_wall, after=after, budget=budget)
    return (wall for wall in found if wall is not None)


def steps(
    rule: Rule,
    start_wall: int,
    *,
    is_date: bool = False,
    until_wall: int | None = None,
    after: int | None = None,
    budget: Budget | None = None,
) -> Iterator[int | None]:
    """As `occurrences`, with None in between whenever about a quarter of a millisecond has found nothing.

    So whoever must not keep others waiting can pause at any item.
    """
    last = END - 1 if until_wall is None else min(until_wall, END - 1)
    if after is None or after <= start_wall:
        if budget is not None:
            budget.found(1)
        yield start_wall
        after = start_wall + 1
    if after > last:
        return
    found = stream(rule, start_wall, is_date)
    if rule.count is None:
        yield from up_to(found.walls(after), last, budget)
        return
    # "The "DTSTART" property value always counts as the first occurrence."
    left = rule.count - 1
    if after > start_wall + 1:
        skipped = found.before(after) if left else 0
        if skipped is None:
            yield from up_to(_counted(found, start_wall, after, left), last, budget)
            return
        left -= skipped
    if left > 0:
        yield from up_to(_first(found.walls(after), left), last, budget)


def up_to(walls: Iterator[int | None], last: int, budget: Budget | None) -> Iterator[int | None]:
    """The walls of a stream that are not later than `last`, with its breaths. TooMuch when the budget is spent."""
    if budget is None:
        for wall in walls:
            if wall is not None and wall > last:
                return
            yield wall
        return
    for wall in walls:
        if wall is None:
            budget.search(BREATH)
        elif wall > last:
            return
        else:
            budget.instances -= 1
            if budget.instances < 0 or budget.instances % BREATH == 0:
                budget.found(0)
        yield wall


def _first(walls: Iterator[int | None], left: int) -> Iterator[int | None]:
    """The first `left` walls."""
    for wall in walls:
        yield wall
        if wall is not None:
            left -= 1
            if not left:
                return


def _counted(found: Stream, start: int, after: int, left: int) -> Iterator[int | None]:
    """The walls from `after` on among the first `left`, by going through those before."""
    skipped = 0
    for wall in _first(found.walls(start + 1), left):
        if wall is None or wall >= after:
            yield wall
        else:
            skipped += 1
            if skipped % BREATH == 0:
                yield None
