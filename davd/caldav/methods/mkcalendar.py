"""MKCALENDAR: a new calendar, with its properties from the first moment.

Implements: RFC 4791, 5.3.1, 5.3.1.1; RFC 8144, 2
"""

from __future__ import annotations

from davd.caldav import names
from davd.dav import guard, membership, multistatus
from davd.dav.access.privileges import BIND
from davd.dav.elements.mkcol import MkCol, parse_mkcol
from davd.dav.exchange import Exchange
from davd.dav.membership import VALID_RESOURCETYPE
from davd.dav.methods.mkcol import RESOURCE_TYPE, make
from davd.dav.methods.proppatch import Outcome, propstats, refusals
from davd.dav.registry import Method
from davd.formats.xml import writer
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.model.errors import HTTPError

_ELEMENTS = frozenset(("{DAV:}collection", names.CALENDAR))


async def respond(exchange: Exchange) -> Response:
    """Create the calendar; 201.

    403 where something is already, or in a calendar or another collection that cannot hold one, 409 without a parent
    collection, 415 for a body that is no CALDAV:mkcalendar; 207, and nothing created, when a property in the body
    cannot be had.
    """
    node = exchange.node
    if node.resource is not None:
        # RFC 4791, 5.3.1: "(DAV:resource-must-be-null): A resource MUST NOT exist at the Request-URI".
        raise HTTPError(403, names.RESOURCE_MUST_BE_NULL)
    parent = guard.require_parent(exchange, node, BIND)
    wanted = MkCol()
    if exchange.content:
        kind = exchange.request.headers.get("content-type")
        # RFC 4791, 5.3.1: "If a request body is included, it MUST be a CALDAV:mkcalendar XML element."
        wanted = parse_mkcol(exchange.source, kind, names.MKCALENDAR)
    await guard.check_preconditions(exchange)
    await guard.check_locks(exchange, [node.chain])
    if not await membership.may_hold(exchange, parent, names.CALENDAR_TYPE):
        raise HTTPError(403, names.CALENDAR_COLLECTION_LOCATION_OK)
    refused = refusals(exchange.registry, exchange.settings, wanted.properties, {}, creating=True)
    if wanted.resource_type is not None and set(wanted.resource_type) != _ELEMENTS:
        refused[RESOURCE_TYPE] = (403, VALID_RESOURCETYPE)
    if refused:
        return _refusal(exchange, wanted, refused)
    await make(exchange, parent, names.CALENDAR_TYPE, wanted)
    # RFC 4791, 5.3.1: "The response MUST include a Cache-Control:no-cache header."
    headers = {"Cache-Control": "no-cache"}
    preferences = Preferences.from_headers(exchange.request.headers)
    if not wanted.properties or not preferences.return_representation:
        return Response(201, headers)
    headers |= {"Content-Type": multistatus.CONTENT_TYPE, "Preference-Applied": preferences.applied("return")}
    return Response(201, headers, writer.document(names.MKCALENDAR_RESPONSE, propstats(_names(wanted), {})))


def _names(wanted: MkCol) -> list[str]:
    """The properties that the client set, each once."""
    properties = [change.name for change in wanted.properties]
    return list(dict.fromkeys(properties if wanted.resource_type is None else [RESOURCE_TYPE, *properties]))


def _refusal(exchange: Exchange, wanted: MkCol, refused: dict[str, Outcome]) -> Response:
    # RFC 4791, 5.3.1.1: 207 when "the calendar collection resource was not created since one or more DAV:set
    # instructions specified in the request body could not be processed successfully".
    href = exchange.href(exchange.node.path.segments, True)
    body = writer.response(href, propstats(_names(wanted), refused))
    response = multistatus.respond(b"".join([writer.MULTISTATUS_OPEN, body, writer.MULTISTATUS_CLOSE]))
    response.headers["Cache-Control"] = "no-cache"
    return response


MKCALENDAR = Method("MKCALENDAR", respond, writes=True, takes="xml", on_file=False, on_unmapped=True)
