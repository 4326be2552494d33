"""Dates.

Verifies: RFC 9110, 5.6.7; RFC 3339, 5.6; RFC 4918, 15.1
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.dates import http_date, iso_date, parse_http_date

_SECONDS = st.integers(-62135596800, 253402300799)


@given(_SECONDS)
def test_formats(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert http_date(seconds) == format_datetime(moment, usegmt=True)
    assert iso_date(seconds) == moment.isoformat().replace("+00:00", "Z")
    assert parse_http_date(http_date(seconds)) == seconds


@given(_SECONDS)
def test_the_form_of_asctime(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    text = f"{moment:%a %b} {moment.day:2} {moment:%H:%M:%S} {moment.year:04}"
    assert parse_http_date(text) == seconds


@pytest.mark.parametrize(
    "text", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_the_three_examples_of_the_rfc(text: str) -> None:
    assert parse_http_date(text) == 784111777


def test_fractions_are_cut_off_towards_the_past() -> None:
    assert http_date(784111777.999) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert iso_date(-0.5) == "1969-12-31T23:59:59Z"


def test_times_beyond_four_digits_are_clamped() -> None:
    assert http_date(1e18) == "Fri, 31 Dec 9999 23:59:59 GMT"
    assert iso_date(-1e18) == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("now", "short", "year"), [(2026, 76, 2076), (2026, 77, 1977), (2026, 0, 2000), (1999, 1, 2001), (1999, 99, 1999)]
)
def test_two_digit_years(now: int, short: int, year: int) -> None:
    text = f"Sunday, 06-Nov-{short:02} 08:49:37 GMT"
    expected = datetime(year, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp()
    assert parse_http_date(text, datetime(now, 6, 1, tzinfo=UTC).timestamp()) == expected


def test_a_leap_second_is_the_second_before() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == parse_http_date("Sat, 31 Dec 2016 23:59:59 GMT")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun,  06 Nov 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 GMT" * 1000,
        "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_http_date(text) is None
