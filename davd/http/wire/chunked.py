"""The chunked transfer coding, both ways.

Implements: RFC 9112, 7.1; RFC 9110, 6.5
"""

from __future__ import annotations

import re
from typing import Final

from davd.http.wire.head import DEFAULT_LIMITS, TOKEN, WireError, WireLimits, parse_fields

LAST_CHUNK: Final = b"0\r\n\r\n"

# Sizes beyond this are no content anybody sends; refusing them keeps every sum far from any limit of an integer.
_SIZE_DIGITS: Final = 16
_MAX_SIZE: Final = 2**62

_T = TOKEN.encode()
_EXTENSION: Final = (
    rb"[ \t]*+;[ \t]*+" + _T + rb"++(?:[ \t]*+=[ \t]*+(?:" + _T + rb'++|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]'
    rb'|\\[\t\x20-\x7e\x80-\xff])*+"))?+'
)
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,16}+)((?:" + _EXTENSION + rb")*+)")

# Fields that steer framing, routing, authentication, content or the request itself have done so before a trailer comes.
FORBIDDEN_TRAILERS: Final = frozenset(
    """
    authorization cache-control connection content-encoding content-length content-range content-type cookie depth
    destination expect host if if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive
    lock-token max-forwards overwrite pragma proxy-authorization range set-cookie te trailer transfer-encoding upgrade
    www-authenticate
    """.split()
)


def encode_chunk(data: bytes) -> bytes:
    """One chunk that carries `data`; nothing for no data, since an empty chunk would end the content."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


class ChunkedDecoder:
    """Reads one chunked content out of a buffer that someone else owns.

    Call `step` until it returns trailers or wants more; after the trailers the object is done with.
    """

    __slots__ = ("_extension", "_left", "_limits", "_searched", "_state")

    _LINE, _DATA, _DATA_END, _TRAILERS = range(4)

    def __init__(self, limits: WireLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._state = self._LINE
        self._left = 0
        self._extension = 0
        # How many bytes of an unfinished trailer section were searched before, so that dribbled bytes cost linear time.
        self._searched = 0

    def step(self, buffer: bytes | bytearray, start: int) -> tuple[int, bytes | dict[str, str] | None]:
        """Consume from `buffer[start:]`: the new start, and content, the trailers at the end, or None for "need more".

        Content of consecutive chunks is joined, so that a client who sends tiny chunks does not cost a step each.
        Raises WireError 400 for a malformed coding, 431 for too large a trailer section; content before the fault is
        always returned first.
        """
        pieces: list[bytes] = []
        size = len(buffer)
        while True:
            if self._state == self._DATA:
                stop = min(start + self._left, size)
                if stop > start:
                    pieces.append(bytes(memoryview(buffer)[start:stop]))
                    self._left -= stop - start
                    start = stop
                if self._left:
                    break
                self._state = self._DATA_END
            elif self._state == self._TRAILERS:
                if pieces:
                    break
                return self._trailers(buffer, start)
            else:
                try:
                    after = self._line(buffer, start) if self._state == self._LINE else self._data_end(buffer, start)
                except WireError:
                    if pieces:
                        break
                    raise
                if after < 0:
                    break
                start = after
        if not pieces:
            return start, None
        return start, pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _line(self, buffer: bytes | bytearray, start: int) -> int:
        """Read a chunk-size line; where it ends, or -1 while it is unfinished."""
        longest = _SIZE_DIGITS + self._limits.chunk_extension - self._extension
        end = buffer.find(b"\r\n", start, start + longest + 2)
        if end < 0:
            if len(buffer) - start >= longest + 2 or buffer.find(b"\n", start) >= 0:
                raise WireError(400, "a malformed or too long chunk-size line")
            return -1
        # "recipients MUST anticipate potentially large hexadecimal numerals and prevent parsing errors due to integer
        # conversion overflows or precision loss".
        match = _CHUNK_LINE.fullmatch(buffer, start, end)
        if match is None:
            raise WireError(400, "a malformed chunk-size line")
        length = int(match[1], 16)
        # "A server ought to limit the total length of chunk extensions received in a request".
        extension = self._extension + len(match[2])
        if length > _MAX_SIZE or extension > self._limits.chunk_extension:
            raise WireError(400, "a chunk size or extension beyond all bounds")
        # "A recipient MUST ignore unrecognized chunk extensions": none is recognised here.
        self._extension = extension
        self._left = length
        self._state = self._DATA if length else self._TRAILERS
        return end + 2

    def _data_end(self, buffer: bytes | bytearray, start: int) -> int:
        """Read the CRLF after a chunk's data; where it ends, or -1 while it is unfinished."""
        mark = buffer[start : start + 2]
        if mark == b"\r\n":
            self._state = self._LINE
            return start + 2
        if mark in (b"", b"\r"):
            return -1
        raise WireError(400, "chunk data that is longer than its size")

    def _trailers(self, buffer: bytes | bytearray, start: int) -> tuple[int, dict[str, str] | None]:
        """Read the trailer section and its blank line."""
        if buffer[start : start + 2] == b"\r\n":
            return start + 2, {}
        limit = self._limits.trailer_bytes
        end = buffer.find(b"\r\n\r\n", start + max(0, self._searched - 3), start + limit + 4)
        if end < 0:
            self._searched = len(buffer) - start
            if self._searched >= limit + 4:
                raise WireError(431, "the trailer section is too long")
            return start, None
        fields = parse_fields(bytes(buffer[start : end + 2]), self._limits.trailer_count, "trailer section")
        if not FORBIDDEN_TRAILERS.isdisjoint(fields):
            # "A sender MUST NOT generate a trailer field unless the sender knows the corresponding header field name's
            # definition permits the field to be sent in trailers": none of these does.
            raise WireError(400, "a trailer field that belongs in the header section")
        return end + 4, fields
