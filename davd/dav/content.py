"""The content of a request whose method takes XML or nothing.

Implements: RFC 4918, 8.2, 8.4; RFC 9110, 15.5.14, 15.5.16
"""

from __future__ import annotations

from davd.dav.registry import Method
from davd.dav.settings import DavSettings
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
