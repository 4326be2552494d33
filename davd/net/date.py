"""The date of a response, written once a second.

Implements: RFC 9110, 5.6.7, 6.6.1
"""

from __future__ import annotations

from collections.abc import Callable
from time import gmtime, time

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(seconds: float) -> str:
    """The moment, in seconds since 1970, as an IMF-fixdate of 29 characters; the locale has no say in it."""
    year, month, day, hour, minute, second, weekday, _, _ = gmtime(seconds)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


class DateNow:
    """The date of this second as text and as bytes; formatted when the second has changed, so asking costs nothing."""

    __slots__ = ("_bytes", "_second", "_text", "_time")

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._time = clock
        self._second = -1
        self._text = ""
        self._bytes = b""

    def __call__(self) -> bytes:
        second = int(self._time())
        if second != self._second:
            self._second = second
            self._text = http_date(second)
            self._bytes = self._text.encode("ascii")
        return self._bytes

    def text(self) -> str:
        """The same as text."""
        self()
        return self._text
