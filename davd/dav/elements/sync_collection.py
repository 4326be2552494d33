"""The body of the sync-collection report.

Implements: RFC 6578, 3.2, 3.3, 3.7, 6.1, 6.2, 6.3, A; RFC 5323, 5.17
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from davd.dav.elements.source import dav_child, expect_root, names_in, reading
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

_DIGITS = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class SyncCollection:
    """What a client knows and wants to hear.

    `token` is the sync token it has, empty for an initial synchronisation. `level` is `"1"` or `"infinite"`; None when
    the client, following an old draft, says it in the Depth header field (see `level_at`). `limit` is the greatest
    number of responses it takes, None without one. `names` are the properties it wants, in Clark notation.
    """

    token: str
    level: str | None
    limit: int | None
    names: tuple[str, ...]

    def level_at(self, depth: str | None) -> str:
        """The level in force in a request with the Depth `depth`: `"1"` or `"infinite"`.

        Raises HTTPError 400 when the body names a level and the Depth is not 0, or when neither names one.
        """
        if self.level is not None:
            # RFC 6578, 3.2: "This report is only defined when the Depth header has value "0"; other values result in a
            # 400 (Bad Request) error response", and 0 is the default.
            if depth not in (None, "0"):
                raise HTTPError(400, detail="a sync-collection report with a Depth other than 0")
            return self.level
        # RFC 6578, A: without sync-level "use the Depth header value as the equivalent value".
        if depth == "1":
            return "1"
        if depth == "infinity":
            return "infinite"
        raise HTTPError(400, detail="a sync-collection report without a sync-level")


def parse_sync_collection(source: bytes | Element, content_type: str | None = None) -> SyncCollection:
    """Read a sync-collection body; HTTPError 400 when an element is missing, repeated or has no valid value."""
    return _parse(source, content_type)


def _read(root: Element) -> SyncCollection:
    expect_root(root, "{DAV:}sync-collection")
    # RFC 6578, 3.2: the body "MUST contain one DAV:sync-token XML element, one DAV:sync-level element, and one DAV:prop
    # XML element".
    token = dav_child(root, "sync-token")
    prop = dav_child(root, "prop")
    if token is None or prop is None:
        raise HTTPError(400, detail="a sync-collection without sync-token or prop")
    sync_level = dav_child(root, "sync-level")
    level = None if sync_level is None else string_value(sync_level).strip()
    # RFC 6578, 6.3: "Text MUST be either "1" or "infinite"".
    if level not in (None, "1", "infinite"):
        raise HTTPError(400, detail="an unknown sync-level")
    return SyncCollection(string_value(token).strip(), level, _limit(root), names_in(prop))


_parse = reading(_read)


def _limit(root: Element) -> int | None:
    limit = dav_child(root, "limit")
    if limit is None:
        return None
    count = dav_child(limit, "nresults")
    text = "" if count is None else string_value(count).strip()
    if _DIGITS.fullmatch(text) is None:
        raise HTTPError(400, detail="a limit without a number")
    return int(text)
