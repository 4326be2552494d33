"""The body of the calendar-multiget report.

Implements: RFC 4791, 7.9, 9.10
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.caldav.elements.calendar_data import CalendarData, read_calendar_data
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.names import CALENDAR_DATA, CALENDAR_MULTIGET
from davd.dav.elements.asked import Asked, read_asked, read_hrefs
from davd.dav.elements.source import expect_root, reading
from davd.formats.xml.reader import Element


@dataclass(frozen=True, slots=True)
class CalendarMultiget:
    """What is asked of each object, and the hrefs of the objects as the client writes them, each once."""

    asked: Asked[CalendarData]
    hrefs: tuple[str, ...]

    @property
    def ranges(self) -> list[TimeRange]:
        """All ranges of time in it."""
        return [] if self.asked.data is None else self.asked.data.ranges


def parse_calendar_multiget(source: bytes | Element, content_type: str | None = None) -> CalendarMultiget:
    """Read a calendar-multiget body.

    HTTPError 400 without any href, 403 for calendar data that davd does not write.
    """
    return _parse(source, content_type)


def _read(root: Element) -> CalendarMultiget:
    expect_root(root, CALENDAR_MULTIGET)
    return CalendarMultiget(read_asked(root, CALENDAR_DATA, read_calendar_data), read_hrefs(root))


_parse = reading(_read)
