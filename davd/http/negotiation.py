"""Content codings of responses: when gzip may be used, and gzip itself.

A response with a strong entity tag is never coded. A strong tag has to differ between the plain and the coded form, but
DAV clients compare the tag that GET gave them with `DAV:getetag` and send it back in If-Match; two tags for one state
would make them download for ever, a weak one would make every conditional write fail. What is large and compresses
well, multistatus bodies and listings, carries no tag or a weak one.

Where there are several media types, the client's Accept chooses.

Implements: RFC 9110, 8.4.1.3, 8.8.3.3, 12.5.1, 12.5.3, 12.5.5
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from davd.http.fields import parse_parameter, split_list, split_sections

# Below this the coded form, with its own head fields, is hardly ever shorter.
MIN_LENGTH: Final = 512

_LEVEL: Final = 1
_GZIP_WINDOW: Final = 31
_MAX_FIELD: Final = 512

_COMPRESSIBLE: Final = frozenset(
    """
    application/calendar+json application/calendar+xml application/javascript application/json application/ld+json
    application/problem+json application/vcard+json application/xhtml+xml application/xml application/xml-dtd
    image/svg+xml
    """.split()
)
_MEMBER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]++)(?:[ \t]*+;[ \t]*+[qQ]=([01](?:\.[0-9]{0,3}+)?+))?+")


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the client would rather have gzip than the plain form.

    A malformed or very long value asks for nothing. A client that refuses the plain form and gzip alike still gets the
    plain one: "If the representation has no content coding, then it is acceptable by default unless specifically
    excluded", and an answer serves better than a 406.
    """
    if len(accept_encoding) > _MAX_FIELD:
        return False
    weights: dict[str, float] = {}
    for part in accept_encoding.split(","):
        part = part.strip(" \t")
        if not part:
            continue
        match = _MEMBER.fullmatch(part)
        if match is None:
            return False
        weights[match[1].lower()] = 1.0 if match[2] is None else min(float(match[2]), 1.0)
    any_other = weights.get("*", 0.0)
    # 'A recipient SHOULD consider "x-gzip" to be equivalent to "gzip".'
    gzip = weights.get("gzip", weights.get("x-gzip", any_other))
    # The asterisk speaks for identity only to exclude it.
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


@lru_cache(maxsize=512)
def preferred(accept: str, offers: tuple[str, ...]) -> str:
    """Which of the media types in `offers` the client would have; the first of those it likes best.

    `accept` is the value of Accept, empty without one. A client that would have none of them gets the first one, and so
    does one whose value is malformed or very long: an answer serves better than a 406.
    """
    ranges = _ranges(accept)
    if not ranges:
        return offers[0]
    weights = [_weight(offer, ranges) for offer in offers]
    return offers[weights.index(max(weights))]


def _ranges(accept: str) -> dict[str, float]:
    """Weights by media range in lower case, of which parameters other than the weight are dropped."""
    ranges: dict[str, float] = {}
    if len(accept) > _MAX_FIELD:
        return ranges
    try:
        for member in split_list(accept):
            name, *parameters = split_sections(member)
            weight = 1.0
            for parameter in parameters:
                key, value = parse_parameter(parameter)
                if key == "q":
                    weight = min(max(float(value), 0.0), 1.0)
            ranges.setdefault(name.lower(), weight)
    except ValueError:
        return {}
    return ranges


def _weight(offer: str, ranges: Mapping[str, float]) -> float:
    # RFC 9110, 12.5.1: "the most specific reference has precedence".
    for name in (offer, offer.partition("/")[0] + "/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0


@lru_cache(maxsize=512)
def compressible(content_type: str) -> bool:
    """Whether content of this type is worth compressing: text, XML, JSON, calendars, contacts, SVG."""
    media_type = content_type.partition(";")[0].strip(" \t").lower()
    return media_type.startswith("text/") or media_type in _COMPRESSIBLE or media_type.endswith(("+xml", "+json"))


def negotiable(status: int, headers: Mapping[str, str], length: int | None) -> bool:
    """Whether a response might be coded for a client that accepts it; such a response says `Vary: Accept-Encoding`.

    `headers` are the response's, by name in its usual capitals; `length` is that of its content, None when unknown.
    """
    if (length is not None and length < MIN_LENGTH) or status in (204, 206, 304):
        return False
    if "Content-Encoding" in headers or "Content-Range" in headers:
        return False
    # RFC 9110, 8.8.3.3: only strong tags have to tell the codings of one representation from each other.
    if not headers.get("ETag", "W/").startswith("W/"):
        return False
    return compressible(headers.get("Content-Type", "")) and "no-transform" not in headers.get("Cache-Control", "")


def compress(data: bytes) -> bytes:
    """`data` in gzip, fast rather than small; the same bytes give the same result at any time."""
    return zlib.compress(data, _LEVEL, _GZIP_WINDOW)


class GzipStream:
    """Gzip for content that comes in pieces."""

    __slots__ = ("_coder",)

    def __init__(self) -> None:
        self._coder = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)

    def feed(self, data: bytes) -> bytes:
        """Code a piece; what is ready to be sent, often nothing."""
        return self._coder.compress(data)

    def flush(self) -> bytes:
        """All that was fed so far, in a form the client can decode now; costs a few bytes of size."""
        return self._coder.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        """The rest; nothing may be fed after it."""
        return self._coder.flush(zlib.Z_FINISH)
