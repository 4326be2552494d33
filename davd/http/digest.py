"""Digests of content that clients state and the server verifies, and those it states itself.

Implements: RFC 9530, 2, 3, 5; RFC 8941, 3.2, 3.3.5, 4.2
"""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from davd.model.errors import HTTPError

# RFC 9530, 7.2 registers two active algorithms; the deprecated ones beside them are ignored like unknown ones.
# Both tables: hashlib's name (but for adler32) and how many hexadecimal digits it has.
_ALGORITHMS: Final = {"sha-256": ("sha256", 64), "sha-512": ("sha512", 128)}
_CHECKSUMS: Final = {"sha1": ("sha1", 40), "md5": ("md5", 32), "adler32": ("adler32", 8), "sha256": ("sha256", 64)}
_MAX_FIELD: Final = 2048

_VALUE: Final = (
    r"(?::([A-Za-z0-9+/=]*+):|\"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\"\\])*+\"|-?+[0-9]{1,15}+(?:\.[0-9]{1,3}+)?+|\?[01]"
    r"|[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*+)"
)
_MEMBER: Final = re.compile(
    r"([a-z*][a-z0-9_.*-]*+)(?:=" + _VALUE + r")?+(?:; *+[a-z*][a-z0-9_.*-]*+(?:=" + _VALUE + r")?+)*+"
)
_COMMA: Final = re.compile(r"[ \t]*+,[ \t]*+")
_CHECKSUM: Final = re.compile(r"([A-Za-z0-9-]{1,10}+):([0-9A-Fa-f]{1,128}+)")


def parse_digests(text: str) -> dict[str, bytes]:
    """Read a structured-field dictionary of byte sequences: the sequences by key, other kinds of value left out.

    A field that is no dictionary has no members: RFC 8941, 4.2 lets a field that fails to parse be ignored as a whole.
    """
    digests: dict[str, bytes] = {}
    text = text.strip(" ")
    if len(text) > _MAX_FIELD:
        return digests
    position = 0
    while match := _MEMBER.match(text, position):
        if match[2] is not None:
            try:
                digests[match[1]] = binascii.a2b_base64(match[2], strict_mode=True)
            except ValueError:
                return {}
        else:
            # "if dictionary already contains a key this_key [...] overwrite its value".
            digests.pop(match[1], None)
        position = match.end()
        if position == len(text):
            return digests
        comma = _COMMA.match(text, position)
        if comma is None:
            return {}
        position = comma.end()
    return {}


@dataclass(slots=True)
class Expected:
    """What a request says about its content.

    `digests` holds lower-case hexadecimal digests by algorithm: a name of hashlib, or `"adler32"` (see `Adler32`).
    """

    digests: dict[str, str]

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Expected:
        """Read Content-Digest, Repr-Digest and ownCloud's OC-Checksum of a request with plain content.

        Unknown algorithms are ignored, as is Content-MD5, which RFC 7231 removed. Raises HTTPError 400 when two of the
        fields state different digests, or one of a length its algorithm cannot have: no content could satisfy them.
        """
        digests: dict[str, str] = {}
        for name in ("content-digest", "repr-digest"):
            text = headers.get(name)
            if text is None:
                continue
            for key, octets in parse_digests(text).items():
                if key in _ALGORITHMS:
                    algorithm, size = _ALGORITHMS[key]
                    _state(digests, algorithm, octets.hex(), size)
        text = headers.get("oc-checksum")
        match = _CHECKSUM.fullmatch(text) if text is not None else None
        if match is not None and match[1].lower() in _CHECKSUMS:
            algorithm, size = _CHECKSUMS[match[1].lower()]
            value = match[2].lower()
            # Clients write Adler-32 as a number, without leading zeros.
            _state(digests, algorithm, value.zfill(8) if algorithm == "adler32" else value, size)
        return cls(digests)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The digests that have to be made of the content for `verify`; empty when nothing was stated."""
        return tuple(self.digests)

    def verify(self, found: Mapping[str, str]) -> bool:
        """Whether the hexadecimal digests in `found` are all that was stated; one that is missing is a difference."""
        return all(compare_digest(found.get(name, ""), value) for name, value in self.digests.items())


class Adler32:
    """Adler-32 with the face of a hashlib object, as OC-Checksum may ask for it."""

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value = 1

    def update(self, data: bytes) -> None:
        """Add content."""
        self._value = zlib.adler32(data, self._value)

    def hexdigest(self) -> str:
        """Eight hexadecimal digits for the content so far."""
        return f"{self._value:08x}"


def content_digest(sha256: str) -> str:
    """The value of Content-Digest or Repr-Digest for a SHA-256 in hexadecimal."""
    return f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode('ascii')}:"


def _state(digests: dict[str, str], algorithm: str, value: str, size: int) -> None:
    if len(value) != size:
        raise HTTPError(400, detail=f"a {algorithm} digest of the wrong length")
    if digests.setdefault(algorithm, value) != value:
        raise HTTPError(400, detail=f"two different {algorithm} digests")
