"""The one exception that protocol code raises, named by status and precondition.

Implements: RFC 4918, 16
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class HTTPError(Exception):
    """A request that is answered with an error status.

    `status` is the HTTP status code. `condition` is the precondition or postcondition that failed, in Clark notation
    (`"{DAV:}lock-token-submitted"`), written as the child of a `DAV:error` body; None gives a constant plain body.
    `hrefs` are the resources the condition names, written as `DAV:href` children of the condition. `headers` are added
    to the response. `detail` is for the log alone and is never sent. `content` is what the condition holds where it is
    more than hrefs: serialised XML in which the prefix `D` stands for `DAV:`.
    """

    def __init__(
        self,
        status: int,
        condition: str | None = None,
        hrefs: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        detail: str = "",
        content: bytes = b"",
    ) -> None:
        super().__init__(status, condition, detail)
        self.status = status
        self.condition = condition
        self.hrefs = tuple(hrefs)
        self.headers: dict[str, str] = dict(headers or {})
        self.detail = detail
        self.content = content
