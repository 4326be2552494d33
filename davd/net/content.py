"""The content of a request that is still on its way.

Implements: RFC 9110, 6.4; RFC 9112, 6, 7
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from davd.http.body import Body
from davd.http.wire.http1 import Data, End, Event
from davd.model.errors import HTTPError


class ContentStream(Body):
    """Hands out what the decoder has, and asks the connection for more only when somebody waits for it.

    `take` gives the decoder's next event or None, `arrive` a Deferred that fires when there are more bytes, `buffered`
    how many bytes the decoder holds. `left` is how many bytes of the declared length are still to be taken, None for
    chunked content. `ended` tells that the end was seen, `broken` that it will never be, because the content is
    malformed, too slow or cut short.
    """

    __slots__ = ("_arrive", "_buffered", "_take", "broken", "ended", "left")

    def __init__(
        self,
        length: int | None,
        take: Callable[[], Event | None],
        arrive: Callable[[], Deferred[None]],
        buffered: Callable[[], int],
    ) -> None:
        super().__init__(length)
        self.left = length
        self.ended = False
        self.broken: HTTPError | None = None
        self._take = take
        self._arrive = arrive
        self._buffered = buffered

    def arrived(self) -> bool:
        """Whether the decoder holds all that is left; never known of chunked content."""
        return self.left is not None and self._buffered() >= self.left

    def next(self) -> bytes | None:
        """The next piece if it is here, `b""` at the end, None when more has to come first. Raises HTTPError."""
        if self.ended:
            return b""
        if self.broken is not None:
            raise self.broken
        try:
            event = self._take()
        except HTTPError as error:
            self.broken = error
            raise
        if event is None:
            return None
        if isinstance(event, Data):
            if self.left is not None:
                self.left -= len(event.data)
            return event.data
        assert isinstance(event, End)
        self.ended = True
        self.trailers = event.trailers
        return b""

    async def receive(self) -> bytes:
        """The next piece of the content; see Body."""
        while (piece := self.next()) is None:
            await self._arrive()
        return piece

    def fail(self, error: HTTPError) -> None:
        """No more will come: let every further `receive` raise the error."""
        if not self.ended and self.broken is None:
            self.broken = error
