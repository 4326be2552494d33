"""Answers about many cards: whole when they are few, else in pages with room for others in between.

Implements: RFC 4918, 13; RFC 6352, 8.6, 8.7
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

from davd.dav.exchange import Exchange
from davd.dav.properties.responses import encoded
from davd.formats.xml.writer import MULTISTATUS_CLOSE
from davd.http.response import Content
from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource

# What is read in one go: some 10 ms of work. Each card counts as so many bytes beside those it has.
_PAGE_BYTES: Final = 256 * 1024
_CARD_BYTES: Final = 2560


@dataclass(slots=True)
class Part:
    """Some cards that have been read: `write` gives the responses about them, in pieces.

    Unless the part is `light` that takes long, and is done in a thread.
    """

    write: Callable[[], list[str]]
    light: bool = True


class Course(Protocol):
    """The cards of one answer on their way into it.

    `more` tells whether there are further pages; it is not final before the parts of the last page have been written.
    """

    more: bool

    async def page(self, transaction: IReadTransaction) -> list[Part]:
        """The parts of the next page, which are written in their order."""
        ...

    def tail(self) -> bytes:
        """What follows the last response."""
        ...


async def answer(exchange: Exchange, start: str, course: Course) -> Content:
    """The multistatus that begins with `start`; its first page is read now, in the transaction of the exchange."""
    parts = await course.page(exchange.transaction)
    pieces = [start]
    if parts and parts[0].light:
        pieces += parts.pop(0).write()
    if parts or course.more:
        return _further(exchange, pieces, parts, course)
    whole = encoded([*pieces, (course.tail() + MULTISTATUS_CLOSE).decode()])
    return whole[0] if len(whole) == 1 else whole


async def _further(
    exchange: Exchange, first: Sequence[str], parts: Sequence[Part], course: Course
) -> AsyncIterator[bytes]:
    """What has been written, then the other parts of that page and all pages that are left; others have their turns."""
    for piece in encoded(first):
        yield piece
    waited = False
    while True:
        for part in parts:
            if not waited:
                await exchange.pace()
            waited = False
            written = part.write() if part.light else cast(list[str], await exchange.aside(part.write))
            for piece in encoded(written):
                yield piece
        if not course.more:
            break
        await exchange.pace()
        waited = True
        async with exchange.store.read() as transaction:
            parts = await course.page(transaction)
    yield course.tail() + MULTISTATUS_CLOSE


def first_of(rows: Sequence[Resource]) -> int:
    """How many of the cards are read in one go, by their length."""
    room = _PAGE_BYTES
    for number, row in enumerate(rows):
        room -= _CARD_BYTES + row.content_length
        if room < 0:
            return max(number, 1)
    return len(rows)
