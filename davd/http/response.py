"""A response as the application gives it to whatever wire the request came by.

Implements: RFC 9110, 3.4, 15
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class FileRange:
    """A stretch of an open file that leaves by sendfile where the transport allows.

    `descriptor` is an open file descriptor, `offset` and `length` are bytes. Whoever sends the response calls `close`
    exactly once, after the last byte or when the client has gone; several ranges of one response may share it, `close`
    must then count.
    """

    descriptor: int
    offset: int
    length: int
    close: Callable[[], None]


Content = bytes | FileRange | Sequence["bytes | FileRange"] | AsyncIterator[bytes]


@dataclass(slots=True)
class Response:
    """What is to be sent.

    `headers` are values by field name in its usual capitals; the wire adds `Date`, `Content-Length` (when the length of
    `body` is known), `Transfer-Encoding`, `Connection`, and `Server`. An iterator is sent chunked on HTTP/1.1.
    A response to HEAD carries the headers of GET (with `Content-Length`) and `b""`. `close` asks that the connection
    end after it. `ticket` is set by the application when the finished bytes may be kept: the wire hands it back with
    them.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Content = b""
    close: bool = False
    ticket: object | None = None
