"""The contents of files: of one that is about to be stored, and of a collection's members, page by page.

Implements: RFC 4918, 5.2; RFC 9110, 9.3.1
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Self, TypeVar, cast

from davd.dav import guard
from davd.dav.exchange import Exchange
from davd.interfaces.store import IBlobStore, IReadTransaction
from davd.model.resource import FILE, NewContent, Resource

T = TypeVar("T")

# So many objects are read before others have their turn, and no more than so many bytes of them: what is done with that
# takes some 5 ms. One object may have more alone.
PAGE: Final = 100
LIGHT: Final = 64 * 1024
# So many lines are worked on at once: each costs some microseconds, however short it is.
_LINES: Final = 1200
# One object that is longer, or has more lines, is worked on in a thread: such lines may be odd ones, which cost some 30
# microseconds to give in another form.
LONG: Final = 16 * 1024
_LONG_LINES: Final = 600
_SHORTEST_LINE: Final = 3
# So many bytes are read at once where what is done with them has breaths of its own.
_READ: Final = 256 * 1024


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
        if sum(map(len, self.contents)) > LIGHT:
            return False
        lines = [_lines(content) for content in self.contents]
        return sum(lines) <= _LINES and max(lines, default=0) <= _LONG_LINES

    async def worked_on(self, exchange: Exchange, work: Callable[[], T]) -> T:
        """What `work`, which goes through the contents, gives; in a thread when there is too much of them.

        Never inside a transaction, unless the page is light.
        """
        return work() if self.light else cast(T, await exchange.aside(work))


def _light(members: list[Resource]) -> list[Resource]:
    """The first members, as many as are light together, but one at least."""
    return members[: readable(members, LIGHT)]


def readable(rows: Sequence[Resource], most: int = _READ) -> int:
    """How many of the first rows have at most so many bytes of content together; one at least, where there is one."""
    total = 0
    for number, row in enumerate(rows):
        total += row.content_length
        if total > most and number:
            return number
    return len(rows)


def is_long(content: bytes) -> bool:
    """Whether to go through an object may take more than some milliseconds, whatever it is."""
    size = len(content)
    return size > LONG or (size > _LONG_LINES * _SHORTEST_LINE and _lines(content) > _LONG_LINES)


def _lines(content: bytes) -> int:
    # A CR alone ends a line too.
    return max(content.count(b"\n"), content.count(b"\r"))


def portions(contents: Sequence[bytes]) -> Iterator[tuple[slice, bool]]:
    """Neighbours that may be worked on at once, with True; and alone, with False, each that is long."""
    first = size = lines = 0
    for number, content in enumerate(contents):
        if is_long(content):
            if first < number:
                yield slice(first, number), True
            yield slice(number, number + 1), False
            first, size, lines = number + 1, 0, 0
            continue
        size += len(content)
        lines += _lines(content)
        if (size > LIGHT or lines > _LINES) and first < number:
            yield slice(first, number), True
            first, size, lines = number, len(content), _lines(content)
    if first < len(contents):
        yield slice(first, len(contents)), True


class Aside(Generic[T]):
    """Work that whoever writes an answer in steps has done in a thread, and what came of it.

    Whoever takes the steps awaits `Exchange.aside` of it before the next one.
    """

    __slots__ = ("_error", "_value", "_work")

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._error: Exception | None = None
        self._value: T | None = None

    def __call__(self) -> None:
        """Do the work."""
        try:
            self._value = self._work()
        except Exception as error:
            self._error = error

    def outcome(self) -> T:
        """What the work, which has been done, gave or raised."""
        if self._error is not None:
            raise self._error
        return cast(T, self._value)


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
