"""Many calendar objects as one: what a calendar is outside of davd.

Implements: RFC 5545, 3.4, 3.6, 3.6.5; RFC 7986, 5.1, 5.2; RFC 7265, 3.3
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from davd.caldav import names
from davd.caldav.by_reference import is_known, made, used
from davd.dav.title import DISPLAYNAME
from davd.formats.contentlines import ContentError, Line, escape, folded, make
from davd.formats.icalendar.jcal import array
from davd.formats.icalendar.object import Component, parse, serialize
from davd.formats.icalendar.zones.identifiers import look_up
from davd.formats.xml.fragment import stored_text

# Name, parameters and value of each of the properties that decide.
_Definition: TypeAlias = tuple[tuple[str, str, str], ...]

PRODID: Final = "-//davd//davd//EN"

_COLOR: Final = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")
_LONE_LF: Final = re.compile(rb"(?<!\r)\n")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def properties(stored: Mapping[str, bytes], name: str) -> list[Line]:
    """The properties of the VCALENDAR of a calendar with these dead properties, called `name` unless they say."""
    texts = {key: _CONTROL.sub("", stored_text(stored[key])).strip() for key in _TOLD if key in stored}
    title = texts.get(DISPLAYNAME) or name
    found = [("VERSION", "2.0"), ("PRODID", PRODID), ("CALSCALE", "GREGORIAN")]
    # RFC 7986, 5.1 has NAME; everybody reads what there was before.
    found += [("NAME", escape(title)), ("X-WR-CALNAME", escape(title))]
    description = texts.get(names.CALENDAR_DESCRIPTION)
    if description:
        found += [("DESCRIPTION", escape(description)), ("X-WR-CALDESC", escape(description))]
    color = texts.get(names.CALENDAR_COLOR, "")
    if _COLOR.fullmatch(color):
        found.append(("X-APPLE-CALENDAR-COLOR", color))
    zone = texts.get(names.CALENDAR_TIMEZONE_ID)
    if zone:
        found.append(("X-WR-TIMEZONE", escape(zone)))
    return [make(key, value) for key, value in found]


_TOLD: Final = (
    DISPLAYNAME,
    names.CALENDAR_DESCRIPTION,
    names.CALENDAR_COLOR,
    names.CALENDAR_TIMEZONE_ID,
)


def opening(lines: list[Line]) -> bytes:
    """The beginning of the VCALENDAR with these properties; the components and `CLOSING` follow."""
    return b"BEGIN:VCALENDAR\r\n" + b"".join([folded(line) for line in lines])


CLOSING: Final = b"END:VCALENDAR\r\n"


class Merger:
    """Takes objects apart and remembers which time zones have been given out.

    Each VTIMEZONE is given once, before the first component that uses it, and one is made where an object has left it
    out. Where two objects define one name, which is not that of a known zone, in different ways, the later one's gets
    another name. Unless all are to be `defined`, those are left out that everybody knows.
    """

    def __init__(self, defined: bool = True) -> None:
        self._defined = defined
        self._zones: dict[str, _Definition] = {}
        # Other names by the one that is taken and the definition; and with which number the next one is looked for.
        self._others: dict[tuple[str, _Definition], str] = {}
        self._next: dict[str, int] = {}

    def components(self, data: bytes) -> Iterator[tuple[Component, bytes]]:
        """The components of one object, each with the octets that it was read from; ContentError for what is none."""
        calendar = parse(data)
        defined = {sub.text("TZID"): sub for sub in calendar.components if sub.name == "VTIMEZONE"}
        renamed: dict[str, str] = {}
        for tzid, zone in defined.items():
            name = self._new_name(tzid, zone) if self._wants(tzid) else None
            if name is None:
                continue
            if name != tzid:
                renamed[tzid] = name
            if name not in self._zones:
                self._zones[name] = _definition(zone)
                yield (zone if name == tzid else _with_tzid(zone, name)), data
        others = [sub for sub in calendar.components if sub.name != "VTIMEZONE"]
        for tzid in used(others):
            if tzid not in defined and tzid not in self._zones and look_up(tzid) is not None and self._wants(tzid):
                self._zones[tzid] = ()
                yield made(tzid)
        for sub in others:
            yield (_renamed(sub, renamed) if renamed else sub), data

    def octets(self, data: bytes) -> bytes:
        """The components of one object, one after the other; nothing for what is no object."""
        try:
            found = list(self.components(data))
        except ContentError:
            return b""
        return b"".join([_whole_lines(serialize(component, source)) for component, source in found])

    def arrays(self, data: bytes) -> list[list[Any]]:
        """The components of one object as jCal; nothing for what is no object."""
        try:
            return [array(component) for component, _ in self.components(data)]
        except ContentError:
            return []

    def _wants(self, tzid: str) -> bool:
        return self._defined or not is_known(tzid)

    def _new_name(self, tzid: str, zone: Component) -> str | None:
        """Under which name a definition is given out; None when that has been done under its own."""
        if tzid not in self._zones:
            return tzid
        found = look_up(tzid)
        definition = _definition(zone)
        known = self._zones[tzid]
        if not known or known == definition or (found is not None and found.certain):
            return None
        other = self._others.get((tzid, definition))
        if other is not None:
            return other
        number = self._next.get(tzid, 2)
        while self._zones.get(f"{tzid} ({number})", definition) != definition:
            number += 1
        self._next[tzid] = number
        self._others[tzid, definition] = name = f"{tzid} ({number})"
        return name


def _definition(zone: Component) -> _Definition:
    """What decides which zone a VTIMEZONE defines."""
    return tuple(
        [
            (line.name, line.raw_params, line.value)
            for sub in zone.components
            for line in sub.lines
            if line.name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE")
        ]
    )


def _with_tzid(zone: Component, tzid: str) -> Component:
    lines = [make("TZID", escape(tzid)) if line.name == "TZID" else line for line in zone.lines]
    return Component(zone.name, lines, zone.components, zone.start, zone.end, zone.head, zone.tail)


def _renamed(component: Component, names_by_tzid: Mapping[str, str]) -> Component:
    lines = [_line(line, names_by_tzid) if "TZID" in line.raw_params.upper() else line for line in component.lines]
    inner = [_renamed(sub, names_by_tzid) for sub in component.components]
    if all(new is old for new, old in zip(lines, component.lines, strict=True)) and all(
        new is old for new, old in zip(inner, component.components, strict=True)
    ):
        return component
    return Component(component.name, lines, inner, component.start, component.end, component.head, component.tail)


def _line(line: Line, names_by_tzid: Mapping[str, str]) -> Line:
    tzid = line.param("TZID")
    if tzid not in names_by_tzid:
        return line
    params = [
        (name, names_by_tzid[value] if name == "TZID" else value)
        for name, values in line.params.items()
        for value in values
    ]
    return make(line.name, line.value, params, line.group)


def _whole_lines(octets: bytes) -> bytes:
    """The same with line ends as RFC 5545 wants them, one after the last line too."""
    if not octets.endswith(b"\n"):
        octets += b"\r\n"
    return octets if octets.count(b"\n") == octets.count(b"\r\n") else _LONE_LF.sub(b"\r\n", octets)
