"""Conditional requests: entity tags, dates and the order in which they decide.

Implements: RFC 9110, 8.8.3, 13.1.1, 13.1.2, 13.1.3, 13.1.4, 13.2.1, 13.2.2
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from davd.http.dates import parse_http_date
from davd.model.errors import HTTPError

# One member of a list of entity tags with what separates it from the next. Some clients lose the quotes on the way; a
# tag without them can only mean the one with them.
_MEMBER: Final = re.compile(
    r'[ \t,]*+(W/)?+(?:"([\x21\x23-\x7e\x80-\xff]*+)"|([\x21\x23-\x2b\x2d-\x7e\x80-\xff]++))[ \t]*+(?=,|\Z)'
)
_REST: Final = re.compile(r"[ \t,]*+")

# A proxy that compresses with a suffix of its own on the tag (Apache's mod_deflate) hands it out to the clients too.
_CODED_SUFFIX: Final = "-gzip"

_UNCONDITIONAL: Final = frozenset(("CONNECT", "OPTIONS", "TRACE"))
_READING: Final = frozenset(("GET", "HEAD"))


def strong_match(one: str, other: str) -> bool:
    """Strong comparison (RFC 9110, 8.8.3.2): both are strong and the same."""
    return one == other and not one.startswith("W/")


def weak_match(one: str, other: str) -> bool:
    """Weak comparison (RFC 9110, 8.8.3.2): the same opaque tag, weak or not."""
    return one.removeprefix("W/") == other.removeprefix("W/")


@lru_cache(maxsize=1024)
def parse_entity_tags(text: str) -> tuple[str, ...] | None:
    """Read a list of entity tags, each as `"x"` or `W/"x"`; `("*",)` for the asterisk, None when it is malformed.

    The reading is linear. Tags that came without quotes get them. An empty list is malformed.
    """
    if text == "*":
        return ("*",)
    tags = []
    position = 0
    while match := _MEMBER.match(text, position):
        weak, quoted, bare = match.groups()
        tags.append(f'{weak or ""}"{quoted if bare is None else bare}"')
        position = match.end()
    rest = _REST.fullmatch(text, position)
    return tuple(tags) if tags and rest is not None else None


def evaluate(
    method: str, headers: Mapping[str, str], etag: str | None, modified: float | None, exists: bool
) -> int | None:
    """Evaluate the preconditions of a request: None to proceed, 304 or 412 to answer at once.

    `headers` are by lower-case name. `etag` is the current entity tag of the selected representation (None when it has
    none), `modified` its last modification in POSIX seconds (None when unknown), `exists` whether there is one at all.
    For methods other than GET and HEAD the caller first makes sure that the request would otherwise succeed (13.2.1).

    A malformed If-Match or If-None-Match on GET or HEAD is ignored, for that costs a transfer at worst; on any other
    method it raises HTTPError 400: the client meant a condition, and acting as if there were none could lose an update.
    Malformed dates are ignored, as the RFC demands.
    """
    match = headers.get("if-match")
    none_match = headers.get("if-none-match")
    if match is None and none_match is None and "if-unmodified-since" not in headers:
        if "if-modified-since" not in headers or method not in _READING:
            return None
    # "A server MUST ignore the conditional request header fields defined by this specification when received with a
    # request method that does not involve the selection or modification of a selected representation".
    if method in _UNCONDITIONAL:
        return None
    reading = method in _READING
    # "a server MUST ignore all received preconditions if its response to the same request without those conditions,
    # prior to processing the request content, would have been a status code other than a 2xx (Successful) or 412".
    if reading and not exists:
        return None
    # 13.2.2, steps 1 and 2.
    tags = None if match is None else _tags(match, reading)
    if tags is not None:
        if not _selected(tags, etag, exists, strong=True):
            return 412
    elif match is None and not _unmodified(headers.get("if-unmodified-since"), modified, exists):
        return 412
    # Steps 3 and 4.
    tags = None if none_match is None else _tags(none_match, reading)
    if tags is not None:
        if _selected(tags, etag, exists, strong=False):
            return 304 if reading else 412
    elif none_match is None and reading and not _modified(headers.get("if-modified-since"), modified):
        return 304
    return None


def named_tag(headers: Mapping[str, str], etag: str) -> str:
    """The form in which the client's If-None-Match names `etag`: what belongs into the ETag of a 304.

    It differs from `etag` only behind a proxy that adds a suffix; a stored answer is freshened by its own tag only.
    """
    for tag in parse_entity_tags(headers.get("if-none-match", "")) or ():
        if tag != "*" and _same(tag, etag, strong=False):
            return tag.removeprefix("W/")
    return etag


def _tags(text: str, reading: bool) -> tuple[str, ...] | None:
    tags = parse_entity_tags(text)
    if tags is None and not reading:
        raise HTTPError(400, detail="a malformed list of entity tags")
    return tags


def _selected(tags: tuple[str, ...], etag: str | None, exists: bool, strong: bool) -> bool:
    """Whether the list names the selected representation; the asterisk names any."""
    if not exists:
        return False
    if tags[0] == "*":
        return True
    if etag is None:
        return False
    for tag in tags:
        if _same(tag, etag, strong):
            return True
    return False


def _same(tag: str, etag: str, strong: bool) -> bool:
    # "An origin server MUST use the strong comparison function when comparing entity tags for If-Match"; "A recipient
    # MUST use the weak comparison function when comparing entity tags for If-None-Match".
    compare = strong_match if strong else weak_match
    if compare(tag, etag):
        return True
    return tag.endswith(_CODED_SUFFIX + '"') and compare(tag[: -len(_CODED_SUFFIX) - 1] + '"', etag)


def _unmodified(text: str | None, modified: float | None, exists: bool) -> bool:
    # "A recipient MUST ignore the If-Unmodified-Since header field if the received field value is not a valid
    # HTTP-date"; so too "if the resource does not have a modification date available".
    if text is None or modified is None or not exists:
        return True
    date = parse_http_date(text)
    return date is None or modified // 1 <= date


def _modified(text: str | None, modified: float | None) -> bool:
    # "A recipient MUST ignore the If-Modified-Since header field if the received field value is not a valid HTTP-date
    # [...] or if the request method is neither GET nor HEAD."
    if text is None or modified is None:
        return True
    date = parse_http_date(text)
    return date is None or modified // 1 > date
