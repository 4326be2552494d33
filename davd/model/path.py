"""The path of a resource: decoded once, here and nowhere else.

Implements: RFC 3986, 3.3, 6.2.2; RFC 4918, 5.2, 8.3
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from davd.model.errors import HTTPError

MAX_SEGMENT_BYTES = 255
MAX_SEGMENTS = 64

# Characters that stand for themselves in a segment (RFC 3986, 3.3: pchar) without the ones clients disagree about.
_SAFE = "-._~!$'()*,;=:@"
_ENCODED_SLASH = re.compile(r"%2f|%5c", re.IGNORECASE)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(r"[A-Za-z0-9_~!$'()*,;=:@&+-][A-Za-z0-9._~!$'()*,;=:@&+-]{0,199}")


@dataclass(frozen=True, slots=True)
class Path:
    """Where a resource stands below the served root.

    `segments` are the decoded names in NFC, outermost first; the empty tuple is the root. `slash` tells whether the
    text ended in a slash, which RFC 4918, 5.2 asks of collections.
    """

    segments: tuple[str, ...]
    slash: bool = False

    @classmethod
    def parse(cls, text: str) -> Path:
        """Decode the path part of a request target or of a `Destination`.

        `text` is percent-encoded and starts with a slash. Raises HTTPError 400 for bad escapes, bytes that are no
        UTF-8, control characters, encoded slashes or backslashes and dot segments, 414 for a name or depth beyond the
        limits. Empty segments are dropped, and so is a plain `.` (RFC 3986, 6.2.2.3), which some clients leave in.
        """
        folder, slash, name = text.rpartition("/")
        if not slash or not _PLAIN.fullmatch(name):
            return _parse(text)
        # Names come and go, the collections they are in are met again and again.
        segments = _parse(folder + "/").segments
        if len(segments) >= MAX_SEGMENTS:
            raise HTTPError(414, detail="too many segments")
        return cls((*segments, name))

    @property
    def href(self) -> str:
        """The path-absolute reference in its one canonical encoding."""
        if not self.segments:
            return "/"
        text = "/" + "/".join([quote_segment(segment) for segment in self.segments])
        return text + "/" if self.slash else text

    @property
    def name(self) -> str:
        """The last segment; empty for the root."""
        return self.segments[-1] if self.segments else ""

    @property
    def parent(self) -> Path:
        """The collection that holds this path; the root is its own parent."""
        return Path(self.segments[:-1], True)

    def child(self, name: str, slash: bool = False) -> Path:
        """The path of the member called `name`."""
        return Path((*self.segments, name), slash)

    def contains(self, other: Path) -> bool:
        """Whether `other` is this path or lies below it."""
        return other.segments[: len(self.segments)] == self.segments


@lru_cache(maxsize=8192)
def quote_segment(segment: str) -> str:
    """Percent-encode one decoded name."""
    if _PLAIN.fullmatch(segment) and "&" not in segment and "+" not in segment:
        return segment
    return quote(segment, safe=_SAFE)


@lru_cache(maxsize=8192)
def _parse(text: str) -> Path:
    if not text.startswith("/"):
        raise HTTPError(400, detail="the path does not start with a slash")
    parts = text.split("/")[1:]
    slash = parts[-1] in ("", ".", "..")
    segments = []
    for part in parts:
        if part in ("", "."):
            continue
        segments.append(part if _PLAIN.fullmatch(part) else _decode(part))
    if len(segments) > MAX_SEGMENTS:
        raise HTTPError(414, detail="too many segments")
    return Path(tuple(segments), slash)


def _decode(part: str) -> str:
    if _ENCODED_SLASH.search(part):
        raise HTTPError(400, detail="an encoded slash in the path")
    if _BAD_ESCAPE.search(part):
        raise HTTPError(400, detail="a bad percent-escape in the path")
    try:
        name = unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        raise HTTPError(400, detail="the path is not UTF-8") from None
    if _CONTROL.search(name) or "/" in name or "\\" in name:
        raise HTTPError(400, detail="a control character or slash in the path")
    if name in (".", ".."):
        raise HTTPError(400, detail="a dot segment in the path")
    name = unicodedata.normalize("NFC", name)
    if len(name.encode()) > MAX_SEGMENT_BYTES:
        raise HTTPError(414, detail="a name longer than 255 bytes")
    return name
