"""Frames: what was wrapped comes back, what was not does not.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.caches.frame import OVERHEAD, Framing

FRAMING = Framing(b"secret")


@given(st.binary(), st.binary())
def test_there_and_back(key: bytes, value: bytes) -> None:
    """Verifies: docs/architecture.md, Caches"""
    frame = FRAMING.wrap(key, value)
    assert len(frame) == OVERHEAD + len(value)
    assert FRAMING.unwrap(key, frame) == value


@given(st.binary(max_size=40), st.data())
def test_one_bit_or_byte_wrong(value: bytes, data: st.DataObject) -> None:
    """Verifies: docs/architecture.md, Caches"""
    frame = FRAMING.wrap(b"key", value)
    place, bit = data.draw(st.integers(0, len(frame) - 1)), data.draw(st.integers(0, 7))
    flipped = frame[:place] + bytes([frame[place] ^ 1 << bit]) + frame[place + 1 :]
    for damaged in (flipped, frame[:place], frame + b"\x00", frame[place + 1 :]):
        assert FRAMING.unwrap(b"key", damaged) is None


@pytest.mark.parametrize("foreign", [b"", b"\x01", b"value", b"\x01" + bytes(16), b"\x01" * 100, bytes(17)])
def test_what_others_have_put(foreign: bytes) -> None:
    """Verifies: docs/architecture.md, Caches"""
    assert FRAMING.unwrap(b"key", foreign) is None


def test_another_key_or_secret() -> None:
    """Verifies: docs/architecture.md, Caches"""
    frame = FRAMING.wrap(b"key", b"value")
    assert FRAMING.unwrap(b"kez", frame) is None
    assert Framing().unwrap(b"key", frame) is None
    # The border between key and value counts.
    assert FRAMING.unwrap(b"ke", FRAMING.wrap(b"key", b"value")[:OVERHEAD] + b"yvalue") is None


def test_names() -> None:
    """Verifies: docs/architecture.md, Caches"""
    assert len(FRAMING.name(b"key", 20)) == 20
    assert FRAMING.name(b"key", 20) == Framing(b"secret").name(b"key", 20)
    names = {framing.name(key, 8) for framing in (FRAMING, Framing()) for key in (b"key", b"kez", b"")}
    assert len(names) == 6
