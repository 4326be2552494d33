"""How much one report may ask and one answer may cost.

Implements: RFC 4791, 7.8, 7.9, 11
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from davd.caldav.elements.time_range import TimeRange
from davd.caldav.names import MAX_DATE_TIME, MIN_DATE_TIME
from davd.caldav.settings import CalDavSettings
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.values import moment
from davd.model.errors import HTTPError

# Steps of a rule that find nothing: some 10 ms of work on one object.
ITERATIONS: Final = 20_000
# Time is no measure of what an object is; this is for what nobody has thought of.
SECONDS: Final = 2.0

# What all objects of one report may cost together, in microseconds or so.
MOST_WORK: Final = 20_000_000
_ITERATION: Final = 0.5
# An instance that is found, and one that is written down too.
FOUND: Final = 12.0
WRITTEN: Final = 45.0


def check_ranges(ranges: Iterable[TimeRange], settings: CalDavSettings) -> None:
    """403 with CALDAV:min-date-time or CALDAV:max-date-time for ranges that lie outside of what calendars hold."""
    earliest = moment(settings.min_date_time).wall
    latest = moment(settings.max_date_time).wall
    for asked in ranges:
        for at in (asked.start, asked.end):
            # RFC 4791, 7.8: "Any XML element specifying a range of time MUST have its start or end DATE or DATE-TIME
            # values greater than or equal to the value of the CALDAV:min-date-time property value".
            if at is not None and at < earliest:
                raise HTTPError(403, MIN_DATE_TIME)
            if at is not None and at > latest:
                raise HTTPError(403, MAX_DATE_TIME)


class Purse:
    """What one report has cost so far: `work`, in microseconds or so. Each object has a budget of its own."""

    __slots__ = ("instances", "work")

    def __init__(self, settings: CalDavSettings) -> None:
        self.instances = settings.max_instances
        self.work = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether the report has to end."""
        return self.work > MOST_WORK

    def open(self, each: float = FOUND) -> Account:
        """The account of one object, whose instances cost `each`."""
        return Account(self, each)

    def read(self, content: bytes) -> None:
        """Account for an object that is parsed."""
        self.work += 30 + len(content) / 12

    def look(self) -> None:
        """Account for an object that a filter looks into, its instances aside."""
        self.work += 30

    def write(self, content: bytes) -> None:
        """Account for an object that is written otherwise than it is stored, its instances aside."""
        self.work += 20 + len(content) / 20


class Account:
    """What one object costs: `budget` is what it may cost at most."""

    __slots__ = ("_each", "_instances", "_iterations", "_purse", "budget")

    def __init__(self, purse: Purse, each: float) -> None:
        self.budget = Budget(ITERATIONS, purse.instances, SECONDS)
        self._purse = purse
        self._each = each
        self._iterations = ITERATIONS
        self._instances = purse.instances

    def settle(self) -> None:
        """Take from the purse what has been spent since that was done last."""
        budget = self.budget
        self._purse.work += (self._iterations - budget.iterations) * _ITERATION
        self._purse.work += (self._instances - budget.instances) * self._each
        self._iterations, self._instances = budget.iterations, budget.instances
