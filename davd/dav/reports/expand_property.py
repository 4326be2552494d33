"""expand-property: properties, and in the place of the hrefs in them the properties of what they lead to.

Only the hrefs that davd itself writes are followed: in what clients store a href need not be one.

Implements: RFC 3253, 3.8
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

from davd.dav import guard, multistatus
from davd.dav.access.decide import visible
from davd.dav.elements.expand_property import ExpandedProperty, parse_expand_property
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_reference
from davd.dav.methods.propfind import base_href
from davd.dav.properties.responses import Responses, Wanted, document, responses
from davd.dav.properties.view import load
from davd.dav.registry import Report
from davd.formats.xml.writer import status_response
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import Resource
from davd.tree.node import Node

# The most DAV:response elements in one answer, those within others included.
MOST: Final = 1000
MOST_CHARACTERS: Final = 16 * 1024 * 1024
TOO_MUCH: Final = "{DAV:}number-of-matches-within-limits"

_HREF: Final = re.compile(r"<D:href>([^<]*)</D:href>")


async def respond(exchange: Exchange) -> Response:
    """207 with the target, and at Depth 1 its members.

    400 for Depth infinity, 507 when the answer would have more than `MOST` responses or `MOST_CHARACTERS`, those that
    are told again within others included.
    """
    headers = exchange.request.headers
    asked = parse_expand_property(exchange.content, headers.get("content-type"))
    preferences = Preferences.from_headers(headers)
    depth = exchange.fields.depth or "0"
    if depth == "infinity":
        raise HTTPError(400, detail="an expand-property report of a whole tree")
    nodes = [exchange.node]
    if depth == "1" and exchange.node.chain[-1].is_collection:
        nodes += await _members(exchange, exchange.node)
    expansion = _Expansion(exchange, preferences.return_minimal)
    pieces = [await expansion.response(node, asked) for node in nodes]
    renderer = expansion.renderer(asked)
    return multistatus.respond(document(renderer, pieces), preferences.applied("return"))


async def _members(exchange: Exchange, node: Node) -> list[Node]:
    rows: list[Resource] = await exchange.transaction.members(node.chain[-1].id, "", MOST + 1)
    return [
        Node(node.path.child(row.name, row.is_collection), [*node.chain, row], row)
        for row in visible(exchange.principal, rows)
    ]


@dataclass(slots=True)
class _Expansion:
    """One answer being written; `written` counts its responses, `characters` their text."""

    exchange: Exchange
    minimal: bool
    written: int = 0
    characters: int = 0

    def renderer(self, asked: tuple[ExpandedProperty, ...]) -> Responses:
        names = tuple(dict.fromkeys([wanted.name for wanted in asked]))
        return responses(self.exchange.registry, Wanted("prop", names, self.minimal, True))

    async def response(self, node: Node, asked: tuple[ExpandedProperty, ...]) -> str:
        self.written += 1
        if self.written > MOST:
            raise HTTPError(507, TOO_MUCH)
        row = node.chain[-1]
        renderer = self.renderer(asked)
        view = await load(self.exchange, self.exchange.transaction, renderer.needs, [row], node.chain[:-1])
        found, missing = renderer.elements(view, row)
        stored = view.stored.get(row.id, {})
        for wanted in asked:
            if wanted.properties and wanted.name in found and wanted.name not in stored:
                found[wanted.name] = await self._expand(found[wanted.name], wanted.properties)
        text = renderer.whole(base_href(self.exchange, node.path.segments), row, list(found.values()), missing)
        # All of the answer is in memory before any of it leaves.
        self.characters += len(text)
        if self.characters > MOST_CHARACTERS:
            raise HTTPError(507, TOO_MUCH)
        return text

    async def _expand(self, element: str, asked: tuple[ExpandedProperty, ...]) -> str:
        """The element with a DAV:response in the place of each href."""
        pieces = []
        position = 0
        for match in _HREF.finditer(element):
            pieces += [element[position : match.start()], await self._follow(unescape(match[1]), asked)]
            position = match.end()
        return "".join([*pieces, element[position:]])

    async def _follow(self, reference: str, asked: tuple[ExpandedProperty, ...]) -> str:
        request, settings = self.exchange.request, self.exchange.settings
        try:
            path = parse_reference(reference, request.authority, settings.hostnames, request.scheme, settings.prefix)
        except HTTPError:
            path = None
        node = None if path is None else await guard.find(self.exchange, path)
        if node is None or node.resource is None:
            return status_response(reference, 404).decode()
        return await self.response(node, asked)


EXPAND_PROPERTY = Report("{DAV:}expand-property", respond)
