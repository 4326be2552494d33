"""POST to the add-member URL of a collection: a new member whose name the server picks.

Implements: RFC 5995, 3.1, 5
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from davd.dav import content_type
from davd.dav.exchange import Exchange
from davd.dav.methods import put
from davd.dav.properties.add_member import ADD_MEMBER
from davd.dav.registry import Method
from davd.http.response import Response
from davd.tree.node import Node


async def check(exchange: Exchange) -> int | None:
    """What `put.check` says of the new member."""
    _name_member(exchange)
    return await put.check(exchange)


async def examine(exchange: Exchange) -> Callable[[], object] | None:
    """What the collection has to find out about the new member beforehand, as `put.examine` gives it."""
    _name_member(exchange)
    return await put.examine(exchange)


async def respond(exchange: Exchange) -> Response:
    """Store `exchange.upload` under a new name; 201 with its Location, and whatever PUT refuses it for."""
    _name_member(exchange)
    # RFC 5995, 3.1, 5: the POST has to meet what a PUT into the collection has to meet, DAV:bind among it, and it is
    # refused with the same DAV:error.
    response = await put.respond(exchange)
    response.headers["Location"] = exchange.href(exchange.node.path.segments, False)
    return response


def _name_member(exchange: Exchange) -> None:
    """Turn the exchange from the collection to a member of it that does not exist yet."""
    node = exchange.node
    kind = content_type.stated(exchange.request.headers.get("content-type"))
    holder = exchange.registry.collection_types.get(node.chain[-1].type)
    ending = content_type.ending(kind or ("" if holder is None else holder.members_type))
    exchange.node = Node(node.path.child(f"{uuid4()}{ending}"), node.chain, None)


POST = Method(
    "POST",
    respond,
    writes=True,
    takes="upload",
    check=check,
    examine=examine,
    on_file=False,
    query=ADD_MEMBER,
)
