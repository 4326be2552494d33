"""A request as the application sees it, whatever wire it came by.

Implements: RFC 9110, 3.4, 6
"""

from __future__ import annotations

from dataclasses import dataclass, field

from davd.http.body import Body


@dataclass(slots=True)
class Request:
    """One HTTP request whose head is complete and whose content may still be on its way.

    `path` is the raw (percent-encoded) path of the target, `query` what follows `?` without it; `*` (OPTIONS) is the
    path `"*"`. `headers` are field values by lower-case name, repeated fields joined by `", "` (RFC 9110, 5.3); the
    wire has refused repeated singletons. `peer` is the client's address as text (after trusted proxies), `version` is
    10, 11 or 20, `secure` tells whether the content travels protected: TLS, a UNIX socket, loopback, or a trusted proxy
    that says so. `tls` tells whether the client's own connection is TLS. `id` names the request in log and errors.
    `committing` is set by the application while its work must not be broken off because the client has gone.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Body
    peer: str = ""
    version: int = 11
    secure: bool = True
    tls: bool = False
    id: str = ""
    authority: str = ""
    scheme: str = "https"
    arrived: float = field(default=0.0)
    committing: bool = False
