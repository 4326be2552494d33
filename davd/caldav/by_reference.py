"""Calendar data with the definitions of its time zones or without them, as the client says that it would have it.

CalDAV-Timezones: F leaves out the VTIMEZONEs whose names are those of the time zone database, which everybody knows;
T adds what is missing. Without the field objects are given as they were stored.

Implements: RFC 7809, 7.1; RFC 5545, 3.6.5
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from davd.caldav.data_parts import with_parts
from davd.caldav.filter_scan import may_match
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import Component, parse, serialize
from davd.formats.icalendar.zones.database import spelled
from davd.formats.icalendar.zones.identifiers import look_up
from davd.formats.icalendar.zones.vtimezone import vtimezone

VTIMEZONE: Final = "VTIMEZONE"
# From when on a VTIMEZONE that davd adds is right, which no object says at that time: 1970.
_SINCE: Final = 0
# What is nowhere in objects that stay as they are.
_NEEDLES: Final = {False: (b"VTIMEZONE",), True: (b"TZID",)}
_WISHES: Final = {"T": True, "F": False}


def wish(headers: Mapping[str, str]) -> bool | None:
    """Whether the client would have time zones defined; None when it does not say. `headers` are by lower-case name."""
    # RFC 7809, 7.1: the value "T" says that the client wants "VTIMEZONE" components, "F" that it does not.
    return _WISHES.get(headers.get("caldav-timezones", "").strip().upper())


def is_known(tzid: str) -> bool:
    """Whether a client needs no definition of that time zone: it is called as the database calls it."""
    if spelled(tzid) != tzid:
        return False
    found = look_up(tzid)
    return found is not None and found.certain


def may_change(content: bytes, defined: bool) -> bool:
    """Whether an object might not be given as it is stored."""
    return may_match(content, _NEEDLES[defined])


def without(components: Sequence[Component]) -> list[Component]:
    """Those of the components of an object that are no definitions of known time zones."""
    return [part for part in components if part.name != VTIMEZONE or not is_known(part.text("TZID"))]


def missing(components: Sequence[Component]) -> list[tuple[Component, bytes]]:
    """Definitions of the known time zones that components use and do not define, each with its own octets."""
    defined = {part.text("TZID") for part in components if part.name == VTIMEZONE}
    return [made(tzid) for tzid in used(components) if tzid not in defined and look_up(tzid) is not None]


@lru_cache(maxsize=64)
def made(tzid: str) -> tuple[Component, bytes]:
    """A definition of a time zone whose name says which it is, and the octets that it is written in."""
    octets = b"BEGIN:VCALENDAR\r\n" + vtimezone(tzid, begin=_SINCE) + b"END:VCALENDAR\r\n"
    return parse(octets).components[0], octets


def used(components: Iterable[Component]) -> dict[str, None]:
    """The TZIDs that components refer to, in order."""
    found: dict[str, None] = {}
    for component in components:
        for line in component.lines:
            if line.raw_params and "TZID" in line.raw_params.upper():
                found[line.param("TZID")] = None
        if component.components:
            found.update(used(component.components))
    found.pop("", None)
    return found


def given(content: bytes, defined: bool) -> bytes:
    """A stored object as the client would have it: `content` itself where nothing is to be changed."""
    if not may_change(content, defined):
        return content
    try:
        calendar = parse(content)
    except ContentError:
        # It was stored by something else than davd, and is given as it is.
        return content
    components = calendar.components
    if not defined:
        kept = without(components)
        if len(kept) == len(components):
            return content
        return serialize(with_parts(calendar, calendar.lines, kept), content)
    added = missing(components)
    if not added:
        return content
    # Definitions stand before the component that uses them.
    at = min([part.start for part in components])
    definitions = b"".join([serialize(part, octets) for part, octets in added])
    return content[:at] + definitions + content[at:]
