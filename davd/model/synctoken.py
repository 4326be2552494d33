"""Sync tokens: where a client stands in a collection's change log.

Implements: RFC 6578, 3.2, 6.2
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"urn:davd:sync:([0-9a-f]{1,32}):([0-9]{1,18}):([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class SyncToken:
    """The state of one collection: the store's `epoch`, the collection's id and its change number."""

    epoch: str
    collection: int
    revision: int

    def __str__(self) -> str:
        """The opaque URI that goes to the client."""
        return f"urn:davd:sync:{self.epoch}:{self.collection}:{self.revision}"

    @classmethod
    def parse(cls, text: str) -> SyncToken | None:
        """Read a token back; None when this server never made such a text."""
        match = _TOKEN.fullmatch(text.strip())
        if match is None:
            return None
        return cls(match[1], int(match[2]), int(match[3]))
