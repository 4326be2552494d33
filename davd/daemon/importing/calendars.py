"""A file of iCalendar data, however large and however broken, into calendar objects.

All components with one UID become one object, together with the time zones they use. What is broken does not keep the
rest from being read: the file is cut by its BEGIN and END lines, and each component is looked at by itself.

Implements: RFC 5545, 3.4, 3.6, 3.8.4.7; RFC 4791, 4.1; RFC 7986, 5.1, 5.2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

from davd.caldav import names
from davd.caldav.merged import PRODID
from davd.daemon.importing.item import Item
from davd.formats.contentlines import ContentError, Line, folded, lines, make, unescape

_BOUNDARY: Final = re.compile(rb"^(BEGIN|END)[ \t]*:[ \t]*([A-Za-z0-9-]+)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_LONE_LF: Final = re.compile(rb"(?<!\r)\n")
_NAMESPACE: Final = UUID("6f1d9f0c-6f0e-5a5b-9b0e-7c7a3f1c2d4e")
_PROPERTIES: Final = {
    "X-WR-CALNAME": "{DAV:}displayname",
    "NAME": "{DAV:}displayname",
    "X-WR-CALDESC": names.CALENDAR_DESCRIPTION,
    "DESCRIPTION": names.CALENDAR_DESCRIPTION,
    "X-APPLE-CALENDAR-COLOR": names.CALENDAR_COLOR,
    "X-WR-TIMEZONE": names.CALENDAR_TIMEZONE_ID,
}


@dataclass(slots=True)
class _Block:
    """One component directly inside a VCALENDAR: `data[start:end]`, and what can be read of it."""

    name: str
    start: int
    end: int
    uid: str = ""
    tzids: tuple[str, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class _Calendar:
    """One VCALENDAR: its own properties and its components."""

    lines: list[Line] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)


def decoded(data: bytes) -> bytes:
    """The octets in UTF-8 and with line feeds, whatever a program on another system has made of them."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError:
        # What is not UTF-8 was written on Windows.
        data = data.decode("cp1252", "replace").encode()
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def properties(data: bytes) -> dict[str, str]:
    """What the first VCALENDAR of a file says of itself, as dead properties by name."""
    found: dict[str, str] = {}
    for calendar in _calendars(data)[:1]:
        for line in calendar.lines:
            name = _PROPERTIES.get(line.name)
            if name is not None and line.value.strip():
                found.setdefault(name, unescape(line.value).strip())
    return found


def items(data: bytes, where: str, name: str = "") -> Iterator[Item]:
    """The objects in a file, in the order in which their first components stand there.

    `where` is what the file is called for people. `name` is kept for the only object of a file, and so are its octets.
    """
    calendars = _calendars(data)
    groups: dict[tuple[str, str], list[tuple[_Calendar, _Block]]] = {}
    for calendar in calendars:
        for block in calendar.blocks:
            if block.name != "VTIMEZONE":
                # What has no UID, or cannot be read, stands for itself.
                key = (block.uid, block.name) if block.uid else ("", str(block.start))
                groups.setdefault(key, []).append((calendar, block))
    if len(groups) == 1:
        whole = len(calendars) == 1 and _is_whole(data, calendars[0])
        (group,) = groups.values()
        yield _item(data, group, where, name, whole)
        return
    line, position = 1, 0
    for group in groups.values():
        start = group[0][1].start
        line += data.count(b"\n", position, start)
        position = start
        yield _item(data, group, f"{where}, line {line}", "", False)


def _is_whole(data: bytes, calendar: _Calendar) -> bool:
    """Whether a file is nothing but one VCALENDAR that can be stored as it is."""
    text = data.strip().upper()
    return (
        text.startswith(b"BEGIN:VCALENDAR")
        and text.endswith(b"END:VCALENDAR")
        and not any(line.name == "METHOD" for line in calendar.lines)
        and all(block.uid for block in calendar.blocks)
    )


def _item(data: bytes, group: list[tuple[_Calendar, _Block]], where: str, name: str, whole: bool) -> Item:
    block = group[0][1]
    problem = next((block.problem for _, block in group if block.problem), "")
    if problem:
        return Item(where, b"", block.uid, block.name, problem=problem)
    uid = block.uid or str(uuid5(_NAMESPACE, sha256(data[block.start : block.end]).hexdigest()))
    return Item(where, data if whole else _object(data, group, uid), uid, block.name, name)


def _object(data: bytes, group: list[tuple[_Calendar, _Block]], uid: str) -> bytes:
    """The components of one UID as one iCalendar object."""
    calendar = group[0][0]
    prodid = next((line.value for line in calendar.lines if line.name == "PRODID"), PRODID)
    pieces = [b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", folded(make("PRODID", prodid))]
    used = {tzid for _, block in group for tzid in block.tzids}
    zones: dict[str, bytes] = {}
    for owner, _ in group:
        for block in owner.blocks:
            if block.name == "VTIMEZONE" and block.uid in used:
                zones.setdefault(block.uid, data[block.start : block.end])
    pieces += zones.values()
    components: dict[bytes, None] = {}
    for _, block in group:
        octets = data[block.start : block.end]
        if not block.uid:
            first = octets.index(b"\n") + 1
            octets = octets[:first] + folded(make("UID", uid)) + octets[first:]
        # Exports that were joined have some components twice.
        components[octets] = None
    pieces += components
    pieces.append(b"END:VCALENDAR\r\n")
    return b"".join([_LONE_LF.sub(b"\r\n", piece) for piece in pieces])


def _calendars(data: bytes) -> list[_Calendar]:
    """The VCALENDARs of a file with the components in them."""
    found: list[_Calendar] = []
    calendar: _Calendar | None = None
    stack: list[str] = []
    begun = gap = 0
    for match in _BOUNDARY.finditer(data):
        name = match[2].decode("ascii").upper()
        after = min(match.end() + 1, len(data))
        begins = match[1].upper() == b"BEGIN"
        if name == "VCALENDAR":
            if calendar is not None:
                _close(calendar, data, stack, begun, gap, match.start())
            stack = []
            calendar = _Calendar() if begins else None
            if calendar is not None:
                found.append(calendar)
            gap = after
        elif calendar is None:
            continue
        elif begins:
            if not stack:
                calendar.lines += _readable(data[gap : match.start()])
                begun = match.start()
            stack.append(name)
        elif name in stack:
            del stack[stack.index(name) :]
            if not stack:
                calendar.blocks.append(_block(data, name, begun, after))
                gap = after
    if calendar is not None:
        _close(calendar, data, stack, begun, gap, len(data))
    return found


def _close(calendar: _Calendar, data: bytes, stack: list[str], begun: int, gap: int, end: int) -> None:
    """Take what stands between the last component and the end, or a component that does not end."""
    if stack:
        problem = f"{stack[0]} is not ended."
        calendar.blocks.append(_Block(stack[0], begun, end, problem=problem))
    else:
        calendar.lines += _readable(data[gap:end])


def _readable(data: bytes) -> list[Line]:
    try:
        return lines(data)
    except ContentError:
        return []


def _block(data: bytes, name: str, start: int, end: int) -> _Block:
    block = _Block(name, start, end)
    try:
        found = lines(data[start:end])
    except ContentError as error:
        block.problem = str(error)
        return block
    depth = 0
    tzids: dict[str, None] = {}
    wanted = "TZID" if name == "VTIMEZONE" else "UID"
    for line in found:
        if line.name == "BEGIN":
            depth += 1
        elif line.name == "END":
            depth -= 1
        elif depth == 1 and line.name == wanted and not block.uid:
            block.uid = unescape(line.value).strip()
        if line.raw_params and "TZID" in line.raw_params.upper():
            tzids[line.param("TZID").strip()] = None
    block.tzids = tuple(tzids)
    return block
