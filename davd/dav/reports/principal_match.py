"""principal-match: the principals that the user who asks is, or the resources that name one of them.

Implements: RFC 3744, 9.3
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from davd.dav import guard
from davd.dav.elements.principal_match import parse_principal_match
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_reference
from davd.dav.properties.pages import PAGE
from davd.dav.properties.responses import Responses, Wanted, responses
from davd.dav.properties.trees import Above, Tree, below
from davd.dav.properties.view import load
from davd.dav.registry import Report
from davd.dav.reports.found import TOO_MANY, at_once, paths_below, require_depth_zero
from davd.dav.reports.found import respond as respond_with
from davd.formats.xml.reader import parse
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.principal import GROUP, INDIVIDUAL, SEGMENTS
from davd.model.resource import Resource

_HREF: Final = re.compile(r"<D:href>([^<]*)</D:href>")


async def respond(exchange: Exchange) -> Response:
    """207 with what matches below the request URI, and with the group or user there if the user who asks is that.

    507 when more than `max_propfind_nodes` resources would have to be looked at.
    """
    asked = parse_principal_match(exchange.source, exchange.request.headers.get("content-type"))
    require_depth_zero(exchange)
    exchange.rests_on_store = True
    name = exchange.principal.name
    groups = sorted(await exchange.transaction.groups_of(name))
    own: list[tuple[str, ...]] = [
        ("principals", SEGMENTS[INDIVIDUAL], name),
        *[("principals", SEGMENTS[GROUP], group) for group in groups],
    ]
    if asked.property is None:
        found, chain = await _principals(exchange, own)
        return await respond_with(exchange, asked.names, at_once(found), Above(chain, []))
    tree = await below(exchange, exchange.transaction, exchange.node.chain[-1], exchange.settings.max_propfind_nodes)
    if len(tree) > exchange.settings.max_propfind_nodes:
        raise HTTPError(507, TOO_MANY)
    matching = _Matching(exchange, asked.property, frozenset(own), tree)
    return await respond_with(exchange, asked.names, matching.next, matching.above)


async def _principals(exchange: Exchange, own: list[tuple[str, ...]]) -> tuple[Tree, list[Resource]]:
    """The principals at `own` that are at or below the request URI, and what is above them."""
    within = exchange.node.path.segments
    found: Tree = []
    chain: dict[int, Resource] = {}
    for segments in own:
        # RFC 3744, 9.3: "When the DAV:self element is used in a DAV:principal-match report issued against a group, it
        # matches the group if a member identifies the same principal as the current user."
        if segments == within or paths_below(within, segments):
            node = await guard.find(exchange, Path(segments, True))
            if node.resource is not None:
                found.append((segments, node.resource))
                chain.update([(row.id, row) for row in node.chain[:-1]])
    return found, list(chain.values())


class _Matching:
    """Those of the resources in `tree`, below the exchange's target, in whose property `name` one of `own` is named."""

    __slots__ = ("_exchange", "_name", "_own", "_renderer", "_tree", "above")

    def __init__(self, exchange: Exchange, name: str, own: frozenset[tuple[str, ...]], tree: Tree) -> None:
        self._exchange = exchange
        self._name = name
        self._own = own
        self._tree = tree
        self._renderer: Responses = responses(exchange.registry, Wanted("prop", (name,)))
        self.above = Above(exchange.node.chain, tree[:])

    async def next(self, transaction: IReadTransaction) -> tuple[Tree, bool]:
        """Those on the next page, each with its path from the root, and whether there are further pages."""
        some = self._tree[:PAGE]
        del self._tree[:PAGE]
        rows = [row for _, row in some]
        view = await load(self._exchange, transaction, self._renderer.needs, rows, self.above(rows))
        top = self._exchange.node.path.segments
        found = []
        for path, row in some:
            elements, _ = self._renderer.elements(view, row)
            element = elements.get(self._name, "")
            stored = self._name in view.stored.get(row.id, {})
            if element and any(self._is_own(reference) for reference in _references(element, stored)):
                found.append(((*top, *path), row))
        return found, bool(self._tree)

    def _is_own(self, reference: str) -> bool:
        """Whether a reference is that of a principal that the user who asks is, or is a member of."""
        request, settings = self._exchange.request, self._exchange.settings
        try:
            path = parse_reference(reference, request.authority, settings.hostnames, request.scheme, settings.prefix)
        except HTTPError:
            return False
        return path is not None and path.segments in self._own


def _references(element: str, stored: bool) -> list[str]:
    """The hrefs in a property, as davd wrote it or as a client did."""
    if not stored:
        return [unescape(match[1]) for match in _HREF.finditer(element)]
    return [(href.text or "").strip() for href in parse(element.encode()).iter("{DAV:}href")]


PRINCIPAL_MATCH = Report("{DAV:}principal-match", respond, lambda resource: resource.is_collection)
