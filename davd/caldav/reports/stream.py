"""Answers about many objects: whole when there is little to do, else in pieces with room for others in between.

Implements: RFC 4918, 13; RFC 4791, 7.8, 7.9
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import chain
from typing import Final, Protocol

from davd.caldav.reports.limits import Purse
from davd.caldav.reports.telling import Batch, Piece
from davd.dav.exchange import Exchange
from davd.dav.properties.pages import CHARACTERS
from davd.dav.properties.responses import Responses, document, encoded
from davd.formats.xml.writer import MULTISTATUS_CLOSE
from davd.http.response import Content
from davd.interfaces.store import IReadTransaction

# So much, in microseconds or so, is done before the answer begins to leave: nobody else has a turn meanwhile.
FIRST_WORK: Final = 8_000


class Course(Protocol):
    """The objects of one answer on their way into it.

    `more` tells whether something is left to be loaded, `purse` what it has cost so far.
    """

    more: bool
    purse: Purse

    async def load(self, transaction: IReadTransaction) -> Batch | None:
        """The next objects; None when those that were next are gone."""
        ...

    def tell(self, batch: Batch) -> Iterator[Piece]:
        """The text about a batch, piece by piece; nothing takes long between two pieces."""
        ...

    def tail(self) -> bytes:
        """What follows the last response."""
        ...


async def answer(exchange: Exchange, renderer: Responses, course: Course) -> Content:
    """The multistatus of a course, the first part of which is worked on now, in the transaction of the exchange."""
    pieces: list[str] = []
    rest: Iterator[Piece] = iter(())
    ahead: Piece | None = None
    while course.more and course.purse.work < FIRST_WORK and ahead is None:
        batch = await course.load(exchange.transaction)
        if batch is None:
            continue
        rest = iter(course.tell(batch))
        # What is for a thread is not for a transaction.
        while isinstance(ahead := next(rest, None), str) and course.purse.work < FIRST_WORK:
            pieces.append(ahead)
    if ahead is None and not course.more:
        return document(renderer, pieces, course.tail())
    if ahead is not None:
        rest = chain((ahead,), rest)
    return _further(exchange, [renderer.open, *pieces], rest, course)


async def _further(
    exchange: Exchange, first: Sequence[str], rest: Iterator[Piece], course: Course
) -> AsyncIterator[bytes]:
    """What has been written, then the rest of that batch and all that are left, each from a transaction of its own."""
    for part in encoded(first):
        yield part
    while True:
        pieces: list[str] = []
        characters = 0
        for text in rest:
            if not isinstance(text, str):
                await exchange.aside(text)
                continue
            pieces.append(text)
            characters += len(text)
            if characters >= CHARACTERS:
                for part in encoded(pieces):
                    yield part
                pieces, characters = [], 0
            await exchange.pace()
        for part in encoded(pieces):
            yield part
        if not course.more:
            break
        await exchange.pace()
        async with exchange.store.read() as transaction:
            batch = await course.load(transaction)
        rest = iter(()) if batch is None else course.tell(batch)
    yield course.tail() + MULTISTATUS_CLOSE
