"""Byte ranges: which parts of a representation a GET asks for, and how they are sent.

Ranges are half-open here: `(start, stop)` has `stop - start` bytes. Only their texts are inclusive.

Implements: RFC 9110, 13.1.5, 14.1.1, 14.1.2, 14.2, 14.4, 14.6, 15.3.7, 15.5.17
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from davd.http.conditional import parse_entity_tags, strong_match
from davd.http.dates import parse_http_date
from davd.model.errors import HTTPError

Range = tuple[int, int]

MAX_RANGES: Final = 16
# About what the head of one more part costs: gaps smaller than that are cheaper sent than left out.
_PART_OVERHEAD: Final = 80

_SPEC: Final = re.compile(r"([0-9]{1,18}+)-([0-9]{1,18}+)?+|-([0-9]{1,18}+)")


def select(
    headers: Mapping[str, str], length: int, etag: str | None, modified: float | None, now: float | None = None
) -> list[Range] | None:
    """The parts of a representation of `length` bytes that a GET asks for; None to send it whole.

    `etag` and `modified` are its validators, for If-Range; with `now` a date counts only when the representation was
    last changed at least a second ago. The ranges lie within the representation, at most `MAX_RANGES`, in the order
    asked for; where some overlap or nearly touch, they are joined and in ascending order instead. Raises HTTPError 416
    with `Content-Range` when no part of what is asked for exists.

    The whole is sent for units other than bytes, malformed values, too many ranges, and when If-Range does not hold.
    """
    text = headers.get("range")
    if text is None:
        return None
    unit, equals, specs = text.partition("=")
    # "An origin server MUST ignore a Range header field that contains a range unit it does not understand."
    if not equals or unit.strip(" \t").lower() != "bytes" or not _unchanged(headers, etag, modified, now):
        return None
    wanted = _parse(specs)
    # "A server that supports range requests MAY ignore or reject a Range header field that contains an invalid
    # ranges-specifier (Section 14.1.1), a ranges-specifier with more than two overlapping ranges, or a set of many
    # small ranges that are not listed in ascending order".
    if wanted is None:
        return None
    ranges = []
    for first, last, suffix in wanted:
        if suffix is not None:
            if suffix and not length:
                # Satisfiable, says 14.1.2, yet no Content-Range can tell of zero bytes.
                return None
            if suffix:
                ranges.append((max(0, length - suffix), length))
        elif first < length:
            ranges.append((first, length if last is None else min(last + 1, length)))
    if not ranges:
        raise HTTPError(416, headers={"Content-Range": f"bytes */{length}"})
    return _coalesce(ranges) if len(ranges) > 1 else ranges


def content_range(start: int, stop: int, length: int) -> str:
    """The `Content-Range` of the half-open range."""
    return f"bytes {start}-{stop - 1}/{length}"


def multipart(ranges: Sequence[Range], length: int, content_type: str, boundary: str) -> tuple[list[bytes], bytes, int]:
    """What stands around the parts of a `multipart/byteranges`: the bytes before each part, those after the last one,
    and the length of it all, the parts included."""
    heads = []
    for start, stop in ranges:
        heads.append(
            f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n"
            f"Content-Range: {content_range(start, stop, length)}\r\n\r\n".encode("latin-1")
        )
    heads[0] = heads[0][2:]
    closing = f"\r\n--{boundary}--\r\n".encode("ascii")
    total = sum([len(head) for head in heads]) + sum([stop - start for start, stop in ranges]) + len(closing)
    return heads, closing, total


def _parse(specs: str) -> list[tuple[int, int | None, int | None]] | None:
    """First, last and suffix length of each range; None when any is malformed or there are too many."""
    parts = specs.split(",", 4 * MAX_RANGES)
    wanted: list[tuple[int, int | None, int | None]] = []
    for part in parts:
        part = part.strip(" \t")
        if not part:
            continue
        match = _SPEC.fullmatch(part)
        if match is None or len(wanted) == MAX_RANGES:
            return None
        first, last, suffix = match.groups()
        if suffix is not None:
            wanted.append((0, None, int(suffix)))
            continue
        # "An int-range is invalid if the last-pos value is present and less than first-pos."
        if last is not None and int(last) < int(first):
            return None
        wanted.append((int(first), None if last is None else int(last), None))
    return wanted or None


def _coalesce(ranges: list[Range]) -> list[Range]:
    """Join what overlaps or nearly touches, so that no answer is longer than the representation and its heads."""
    ordered = sorted(ranges)
    joined = [ordered[0]]
    for start, stop in ordered[1:]:
        last_start, last_stop = joined[-1]
        if start <= last_stop + _PART_OVERHEAD:
            joined[-1] = (last_start, max(last_stop, stop))
        else:
            joined.append((start, stop))
    return ranges if len(joined) == len(ranges) else joined


def _unchanged(headers: Mapping[str, str], etag: str | None, modified: float | None, now: float | None) -> bool:
    """Whether If-Range, if there is one, names the current representation."""
    validator = headers.get("if-range")
    if validator is None:
        return True
    date = parse_http_date(validator)
    if date is not None:
        # "If the HTTP-date validator provided is not a strong validator in the sense defined by Section 8.8.2.2, the
        # condition is false." "If the HTTP-date validator provided exactly matches the Last-Modified field value for
        # the selected representation, the condition is true."
        return modified is not None and date == modified // 1 and (now is None or now >= date + 1)
    tags = parse_entity_tags(validator)
    # "If the entity-tag validator provided exactly matches the ETag field value for the selected representation using
    # the strong comparison function (Section 8.8.3.2), the condition is true."
    return tags is not None and len(tags) == 1 and etag is not None and strong_match(tags[0], etag)
