"""Where the dashboard's WebSocket is opened.

Implements: RFC 6455, 4.2.2, 10.2; docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from davd.admin.entrance import fields_of, login_of
from davd.admin.live import Live
from davd.admin.websocket import NoHandshake, accept
from davd.http.security import cross_site
from davd.model.errors import HTTPError

PATH: Final = "/live/ws"


class SocketPage(Resource):
    """Opens a WebSocket for who may have one: the entrance has seen to Host and log-in, this sees to the Origin."""

    isLeaf = True

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live

    def render(self, request: Any) -> Any:
        """Called by the entrance."""
        headers = fields_of(request)
        # Browsers send cookies with the WebSockets that pages of other sites open, and let those pages read.
        if foreign(headers, by_session=login_of(request).session is not None):
            return _say(request, 403, "a WebSocket of another site")
        try:
            head = accept(request.method.decode("latin-1"), request.clientproto.decode("latin-1"), headers)
            self._live.converse(request, login_of(request), head)
        except NoHandshake as error:
            return _say(request, error.status, str(error), error.headers)
        except HTTPError as error:
            return _say(request, error.status, error.detail or "not now", error.headers)
        return NOT_DONE_YET


def foreign(headers: Mapping[str, str], by_session: bool) -> bool:
    """Whether a page of another site has asked for this, as far as these fields tell; Host is known to be ours.

    RFC 6455, 10.2: "Servers that are not intended to process input from any web page but only for certain sites SHOULD
    verify the |Origin| field is an origin they expect." Every browser sends it, so a cookie without it is no browser's.
    """
    origin = headers.get("origin")
    if origin is None:
        return by_session
    own = (headers.get("host", "").lower(),)
    # Both have to be right where there are both; a page on another port of this host is another site's here.
    return cross_site({"origin": origin}, "POST", own) or cross_site(headers, "POST", own)


def _say(request: Any, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> bytes:
    request.setResponseCode(status)
    for name, value in (headers or {}).items():
        request.setHeader(name, value)
    request.setHeader("Content-Type", "application/json")
    return msgspec.json.encode({"error": sentence})
