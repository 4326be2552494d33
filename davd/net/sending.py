"""Response content on its way out: pieces, files and streams, each at the speed of the client.

Implements: RFC 9112, 6, 7.1
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from davd.http.response import Content, FileRange
from davd.http.wire.chunked import LAST_CHUNK, encode_chunk
from davd.net.steps import Steps

log = Logger()

# What is read from a file and written at once where no sendfile is to be had.
PIECE = 256 * 1024

# A piece of content from this size on is written as it is; to join it with others would cost more than a write does.
LARGE = 32 * 1024


class Outlet(Protocol):
    """The writing side of a connection."""

    def write(self, data: bytes) -> None:
        """Send the bytes, or keep them to be sent."""
        ...

    def flushed(self) -> Deferred[None] | None:
        """None when more may be written at once, else a Deferred that fires when the transport has room again."""
        ...

    def send_file(self, head: bytes, descriptor: int, offset: int, length: int) -> Deferred[None] | None:
        """Send `head` and a stretch of a file without reading it; None when the transport cannot.

        The Deferred fires after the last byte was given to the system, and fails when the file is too short.
        """
        ...


class Short(Exception):
    """The content ended before, or ran beyond, the length that the head has promised."""


async def send(outlet: Outlet, head: bytes, body: Content, chunked: bool, promised: int | None) -> None:
    """Write a response's head and content.

    `chunked` codes each piece of an iterator as a chunk, `promised` is the length that an iterator's response declared.
    Every file is closed and every iterator ended when this returns or raises, whichever way.
    """
    try:
        if isinstance(body, bytes):
            outlet.write(head + body)
        elif isinstance(body, FileRange):
            await _file(outlet, head, body)
        elif isinstance(body, (list, tuple)):
            await _sequence(outlet, head, body)
        else:
            await _iterator(outlet, head, body, chunked, promised)  # type: ignore[arg-type]
    finally:
        await release(body)


async def _sequence(outlet: Outlet, head: bytes, pieces: Sequence[bytes | FileRange]) -> None:
    small = [head]
    size = len(head)
    for piece in pieces:
        if isinstance(piece, FileRange):
            # What stands before a file goes out together with its first bytes.
            await _file(outlet, b"".join(small), piece)
            small, size = [], 0
            continue
        large = len(piece) >= LARGE
        if not large:
            small.append(piece)
            size += len(piece)
        if size and (large or size >= PIECE):
            outlet.write(b"".join(small))
            small, size = [], 0
        if large:
            outlet.write(piece)
        if not size and (waiting := outlet.flushed()) is not None:
            await waiting
    if size:
        outlet.write(b"".join(small))


async def _file(outlet: Outlet, head: bytes, piece: FileRange) -> None:
    if not piece.length:
        outlet.write(head)
        return
    sending = outlet.send_file(head, piece.descriptor, piece.offset, piece.length)
    if sending is not None:
        await sending
        return
    offset = piece.offset
    end = offset + piece.length
    while offset < end:
        data = os.pread(piece.descriptor, min(PIECE, end - offset), offset)
        if not data:
            raise Short("the file is shorter than it was")
        offset += len(data)
        outlet.write(head + data if head else data)
        head = b""
        if (waiting := outlet.flushed()) is not None:
            await waiting


async def _iterator(
    outlet: Outlet, head: bytes, body: AsyncIterator[bytes], chunked: bool, promised: int | None
) -> None:
    sent = 0
    async for piece in body:
        if not piece:
            continue
        sent += len(piece)
        if promised is not None and sent > promised:
            raise Short("the content is longer than its Content-Length")
        outlet.write(head + (encode_chunk(piece) if chunked else piece))
        head = b""
        if (waiting := outlet.flushed()) is not None:
            await waiting
    if promised is not None and sent < promised:
        raise Short("the content is shorter than its Content-Length")
    end = head + LAST_CHUNK if chunked else head
    if end:
        outlet.write(end)


async def release(body: Content) -> None:
    """Close the files of a response's content and end its iterator. Failures are logged and go no further."""
    try:
        if isinstance(body, bytes):
            return
        if isinstance(body, FileRange):
            body.close()
        elif isinstance(body, (list, tuple)):
            for piece in body:
                if isinstance(piece, FileRange):
                    piece.close()
        else:
            end = getattr(body, "aclose", None)
            if end is not None:
                await end()
    except Exception:
        log.failure("the content of a response could not be released")


def drop(body: Content) -> None:
    """Release the content of a response that is not sent."""
    if not isinstance(body, bytes):
        Steps(release(body), _nothing, _nothing).start()


def _nothing(_: Any) -> None:
    """Release has logged what there is to say."""
