"""Calendar objects as they were parsed, remembered for those who ask again.

Implements: RFC 4791, 4.1
"""

from __future__ import annotations

from typing import Final

from cachetools import LRUCache

from davd.dav.contents import is_long
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import Zone
from davd.model.resource import Resource

# What an object takes with its instances for each of its bytes, and beside them.
_GROWTH: Final = 10
_OVERHEAD: Final = 1024

DEFAULT_BYTES: Final = 48 * 1024**2

# An object and its time zones have few rules; of those that have more all together have to be gone through at once.
_RULES: Final = 12


def is_demanding(content: bytes) -> bool:
    """Whether an object is for work in threads alone."""
    return is_long(content) or content.count(b"RULE") > _RULES


class CalendarObject:
    """One calendar object: the bytes that are stored, and what they mean.

    `calendar` is the VCALENDAR, whose spans are those of `content`. It belongs to all who look at the object: who wants
    another makes one.
    """

    __slots__ = ("_floating", "_recurring", "_zones", "calendar", "content")

    def __init__(self, content: bytes, calendar: Component | None = None) -> None:
        self.content = content
        self.calendar: Component = parse(content) if calendar is None else calendar
        self._floating: Zone | None = None
        self._recurring: RecurringObject | None = None
        self._zones: Zones | None = None

    def recurring(self, floating: Zone) -> RecurringObject:
        """The instances of the object, with floating times in the zone `floating`; ContentError where it has none."""
        self._turn_to(floating)
        found = self._recurring
        if found is None:
            found = self._recurring = RecurringObject(self.calendar, floating)
        return found

    def zones(self, floating: Zone) -> Zones:
        """The time zones of the object, with floating times in the zone `floating`."""
        self._turn_to(floating)
        found = self._zones
        if found is None:
            found = self._zones = Zones(self.calendar, floating)
        return found

    def apart(self) -> CalendarObject:
        """The same object for another thread: what is worked out of its times is not shared."""
        return CalendarObject(self.content, self.calendar)

    def _turn_to(self, floating: Zone) -> None:
        # One zone at a time: that of the calendar is what nearly everyone asks with.
        if self._floating is not floating:
            self._floating = floating
            self._recurring = None
            self._zones = None


class CalendarObjects:
    """Objects by resource and ETag, so that what is remembered is never older than what is stored.

    They take about `room` bytes at most.
    """

    def __init__(self, room: int = DEFAULT_BYTES) -> None:
        self._kept: LRUCache[tuple[int, str], CalendarObject] = LRUCache(room, _size)

    def get(self, resource: Resource, content: bytes, passing: bool = False) -> CalendarObject:
        """The object that `resource`, whose content is `content`, holds; ContentError where that is none.

        One that is looked at in `passing`, with all the others of its calendar, takes no other's place.
        """
        found = self.known(resource)
        if found is None:
            found = CalendarObject(content)
            self.keep(resource, found, passing)
        return found

    def known(self, resource: Resource) -> CalendarObject | None:
        """The object of a resource, if it is remembered."""
        found: CalendarObject | None = self._kept.get((resource.id, resource.etag))
        return found

    def keep(self, resource: Resource, found: CalendarObject, passing: bool = False) -> None:
        """Remember the object that `resource` holds; `passing` is as for `get`."""
        kept = self._kept
        if _size(found) <= kept.maxsize - (kept.currsize if passing else 0):
            kept[resource.id, resource.etag] = found


def _size(found: CalendarObject) -> int:
    return _OVERHEAD + _GROWTH * len(found.content)
