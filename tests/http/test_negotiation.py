"""When gzip is used, and gzip itself.

Verifies: RFC 9110, 8.4.1.3, 8.8.3.3, 12.5.3
"""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.negotiation import MIN_LENGTH, GzipStream, accepts_gzip, compress, compressible, negotiable


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
