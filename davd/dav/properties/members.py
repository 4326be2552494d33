"""The answers about a resource alone, with its members, or with all below it.

What fits on one page leaves as one piece. Longer answers are streamed, and each further page is read in a transaction
of its own, because that of the exchange is over when the answer begins to leave; between pages others have their turn.

Implements: RFC 4918, 9.1
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from operator import attrgetter

from davd.dav import guard
from davd.dav.exchange import Exchange
from davd.dav.properties.pages import WHOLE, Pages, base_href, further
from davd.dav.properties.responses import Responses, document
from davd.dav.properties.trees import Above, Tree, below
from davd.dav.properties.view import load
from davd.http.response import Content
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.path import quote_segment
from davd.model.resource import Resource

_id = attrgetter("id")
_name = attrgetter("name")
_type = attrgetter("type")


class Listing:
    """The answers about one target in one exchange; `tail` is written after the last DAV:response."""

    __slots__ = ("_base", "_chain", "_exchange", "_pages", "_renderer", "_tail", "_target")

    def __init__(self, exchange: Exchange, target: Resource, renderer: Responses, tail: bytes = b"") -> None:
        self._exchange = exchange
        self._target = target
        self._renderer = renderer
        self._tail = tail
        self._chain = exchange.node.chain
        self._base = base_href(exchange, exchange.node.path.segments)
        self._pages = Pages(exchange, renderer, self._base + "/")

    async def alone(self) -> bytes | list[bytes]:
        """The target without its members."""
        return document(self._renderer, await self._of_target(), self._tail)

    async def _of_target(self) -> list[str]:
        rows = [self._target]
        self._exchange.rows += 1
        view = await load(self._exchange, self._exchange.transaction, self._renderer.needs, rows, self._chain[:-1])
        return self._renderer.render(view, self._base, ("",), rows)

    async def first_members(self) -> list[Resource]:
        """The first `WHOLE` rows, and one more if there are further ones."""
        rows: list[Resource] = await self._exchange.transaction.members(self._target.id, "", WHOLE + 1)
        return rows

    async def members(self, with_target: bool, rows: Sequence[Resource]) -> Content:
        """The members of the target, after the target itself if it is wanted; `rows` are those of `first_members`."""
        pieces = await self._of_target() if with_target else []
        more, after = await self._of_members(self._exchange.transaction, rows[:WHOLE], pieces)
        if not more and len(rows) <= WHOLE:
            return document(self._renderer, pieces, self._tail)
        return self._further_members([self._renderer.open, *pieces], after)

    async def _of_members(
        self, transaction: IReadTransaction, rows: Sequence[Resource], pieces: list[str]
    ) -> tuple[bool, str]:
        """Add to `pieces` those of `rows` for which there is room; whether some are left, and the name of the last."""
        shown = await guard.visible(self._exchange, rows, self._target, transaction)
        by_age = self._by_age(shown)
        written, count = await self._write(transaction, by_age)
        if count < len(shown) and by_age is not shown:
            # Further pages begin after a name.
            written, count = await self._write(transaction, shown)
        pieces += written
        if count < len(shown):
            return True, shown[count - 1].name
        return False, rows[-1].name if rows else ""

    async def _write(self, transaction: IReadTransaction, rows: Sequence[Resource]) -> tuple[list[str], int]:
        names = list(map(quote_segment, map(_name, rows)))
        return await self._pages.write(transaction, rows, names, self._above)

    def _by_age(self, rows: Sequence[Resource]) -> Sequence[Resource]:
        """The rows with those of types that are told of by age in that order among each other; ids count upwards."""
        kinds = self._exchange.registry.collection_types
        types = {type for type in set(map(_type, rows)) if type in kinds and kinds[type].oldest_first}
        if not types:
            return rows
        ages = iter(sorted([row for row in rows if row.type in types], key=_id))
        return [next(ages) if row.type in types else row for row in rows]

    def _above(self, rows: Sequence[Resource]) -> Sequence[Resource]:
        return self._chain

    def _further_members(self, first: Sequence[str], after: str) -> AsyncIterator[bytes]:
        async def page(transaction: IReadTransaction) -> tuple[list[str], bool]:
            nonlocal after
            limit = self._pages.limit
            pieces: list[str] = []
            rows = await transaction.members(self._target.id, after, limit)
            more, after = await self._of_members(transaction, rows, pieces)
            return pieces, more or len(rows) == limit

        return further(self._exchange, first, page, self._end)

    def _end(self) -> bytes:
        return self._tail

    async def tree(self, with_target: bool) -> Content:
        """All below the target, after the target itself if it is wanted."""
        exchange = self._exchange
        # What lies deeper than the members changes without a trace in them.
        exchange.rests_on_store = True
        transaction = exchange.transaction
        room = exchange.settings.max_propfind_nodes - 1
        found = await below(exchange, transaction, self._target, room)
        if len(found) > room:
            # RFC 4918, 9.1: "Servers MAY reject Depth: infinity"; then with DAV:propfind-finite-depth.
            raise HTTPError(403, "{DAV:}propfind-finite-depth")
        above = Above(self._chain, found)
        pieces = await self._of_target() if with_target else []
        pieces += await self._of_tree(transaction, found, WHOLE, above)
        if not found:
            return document(self._renderer, pieces, self._tail)
        return self._further_tree([self._renderer.open, *pieces], found, above)

    async def _of_tree(self, transaction: IReadTransaction, found: Tree, limit: int, above: Above) -> list[str]:
        """The first of what was found, at most `limit` of it; that much is taken off the list."""
        some = found[:limit]
        names = ["/".join(map(quote_segment, path)) for path, _ in some]
        pieces, count = await self._pages.write(transaction, [row for _, row in some], names, above)
        del found[:count]
        return pieces

    def _further_tree(self, first: Sequence[str], found: Tree, above: Above) -> AsyncIterator[bytes]:
        async def page(transaction: IReadTransaction) -> tuple[list[str], bool]:
            pieces = await self._of_tree(transaction, found, self._pages.limit, above)
            return pieces, bool(found)

        return further(self._exchange, first, page, self._end)
