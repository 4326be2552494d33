"""One instance of a calendar object.

Implements: RFC 5545, 3.8.4.4
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.formats.icalendar.object import Component
from davd.formats.icalendar.values import Moment


@dataclass(slots=True)
class Instance:
    """When one instance takes place, and what says how it is.

    `start` and `end` are POSIX seconds in UTC; a to-do with nothing but DUE starts and ends then, and one without
    DTSTART and DUE has the bounds of the ranges it overlaps, -FOREVER and FOREVER among them. `recurrence` is the value
    of its RECURRENCE-ID, None where nothing recurs. `component` is the override that describes it, or else the master;
    `is_override` tells which. An override with RANGE=THISANDFUTURE describes all instances that follow it, whose
    times are not those that stand in it.
    """

    start: int
    end: int
    recurrence: Moment | None
    component: Component
    is_override: bool
