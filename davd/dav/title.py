"""What people call a collection: its DAV:displayname, as it is stored.

Implements: RFC 4918, 15.2
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from davd.formats.xml.fragment import stored_text
from davd.formats.xml.writer import element

DISPLAYNAME: Final = "{DAV:}displayname"


def title_in(stored: Mapping[str, bytes]) -> str:
    """The title among a collection's dead properties, without white space around it; empty when it has none."""
    found = stored.get(DISPLAYNAME)
    return "" if found is None else stored_text(found).strip()


def titled(title: str) -> list[tuple[str, bytes | None]]:
    """The change of dead properties that gives a collection a title; none for empty text."""
    # It is read without the document around it, so it declares its namespace.
    return [(DISPLAYNAME, element(DISPLAYNAME, title, declared=frozenset()))] if title else []
