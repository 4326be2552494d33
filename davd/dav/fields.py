"""The header fields that WebDAV adds to requests.

Implements: RFC 4918, 8.3, 10.2, 10.3, 10.4, 10.5, 10.6, 10.7; RFC 3986, 3.2, 4.3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from davd.model.errors import HTTPError
from davd.model.path import Path

Depth: TypeAlias = Literal["0", "1", "infinity"]

INFINITE: Final = 2**32 - 1
MAX_REFERENCE: Final = 8190
_MAX_AUTHORITY = 300

_NAMES = frozenset(("depth", "destination", "overwrite", "timeout", "lock-token", "if"))
_DEPTHS: dict[str, Depth] = {"0": "0", "1": "1", "infinity": "infinity"}
_OVERWRITE = {"T": True, "F": False, "t": True, "f": False}
_SECONDS = re.compile(r"second-([0-9]{1,20})", re.IGNORECASE)
_LOCK_TOKEN = re.compile(r"(<)?([A-Za-z][A-Za-z0-9+.-]*+:[^<>\x00-\x20\x7f]++)(?(1)>)")
_REFERENCE = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*+)://([^/?#]*+))?(/[^?#]*+)?")
_VISIBLE = re.compile(r"[\x21-\x7e]++")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]++\]|[^\[\]:@]++)(?::([0-9]{0,5}+))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Fields:
    """The DAV header fields of one request.

    `depth` is None without a Depth, whose meaning each method defines. `destination` is the Destination as sent (see
    `parse_destination`). `overwrite` is True unless the client says F. `timeout` is the first lock timeout asked for
    that makes sense, in seconds, `INFINITE` for Infinite, None without one. `lock_token` is the token of Lock-Token
    without angle brackets. `if_` is the If value as sent (see `davd.dav.if_header`).
    """

    depth: Depth | None = None
    destination: str | None = None
    overwrite: bool = True
    timeout: int | None = None
    lock_token: str | None = None
    if_: str | None = None


NO_FIELDS: Final = Fields()


def parse_fields(headers: Mapping[str, str]) -> Fields:
    """Read the DAV fields among `headers` (values by lower-case name).

    Raises HTTPError 400 for a Depth, Overwrite or Lock-Token that is malformed. A malformed Timeout is ignored, as RFC
    4918, 10.7 allows; Destination and If are read by who needs them.
    """
    if _NAMES.isdisjoint(headers):
        return NO_FIELDS
    timeout = headers.get("timeout")
    return Fields(
        _depth(headers.get("depth")),
        headers.get("destination"),
        _overwrite(headers.get("overwrite")),
        None if timeout is None else _timeout(timeout),
        _lock_token(headers.get("lock-token")),
        headers.get("if"),
    )


def _depth(text: str | None) -> Depth | None:
    if text is None:
        return None
    depth = _DEPTHS.get(text.strip().lower())
    if depth is None:
        raise HTTPError(400, detail="a malformed Depth header field")
    return depth


def _overwrite(text: str | None) -> bool:
    # RFC 4918, 10.6: without the field the server "MUST treat the request as if it has an overwrite header of value T".
    if text is None:
        return True
    overwrite = _OVERWRITE.get(text.strip())
    if overwrite is None:
        raise HTTPError(400, detail="a malformed Overwrite header field")
    return overwrite


def _timeout(text: str) -> int | None:
    for part in text.split(",", 8)[:8]:
        wanted = part.strip()
        if wanted.lower() == "infinite":
            return INFINITE
        match = _SECONDS.fullmatch(wanted)
        # RFC 4918, 10.7: the value "MUST NOT be greater than 2^32-1".
        if match is not None and int(match[1]) <= INFINITE:
            return int(match[1])
    return None


def _lock_token(text: str | None) -> str | None:
    if text is None:
        return None
    match = _LOCK_TOKEN.fullmatch(text.strip())
    if match is None:
        raise HTTPError(400, detail="a malformed Lock-Token header field")
    return match[2]


def parse_destination(
    text: str | None,
    request_authority: str,
    own_authorities: Iterable[str] = (),
    scheme: str = "https",
    prefix: str = "",
) -> Path:
    """The path that a Destination names on this server; arguments as for `parse_reference`.

    Raises HTTPError 400 when it is missing or malformed, 502 when it is on another server or outside the prefix.
    """
    if text is None:
        raise HTTPError(400, detail="no Destination header field")
    path = parse_reference(text, request_authority, own_authorities, scheme, prefix)
    if path is None:
        # RFC 4918, 10.3: "If the source server cannot attempt a copy to the remote server, it MUST fail the request."
        raise HTTPError(502, detail="a Destination on another server")
    return path


def parse_reference(
    text: str,
    request_authority: str,
    own_authorities: Iterable[str] = (),
    scheme: str = "https",
    prefix: str = "",
) -> Path | None:
    """The path that a Simple-ref (absolute http or https URI, or absolute path) names here, None for other servers.

    `request_authority` is the Host of the request, `scheme` what it came by, `own_authorities` are further names this
    server answers to: `host:port`, or `host` for that host at any port. The scheme of the reference matters for the
    default port alone: behind a proxy it often differs from ours. `prefix` (`/dav`, or empty) is stripped; what lies
    outside it is not here.
    Raises HTTPError 400 for a query, a fragment, user information, and whatever `Path` refuses.
    """
    match = _REFERENCE.fullmatch(text) if len(text) <= MAX_REFERENCE and _VISIBLE.fullmatch(text) else None
    if match is None or not text or text.startswith("//"):
        raise HTTPError(400, detail="a malformed reference")
    own_scheme, authority, path = match[1], match[2], match[3] or "/"
    if own_scheme is not None and not _is_ours(
        own_scheme.lower(), authority, request_authority, own_authorities, scheme
    ):
        return None
    if prefix and path != prefix and not path.startswith(prefix + "/"):
        return None
    try:
        return Path.parse(path[len(prefix) :] or "/")
    except HTTPError as error:
        # RFC 4918, 12.2: 414 is used "only for Request-URIs, not URIs in other locations".
        raise HTTPError(400, detail=error.detail) from None


def _is_ours(
    scheme: str, authority: str, request_authority: str, own_authorities: Iterable[str], request_scheme: str
) -> bool:
    if scheme not in _DEFAULT_PORTS:
        return False
    if "@" in authority:
        raise HTTPError(400, detail="user information in a reference")
    place = _place(authority, scheme)
    if place is None:
        raise HTTPError(400, detail="a malformed authority in a reference")
    if place in (_place(request_authority, request_scheme), _place(request_authority, scheme)):
        return True
    host, port = place[0], place[1] or _DEFAULT_PORTS[scheme]
    return any(_place(own, "") in ((host, None), (host, port)) for own in own_authorities)


def _place(authority: str, scheme: str) -> tuple[str, int | None] | None:
    """Host in lower case and port (None when missing or the default of `scheme`); None for what is no authority."""
    return _cached_place(authority, scheme) if len(authority) <= _MAX_AUTHORITY else None


@lru_cache(maxsize=256)
def _cached_place(authority: str, scheme: str) -> tuple[str, int | None] | None:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return None
    port = int(match[2]) if match[2] else None
    return match[1].lower().removesuffix("."), None if port == _DEFAULT_PORTS.get(scheme) else port
