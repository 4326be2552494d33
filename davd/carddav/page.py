"""The page about an address book for people: who is in it, and how to reach them.

Implements: RFC 6352, 5.2; RFC 9110, 9.3.1
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from html import escape
from typing import Final

from davd.dav import page
from davd.dav.contents import Page, pages
from davd.dav.exchange import Exchange
from davd.dav.title import title_in
from davd.formats.contentlines import ContentError, unescape
from davd.formats.vcard.card import Card, components, parse
from davd.formats.vcard.upward import full_name
from davd.http.response import Response
from davd.model.resource import Resource

_LONGEST: Final = 300
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_TAIL: Final = page.TABLE_END.encode() + page.TAIL


async def book_page(exchange: Exchange, book: Resource) -> Response:
    """The page for `book`, which the principal may read."""
    stored = (await exchange.transaction.properties([book.id])).get(book.id, {})
    link = escape(exchange.href(exchange.node.path.segments, True))
    head = (
        page.head(exchange, _CONTROL.sub("", title_in(stored)))
        + f'<p><a href="{link}?export">The whole address book as a file</a></p>\n'
        + page.table("Cards in the order of their files", "Name", "E-mail", "Telephone")
    ).encode()
    first = await Page.after(exchange, exchange.transaction, book, "")
    body = _written(exchange, head, pages(exchange, book, first))
    headers = page.headers() | {"Vary": "Accept"}
    return Response(200, headers, [piece async for piece in body] if first.light and not first.more else body)


async def _written(exchange: Exchange, head: bytes, found: AsyncIterator[Page]) -> AsyncIterator[bytes]:
    yield head
    async for part in found:
        yield await part.worked_on(exchange, partial(_rows, exchange, part))
    yield _TAIL


def _rows(exchange: Exchange, part: Page) -> bytes:
    rows = [_row(exchange, member, data) for member, data in zip(part.members, part.contents, strict=True)]
    return "".join(rows).encode()


def _row(exchange: Exchange, member: Resource, data: bytes) -> str:
    link = escape(exchange.href((*exchange.node.path.segments, member.name), False))
    try:
        card = parse(data)
    except ContentError:
        # What is broken is left to the client that wrote it.
        name, email, telephone = member.name, "", ""
    else:
        name = _shown(_name(card)) or member.name
        email = ", ".join([_shown(unescape(line.value)) for line in card.all("EMAIL")[:3]])
        telephone = ", ".join([_number(unescape(line.value)) for line in card.all("TEL")[:3]])
    return (
        f'<tr><th scope="row"><a href="{link}"><bdi>{escape(name)}</bdi></a></th>'
        f'<td class="text">{escape(email)}</td><td class="text">{escape(telephone)}</td></tr>\n'
    )


def _name(card: Card) -> str:
    return card.text("FN").strip() or full_name(card) or ", ".join(_organisation(card))


def _organisation(card: Card) -> list[str]:
    line = card.first("ORG")
    return [] if line is None else [text for part in components(line) for text in part if text]


def _number(text: str) -> str:
    return _shown(text[4:] if text[:4].lower() == "tel:" else text)


def _shown(text: str) -> str:
    return _CONTROL.sub(" ", text[:_LONGEST]).strip()
