"""The date of a response, written once a second.

Implements: RFC 9110, 5.6.7, 6.6.1
"""

from __future__ import annotations

from collections.abc import Callable
from time import time

from davd.http.dates import http_date


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
