"""The content of a request, read only by who awaits it.

Implements: RFC 9110, 6.4
"""

from __future__ import annotations

from davd.model.errors import HTTPError


class Body:
    """A request's content as a lazy stream; this class itself is the empty one.

    Nothing is taken from the connection before the first `receive`. `length` is the declared length in bytes, None when
    the content is chunked. `trailers` are there after the end.
    """

    __slots__ = ("length", "trailers")

    def __init__(self, length: int | None = 0) -> None:
        self.length = length
        self.trailers: dict[str, str] = {}

    def arrived(self) -> bool:
        """Whether all of it is known to be here already, so that to refuse it early would spare the client nothing."""
        return self.length == 0

    def peek(self) -> bytes | None:
        """All of the content, left where it is, when it came together with the head; else None."""
        return b"" if self.length == 0 else None

    async def receive(self) -> bytes:
        """The next piece, at least one byte; `b""` at the end.

        Raises HTTPError 400 when the content is malformed or ends early, 408 when it comes too slowly.
        """
        return b""

    async def read(self, limit: int) -> bytes:
        """All of the content; HTTPError 413 as soon as it is known to be longer than `limit` bytes."""
        if self.length is not None and self.length > limit:
            raise HTTPError(413)
        pieces: list[bytes] = []
        size = 0
        while piece := await self.receive():
            size += len(piece)
            if size > limit:
                raise HTTPError(413)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class BytesBody(Body):
    """Content that is already here."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        super().__init__(len(data))
        self._data = data

    def arrived(self) -> bool:
        """Always."""
        return True

    def peek(self) -> bytes:
        """The content."""
        return self._data

    async def receive(self) -> bytes:
        """The whole content at once, then `b""`."""
        data, self._data = self._data, b""
        return data
