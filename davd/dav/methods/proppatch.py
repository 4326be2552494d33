"""PROPPATCH: set and remove properties, all of them or none.

Every instruction is checked before the first one is carried out, so that a refusal leaves nothing to undo.

Implements: RFC 4918, 9.2, 14.19, 14.23, 14.26, 16; RFC 8144, 2.2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from davd.dav import guard, multistatus
from davd.dav.access.privileges import WRITE_PROPERTIES
from davd.dav.elements.propertyupdate import PropertyChange, parse_propertyupdate
from davd.dav.exchange import Exchange
from davd.dav.registry import LiveProperty, Method, Registry
from davd.dav.settings import DavSettings
from davd.formats.xml import writer
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import Resource

PROTECTED = "{DAV:}cannot-modify-protected-property"

Outcome: TypeAlias = "tuple[int, str | None]"


async def respond(exchange: Exchange) -> Response:
    """207 with the outcome for each property; nothing has been set unless each outcome is 200.

    When the client prefers a minimal answer and all went well, 200 without a body.
    """
    node = exchange.node
    resource = guard.require(exchange, node, WRITE_PROPERTIES)
    headers = exchange.request.headers
    changes = parse_propertyupdate(exchange.source, headers.get("content-type"))
    preferences = Preferences.from_headers(headers)
    await guard.check_preconditions(exchange)
    await guard.check_locks(exchange, [node.chain])
    stored = await exchange.transaction.properties([resource.id])
    refused = refusals(exchange.registry, exchange.settings, changes, stored.get(resource.id, {}))
    if not refused:
        await apply(exchange, resource, changes)
        if preferences.return_minimal:
            return Response(200, _applied(preferences))
    href = exchange.href(node.path.segments, resource.is_collection)
    names = dict.fromkeys([change.name for change in changes])
    body = [writer.MULTISTATUS_OPEN, writer.response(href, propstats(names, refused)), writer.MULTISTATUS_CLOSE]
    return multistatus.respond(b"".join(body))


def _applied(preferences: Preferences) -> dict[str, str]:
    applied = preferences.applied("return")
    return {"Preference-Applied": applied} if applied else {}


def refusals(
    registry: Registry,
    settings: DavSettings,
    changes: Sequence[PropertyChange],
    stored: Mapping[str, bytes],
    creating: bool = False,
) -> dict[str, Outcome]:
    """Status and condition of each property whose instruction cannot be carried out, by name; empty when all can.

    `stored` are the dead properties that the resource has so far; `creating` tells that it is just being made.
    """
    refused: dict[str, Outcome] = {}
    sizes = {name: len(element) for name, element in stored.items()}
    total = sum(sizes.values())
    for change in changes:
        live = registry.properties.get(change.name)
        if live is not None:
            refusal = _refusal(live, change, creating)
            if refusal is not None:
                refused[change.name] = refusal
                continue
        if live is not None and not live.stored:
            continue
        total -= sizes.pop(change.name, 0)
        if change.fragment is None:
            continue
        size = sizes[change.name] = len(change.fragment)
        total += size
        # RFC 4918, 9.2.1: 507 when the server "did not have sufficient space to record the property".
        if (
            size > settings.max_dead_property_bytes
            or len(sizes) > settings.max_dead_properties
            or total > settings.max_dead_bytes
        ):
            refused[change.name] = (507, None)
    return refused


def _refusal(live: LiveProperty, change: PropertyChange, creating: bool) -> Outcome | None:
    """Why a live property cannot be set or removed; None when it can."""
    if (live.set is None and not live.stored) or (live.initial and not creating):
        return 403, PROTECTED
    try:
        if live.check is not None:
            live.check(None if change.fragment is None else change.text)
        if live.check_element is not None and change.fragment is not None:
            live.check_element(change.fragment)
    except HTTPError as error:
        return error.status, error.condition
    return None


async def apply(exchange: Exchange, resource: Resource, changes: Sequence[PropertyChange]) -> Resource:
    """Carry out instructions that `refusals` has nothing against, in document order; the resource as it is then."""
    transaction = exchange.transaction
    kept: list[tuple[str, bytes | None]] = []
    for change in changes:
        live = exchange.registry.properties.get(change.name)
        if live is None or live.stored:
            kept.append((change.name, change.fragment))
        if live is not None and live.set is not None:
            if live.stored:
                # What it sets besides may undo what an earlier instruction has stored.
                resource = await transaction.set_properties(resource, kept, exchange.now)
                kept = []
            resource = await live.set(exchange, resource, None if change.fragment is None else change.text)
    if kept:
        resource = await transaction.set_properties(resource, kept, exchange.now)
    return resource


def propstats(names: Iterable[str], refused: Mapping[str, Outcome]) -> list[bytes]:
    """DAV:propstat elements for all `names`: those `refused`, and why; the others are 424 if any was, else 200."""
    groups: dict[Outcome, list[bytes]] = {}
    # RFC 4918, 9.2.1: 424 when the property change "could not be made because of another property change that failed".
    rest: Outcome = (424, None) if refused else (200, None)
    for name in names:
        groups.setdefault(refused.get(name, rest), []).append(writer.tag(name)[2])
    return [writer.propstat(status, tags, condition) for (status, condition), tags in groups.items()]


PROPPATCH = Method("PROPPATCH", respond, writes=True, takes="xml")
