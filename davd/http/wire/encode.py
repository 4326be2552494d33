"""The head of an HTTP/1.x response, and how its content is framed.

Implements: RFC 9112, 4, 5, 6, 9.3; RFC 9110, 6.4.1, 6.6.1, 8.6, 9.3.2, 15.4.5
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from davd.http.response import FileRange, Response

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

# "A server MUST send the space that separates the status-code from the reason-phrase even when the reason-phrase is
# absent". The version is always our own highest: a 1.0 client has to cope, and every one does.
_STATUS_LINES: Final = {status: f"HTTP/1.1 {status} \r\n" for status in range(100, 600)} | {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus
}

# What the wire alone decides; a response that brings one of these in its headers is overruled.
_OWNED: Final = frozenset(("Connection", "Date", "Server", "Transfer-Encoding"))
_NONE: Final[frozenset[str]] = frozenset()
_OWNED_AND_LENGTH: Final = _OWNED | {"Content-Length"}


def encode_head(
    status: int, headers: dict[str, str] | Iterable[tuple[str, str]], extra: str = "", skip: frozenset[str] = _NONE
) -> bytes:
    """A whole response head, blank line included.

    `extra` is finished field lines, each with its CRLF, that stand before `headers`; fields named in `skip` are left
    out. Raises ValueError when a name or value holds CR, LF or NUL, or a character beyond latin-1: such a head would
    let whoever chose the text write a response of his own.
    """
    items = headers.items() if isinstance(headers, dict) else headers
    if skip:
        items = [item for item in items if item[0] not in skip]
    lines = list(map(": ".join, items))
    # The end of the last line, and the blank line's own when there is no other.
    lines.append("\r\n")
    text = "\r\n".join(lines)
    # Each line brings one CR and one LF of ours: one more, and it came with a name or a value.
    if text.count("\r") != len(lines) or text.count("\n") != len(lines) or "\0" in text:
        raise ValueError("CR, LF or NUL in a response header")
    return (_STATUS_LINES[status] + extra + text).encode("latin-1")


def has_content(method: str, status: int) -> bool:
    """Whether a response may carry content at all.

    RFC 9112, 6.3: "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No Content), or 304
    (Not Modified) status code is always terminated by the first empty line after the header fields".
    """
    return method != "HEAD" and status != 204 and status != 304 and status >= 200


def content_length(response: Response) -> int | None:
    """The length of the response's content in bytes; None for an iterator, whose length nobody knows."""
    body = response.body
    if isinstance(body, bytes):
        return len(body)
    if isinstance(body, FileRange):
        return body.length
    if isinstance(body, (list, tuple)):
        return sum([piece.length if isinstance(piece, FileRange) else len(piece) for piece in body])
    return None


def frame(
    response: Response, method: str, version: int, keep_alive: bool, date: str, server: str
) -> tuple[bytes, bool, bool]:
    """Decide how the content of `response` is delimited: `(head, chunked, close)`.

    `method`, `version` (10 or 11) and `keep_alive` are those of the request; `date` is the finished value of `Date`,
    `server` that of `Server`, both left out when empty. `chunked` tells the sender to code each piece as a chunk,
    `close` to end the connection after the content. Whether there is content to send at all is `has_content`'s to say.
    A `Content-Length` that the response itself brings stays for HEAD and 304, where it speaks of the content of GET,
    and for an iterator, which then has to give just so many bytes. Raises ValueError as `encode_head` does.
    """
    status = response.status
    headers = response.headers
    chunked = False
    close = response.close or not keep_alive
    skip = _OWNED
    framing = ""
    if status < 200 or status == 204:
        # "A server MUST NOT send a Content-Length header field in any response with a status code of 1xx
        # (Informational) or 204 (No Content)"; the same holds for Transfer-Encoding.
        skip = _OWNED_AND_LENGTH
    elif method == "HEAD" or status == 304:
        if response.body and "Content-Length" not in headers:
            length = content_length(response)
            framing = f"Content-Length: {length}\r\n" if length is not None else ""
    else:
        length = content_length(response)
        if length is not None:
            framing = f"Content-Length: {length}\r\n"
            skip = _OWNED_AND_LENGTH
        elif "Content-Length" not in headers:
            # "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request indicates
            # HTTP/1.1 (or later minor revisions)": what is left is to end the content by closing.
            if version >= 11:
                chunked = True
                framing = "Transfer-Encoding: chunked\r\n"
            else:
                close = True
    if close:
        framing += "Connection: close\r\n"
    elif version == 10:
        framing += "Connection: keep-alive\r\n"
    if date:
        framing += f"Date: {date}\r\n"
    if server:
        framing += f"Server: {server}\r\n"
    if skip.isdisjoint(headers):
        skip = _NONE
    return encode_head(status, headers, framing, skip), chunked, close
