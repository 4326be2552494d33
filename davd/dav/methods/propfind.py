"""PROPFIND: the properties of a resource, of its members, or of all below it.

What fits on one page leaves as one piece. Longer answers are streamed, and each further page is read in a transaction
of its own, because that of the exchange is over when the answer begins to leave.

Implements: RFC 4918, 9.1; RFC 8144, 2.1, 3
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from operator import attrgetter

from davd.dav import guard, multistatus
from davd.dav.access.decide import visible
from davd.dav.access.privileges import READ
from davd.dav.elements.propfind import parse_propfind
from davd.dav.exchange import Exchange
from davd.dav.properties.responses import Responses, Wanted, document, encoded, responses
from davd.dav.properties.view import load
from davd.dav.registry import Method
from davd.formats.xml.writer import MULTISTATUS_CLOSE, escape
from davd.http.prefer import Preferences
from davd.http.response import Content, Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.path import quote_segment
from davd.model.resource import Resource

# Up to this many members are answered in one piece; what comes after is read in pages.
WHOLE = 1000
PAGE = 500

Tree = list[tuple[tuple[str, ...], Resource]]

_name = attrgetter("name")


async def respond(exchange: Exchange) -> Response:
    """207 with the properties asked for.

    404 for what is missing or another user's; 403 with DAV:propfind-finite-depth, before anything is sent, when more
    than `max_propfind_nodes` resources would have to be told of.
    """
    target = guard.require(exchange, exchange.node, READ)
    headers = exchange.request.headers
    asked = parse_propfind(exchange.content, headers.get("content-type"))
    preferences = Preferences.from_headers(headers)
    await guard.check_if(exchange)
    wanted = Wanted(asked.kind, asked.names or asked.include, preferences.return_minimal)
    listing = Listing(exchange, target, responses(exchange.registry, wanted))
    # RFC 4918, 9.1: "Servers MUST treat a request without a Depth header as if a "Depth: infinity" header was
    # included."
    depth = exchange.fields.depth or "infinity"
    if depth == "0" or not target.is_collection:
        return multistatus.respond(await listing.alone(), preferences.applied("return"))
    # RFC 8144, 3: depth-noroot says that the client does not want the target itself.
    with_target = not preferences.depth_noroot
    applied = preferences.applied("return", "depth-noroot")
    if depth == "1":
        return multistatus.respond(await listing.members(with_target, await listing.first_members()), applied)
    return multistatus.respond(await listing.tree(with_target), applied)


class Listing:
    """The answers about one target in one exchange; `tail` is written after the last DAV:response.

    `whole` is the number of members up to which an answer is in one piece.
    """

    __slots__ = ("_base", "_chain", "_exchange", "_page", "_renderer", "_tail", "_target", "whole")

    def __init__(self, exchange: Exchange, target: Resource, renderer: Responses, tail: bytes = b"") -> None:
        self._exchange = exchange
        self._target = target
        self._renderer = renderer
        self._tail = tail
        self._chain = exchange.node.chain
        self._base = base_href(exchange, exchange.node.path.segments)
        self.whole = min(WHOLE, renderer.most)
        self._page = min(PAGE, renderer.most)

    async def alone(self) -> bytes | list[bytes]:
        """The target without its members."""
        return document(self._renderer, await self._of_target(), self._tail)

    async def _of_target(self) -> list[str]:
        rows = [self._target]
        view = await load(self._exchange, self._exchange.transaction, self._renderer.needs, rows, self._chain[:-1])
        return self._renderer.render(view, self._base, ("",), rows)

    async def first_members(self) -> list[Resource]:
        """The rows of the first page, and one more if there are further ones."""
        rows: list[Resource] = await self._exchange.transaction.members(self._target.id, "", self.whole + 1)
        return rows

    async def members(self, with_target: bool, rows: Sequence[Resource]) -> Content:
        """The members of the target, after the target itself if it is wanted; `rows` are those of `first_members`."""
        transaction = self._exchange.transaction
        pieces = await self._of_target() if with_target else []
        pieces += await self._of_members(transaction, rows[: self.whole])
        if len(rows) <= self.whole:
            return document(self._renderer, pieces, self._tail)
        return self._further_members([self._renderer.open, *pieces], rows[self.whole - 1].name)

    async def _of_members(self, transaction: IReadTransaction, rows: Sequence[Resource]) -> list[str]:
        shown = visible(self._exchange.principal, rows)
        view = await load(self._exchange, transaction, self._renderer.needs, shown, self._chain)
        names = list(map(quote_segment, map(_name, shown)))
        return self._renderer.render(view, self._base + "/", names, shown)

    async def _further_members(self, first: Sequence[str], after: str) -> AsyncIterator[bytes]:
        for part in encoded(first):
            yield part
        more = True
        while more:
            async with self._exchange.store.read() as transaction:
                rows = await transaction.members(self._target.id, after, self._page)
                piece = await self._of_members(transaction, rows)
            more = len(rows) == self._page
            if more:
                after = rows[-1].name
            for part in encoded(piece):
                yield part
        yield self._tail + MULTISTATUS_CLOSE

    async def tree(self, with_target: bool) -> Content:
        """All below the target, after the target itself if it is wanted."""
        transaction = self._exchange.transaction
        room = self._exchange.settings.max_propfind_nodes - 1
        found = await self._below(transaction, self._target, room)
        if len(found) > room:
            # RFC 4918, 9.1: "Servers MAY reject Depth: infinity"; then with DAV:propfind-finite-depth.
            raise HTTPError(403, "{DAV:}propfind-finite-depth")
        pieces = await self._of_target() if with_target else []
        above = [*self._chain, *[row for _, row in found if row.is_collection]]
        pieces += await self._of_tree(transaction, found[: self.whole], above)
        if len(found) <= self.whole:
            return document(self._renderer, pieces, self._tail)
        return self._further_tree([self._renderer.open, *pieces], found, above)

    async def _below(self, transaction: IReadTransaction, collection: Resource, room: int) -> Tree:
        """What the user may see below a collection, parents before members; at least `room` + 1 when there is more."""
        if collection.owner:
            owned: Tree = await transaction.descendants(collection.id, room + 1)
            return owned
        # Above the homes most of what there is belongs to others, and must not count.
        found: Tree = []
        after = ""
        while len(found) <= room:
            rows = await transaction.members(collection.id, after, PAGE)
            for row in visible(self._exchange.principal, rows):
                found.append(((row.name,), row))
                if row.is_collection and len(found) <= room:
                    below = await self._below(transaction, row, room - len(found))
                    found += [((row.name, *path), inner) for path, inner in below]
            if len(rows) < PAGE:
                break
            after = rows[-1].name
        return found

    async def _of_tree(self, transaction: IReadTransaction, found: Tree, above: Sequence[Resource]) -> list[str]:
        rows = [row for _, row in found]
        view = await load(self._exchange, transaction, self._renderer.needs, rows, above, self._target)
        names = ["/".join(map(quote_segment, path)) for path, _ in found]
        return self._renderer.render(view, self._base + "/", names, rows)

    async def _further_tree(self, first: Sequence[str], found: Tree, above: Sequence[Resource]) -> AsyncIterator[bytes]:
        for part in encoded(first):
            yield part
        for start in range(self.whole, len(found), self._page):
            async with self._exchange.store.read() as transaction:
                piece = await self._of_tree(transaction, found[start : start + self._page], above)
            for part in encoded(piece):
                yield part
        yield self._tail + MULTISTATUS_CLOSE


def base_href(exchange: Exchange, segments: tuple[str, ...]) -> str:
    """The reference of a resource without a slash at its end, escaped for XML; empty for a root without a prefix."""
    return escape(exchange.href(segments, False).rstrip("/"))


PROPFIND = Method("PROPFIND", respond, takes="xml")
