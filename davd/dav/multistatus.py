"""207 (Multi-Status): the statuses of several resources in one answer.

Implements: RFC 4918, 11.1, 13, 14.16, 14.24
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from davd.formats.xml.writer import MULTISTATUS_CLOSE, MULTISTATUS_OPEN, status_response
from davd.http.response import Content, Response

CONTENT_TYPE: Final = "application/xml; charset=utf-8"


@dataclass(slots=True)
class MemberStatus:
    """One DAV:response without properties: what became of the resource at `href`.

    `href` is path-absolute and percent-encoded, `status` an HTTP status code, `condition` the precondition that failed
    (Clark notation), `hrefs` what the condition names.
    """

    href: str
    status: int
    condition: str | None = None
    hrefs: tuple[str, ...] = field(default=())

    def write(self) -> bytes:
        """The element, serialised."""
        return status_response(self.href, self.status, self.condition, self.hrefs)


def respond(body: Content, applied: str = "") -> Response:
    """A 207 with the multistatus document `body`; `applied` is the value of Preference-Applied, empty for none."""
    headers = {"Content-Type": CONTENT_TYPE}
    if applied:
        headers["Preference-Applied"] = applied
    return Response(207, headers, body)


def of_members(members: Iterable[MemberStatus]) -> Response:
    """A 207 that tells the status of each of `members`.

    For verbs that could not do all they were asked; RFC 4918, 9.6.1 and 9.8.5 leave out what succeeded and what failed
    only because something above it did (424).
    """
    return respond(b"".join([MULTISTATUS_OPEN, *[member.write() for member in members], MULTISTATUS_CLOSE]))
