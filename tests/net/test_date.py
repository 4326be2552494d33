"""The date of a response.

Verifies: RFC 9110, 5.6.7
"""

from __future__ import annotations

from davd.net.date import DateNow


def test_is_written_once_a_second() -> None:
    now = [784111777.2]
    date = DateNow(lambda: now[0])
    first = date()
    now[0] += 0.7
    assert date() is first
    now[0] += 0.2
    assert date() == b"Sun, 06 Nov 1994 08:49:38 GMT"
    assert date.text() == "Sun, 06 Nov 1994 08:49:38 GMT"
