"""Sync tokens: where a client stands in a collection's change log.

Implements: RFC 6578, 3.2, 6.2
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"urn:davd:sync:([0-9a-f]{1,32}):([0-9]{1,18}):([0-9]{1,18})(?::([0-9]{1,18}))?")


@dataclass(frozen=True, slots=True)
class SyncToken:
    """The state of one collection: the store's `epoch`, the collection's id and its change number.

    A token from the middle of a first synchronisation that came in several answers also has `began`, the collection's
    change number when the first of them was given: the client never saw what was removed up to then.
    """

    epoch: str
    collection: int
    revision: int
    began: int = 0

    def __str__(self) -> str:
        """The opaque URI that goes to the client."""
        text = f"urn:davd:sync:{self.epoch}:{self.collection}:{self.revision}"
        return f"{text}:{self.began}" if self.began else text

    @classmethod
    def parse(cls, text: str) -> SyncToken | None:
        """Read a token back; None when this server never made such a text."""
        match = _TOKEN.fullmatch(text.strip())
        if match is None:
            return None
        return cls(match[1], int(match[2]), int(match[3]), int(match[4] or 0))
