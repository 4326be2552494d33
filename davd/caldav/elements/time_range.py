"""Stretches of time as clients name them: two attributes, each a date with UTC time.

Implements: RFC 4791, 9.6.5, 9.6.6, 9.6.7, 9.9
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.values import Kind, moment
from davd.formats.xml.reader import Element
from davd.model.index import FOREVER


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start`, inclusive, to `end`, exclusive: POSIX seconds, None where the range is open."""

    start: int | None
    end: int | None

    @property
    def first(self) -> int:
        """The start, long before everything where the range is open."""
        return -FOREVER if self.start is None else self.start

    @property
    def last(self) -> int:
        """The end, long after everything where the range is open."""
        return FOREVER if self.end is None else self.end


class NoRange(ValueError):
    """An element that says no range of time; the text says why."""


def read_range(element: Element, closed: bool = False) -> TimeRange:
    """The range that the attributes `start` and `end` of an element name; with `closed` neither may be missing.

    NoRange where they do not name one.
    """
    start = _read(element.get("start"))
    end = _read(element.get("end"))
    # RFC 4791, 9.9: "at least one attribute MUST always be present in the CALDAV:time-range element".
    if start is None and end is None:
        raise NoRange("a range of time without start and end")
    if start is None or end is None:
        if closed:
            raise NoRange("a range of time that is open at one end")
    elif end <= start:
        # RFC 4791, 9.9: "the value of the "end" attribute MUST be greater than the value of the "start" attribute".
        raise NoRange("a range of time that ends before it starts")
    return TimeRange(start, end)


def _read(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        found = moment(text)
    except ContentError as error:
        raise NoRange(str(error)) from None
    # RFC 4791, 9.9: "Both attributes MUST be specified as "date with UTC time" value."
    if found.kind is not Kind.UTC:
        raise NoRange("a range of time that is not in UTC")
    return found.wall
