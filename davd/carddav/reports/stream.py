"""Answers about many cards: whole when they are few, else in pages with room for others in between.

Implements: RFC 4918, 13; RFC 6352, 8.6, 8.7
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from davd.dav.exchange import Exchange
from davd.dav.properties.pages import further
from davd.dav.properties.responses import encoded
from davd.formats.xml.writer import MULTISTATUS_CLOSE
from davd.http.response import Content
from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource

# What is worked on in one go: some 10 ms. Each card counts as so many bytes beside those it has.
_PAGE_BYTES: Final = 256 * 1024
_CARD_BYTES: Final = 2560


class Course(Protocol):
    """The cards of one answer on their way into it; `more` tells whether there are further pages."""

    more: bool

    async def page(self, transaction: IReadTransaction) -> list[str]:
        """The responses of the next page, in pieces."""
        ...

    def tail(self) -> bytes:
        """What follows the last response."""
        ...


async def answer(exchange: Exchange, start: str, course: Course) -> Content:
    """The multistatus that begins with `start`; its first page is made now, in the transaction of the exchange."""
    pieces = await course.page(exchange.transaction)
    if not course.more:
        parts = encoded([start, *pieces, (course.tail() + MULTISTATUS_CLOSE).decode()])
        return parts[0] if len(parts) == 1 else parts

    async def page(transaction: IReadTransaction) -> tuple[list[str], bool]:
        return await course.page(transaction), course.more

    return further(exchange, [start, *pieces], page, course.tail)


def first_of(rows: Sequence[Resource]) -> int:
    """How many of the cards are read in one go, by their length."""
    room = _PAGE_BYTES
    for number, row in enumerate(rows):
        room -= _CARD_BYTES + row.content_length
        if room < 0:
            return max(number, 1)
    return len(rows)
