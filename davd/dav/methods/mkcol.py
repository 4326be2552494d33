"""MKCOL: a new collection, and with a body one that has its type and properties from the first moment.

Implements: RFC 4918, 9.3; RFC 5689, 3, 4, 5.1, 5.2
"""

from __future__ import annotations

from davd.dav import guard, membership
from davd.dav.access.privileges import BIND
from davd.dav.elements.mkcol import MkCol, parse_mkcol
from davd.dav.exchange import Exchange
from davd.dav.membership import VALID_RESOURCETYPE
from davd.dav.methods.proppatch import Outcome, apply, propstats, refusals
from davd.dav.multistatus import CONTENT_TYPE
from davd.dav.registry import Member, Method, Registry
from davd.formats.xml import reader, writer
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import COLLECTION, FILE, Resource

RESOURCE_TYPE = "{DAV:}resourcetype"
_PLAIN = MkCol()


async def respond(exchange: Exchange) -> Response:
    """Create the collection; 201.

    409 without a parent collection, 415 for a body that is no DAV:mkcol. With a DAV:mkcol-response, and nothing
    created, 403 or what else a property or the type in the body is refused for, and 424 when that is not one reason.
    """
    node = exchange.node
    parent = guard.require_parent(exchange, node, BIND)
    wanted = _wanted(exchange)
    await guard.check_preconditions(exchange)
    await guard.check_locks(exchange, [node.chain])
    refused = refusals(exchange.registry, exchange.settings, wanted.properties, {}, creating=True)
    type = resource_type(exchange.registry, wanted.resource_type)
    if type is None or not await membership.may_hold(exchange, parent, type):
        refused[RESOURCE_TYPE] = (403, VALID_RESOURCETYPE)
    if type is None or refused:
        return refusal(wanted, refused)
    await make(exchange, parent, type, wanted)
    return Response(201)


async def make(exchange: Exchange, parent: Resource, type: str, wanted: MkCol) -> None:
    """Create the collection at the request URI, whose place and properties nothing stands against."""
    name = exchange.node.path.name
    await membership.admit(exchange, parent, Member(name, type))
    created: Resource = await exchange.transaction.create(parent, name, type, parent.owner, exchange.now)
    await apply(exchange, created, wanted.properties)


def _wanted(exchange: Exchange) -> MkCol:
    if not exchange.content:
        return _PLAIN
    kind = exchange.request.headers.get("content-type")
    if not reader.is_xml(kind):
        # RFC 4918, 9.3: "If the server receives a MKCOL request entity type it does not support or understand, it MUST
        # respond with a 415 (Unsupported Media Type) status code."
        raise HTTPError(415)
    return parse_mkcol(exchange.source, kind)


def resource_type(registry: Registry, elements: tuple[str, ...] | None) -> str | None:
    """The type of collection that has `elements` in its DAV:resourcetype, a plain one for None.

    None when there is no such type.
    """
    if elements is None:
        return COLLECTION
    for kind in registry.collection_types.values():
        if kind.name != FILE and set(kind.elements) == set(elements):
            return kind.name
    return None


def refusal(wanted: MkCol, refused: dict[str, Outcome]) -> Response:
    """The response that tells what became of each property in the body; its status is theirs.

    RFC 5689, 3: "If any one instruction fails to execute successfully, all instructions MUST fail (i.e., either all
    succeed or all fail)." So the properties that could have been set are 424.
    """
    names = dict.fromkeys([change.name for change in wanted.properties])
    if wanted.resource_type is not None:
        names = {RESOURCE_TYPE: None} | names
    body = writer.document("{DAV:}mkcol-response", propstats(names, refused))
    # RFC 5689, 3.3, of DAV:valid-resourcetype: "Use with: Typically 403 (Forbidden)", and so is the whole in 3.5.
    statuses = {status for status, _ in refused.values()}
    return Response(statuses.pop() if len(statuses) == 1 else 424, {"Content-Type": CONTENT_TYPE}, body)


MKCOL = Method("MKCOL", respond, writes=True, takes="xml", on_collection=False, on_file=False, on_unmapped=True)
