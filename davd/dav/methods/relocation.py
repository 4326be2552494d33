"""What COPY and MOVE do before their transaction: large content is looked at where it holds up nobody.

Implements: RFC 4918, 9.8, 9.9
"""

from __future__ import annotations

from collections.abc import Callable

from davd.dav import guard, membership
from davd.dav.access.privileges import READ
from davd.dav.exchange import Exchange
from davd.dav.methods.destination import destination
from davd.model.errors import HTTPError


async def examine(exchange: Exchange) -> Callable[[], object] | None:
    """What the collection at the destination has to find out about the source; None for nothing."""
    try:
        source = guard.require(exchange, exchange.node, READ)
        if source.content_length <= membership.LARGE:
            return None
        place = await destination(exchange, within=True, rewritten=exchange.request.method == "COPY")
    except HTTPError:
        # The verb will refuse it, in the order in which it looks at things.
        return None
    return await membership.examine_existing(exchange, place.parent, source)
