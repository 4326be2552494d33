"""What COPY and MOVE have in common: where to, and what stands in the way there.

Implements: RFC 4918, 7.5, 7.6, 8.3, 9.8, 9.9, 10.3, 10.6; RFC 3744, 3.9, 3.10, B
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from davd.dav import fields, guard
from davd.dav.access.privileges import BIND, UNBIND, WRITE_CONTENT, WRITE_PROPERTIES
from davd.dav.exchange import Exchange
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import Resource
from davd.tree.node import Node


@dataclass(slots=True)
class Destination:
    """Where a resource is to go: the `node`, its `parent` collection, and what is `overwritten` there, if anything."""

    node: Node
    parent: Resource
    overwritten: Resource | None

    @property
    def name(self) -> str:
        """The member name the resource gets."""
        return self.node.path.name

    @property
    def locked(self) -> list[Sequence[Resource]]:
        """The chains whose ends change at the destination, as `guard.check_locks` takes them."""
        parents = self.node.chain[: len(self.node.path.segments)]
        return [parents] if self.overwritten is None else [parents, self.node.chain]

    @property
    def below(self) -> list[Resource]:
        """The collection that goes with all it holds, as `guard.check_locks` takes it."""
        return [self.overwritten] if self.overwritten is not None and self.overwritten.is_collection else []


async def destination(exchange: Exchange, within: bool = False, rewritten: bool = False) -> Destination:
    """The destination of the request, which may be written by the principal; `within` lets it be below the source.

    With `rewritten` a resource that is there is given other content and properties, else it is removed first.

    Raises HTTPError 400 for a missing or malformed Destination, 502 for one on another server, 403 for the source
    itself, what is above or below it and what may not be written, 409 where there is no collection to hold it.
    """
    request, settings = exchange.request, exchange.settings
    path = fields.parse_destination(
        exchange.fields.destination, request.authority, settings.hostnames, request.scheme, settings.prefix
    )
    source = exchange.node.path
    # RFC 4918, 9.8.5, 9.9.4: 403 when "the source and destination resources are the same"; a collection has no place
    # within itself unless its members stay behind, and what is above it cannot be overwritten while it is read.
    if path.contains(source) or (source.contains(path) and not within):
        raise HTTPError(403, detail="the destination is the source, or above or below it")
    node = await guard.find(exchange, path)
    return Destination(node, _writable(exchange, node, rewritten), node.resource)


def _writable(exchange: Exchange, node: Node, rewritten: bool) -> Resource:
    """The collection that holds the destination, when the principal has the privileges of RFC 3744, B."""
    parent, resource = node.parent, node.resource
    if resource is None or parent is None or not rewritten or not parent.owner:
        # "MOVE (no target exists)": DAV:bind on the target collection; "MOVE (target exists)": "As above, plus
        # <D:unbind> on the target collection". What clients did not make there, homes and principals, nobody replaces.
        parent = guard.require_parent(exchange, node, BIND)
        if resource is not None:
            guard.require_parent(exchange, node, UNBIND)
        return parent
    # "COPY (target exists)": "<D:write-content> and <D:write-properties> on target resource".
    for privilege in (WRITE_CONTENT, WRITE_PROPERTIES):
        guard.require(exchange, node, privilege)
    if resource.is_collection:
        # All that a collection holds gives way, with the entries of its members: that is for those who may remove it.
        for privilege in (BIND, UNBIND):
            guard.require_parent(exchange, node, privilege)
    return parent


def check_overwrite(exchange: Exchange, place: Destination) -> None:
    """412 when something is at the destination and the client says `Overwrite: F`."""
    # RFC 4918, 9.8.4: "If a COPY request has an Overwrite header with a value of 'F', and a resource exists at the
    # Destination URL, the server MUST fail the request."
    if place.overwritten is not None and not exchange.fields.overwrite:
        raise HTTPError(412)


def written(exchange: Exchange, place: Destination, resource: Resource) -> Response:
    """204 when something was overwritten, else 201 with where the new resource is."""
    if place.overwritten is not None:
        return Response(204)
    return Response(201, {"Location": exchange.href(place.node.path.segments, resource.is_collection)})


async def tree_length(exchange: Exchange, resource: Resource, infinite: bool, limited: bool = True) -> int:
    """The bytes of content in a tree; 403 when it has more resources than the settings allow."""
    if not resource.is_collection or not infinite:
        return resource.content_length
    most = exchange.settings.max_tree_nodes
    # What is overwritten is removed however large it is; beyond the limit it only counts for less.
    inside = await exchange.transaction.descendants(resource.id, most + 1)
    if limited and len(inside) >= most:
        raise HTTPError(403, "{urn:davd}tree-within-limits")
    return sum([member.content_length for _, member in inside])
