"""The content of a request whose method takes XML or nothing.

Implements: RFC 4918, 8.2, 8.4; RFC 9110, 15.5.14, 15.5.16
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from davd.dav.registry import Method
from davd.dav.settings import DavSettings
from davd.formats.xml.reader import PIECE, Element, parse_paced
from davd.http.request import Request
from davd.model.errors import HTTPError


async def take(request: Request, method: Method, settings: DavSettings) -> bytes:
    """All of the content; `b""` without one.

    HTTPError 413 when it is longer than `settings.max_xml_bytes`, 415 when there is content where none is taken.
    """
    body = request.body
    if method.takes == "xml":
        return await body.read(settings.max_xml_bytes)
    # RFC 4918, 8.4: "In cases where a request body is present but would be ignored by a server, the server MUST reject
    # the request with 415 (Unsupported Media Type)." Chunked content may yet turn out to be empty.
    if body.length or (body.length is None and await body.receive()):
        raise HTTPError(415)
    return b""


async def parsed(
    content: bytes, content_type: str | None, pace: Callable[[], Awaitable[None]]
) -> Element | HTTPError | None:
    """`Exchange.document` of content that is too large to be parsed in one step; None for all other content.

    It is parsed before a transaction begins, since `pace` is awaited meanwhile. What is wrong with it is told when the
    verb asks for it, so that nothing else comes to be checked in another order.
    """
    if len(content) <= PIECE:
        return None
    try:
        return await parse_paced(content, content_type, pace)
    except HTTPError as error:
        return error
