"""The answer of a report that has found resources in several places: a multistatus, page by page.

Implements: RFC 3744, 9.2, 9.3, 9.4; RFC 8144, 2.1
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from davd.dav import multistatus
from davd.dav.exchange import Exchange
from davd.dav.properties.pages import PAGE, Above, Pages, base_href, further
from davd.dav.properties.responses import Wanted, document, responses
from davd.dav.properties.trees import Tree
from davd.formats.xml.writer import status_response
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.path import quote_segment

TOO_MANY = "{DAV:}number-of-matches-within-limits"

# The next of what was found, with its paths from the root, and whether there may be more.
Next: TypeAlias = "Callable[[IReadTransaction], Awaitable[tuple[Tree, bool]]]"


def require_depth_zero(exchange: Exchange) -> None:
    """400 unless the Depth of the request is 0, which it is without the field."""
    # RFC 3744, 9.2 to 9.5: "This report is only defined when the Depth header has value "0"; other values result in a
    # 400 (Bad Request) error response."
    if exchange.fields.depth not in (None, "0"):
        raise HTTPError(400, detail="a report with a Depth other than 0")


async def respond(
    exchange: Exchange,
    names: tuple[str, ...] | None,
    next_found: Next,
    above: Above,
    tail: bytes = b"",
    view: IReadTransaction | None = None,
) -> Response:
    """207 with the properties `names` of all that is found; without names, just that it is there.

    `above` gives all the collections above some of the rows; `tail` is written after the last response. The first ones
    are read from `view`, which is the transaction of the exchange where there is none.
    """
    preferences = Preferences.from_headers(exchange.request.headers)
    renderer = responses(exchange.registry, Wanted("prop", names or (), preferences.return_minimal))
    pages = Pages(exchange, renderer, base_href(exchange, ()) + "/")
    ahead: Tree = []
    more = True

    async def page(transaction: IReadTransaction) -> tuple[list[str], bool]:
        nonlocal more
        if not ahead and more:
            found, more = await next_found(transaction)
            ahead.extend(found)
        if names is None:
            pieces = _merely(exchange, ahead)
            ahead.clear()
        else:
            some = ahead[:PAGE]
            paths = ["/".join(map(quote_segment, path)) for path, _ in some]
            pieces, count = await pages.write(transaction, [row for _, row in some], paths, above)
            del ahead[:count]
        return pieces, more or bool(ahead)

    applied = preferences.applied("return")
    pieces, unfinished = await page(exchange.transaction if view is None else view)
    if not unfinished:
        return multistatus.respond(document(renderer, pieces, tail), applied)
    return multistatus.respond(further(exchange, [renderer.open, *pieces], page, lambda: tail), applied)


def _merely(exchange: Exchange, found: Tree) -> list[str]:
    exchange.rows += len(found)
    return [status_response(exchange.href(path, row.is_collection), 200).decode() for path, row in found]


def at_once(found: Tree) -> Next:
    """All that was found already."""

    async def next_found(transaction: IReadTransaction) -> tuple[Tree, bool]:
        return found, False

    return next_found


def too_many(exchange: Exchange) -> bytes:
    """The response that says that there was more to be found than is told."""
    node = exchange.node
    own = exchange.href(node.path.segments, node.chain[-1].is_collection)
    return status_response(own, 507, TOO_MANY)


def paths_below(segments: Sequence[str], path: Sequence[str]) -> bool:
    """Whether `path` is a place below `segments`."""
    return len(path) > len(segments) and tuple(path[: len(segments)]) == tuple(segments)
