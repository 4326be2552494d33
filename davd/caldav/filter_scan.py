"""Octets that an object must have somewhere if it matches a filter: most objects need not be parsed to be ruled out.

Implements: RFC 4791, 7.8, 9.7
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from davd.caldav.elements.filter import CompFilter, PropFilter
from davd.dav.collation import ASCII_CASEMAP, OCTET

# Characters that stand for themselves in values, and that no escape is made with.
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ._@:/-]+")
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")


def needles(asked: CompFilter) -> tuple[bytes, ...]:
    """What stands, in upper case, in each object that matches a filter on the VCALENDAR; the longest comes first."""
    found: set[bytes] = set()
    _of_comp(asked, found)
    return tuple(sorted(found, key=len, reverse=True))


def _of_comp(asked: CompFilter, found: set[bytes]) -> None:
    for prop in asked.props:
        _of_prop(prop, found)
    for comp in asked.comps:
        if not comp.absent:
            # Of what objects there are the index knows.
            if asked.name != "VCALENDAR":
                found.add(comp.name.encode())
            _of_comp(comp, found)


def _of_prop(asked: PropFilter, found: set[bytes]) -> None:
    # The time of a property may be asked for that is not there itself.
    if asked.absent or asked.span is not None:
        return
    found.add(asked.name.encode())
    match = asked.match
    if (
        match is not None
        and not match.negate
        and match.collation in (OCTET, ASCII_CASEMAP)
        and _PLAIN.fullmatch(match.text)
    ):
        found.add(match.text.upper().encode())


def may_match(content: bytes, sought: Sequence[bytes]) -> bool:
    """Whether the needles are in an object, folded or not; objects whose lines are odd may always."""
    if content.count(b"\r") != content.count(b"\r\n") or _BLANK_LINE.search(content) is not None:
        return True
    text = content.replace(b"\r\n ", b"").replace(b"\r\n\t", b"").replace(b"\n ", b"").replace(b"\n\t", b"").upper()
    return all(needle in text for needle in sought)
