"""An answer's content that is produced while it is sent.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any, Protocol

from twisted.internet.defer import CancelledError

from davd.admission.place import Place
from davd.admission.stats import Outcome
from davd.model.errors import HTTPError


class Ground(Protocol):
    """What a stream asks of the pool its place belongs to."""

    async def step_in(self, place: Place, wait: bool = True) -> None:
        """Let the clock run and take a token."""
        ...

    def step_out(self, place: Place) -> None:
        """Stop the clock and give the token back."""
        ...

    def go_on(self, place: Place, steps: Any, waiting: Any) -> Awaitable[Any]:
        """Take the further steps of a coroutine that has yielded what it waits for."""
        ...

    def first(self, place: Place, steps: Any) -> Any:
        """Take the first step; raises StopIteration, which holds the result, when that was all."""
        ...

    def failed(self, place: Place, error: BaseException) -> Outcome:
        """End the request, whose content has raised."""
        ...

    def leave(self, place: Place, outcome: Outcome) -> None:
        """End the request."""
        ...


class Stream(AsyncIterator[bytes]):
    """Passes on what another iterator gives; its place is left when that ends, or when this is closed or forgotten."""

    __slots__ = ("_ground", "_iterator", "_place")

    def __init__(self, ground: Ground, place: Place, iterator: AsyncIterator[bytes]) -> None:
        self._ground = ground
        self._place = place
        self._iterator = iterator

    def __del__(self) -> None:
        self._ground.leave(self._place, Outcome.CANCELLED)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        place = self._place
        if place.left:
            raise StopAsyncIteration
        try:
            return await self._piece()
        except StopAsyncIteration:
            self._ground.leave(place, Outcome.COMPLETED)
            raise
        except BaseException as error:
            if self._ground.failed(place, error) is Outcome.TIMEOUT and isinstance(error, CancelledError):
                raise HTTPError(504, detail="over the deadline") from error
            raise

    async def _piece(self) -> bytes:
        ground, place = self._ground, self._place
        if place.out is None:
            # The work itself is reading it: its own steps are measured.
            return await self._iterator.__anext__()
        await ground.step_in(place)
        steps: Any = self._iterator.__anext__().__await__()
        try:
            waiting = ground.first(place, steps)
        except StopIteration as stop:
            piece: bytes = stop.value
        else:
            piece = await ground.go_on(place, steps, waiting)
        ground.step_out(place)
        return piece

    async def aclose(self) -> None:
        """End the other iterator and leave the place."""
        try:
            end = getattr(self._iterator, "aclose", None)
            if end is not None:
                await end()
        finally:
            self._ground.leave(self._place, Outcome.CANCELLED)
