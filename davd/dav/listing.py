"""A collection for people: a plain page without scripts that a browser of any age can show.

Implements: RFC 4918, 9.4; RFC 9110, 9.3.1
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from html import escape
from typing import Final

from davd.dav import guard, page
from davd.dav.exchange import Exchange
from davd.http.dates import iso_date
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource

# Collections up to this many members are answered from one view; longer ones are streamed page by page.
PAGE: Final = 500

_UNITS: Final = ("KiB", "MiB", "GiB", "TiB", "PiB")


async def respond(exchange: Exchange, collection: Resource) -> Response:
    """The page for `collection`, which the principal may read."""
    members: list[Resource] = await exchange.transaction.members(collection.id, "", PAGE + 1)
    head = (page.head(exchange) + page.table("Members in the order of their names", *_COLUMNS)).encode()
    if len(members) > PAGE:
        return Response(200, page.headers(), _stream(exchange, collection, head, members))
    rows = await _rows(exchange, collection, members, exchange.transaction)
    return Response(200, page.headers(), head + rows + _TAIL)


async def _stream(
    exchange: Exchange, collection: Resource, head: bytes, members: Sequence[Resource]
) -> AsyncIterator[bytes]:
    yield head
    while members:
        # The transaction of the exchange is long over; each page has a view of its own.
        async with exchange.store.read() as view:
            rows = await _rows(exchange, collection, members, view)
            members = await view.members(collection.id, members[-1].name, PAGE)
        yield rows
        await exchange.pace()
    yield _TAIL


_COLUMNS: Final = ("Name", "Size", "Changed (UTC)")
_TAIL: Final = page.TABLE_END.encode() + page.TAIL


async def _rows(
    exchange: Exchange, collection: Resource, members: Sequence[Resource], transaction: IReadTransaction
) -> bytes:
    seen = await guard.visible(exchange, members, collection, transaction)
    exchange.rows += len(seen)
    return "".join([_row(exchange, member) for member in seen]).encode()


def _row(exchange: Exchange, member: Resource) -> str:
    link = escape(exchange.href((*exchange.node.path.segments, member.name), member.is_collection))
    changed = iso_date(member.modified)
    name = escape(member.name) + ("/" if member.is_collection else "")
    size = "\N{EN DASH}" if member.is_collection else _size(member.content_length)
    shown = f"{changed[:10]} {changed[11:16]}"
    return (
        f'<tr><th scope="row"><a href="{link}"><bdi>{name}</bdi></a></th><td>{size}</td>'
        f'<td><time datetime="{changed}">{shown}</time></td></tr>\n'
    )


def _size(length: int) -> str:
    """Bytes for people: exact below 1 KiB, else with one digit after the point."""
    if length < 1024:
        return f"{length} bytes" if length != 1 else "1 byte"
    amount = float(length)
    for unit in _UNITS:
        amount /= 1024
        if amount < 1023.95 or unit == _UNITS[-1]:
            break
    return f"{amount:.1f} {unit}"
