"""A collection for people: a plain page without scripts that a browser of any age can show.

Implements: RFC 4918, 9.4; RFC 9110, 9.3.1
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from html import escape
from typing import Final

from davd.dav.access import decide
from davd.dav.exchange import Exchange
from davd.http.dates import iso_date
from davd.http.response import Response
from davd.model.resource import Resource

# Collections up to this many members are answered from one view; longer ones are streamed page by page.
PAGE: Final = 500

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}"
    "h1{font-size:1.4rem;overflow-wrap:anywhere}"
    "nav ol{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0}"
    "nav li+li::before{content:'/' / '';margin-right:.5rem}"
    "table{border-collapse:collapse;width:100%}"
    "caption{text-align:start;padding:.25rem 0}"
    "th,td{border-bottom:1px solid;padding:.35rem .5rem;text-align:start}"
    "tbody th{font-weight:inherit;overflow-wrap:anywhere}"
    "td{white-space:nowrap;font-variant-numeric:tabular-nums}"
)
_STYLE_HASH: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB", "PiB")


async def respond(exchange: Exchange, collection: Resource) -> Response:
    """The page for `collection`, which the principal may read."""
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
    members: list[Resource] = await exchange.transaction.members(collection.id, "", PAGE + 1)
    head = _head(exchange)
    if len(members) > PAGE:
        return Response(200, headers, _stream(exchange, collection.id, head, members))
    return Response(200, headers, head + _rows(exchange, decide.visible(exchange.principal, members)) + _TAIL)


async def _stream(exchange: Exchange, id: int, head: bytes, members: Sequence[Resource]) -> AsyncIterator[bytes]:
    yield head
    while members:
        yield _rows(exchange, decide.visible(exchange.principal, members))
        await exchange.pace()
        # The transaction of the exchange is long over; each page has a view of its own.
        async with exchange.store.read() as view:
            members = await view.members(id, members[-1].name, PAGE)
    yield _TAIL


def _head(exchange: Exchange) -> bytes:
    segments = exchange.node.path.segments
    name = escape(segments[-1]) if segments else "Start"
    steps = [f'<li><a href="{exchange.href((), True)}">Start</a></li>'] if segments else []
    for depth in range(1, len(segments)):
        link = escape(exchange.href(segments[:depth], True))
        steps.append(f'<li><a href="{link}"><bdi>{escape(segments[depth - 1])}</bdi></a></li>')
    nav = f'<nav aria-label="Path"><ol>{"".join(steps)}</ol></nav>\n' if steps else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{nav}<main>\n<h1><bdi>{name}</bdi></h1>\n"
        "<table>\n<caption>Members in the order of their names</caption>\n<thead><tr>"
        '<th scope="col">Name</th><th scope="col">Size</th><th scope="col">Changed (UTC)</th></tr></thead>\n<tbody>\n'
    ).encode()


_TAIL: Final = b"</tbody>\n</table>\n</main>\n</body>\n</html>\n"


def _rows(exchange: Exchange, members: Sequence[Resource]) -> bytes:
    exchange.rows += len(members)
    return "".join([_row(exchange, member) for member in members]).encode()


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
