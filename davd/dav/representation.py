"""What the functions behind `CollectionType.represent` share: which media type, and whether the client has it already.

Implements: RFC 6266, 4.3; RFC 9110, 8.8.3, 12.5.1, 12.5.5, 13.2.2
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final
from urllib.parse import quote

from davd.dav.contents import Page, pages
from davd.dav.exchange import Exchange
from davd.http import conditional, negotiation
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import Resource

# RFC 9110, 12.5.5: a cache may use an answer that says Vary only for requests with the same of those fields.
ACCEPT: Final = "Accept"


def wanted(exchange: Exchange, offers: tuple[str, ...]) -> str:
    """Which of the media types the client would have; the first one when it does not say."""
    accept = exchange.request.headers.get("accept")
    return offers[0] if accept is None else negotiation.preferred(accept, offers)


def unsent(exchange: Exchange, etag: str, varies: str = ACCEPT) -> Response | None:
    """The 304 for a client that has the representation with that entity tag, None when it has to be sent; or 412.

    `varies` is the value of its Vary.
    """
    headers = exchange.request.headers
    status = conditional.evaluate(exchange.request.method, headers, etag, None, True)
    if status is None:
        return None
    if status == 412:
        raise HTTPError(412)
    # A weak tag is the same in every form that it has on the way.
    tag = etag if etag.startswith("W/") else conditional.named_tag(headers, etag)
    return Response(status, {"ETag": tag, "Vary": varies})


def whole_tag(exchange: Exchange, collection: Resource, form: str) -> str:
    """The entity tag of all of a collection as one file, in a form that has the short name `form`.

    It is weak because what is not stored that way is written anew by each version of davd.
    """
    return f'W/"{exchange.store.epoch[:8]}-{collection.id}-{collection.sync_revision}-{collection.revision}-{form}"'


async def whole(
    exchange: Exchange,
    collection: Resource,
    media_type: str,
    ending: str,
    write: Callable[[AsyncIterator[Page]], AsyncIterator[bytes]],
    etag: str,
    varies: str = ACCEPT,
) -> Response:
    """All of a collection as one file to download, whose name ends with `ending`; `write` makes it of the members.

    `etag` is its `whole_tag`, `varies` the value of its Vary.
    """
    name = quote(collection.name, safe="")
    headers = {
        "Content-Type": f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type,
        # RFC 6266, 4.3: filename* is for names beyond ISO 8859-1.
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}.{ending}",
        "ETag": etag,
        "Vary": varies,
    }
    first = await Page.after(exchange, exchange.transaction, collection, "")
    body = write(pages(exchange, collection, first))
    # What is complete can be kept.
    return Response(200, headers, [piece async for piece in body] if first.light and not first.more else body)
