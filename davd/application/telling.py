"""What the access log is told of a request, by what its steps have found out.

Implements: docs/operate/monitoring.md, Access log
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from davd.application.recall import Ticket
from davd.application.visit import Visit
from davd.observe.access_log import Access
from davd.tree.statistics import CLASS_BITS

if TYPE_CHECKING:
    from davd.model.principal import Principal

# Of requests that are recalled only the bytes are known.
_DEPTH: Final = re.compile(rb"\r\ndepth:[ \t]*([0-9a-z]{1,8})[ \t]*\r\n", re.IGNORECASE)


def answered(visit: Visit, status: int, size: int, time: float, now: float) -> Access:
    """A request that was answered at the POSIX time `time`, which is `now` on the pool's clock, with `size` bytes."""
    request, arrival, place, exchange = visit.request, visit.arrival, visit.place, visit.exchange
    principal: Principal | None = getattr(visit, "principal", None)
    depth = request.headers.get("depth", "")
    kind = arrival.route.kind
    return Access(
        time,
        request.peer,
        "" if principal is None else principal.name,
        request.method,
        request.path,
        status,
        depth,
        "" if kind == depth else kind,
        0 if exchange is None else exchange.rows,
        0 if place is None else place.bytes,
        size,
        now - arrival.arrived,
        0.0 if place is None else place.seconds,
        0.0 if place is None else place.queued,
        request.id,
    )


def recalled(asked: bytes, time: float, peer: str, ticket: Ticket, size: int) -> Access:
    """A request of which nothing was looked at but its bytes; its answer had `size` bytes, some of the head's too."""
    head = asked.partition(b"\r\n\r\n")[0] + b"\r\n"
    method, target = head.decode("latin-1").split(" ", 2)[:2]
    depth = _DEPTH.search(head)
    word = "" if depth is None else depth.group(1).decode("ascii")
    kind = ticket.route.kind
    return Access(
        time,
        peer,
        ticket.name,
        method,
        target.partition("?")[0],
        ticket.answer >> CLASS_BITS,
        word,
        "" if kind == word else kind,
        sent=size,
        memory=True,
    )


def unread(peer: str, status: int, time: float, more: int) -> Access:
    """What the wire has refused before it was a request; nothing of it is told, so that nothing of it is in the line.

    `more` of them were left out before it.
    """
    return Access(time, peer, "", "-", "-", status, kind=f"unread and {more} more" if more else "unread")
