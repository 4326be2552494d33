"""As many rows at a time as can be written without holding others up.

A page ends when it has become long, however few its rows are: dead properties and locks make some rows a thousand times
longer than others, and what takes long to write is long.

Implements: RFC 4918, 9.1, 13
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from davd.dav.exchange import Exchange
from davd.dav.properties.responses import Responses, encoded
from davd.dav.properties.view import load
from davd.formats.xml.writer import MULTISTATUS_CLOSE, escape
from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource

# Up to this many rows are answered from one view, in one piece if they are not too long; what comes after is read in
# pages, each in a transaction of its own.
WHOLE: Final = 500
PAGE: Final = 250

# A page that has so much text takes no further rows: some 6 ms of work.
CHARACTERS: Final = 256 * 1024
_FEWEST: Final = 16

Above = Callable[[Sequence[Resource]], Sequence[Resource]]
# The pieces of the next page, and whether there are further ones.
NextPage = Callable[[IReadTransaction], Awaitable[tuple[list[str], bool]]]


def base_href(exchange: Exchange, segments: tuple[str, ...]) -> str:
    """The reference of a resource without a slash at its end, escaped for XML; empty for a root without a prefix."""
    return escape(exchange.href(segments, False).rstrip("/"))


async def further(
    exchange: Exchange, first: Sequence[str], next_page: NextPage, tail: Callable[[], bytes] = bytes
) -> AsyncIterator[bytes]:
    """A multistatus that begins with `first`, followed by at least one page, each read in a transaction of its own.

    Others have their turn between pages. `tail` gives what comes after the last DAV:response.
    """
    for part in encoded(first):
        yield part
    more = True
    while more:
        await exchange.pace()
        async with exchange.store.read() as transaction:
            pieces, more = await next_page(transaction)
        for part in encoded(pieces):
            yield part
    yield tail() + MULTISTATUS_CLOSE


class Pages:
    """Writes rows for one answer of `exchange`; hrefs begin with `base`, which is escaped.

    `limit` is the number of rows that it is worth to read for the next page.
    """

    __slots__ = ("_base", "_exchange", "limit", "renderer")

    def __init__(self, exchange: Exchange, renderer: Responses, base: str) -> None:
        self.renderer = renderer
        self.limit = PAGE
        self._exchange = exchange
        self._base = base

    async def write(
        self, transaction: IReadTransaction, rows: Sequence[Resource], names: Sequence[str], above: Above
    ) -> tuple[list[str], int]:
        """DAV:response elements, in pieces, for the first of `rows`, and for how many of them.

        `names` are what follows the base in their hrefs. `above` gives all the collections above some of the rows.
        """
        exchange, renderer = self._exchange, self.renderer
        pieces: list[str] = []
        characters = written = 0
        while written < len(rows) and characters < CHARACTERS:
            some = rows[written : written + renderer.most]
            view = await load(exchange, transaction, renderer.needs, some, above(some))
            text = renderer.render(view, self._base, names[written : written + renderer.most], some)
            characters += sum(map(len, text))
            written += len(some)
            pieces += text
        exchange.rows += written
        self.limit = PAGE if written == len(rows) else min(PAGE, max(_FEWEST, 2 * written))
        return pieces, written
