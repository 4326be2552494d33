"""207 (Multi-Status): the answer that holds a multistatus document.

Implements: RFC 4918, 11.1, 13; RFC 7240, 3
"""

from __future__ import annotations

from typing import Final

from davd.http.response import Content, Response

CONTENT_TYPE: Final = "application/xml; charset=utf-8"


def respond(body: Content, applied: str = "") -> Response:
    """A 207 with the multistatus document `body`; `applied` is the value of Preference-Applied, empty for none."""
    headers = {"Content-Type": CONTENT_TYPE}
    if applied:
        headers["Preference-Applied"] = applied
    return Response(207, headers, body)
