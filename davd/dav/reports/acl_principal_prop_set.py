"""acl-principal-prop-set: the properties of the principals in an access control list.

Implements: RFC 3744, 9.2
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from davd.dav import guard
from davd.dav.access.privileges import READ_ACL
from davd.dav.elements.acl_principal_prop_set import parse_acl_principal_prop_set
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_reference
from davd.dav.properties.responses import Wanted, responses
from davd.dav.properties.trees import Above, Tree
from davd.dav.properties.view import load
from davd.dav.registry import Report
from davd.dav.reports.found import at_once, require_depth_zero, too_many
from davd.dav.reports.found import respond as respond_with
from davd.formats.xml.writer import status_response
from davd.http.response import Response
from davd.model.resource import Resource

_NAMES: Final = ("{DAV:}owner", "{DAV:}acl")
_HREF: Final = re.compile(r"<D:(?:owner|principal)><D:href>([^<]*)</D:href>")


async def respond(exchange: Exchange) -> Response:
    """207 with each principal that the list names by its URL, or as the owner, once; 404 for those not to be known.

    When there are more than `max_principal_results`, that many are told, and the request URI has the status 507.
    """
    guard.require(exchange, exchange.node, READ_ACL)
    names = parse_acl_principal_prop_set(exchange.source, exchange.request.headers.get("content-type"))
    require_depth_zero(exchange)
    exchange.rests_on_store = True
    found: Tree = []
    chain: dict[int, Resource] = {}
    unknown: list[bytes] = []
    references = await _references(exchange)
    most = exchange.settings.max_principal_results
    for reference in references[:most]:
        request, settings = exchange.request, exchange.settings
        path = parse_reference(reference, request.authority, settings.hostnames, request.scheme, settings.prefix)
        node = None if path is None else await guard.find(exchange, path)
        if node is None or node.resource is None:
            unknown.append(status_response(reference, 404))
        else:
            found.append((node.path.segments, node.resource))
            chain.update([(row.id, row) for row in node.chain[:-1]])
    if len(references) > most:
        unknown.append(too_many(exchange))
    return await respond_with(exchange, names, at_once(found), Above(list(chain.values()), []), b"".join(unknown))


async def _references(exchange: Exchange) -> list[str]:
    """The hrefs of principals in DAV:acl, as clients are told of them."""
    chain = exchange.node.chain
    renderer = responses(exchange.registry, Wanted("prop", _NAMES))
    view = await load(exchange, exchange.transaction, renderer.needs, chain[-1:], chain[:-1])
    elements, _ = renderer.elements(view, chain[-1])
    # RFC 3744, 9.2: "In the case where a principal URL appears multiple times, the DAV:acl-principal-prop-set report
    # MUST return the properties for that principal only once."
    written = "".join([elements.get(name, "") for name in _NAMES])
    return list(dict.fromkeys([unescape(match[1]) for match in _HREF.finditer(written)]))


ACL_PRINCIPAL_PROP_SET = Report("{DAV:}acl-principal-prop-set", respond)
