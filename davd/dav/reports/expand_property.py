"""expand-property: properties, and in the place of the hrefs in them the properties of what they lead to.

Only the hrefs that davd itself writes are followed: in what clients store a href need not be one.

Implements: RFC 3253, 3.8
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Final

from davd.dav import guard, multistatus
from davd.dav.elements.expand_property import ExpandedProperty, parse_expand_property
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_reference
from davd.dav.properties.pages import CHARACTERS, base_href, further
from davd.dav.properties.responses import Responses, Wanted, document, responses
from davd.dav.properties.view import load
from davd.dav.registry import Report
from davd.formats.xml.writer import status_response
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.resource import Resource
from davd.tree.node import Node

# The most DAV:response elements in one answer, those within others included, and the most text.
MOST: Final = 1000
MOST_CHARACTERS: Final = 16 * 1024 * 1024

# The same for what is written in one go, the target or one of its members. Work is counted in properties looked at; to
# find a resource is as much as `_FINDING` of them. 1,000 are some 0.5 ms.
MOST_AT_ONCE: Final = 24_000
MOST_CHARACTERS_AT_ONCE: Final = 2 * 1024 * 1024
_FINDING: Final = 30
_PAGE_WORK: Final = 10_000

TOO_MUCH: Final = "{DAV:}number-of-matches-within-limits"

_HREF: Final = re.compile(r"<D:href>([^<]*)</D:href>")


async def respond(exchange: Exchange) -> Response:
    """207 with the target, and at Depth 1 its members.

    400 for Depth infinity, 507 when there are more than `MOST` resources or the target alone is too much to tell. A
    member that is too much, or for which there is no room any more, has the status 507 in the answer.
    """
    headers = exchange.request.headers
    asked = parse_expand_property(exchange.source, headers.get("content-type"))
    preferences = Preferences.from_headers(headers)
    depth = exchange.fields.depth or "0"
    if depth == "infinity":
        raise HTTPError(400, detail="an expand-property report of a whole tree")
    # What the hrefs lead to changes without a trace in the target.
    exchange.rests_on_store = True
    nodes = [exchange.node]
    if depth == "1" and exchange.node.chain[-1].is_collection:
        nodes += await _members(exchange, exchange.node)
        if len(nodes) > MOST:
            raise HTTPError(507, TOO_MUCH)
    alone = len(nodes) == 1
    expansion = _Expansion(exchange, asked, preferences.return_minimal)
    pieces = await expansion.page(exchange.transaction, nodes)
    if alone and expansion.refused:
        raise HTTPError(507, TOO_MUCH)
    renderer = expansion.renderer(asked)
    applied = preferences.applied("return")
    if not nodes:
        return multistatus.respond(document(renderer, pieces), applied)

    async def page(transaction: IReadTransaction) -> tuple[list[str], bool]:
        return await expansion.page(transaction, nodes), bool(nodes)

    return multistatus.respond(further(exchange, [renderer.open, *pieces], page), applied)


async def _members(exchange: Exchange, node: Node) -> list[Node]:
    collection = node.chain[-1]
    rows: list[Resource] = await exchange.transaction.members(collection.id, "", MOST + 1)
    return [
        Node(node.path.child(row.name, row.is_collection), [*node.chain, row], row)
        for row in await guard.visible(exchange, rows, collection)
    ]


class _TooMuch(Exception):
    """One resource is more than can be told in one go, or than there is room for."""


@dataclass(slots=True)
class _Expansion:
    """One answer being written: `asked` of each node.

    `responses` and `characters` are what it may still have, `work` and `room` what the node that is being written may.
    `refused` counts the nodes that were too much.
    """

    exchange: Exchange
    asked: tuple[ExpandedProperty, ...]
    minimal: bool
    responses: int = field(default_factory=lambda: MOST)
    characters: int = field(default_factory=lambda: MOST_CHARACTERS)
    work: int = 0
    room: int = 0
    refused: int = 0

    def renderer(self, asked: tuple[ExpandedProperty, ...]) -> Responses:
        names = tuple(dict.fromkeys([wanted.name for wanted in asked]))
        return responses(self.exchange.registry, Wanted("prop", names, self.minimal, True))

    async def page(self, transaction: IReadTransaction, nodes: list[Node]) -> list[str]:
        """The responses to the first of the nodes, which are taken off the list."""
        pieces: list[str] = []
        work = characters = 0
        while nodes and work < _PAGE_WORK and characters < CHARACTERS:
            node = nodes.pop(0)
            self.work = MOST_AT_ONCE
            self.room = min(MOST_CHARACTERS_AT_ONCE, self.characters)
            self.exchange.rows += 1
            try:
                text = await self.response(transaction, node, self.asked)
            except _TooMuch:
                self.refused += 1
                href = self.exchange.href(node.path.segments, node.chain[-1].is_collection)
                text = status_response(href, 507, TOO_MUCH).decode()
            self.characters -= len(text)
            characters += len(text)
            work += MOST_AT_ONCE - self.work
            pieces.append(text)
        return pieces

    async def response(self, transaction: IReadTransaction, node: Node, asked: tuple[ExpandedProperty, ...]) -> str:
        self.responses -= 1
        self.work -= _FINDING + len(asked)
        if self.responses < 0 or self.work < 0:
            raise _TooMuch
        row = node.chain[-1]
        renderer = self.renderer(asked)
        view = await load(self.exchange, transaction, renderer.needs, [row], node.chain[:-1])
        found, missing = renderer.elements(view, row)
        stored = view.stored.get(row.id, {})
        for wanted in asked:
            if wanted.properties and wanted.name in found and wanted.name not in stored:
                found[wanted.name] = await self._expand(transaction, found[wanted.name], wanted.properties)
        text = renderer.whole(base_href(self.exchange, node.path.segments), row, list(found.values()), missing)
        # All of it is in memory before any of it leaves.
        self.room -= len(text)
        if self.room < 0:
            raise _TooMuch
        return text

    async def _expand(self, transaction: IReadTransaction, element: str, asked: tuple[ExpandedProperty, ...]) -> str:
        """The element with a DAV:response in the place of each href."""
        pieces = []
        position = 0
        for match in _HREF.finditer(element):
            pieces += [element[position : match.start()], await self._follow(transaction, unescape(match[1]), asked)]
            position = match.end()
        return "".join([*pieces, element[position:]])

    async def _follow(self, transaction: IReadTransaction, reference: str, asked: tuple[ExpandedProperty, ...]) -> str:
        request, settings = self.exchange.request, self.exchange.settings
        try:
            path = parse_reference(reference, request.authority, settings.hostnames, request.scheme, settings.prefix)
        except HTTPError:
            path = None
        node = None if path is None else await guard.find(self.exchange, path, transaction)
        if node is None or node.resource is None:
            return status_response(reference, 404).decode()
        return await self.response(transaction, node, asked)


EXPAND_PROPERTY = Report("{DAV:}expand-property", respond)
