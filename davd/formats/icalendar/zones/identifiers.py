"""From time zone identifiers, as clients write them, to zones.

"This document does not define a naming convention for time zone identifiers" (RFC 5545, 3.8.3.1), so they are IANA's
names in any case, Windows' names, either with a vendor's prefix or a number behind, offsets, and texts from menus.

Implements: RFC 5545, 3.2.19, 3.8.3.1; RFC 7809, 3.1.5
"""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple

from davd.formats.icalendar.zones.database import RELEASED, load, names, spelled
from davd.formats.icalendar.zones.displayed import COLLOQUIAL, DISPLAYED
from davd.formats.icalendar.zones.windows import RETIRED, WINDOWS
from davd.formats.icalendar.zones.zone import UTC, FixedZone, TableZone, Zone

# Longer identifiers are nobody's; what is remembered stays small.
_LONGEST: Final = 255
_HALF_YEAR: Final = 182 * 86_400

_UTC_NAMES: Final = frozenset("UTC UCT Universal Zulu Etc/UTC Etc/UCT Etc/Universal Etc/Zulu".split())
_NUMBERED: Final = re.compile(r"(.+?) \d{1,3}", re.ASCII)
_OFFSET: Final = re.compile(r"(?:GMT|UTC|Z)? ?([+\-\u2212])(\d{1,2})(?:[:.]?(\d\d))?", re.ASCII | re.IGNORECASE)
_DISPLAYED: Final = re.compile(
    r"\((?:GMT|UTC) ?(?:([+\-\u2212])(\d{1,2})(?:[:.]?(\d\d))?)?\) ?(.*)", re.ASCII | re.IGNORECASE
)
_BETWEEN_PLACES: Final = re.compile(r" ?[,;/] ?")
_SEASON: Final = re.compile(r" (?:standard|daylight|summer) time")
# These areas name regions, or hours, not places.
_NO_PLACES: Final = frozenset("Brazil Canada Chile Etc Mexico US".split())


class Found(NamedTuple):
    """A zone, and whether the identifier names it for certain.

    What is not certain ("EST", "GMT+0100", a list of towns) is better read by the VTIMEZONE that comes with it, if any.
    """

    zone: Zone
    certain: bool


def named(tzid: str) -> Zone | None:
    """The zone an identifier stands for by itself, without a VTIMEZONE; None for what nobody knows.

    Two spellings of one name give the same object while it is remembered.
    """
    found = look_up(tzid)
    return None if found is None else found.zone


def look_up(tzid: str) -> Found | None:
    """Like `named`, with how certain it is."""
    return _look_up(tzid) if len(tzid) <= _LONGEST else None


@functools.lru_cache(maxsize=1024)
def _look_up(tzid: str) -> Found | None:
    text = " ".join(tzid.replace("\\", "").replace('"', "").split())
    if not text:
        return None
    found = _by_name(text)
    if found is None:
        match = _NUMBERED.fullmatch(text)
        # Exchange and Evolution number the definitions they met under one name.
        found = _by_name(match[1]) if match is not None else None
    return found or _by_tail(text) or _by_offset(text) or _by_display(text)


def _by_name(text: str) -> Found | None:
    name = spelled(text) or spelled(text.replace(" ", "_"))
    if name is not None:
        return Found(_zone(name), "/" in name or name in _UTC_NAMES)
    key = text.lower()
    name = WINDOWS.get(key) or RETIRED.get(key)
    if name is None:
        name = _without_season().get(_SEASON.sub("", key))
    if name is not None:
        return Found(_zone(name), True)
    name = COLLOQUIAL.get(key)
    return Found(_zone(name), "/" in key) if name is not None else None


def _by_tail(text: str) -> Found | None:
    """A name behind a vendor's prefix: /freeassociation.sourceforge.net/Tzfile/Europe/Berlin, a URL of tzurl.org."""
    parts = text.removesuffix(".ics").split("/")
    for at in range(1, len(parts)):
        found = _by_name("/".join(parts[at:]))
        if found is not None and (at < len(parts) - 1 or not parts[0] or found.certain):
            return found
    return None


def _by_offset(text: str) -> Found | None:
    """An offset from UTC, positive to the east as in RFC 5545 (and unlike in the database's "Etc/GMT+3")."""
    match = _OFFSET.fullmatch(text.strip("()"))
    if match is None:
        return None
    seconds = _seconds(match[1], match[2], match[3])
    if abs(seconds) > 15 * 3600:
        return None
    hours, rest = divmod(seconds, 3600)
    name = spelled(f"Etc/GMT{-hours:+d}") if not rest else None
    return Found(_zone(name) if name is not None else FixedZone(_written(seconds), seconds), False)


def _by_display(text: str) -> Found | None:
    """A text of a menu, as a whole or by the first place in it that is in the database."""
    match = _DISPLAYED.fullmatch(text)
    offset = _seconds(match[1], match[2], match[3]) if match is not None and match[1] else None
    rest = match[4] if match is not None else text
    if match is not None:
        if not rest:
            return Found(UTC, False)
        found = _by_name(rest)
        if found is not None:
            return found
    key = _BETWEEN_PLACES.sub(", ", rest.lower())
    name = DISPLAYED.get(key)
    if name is not None:
        return Found(_zone(name), match is not None)
    for place in key.split(", "):
        name = _places().get(place)
        if name is not None:
            zone = _zone(name)
            if offset is None or offset in (zone.offset(RELEASED), zone.offset(RELEASED + _HALF_YEAR)):
                return Found(zone, False)
    return None


def _seconds(sign: str, hours: str, minutes: str | None) -> int:
    seconds = int(hours) * 3600 + int(minutes or 0) * 60
    return seconds if sign == "+" else -seconds


def _written(seconds: int) -> str:
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"UTC{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"


@functools.lru_cache(maxsize=256)
def _zone(name: str) -> Zone:
    """The zone of a name of the database."""
    if name in _UTC_NAMES:
        return UTC
    data = load(name)
    if not data.instants and (data.footer is None or data.footer.daylight is None):
        return FixedZone(name, data.first.offset)
    return TableZone(name, data)


@functools.cache
def _without_season() -> dict[str, str]:
    """Windows' names without "Standard Time", as Lotus Notes writes them; they serve for "Daylight Time" as well."""
    return {_SEASON.sub("", key): name for table in (RETIRED, WINDOWS) for key, name in table.items()}


@functools.cache
def _places() -> dict[str, str]:
    """The last parts of the database's names, in lower case and with spaces."""
    found: dict[str, str] = {}
    for name in names():
        area, slash, place = name.partition("/")
        if slash and area not in _NO_PLACES:
            found.setdefault(place.rpartition("/")[2].lower().replace("_", " "), name)
    return found
