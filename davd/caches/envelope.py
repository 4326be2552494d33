"""A finished answer as bytes, and back.

The form is MessagePack: an array of the status, the header fields as a map, and the content. What cannot have been
written by `seal` is no answer.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

from msgspec import DecodeError, Meta, msgpack

# Field names and values as RFC 9110, 5.1 and 5.5 allow them: what is sent later must not split a response.
_Name = Annotated[str, Meta(pattern=r"\A[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z", max_length=256)]
_Status = Annotated[int, Meta(ge=200, le=599)]
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Envelope(NamedTuple):
    """An answer: its status, its header fields by name, and the whole of its content."""

    status: _Status
    headers: dict[_Name, str]
    body: bytes


_decode = msgpack.Decoder(Envelope).decode
_encode = msgpack.Encoder().encode


def seal(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """An answer as bytes; what `unseal` does not take back must not be given here."""
    return _encode((status, headers, body))


def unseal(sealed: bytes) -> Envelope | None:
    """The answer that was sealed; None for bytes that are none."""
    try:
        envelope = _decode(sealed)
    except (DecodeError, UnicodeDecodeError):
        return None
    for value in envelope.headers.values():
        if _CONTROL.search(value):
            return None
    return envelope
