"""PROPFIND: the properties of a resource, of its members, or of all below it.

Implements: RFC 4918, 9.1; RFC 8144, 2.1, 3
"""

from __future__ import annotations

from davd.dav import guard, multistatus
from davd.dav.access.privileges import READ
from davd.dav.elements.propfind import parse_propfind
from davd.dav.exchange import Exchange
from davd.dav.properties.members import Listing
from davd.dav.properties.responses import Wanted, responses
from davd.dav.registry import Method
from davd.http.prefer import Preferences
from davd.http.response import Response


async def respond(exchange: Exchange) -> Response:
    """207 with the properties asked for.

    404 for what is missing or another user's; 403 with DAV:propfind-finite-depth, before anything is sent, when more
    than `max_propfind_nodes` resources would have to be told of.
    """
    target = guard.require(exchange, exchange.node, READ)
    headers = exchange.request.headers
    asked = parse_propfind(exchange.source, headers.get("content-type"))
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


PROPFIND = Method("PROPFIND", respond, takes="xml")
