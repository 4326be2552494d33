"""GET on address books and on what is in them: all cards as one file, one card in another form, a page for people.

Implements: RFC 6352, 5.1.1, 5.1.1.1, 6.3.2.3; RFC 6350, 3.1; RFC 7095, 3.2, 7; RFC 9110, 9.3.1, 12.5.1
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final, cast

from davd.carddav import names
from davd.carddav.data import Conversions, converted, version_at_once, version_of
from davd.carddav.negotiation import chooses, form
from davd.carddav.page import book_page
from davd.dav import representation
from davd.dav.contents import Page, contents_of, is_long
from davd.dav.exchange import Exchange
from davd.formats.contentlines import ContentError
from davd.formats.vcard.jcard import to_jcard
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import Resource

Represent = Callable[[Exchange, Resource], Awaitable[Response | None]]

_HTML: Final = "text/html"
_OF_BOOK: Final = (names.TEXT_VCARD, names.JCARD, _HTML)
_ENDINGS: Final = {names.TEXT_VCARD: "vcf", names.JCARD: "json"}
_LONE_LF: Final = re.compile(rb"(?<!\r)\n")
# A link on the page leads to the book itself, whatever the browser says that it accepts.
EXPORT: Final = "export"


async def represent_book(exchange: Exchange, book: Resource) -> Response:
    """The `CollectionType.represent` of address books: all cards as vCard or jCard, or the page about them."""
    kind = names.TEXT_VCARD
    if exchange.request.query != EXPORT:
        kind = representation.wanted(exchange, _OF_BOOK)
    if kind == _HTML:
        return await book_page(exchange, book)
    return await _whole(exchange, book, kind)


def make_represent_card(conversions: Conversions) -> Represent:
    """The `CollectionType.represent_member` of address books."""

    async def represent_card(exchange: Exchange, resource: Resource) -> Response | None:
        """A card in the form that the client would have; None for the octets as they were stored.

        406 with CARDDAV:supported-address-data-conversion when the client would have none of those there are.
        """
        accept = exchange.request.headers.get("accept", "")
        if not chooses(accept):
            return None
        (data,) = await contents_of(exchange.transaction, exchange.store.blobs, [resource])
        try:
            known = version_at_once(data)
            if is_long(data) and (not known or _wanted(accept, known) != known):
                unsent = representation.unsent(exchange, resource.etag)
                if unsent is not None:
                    return unsent
                exchange.later = partial(_later, exchange, resource, accept, data)
                return Response(200)
            stored = known or version_of(data)
            wanted = _wanted(accept, stored)
            if wanted == stored:
                return None
            # RFC 6352, 6.3.2.3: "A response to a GET request targeted at an address object resource MUST contain an
            # ETag response header field indicating the current value of the strong entity tag of the address object
            # resource": the one that DAV:getetag has and PUT is asked for, in whatever form the card is given.
            unsent = representation.unsent(exchange, resource.etag)
            if unsent is not None:
                return unsent
            return _shown(resource, wanted, conversions.give(resource, data, wanted))
        except ContentError:
            return None

    return represent_card


def _wanted(accept: str, stored: str) -> str:
    """The form that the client would have of a card whose version is `stored`; 406 when it would have none."""
    wanted = form(accept, stored)
    if wanted is None:
        # RFC 6352, 5.1.1: "it might not be possible for a server to convert from one media type to another. When that
        # happens, the server MUST return the CARDDAV:supported-address-data-conversion precondition".
        raise HTTPError(406, names.SUPPORTED_ADDRESS_DATA_CONVERSION)
    return wanted


def _shown(resource: Resource, version: str, body: bytes) -> Response:
    """A card in a version of vCard, or in that of its file where `version` is empty, or as jCard."""
    kind = f"{names.TEXT_VCARD}; charset=utf-8" + (f"; version={version}" if version else "")
    headers = {"Content-Type": names.JCARD if version == "jcard" else kind, "ETag": resource.etag, "Vary": "Accept"}
    return Response(200, headers, body)


async def _later(exchange: Exchange, resource: Resource, accept: str, stored: bytes) -> Response:
    """A card that is long, once it has been converted in a thread; as it was stored when it turns out to be none."""

    def convert() -> tuple[str, bytes]:
        version = version_of(stored)
        wanted = _wanted(accept, version)
        return wanted, stored if wanted == version else converted(stored, wanted)

    try:
        version, body = cast(tuple[str, bytes], await exchange.aside(convert))
    except ContentError:
        version, body = "", stored
    return _shown(resource, version, body)


async def _whole(exchange: Exchange, book: Resource, kind: str) -> Response:
    ending = _ENDINGS[kind]
    etag = representation.whole_tag(exchange, book, ending)
    unsent = representation.unsent(exchange, etag)
    if unsent is not None:
        return unsent
    write = _as_vcard if kind == names.TEXT_VCARD else _as_jcard
    return await representation.whole(exchange, book, kind, ending, partial(write, exchange), etag)


async def _as_vcard(exchange: Exchange, found: AsyncIterator[Page]) -> AsyncIterator[bytes]:
    async for page in found:
        yield await page.worked_on(exchange, partial(_vcards, page))


def _vcards(page: Page) -> bytes:
    return b"".join(map(_whole_lines, page.contents))


async def _as_jcard(exchange: Exchange, found: AsyncIterator[Page]) -> AsyncIterator[bytes]:
    # RFC 7095, 3.2: several vCards are an array of jCards.
    yield b"["
    comma = b""
    async for page in found:
        cards = await page.worked_on(exchange, partial(_jcards, page))
        if cards:
            yield comma + cards
            comma = b","
    yield b"]"


def _jcards(page: Page) -> bytes:
    """The cards of a page as jCard, with commas between them."""
    cards = []
    for data in page.contents:
        try:
            cards.append(to_jcard(data))
        except ContentError:
            # One bad card does not keep the others back.
            continue
    return b",".join(cards)


def _whole_lines(data: bytes) -> bytes:
    """The same with line ends as RFC 6350 wants them, one after the last line too."""
    if data and not data.endswith(b"\n"):
        data += b"\r\n"
    return data if data.count(b"\n") == data.count(b"\r\n") else _LONE_LF.sub(b"\r\n", data)
