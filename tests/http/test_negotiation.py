"""When gzip is used, and gzip itself.

Verifies: RFC 9110, 8.4.1.3, 8.8.3.3, 12.5.1, 12.5.3
"""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.negotiation import MIN_LENGTH, GzipStream, accepts_gzip, compress, compressible, negotiable, preferred


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("deflate, GZIP;q=0.5", True),
        ("x-gzip", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("br, deflate", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=0.5, identity;q=0.5", True),
        ("identity;q=0, gzip;q=0", False),
        ("gzip ; Q=1.000", True),
        ("", False),
        ("gzip;q=x", False),
        ("gzip;q=2", False),
        ("gzip;level=1", False),
        ("gzip, " * 200, False),
    ],
)
def test_accept_encoding(value: str, accepted: bool) -> None:
    assert accepts_gzip(value) is accepted


@given(st.text(max_size=60))
def test_any_value(value: str) -> None:
    assert accepts_gzip(value) in (True, False)


@pytest.mark.parametrize(
    ("content_type", "worth"),
    [
        ("text/calendar; charset=utf-8", True),
        ("Text/HTML", True),
        ("application/xml", True),
        ("application/atom+xml", True),
        ("application/json", True),
        ("image/svg+xml", True),
        ("image/jpeg", False),
        ("application/zip", False),
        ("application/octet-stream", False),
        ("application/gzip", False),
        ("video/mp4", False),
        ("", False),
    ],
)
def test_types(content_type: str, worth: bool) -> None:
    assert compressible(content_type) is worth


def test_responses() -> None:
    xml = {"Content-Type": "application/xml"}
    assert negotiable(207, xml, None)
    assert negotiable(200, xml, MIN_LENGTH)
    assert not negotiable(200, xml, MIN_LENGTH - 1)
    assert not negotiable(200, {}, 10_000)
    for status in (204, 206, 304):
        assert not negotiable(status, xml, 10_000)
    for name, value in (
        ("Content-Encoding", "br"),
        ("Content-Range", "bytes 0-1/2"),
        ("Cache-Control", "no-transform"),
    ):
        assert not negotiable(200, {**xml, name: value}, 10_000)


def test_a_tagged_response_has_one_form_only() -> None:
    assert not negotiable(200, {"Content-Type": "text/calendar", "ETag": '"a"'}, 10_000)


@given(st.lists(st.binary(max_size=2000)))
def test_streams(pieces: list[bytes]) -> None:
    stream = GzipStream()
    coded = b"".join([stream.feed(piece) for piece in pieces]) + stream.finish()
    assert gzip.decompress(coded) == b"".join(pieces)


def test_flush_lets_the_client_read_on() -> None:
    stream, reader = GzipStream(), zlib.decompressobj(31)
    for piece in (b"one", b"two"):
        assert reader.decompress(stream.feed(piece) + stream.flush()) == piece


@given(st.binary(max_size=2000))
def test_bytes(data: bytes) -> None:
    assert gzip.decompress(compress(data)) == data
    assert compress(data)[4:8] == b"\0\0\0\0"


OFFERS = ("text/calendar", "application/calendar+json", "text/html")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("*/*", 0),
        ("text/calendar", 0),
        ("application/calendar+json", 1),
        ("Application/Calendar+JSON; charset=utf-8", 1),
        ("application/calendar+json;q=0.5, text/*;q=0.4", 1),
        ("application/calendar+json;q=0.5, text/*", 0),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 2),
        ("text/*;q=0.5, text/html;q=0.6", 2),
        ("text/calendar;q=0, */*", 1),
        ("application/*", 1),
        ("image/png", 0),
        ("text/html;q=x", 0),
        ("text/html;q=nan", 0),
        ("text/html;", 2),
        (";;,", 0),
        ("", 0),
        ('text/html;x="a,b";q=0.9, text/calendar;q=0.1', 2),
        ("text/html, " * 100, 0),
    ],
)
def test_the_media_type_that_a_client_would_have(accept: str, chosen: int) -> None:
    """Verifies: RFC 9110, 12.5.1."""
    assert preferred(accept, OFFERS) == OFFERS[chosen]


def test_a_weak_tag_is_for_all_codings() -> None:
    """Verifies: RFC 9110, 8.8.3.3."""
    headers = {"Content-Type": "text/calendar"}
    assert negotiable(200, headers | {"ETag": 'W/"1"'}, None)
    assert not negotiable(200, headers | {"ETag": '"1"'}, None)
