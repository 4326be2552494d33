"""The date of a response.

Verifies: RFC 9110, 5.6.7
"""

from __future__ import annotations

from email.utils import formatdate

from hypothesis import given
from hypothesis import strategies as st

from davd.net.date import DateNow, http_date


def test_the_example_of_the_rfc() -> None:
    assert http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"


@given(st.integers(0, 253402300799))
def test_agrees_with_the_library(seconds: int) -> None:
    assert http_date(seconds) == formatdate(seconds, usegmt=True)
    assert len(http_date(seconds)) == 29


def test_is_written_once_a_second() -> None:
    now = [784111777.2]
    date = DateNow(lambda: now[0])
    first = date()
    now[0] += 0.7
    assert date() is first
    now[0] += 0.2
    assert date() == b"Sun, 06 Nov 1994 08:49:38 GMT"
    assert date.text() == "Sun, 06 Nov 1994 08:49:38 GMT"
