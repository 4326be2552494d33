"""Finished answers as bytes and back.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from davd.caches.envelope import Envelope, seal, unseal

NAMES = st.text("abcXYZ-09_", min_size=1, max_size=20)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)


@given(st.integers(200, 599), st.dictionaries(NAMES, VALUES, max_size=8), st.binary())
def test_there_and_back(status: int, headers: dict[str, str], body: bytes) -> None:
    """Verifies: docs/architecture.md, Caches"""
    sealed = seal(status, headers, body)
    assert unseal(sealed) == Envelope(status, headers, body)
    assert list(unseal(sealed).headers) == list(headers)  # type: ignore[union-attr]


@given(st.binary(max_size=60))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    """Verifies: docs/architecture.md, Caches"""
    found = unseal(content)
    assert found is None or unseal(seal(*found)) == found


@pytest.mark.parametrize(
    "content",
    [
        (199, {}, b""),
        (600, {}, b""),
        (True, {}, b""),
        ("200", {}, b""),
        (200.0, {}, b""),
        (200, [], b""),
        (200, {}, "text"),
        (200, {}, None),
        (200, {}),
        (200, {}, b"", b""),
        {"status": 200, "headers": {}, "body": b""},
        (200, {"ETag": 1}, b""),
        (200, {"": "x"}, b""),
        (200, {"a b": "x"}, b""),
        (200, {"a:": "x"}, b""),
        (200, {"a\n": "x"}, b""),
        (200, {"ä": "x"}, b""),
        (200, {"a": "x\r\nSet-Cookie: y"}, b""),
        (200, {"a": "x\n"}, b""),
        (200, {"a": "\x00"}, b""),
        (200, {"a": "\x7f"}, b""),
    ],
)
def test_other_forms(content: object) -> None:
    """Verifies: docs/architecture.md, Caches; RFC 9110, 5.1, 5.5"""
    assert unseal(msgpack.encode(content)) is None


def test_cut_or_longer() -> None:
    """Verifies: docs/architecture.md, Caches"""
    sealed = seal(207, {"Content-Type": "application/xml"}, b"<multistatus/>")
    for length in range(len(sealed)):
        assert unseal(sealed[:length]) is None
    assert unseal(sealed + b"\x00") is None
