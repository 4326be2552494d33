"""When alarms go off, as far as it can be said without looking at instances.

Implements: RFC 4791, 9.9; RFC 5545, 3.6.6, 3.8.6
"""

from __future__ import annotations

from typing import Final

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.values import DAY, Duration, duration, integer, of_line
from davd.formats.icalendar.zones.resolve import Zones
from davd.model.index import Span

# Alarms that go off farther from their instance than this, before or after, are not sought by its time.
NEAR: Final = 8 * DAY
# The term of an object with such an alarm, or with more alarms than the store keeps spans of.
FAR: Final = ("VALARM", "far")

# More repetitions than that are not stored.
_MOST_REPEATS: Final = 100


def repetitions(alarm: Component) -> list[int]:
    """After how many seconds the alarm goes off, the first time included; ContentError when that cannot be said."""
    repeat, pause = alarm.first("REPEAT"), alarm.first("DURATION")
    if repeat is None or pause is None:
        return [0]
    seconds = length(duration(pause.value))
    times = max(0, min(integer(repeat.value), _MOST_REPEATS))
    return [seconds * number for number in range(times + 1)] if seconds > 0 else [0]


def is_absolute(alarm: Component) -> bool:
    """Whether the alarm goes off at a time of its own, not so long before or after something."""
    trigger = alarm.first("TRIGGER")
    return trigger is not None and (trigger.param("VALUE").upper() == "DATE-TIME" or "P" not in trigger.value.upper())


def length(offset: Duration) -> int:
    """A duration in seconds, if all days have 24 hours."""
    return offset.days * DAY + offset.seconds


def apart(calendar: Component, room: int) -> tuple[tuple[Span, ...], bool]:
    """Where alarms may go off that are not near an instance: spans, at most `room`, and whether there are others."""
    found: list[Span] = []
    zones = Zones(calendar)
    for part in calendar.components:
        for alarm in part.components:
            trigger = alarm.first("TRIGGER")
            if alarm.name != "VALARM" or trigger is None:
                continue
            try:
                last = repetitions(alarm)[-1]
                if is_absolute(alarm):
                    # Any other time is meant in the zone of whoever asks.
                    if len(found) == room or not trigger.value.strip().upper().endswith("Z"):
                        return (), True
                    at = zones.utc(of_line(trigger))
                    found.append(Span(at, at + last + 1, False))
                    continue
                offset = length(duration(trigger.value))
            except ContentError:
                # It is set to no time, and never goes off.
                continue
            if max(abs(offset), abs(offset + last)) > NEAR:
                return (), True
    return tuple(found), False
