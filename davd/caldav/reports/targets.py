"""Which calendars a report is about, by the resource it is sent to and the Depth.

Implements: RFC 4791, 7.2, 7.8, 7.10
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from davd.caldav.names import CALENDAR_TYPE
from davd.dav import guard
from davd.dav.access.privileges import READ
from davd.dav.exchange import Exchange
from davd.dav.properties.pages import base_href
from davd.model.errors import HTTPError
from davd.model.resource import COLLECTION, Resource

TOO_MANY: Final = "{DAV:}number-of-matches-within-limits"
_ROWS: Final = 500


@dataclass(slots=True)
class Target:
    """A calendar: the resources along the path to it, itself the last, and how the hrefs of its members begin."""

    chain: Sequence[Resource]
    base: str

    @property
    def calendar(self) -> Resource:
        """The calendar itself."""
        return self.chain[-1]


def is_object(exchange: Exchange) -> bool:
    """Whether the request URI leads to a calendar object; 403 with DAV:supported-report for any other file."""
    chain = exchange.node.chain
    if chain[-1].is_collection:
        return False
    if chain[-2].type != CALENDAR_TYPE:
        raise HTTPError(403, "{DAV:}supported-report")
    return True


async def calendars(exchange: Exchange, levels: float, privilege: str = READ) -> list[Target]:
    """The calendars at most `levels` below the target, which may be one itself, on which `privilege` is held.

    507 when there is more to look through than one request may ask for.
    """
    node = exchange.node
    segments = node.path.segments
    if node.chain[-1].type == CALENDAR_TYPE:
        return [Target(node.chain, base_href(exchange, segments) + "/")]
    if levels:
        # What lies deeper than the members changes without a trace in the target.
        exchange.rests_on_store = True
    found: list[Target] = []
    ahead = [(segments, list(node.chain))]
    room = exchange.settings.max_propfind_nodes
    while ahead and levels:
        levels -= 1
        deeper = []
        for above, chain in ahead:
            for row in await _collections(exchange, chain[-1], privilege, room):
                room -= 1
                path = (*above, row.name)
                if row.type == CALENDAR_TYPE:
                    found.append(Target([*chain, row], base_href(exchange, path) + "/"))
                else:
                    deeper.append((path, [*chain, row]))
        ahead = deeper
    return found


async def _collections(exchange: Exchange, collection: Resource, privilege: str, room: int) -> list[Resource]:
    """The calendars and plain collections directly in a collection, as far as the principal may know them."""
    found: list[Resource] = []
    after = ""
    seen = 0
    while True:
        rows: list[Resource] = await exchange.transaction.members(collection.id, after, _ROWS)
        inner = [row for row in rows if row.type in (CALENDAR_TYPE, COLLECTION)]
        found += await guard.visible(exchange, inner, collection, privilege=privilege)
        seen += len(rows)
        if len(found) > room or seen > max(room, _ROWS) * 10:
            raise HTTPError(507, TOO_MANY)
        if len(rows) < _ROWS:
            return found
        after = rows[-1].name
