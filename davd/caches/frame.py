"""How a value stands in a store that others can write to: what is damaged or foreign is not taken for a value.

A frame is a version byte, a digest of key and value, and the value. With a secret the digest cannot be made without it.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

VERSION: Final = b"\x01"
_DIGEST_BYTES: Final = 16
OVERHEAD: Final = len(VERSION) + _DIGEST_BYTES


class Framing:
    """Frames by one secret of at most 64 bytes, which all who share the store know; empty for none.

    `hits`, `misses` and `unusable` count what `take` was given; what is unusable is a miss too.
    """

    __slots__ = ("_secret", "hits", "misses", "unusable")

    def __init__(self, secret: bytes = b"") -> None:
        self._secret = secret
        self.hits = self.misses = self.unusable = 0

    def wrap(self, key: bytes, value: bytes) -> bytes:
        """The frame of a value."""
        return b"".join((VERSION, self._digest(key, value), value))

    def unwrap(self, key: bytes, frame: bytes) -> bytes | None:
        """The value that `wrap` was given with that key; None for anything else."""
        if len(frame) < OVERHEAD or frame[:1] != VERSION:
            return None
        value = frame[OVERHEAD:]
        return value if self._digest(key, value) == frame[1:OVERHEAD] else None

    def take(self, key: bytes, frame: bytes | None) -> bytes | None:
        """What a look-up has found, counted: the value of a frame, None when there is none or it is unusable."""
        if not frame:
            self.misses += 1
            return None
        value = self.unwrap(key, frame)
        if value is None:
            self.unusable += 1
            self.misses += 1
        else:
            self.hits += 1
        return value

    def name(self, key: bytes, size: int) -> bytes:
        """A digest of `size` bytes (at most 64) to keep a value under; it is no secret, nor does it tell the key."""
        return blake2b(key, key=self._secret, digest_size=size, person=b"davd name").digest()

    def _digest(self, key: bytes, value: bytes) -> bytes:
        digest = blake2b(len(key).to_bytes(8, "big"), key=self._secret, digest_size=_DIGEST_BYTES, person=b"davd frame")
        digest.update(key)
        digest.update(value)
        return digest.digest()
