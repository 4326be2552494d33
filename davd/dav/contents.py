"""The contents of files: of one that is about to be stored, and of a collection's members, page by page.

Implements: RFC 4918, 5.2; RFC 9110, 9.3.1
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeVar, cast

from davd.dav import guard
from davd.dav.exchange import Exchange
from davd.interfaces.store import IBlobStore, IReadTransaction
from davd.model.resource import FILE, NewContent, Resource

T = TypeVar("T")

# So many objects are read before others have their turn, and no more than so many bytes of them: what is done with that
# takes some 5 ms. One object may have more alone.
PAGE: Final = 100
LIGHT: Final = 64 * 1024


def content_of(content: NewContent, blobs: IBlobStore) -> bytes:
    """All of a content that is not too long for that."""
    if content.data is not None:
        return content.data
    assert content.blob is not None
    return _blob(blobs, content.blob)


async def contents_of(transaction: IReadTransaction, blobs: IBlobStore, files: Sequence[Resource]) -> list[bytes]:
    """The contents of files, in their order; empty for one whose blob has gone since the transaction began."""
    found = await transaction.contents([file for file in files if file.blob is None])
    return [found.get(file.id, b"") if file.blob is None else _still_there(blobs, file.blob) for file in files]


def _still_there(blobs: IBlobStore, name: str) -> bytes:
    try:
        return _blob(blobs, name)
    except KeyError:
        return b""


def _blob(blobs: IBlobStore, name: str) -> bytes:
    descriptor, length = blobs.open(name)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(length)


@dataclass(slots=True)
class Page:
    """Some members that are files, with their contents; the name of the last member, and whether there are more."""

    members: list[Resource]
    contents: list[bytes]
    last: str
    more: bool

    @classmethod
    async def after(cls, exchange: Exchange, transaction: IReadTransaction, collection: Resource, name: str) -> Self:
        """The members whose names come after `name` (`""`: the first), as far as the principal may read them."""
        found: list[Resource] = await transaction.members(collection.id, name, PAGE)
        rows = _light(found)
        last = rows[-1].name if rows else ""
        shown = await guard.visible(exchange, rows, collection, transaction)
        files = [member for member in shown if member.type == FILE]
        contents = await contents_of(transaction, exchange.store.blobs, files)
        return cls(files, contents, last, len(found) == PAGE or len(rows) < len(found))

    @property
    def light(self) -> bool:
        """Whether something that goes through all of it may be done at once."""
        return sum(map(len, self.contents)) <= LIGHT

    async def worked_on(self, exchange: Exchange, work: Callable[[], T]) -> T:
        """What `work`, which goes through the contents, gives; in a thread when there is too much of them.

        Never inside a transaction, unless the page is light.
        """
        return work() if self.light else cast(T, await exchange.aside(work))


def _light(members: list[Resource]) -> list[Resource]:
    """The first members, as many as are light together, but one at least."""
    total = 0
    for number, member in enumerate(members):
        total += member.content_length
        if total > LIGHT and number:
            return members[:number]
    return members


async def pages(exchange: Exchange, collection: Resource, first: Page) -> AsyncIterator[Page]:
    """All pages, each but `first` from a view of its own; others have their turn between two."""
    page = first
    while True:
        exchange.rows += len(page.contents)
        yield page
        if not page.more:
            return
        await exchange.pace()
        async with exchange.store.read() as view:
            page = await Page.after(exchange, view, collection, page.last)
