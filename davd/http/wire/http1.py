"""HTTP/1.x requests as events: feed bytes, take heads, pieces of content and ends.

Implements: RFC 9112, 2.2, 6.3, 8, 9.3.2
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from davd.http.wire.chunked import ChunkedDecoder
from davd.http.wire.head import (
    DEFAULT_LIMITS,
    Head,
    WireError,
    WireLimits,
    check_request_line,
    check_size,
    parse_head,
)

# What no head holds, wherever its lines are cut: control characters, a bare LF, a bare CR (not yet followed is open).
_NEVER: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n|\Z)")

_HEAD, _LENGTH, _CHUNKED, _END, _FAILED = range(5)

# How the requests begin whose answers are kept by their bytes: those of GET, HEAD, PROPFIND and REPORT (and, for what
# that costs, of other methods that begin so).
KEPT: Final = frozenset({b"GE", b"HE", b"PR", b"RE"})
_WITHOUT_CONTENT: Final = b"GH"
# The most content of a request that is kept by its bytes: to look up more would cost more than it spares.
MOST_KEPT: Final = 8192
# What tells the length of content, in most requests. To guess wrongly by it harms nobody: see `Decoder.peek`.
_LENGTH_FIELD: Final = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *([0-9]{1,7})\r\n")

_NO_CHUNKS: Final = ChunkedDecoder()
_NO_FAULT: Final = WireError(400, "no fault yet")


def with_content(data: bytes) -> bool:
    """Whether the bytes seem to be one whole request with content: guessed as `Decoder.peek` does."""
    end = data.find(b"\r\n\r\n") + 4
    if end < 4 or data[0] in _WITHOUT_CONTENT:
        return False
    length = _LENGTH_FIELD.search(data, 0, end)
    return length is not None and int(length[1]) == len(data) - end <= MOST_KEPT


@dataclass(slots=True)
class Data:
    """A piece of content, never empty."""

    data: bytes


@dataclass(slots=True)
class End:
    """The request is complete; `trailers` are those of chunked content, by lower-case name."""

    trailers: dict[str, str] = field(default_factory=dict)


Event = Head | Data | End


class Decoder:
    """Turns the bytes of one connection into the events of its requests, one request after the other.

    Every request gives one `Head`, any number of `Data` and one `End`; the next head is not looked at before `End` has
    been taken. After a WireError the object gives the same error for ever: the framing is lost.

    `raw_head` holds the exact bytes of the last head that `next` gave.
    """

    __slots__ = (
        "_blank",
        "_buffer",
        "_chunks",
        "_fault",
        "_left",
        "_limits",
        "_line_checked",
        "_searched",
        "_start",
        "_state",
        "raw_head",
    )

    def __init__(self, limits: WireLimits = DEFAULT_LIMITS) -> None:
        self.raw_head = b""
        self._limits = limits
        self._state = _HEAD
        # Bytes as they came, and a bytearray only once a head or a chunk arrives in pieces; `_start` is what was taken.
        self._buffer: bytes | bytearray = b""
        self._start = 0
        # The absolute place in the buffer up to which no end of head was found.
        self._searched = 0
        self._left = 0
        self._blank = False
        self._line_checked = False
        self._chunks = _NO_CHUNKS
        self._fault = _NO_FAULT

    @property
    def buffered(self) -> int:
        """How many bytes were fed and not yet taken."""
        return len(self._buffer) - self._start

    def feed(self, data: bytes) -> None:
        """Append what the connection brought; bytes after a fault are dropped."""
        if self._state == _FAILED:
            return
        buffer = self._buffer
        if self._start == len(buffer):
            self._buffer = data
            self._start = self._searched = 0
            return
        if not isinstance(buffer, bytearray):
            self._buffer = buffer = bytearray(memoryview(buffer)[self._start :])
        elif self._start:
            del buffer[: self._start]
        self._searched = max(0, self._searched - self._start)
        self._start = 0
        buffer += data

    def peek(self) -> bytes | None:
        """The bytes of the next request, as far as they can be told without parsing it; None without its head.

        They are empty for a request that is not `KEPT`, or whose content is not here or large. Otherwise they are its
        head, together with as much content as its Content-Length seems to promise: enough to look it up among
        requests that were parsed once. If one of those was just these bytes, then so is this one, and `skip` may take
        it. Raises WireError as `next` does, for a head that is already too long.
        """
        if self._state != _HEAD:
            return None
        buffer = self._buffer
        start = self._start
        # In most cases what follows finds what `_find_end` would, and nothing has to be remembered of the search.
        end = buffer.find(b"\r\n\r\n", start) + 4 if self._searched == start else 3
        if end < 4 or buffer[start] == 13:
            try:
                end = self._find_end()
            except WireError as error:
                self._fail(error)
                raise
            if not end:
                return None
            start = self._start
        if bytes(buffer[start : start + 2]) not in KEPT:
            return b""
        if buffer[start] not in _WITHOUT_CONTENT:
            length = _LENGTH_FIELD.search(buffer, start, end)
            if length is not None:
                size = int(length[1])
                end += size
                if size > MOST_KEPT or end > len(buffer):
                    return b""
        return bytes(buffer[start:end])

    def repeated(self, raw: bytes, most: int) -> int:
        """How often the bytes that `peek` has just returned stand here one after the other, `most` times at most."""
        buffer = self._buffer
        size = len(raw)
        at = self._start
        count = min(most, (len(buffer) - at) // size)
        if count <= 1 or buffer.startswith(raw * count, at):
            return count
        count = 1
        while buffer.startswith(raw, at + count * size):
            count += 1
        return count

    def skip(self, raw: bytes, count: int = 1) -> None:
        """Take so many requests whose bytes `peek` has just returned; only what is known to be a whole request."""
        self._start += len(raw) * count
        self._reset()
        self._let_go()

    def next(self) -> Event | None:
        """The next event, or None when more bytes are needed. Raises WireError."""
        try:
            if self._state == _HEAD:
                return self._next_head()
            if self._state == _END:
                self._state = _HEAD
                self._let_go()
                return End()
            if self._state == _LENGTH:
                return self._next_data()
            if self._state == _CHUNKED:
                return self._next_chunk()
        except WireError as error:
            self._fail(error)
            raise
        raise WireError(self._fault.status, self._fault.detail)

    def close(self) -> None:
        """The client has ended its sending; call it when `next` gives None.

        Raises WireError 400 when that cuts a request short. RFC 9112, 8: an incomplete request is no request.
        """
        rest = self._buffer[self._start : self._start + 3]
        if self._state in (_LENGTH, _CHUNKED) or (self._state == _HEAD and rest not in (b"", b"\r\n")):
            error = WireError(400, "the connection ended within a request")
            self._fail(error)
            raise error

    def _next_head(self) -> Head | None:
        end = self._find_end()
        if not end:
            return None
        start = self._start
        buffer = self._buffer
        raw = buffer if start == 0 and end == len(buffer) and isinstance(buffer, bytes) else bytes(buffer[start:end])
        head = parse_head(raw, self._limits)
        self.raw_head = raw
        self._start = end
        self._reset()
        length = head.length
        if length == 0:
            self._state = _END
        elif length is None:
            self._state = _CHUNKED
            self._chunks = ChunkedDecoder(self._limits)
        else:
            self._state = _LENGTH
            self._left = length
        return head

    def _find_end(self) -> int:
        """Where the next head ends in the buffer; 0 while it is unfinished."""
        buffer = self._buffer
        start = self._start
        if start < len(buffer) and buffer[start] == 13 and not self._blank:
            # "a server that is expecting to receive and parse a request-line SHOULD ignore at least one empty line
            # (CRLF) received prior to the request-line": exactly one.
            if buffer[start : start + 2] == b"\r\n":
                self._start = start = start + 2
                self._blank = True
        found = buffer.find(b"\r\n\r\n", max(start, self._searched - 3))
        if found >= 0:
            return found + 4
        if start < len(buffer):
            self._check_unfinished(buffer, start)
        return 0

    def _check_unfinished(self, buffer: bytes | bytearray, start: int) -> None:
        """Refuse the beginning of a head that no continuation can mend; each byte is looked at once."""
        check_size(buffer, self._limits, start)
        if _NEVER.search(buffer, max(start, self._searched - 1)):
            raise WireError(400, "a control character or bare line end in the head")
        if not self._line_checked:
            line_end = buffer.find(b"\r\n", max(start, self._searched - 1))
            if line_end >= 0:
                self._line_checked = True
                check_request_line(bytes(buffer[start:line_end]))
        self._searched = len(buffer)

    def _next_data(self) -> Data | End | None:
        buffer = self._buffer
        start = self._start
        available = len(buffer) - start
        if not available:
            return None
        if available >= self._left:
            available = self._left
            self._state = _END
        self._left -= available
        if start == 0 and available == len(buffer) and isinstance(buffer, bytes):
            self._buffer = b""
            self._searched = 0
            return Data(buffer)
        self._start = start + available
        return Data(bytes(memoryview(buffer)[start : self._start]))

    def _next_chunk(self) -> Data | End | None:
        self._start, result = self._chunks.step(self._buffer, self._start)
        if result is None:
            return None
        if isinstance(result, bytes):
            return Data(result)
        self._state = _HEAD
        self._searched = self._start
        self._let_go()
        return End(result)

    def _reset(self) -> None:
        self._searched = self._start
        self._blank = False
        self._line_checked = False

    def _let_go(self) -> None:
        """Between two requests keep nothing of the first: the connection may be idle for long."""
        if self._start == len(self._buffer):
            self._buffer = b""
            self._start = self._searched = 0

    def _fail(self, error: WireError) -> None:
        self._state = _FAILED
        self._fault = error
        self._buffer = b""
        self._start = self._searched = 0
