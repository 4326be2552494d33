"""Which collections there are in a file or a folder: ICS and VCF files, vdir trees, and the folders of Radicale.

Implements: RFC 5545, 3.4; RFC 6350, 3.3
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from davd.caldav import names as caldav
from davd.carddav import names as carddav
from davd.daemon.importing import calendars, cards
from davd.daemon.importing.item import Item, Source

# What davd itself puts into a folder that it exports beside the objects, too.
PROPS: Final = ".Radicale.props"

_CALENDAR_ENDINGS: Final = frozenset((".ics", ".ical", ".ifb"))
_CARD_ENDINGS: Final = frozenset((".vcf", ".vcard"))
_TAGS: Final = {"VCALENDAR": caldav.CALENDAR_TYPE, "VADDRESSBOOK": carddav.ADDRESSBOOK_TYPE}
_DESCRIPTION: Final = "description"
# Files beside the objects of a vdir collection.
_VDIR: Final = {
    "displayname": "{DAV:}displayname",
    "color": caldav.CALENDAR_COLOR,
    _DESCRIPTION: caldav.CALENDAR_DESCRIPTION,
}
# Keys of Radicale's properties.
_RADICALE: Final = {
    "D:displayname": "{DAV:}displayname",
    "C:calendar-description": caldav.CALENDAR_DESCRIPTION,
    "CR:addressbook-description": carddav.ADDRESSBOOK_DESCRIPTION,
    "C:calendar-timezone": caldav.CALENDAR_TIMEZONE,
    "ICAL:calendar-color": caldav.CALENDAR_COLOR,
    "ICAL:calendar-order": caldav.CALENDAR_ORDER,
}
_COMPONENTS: Final = "C:supported-calendar-component-set"
_MOST_DEPTH: Final = 8

Read = Callable[[bytes, str, str], Iterator[Item]]


class SourceError(ValueError):
    """What cannot be imported at all; the text is one sentence."""


def sources(path: str) -> list[Source]:
    """The collections at `path`; SourceError when there is none, OSError when it cannot be read."""
    place = Path(path)
    if place.is_dir():
        found = _in_folder(place, _MOST_DEPTH)
        if not found:
            raise SourceError(f"there are neither calendars nor contacts in {path}")
        return found
    return [_file(place)]


def _file(place: Path) -> Source:
    data = calendars.decoded(place.read_bytes())
    kind = _kind_of(place.suffix.lower(), data)
    if kind == caldav.CALENDAR_TYPE:
        items: Read = calendars.items
        count = data.count(b"\nBEGIN:V") - data.count(b"\nBEGIN:VTIMEZONE") - data.count(b"\nBEGIN:VALARM")
        found = calendars.properties(data)
    else:
        # vCard 2.1 says itself in which charset it is.
        data = place.read_bytes()
        items, count, found = cards.items, data.count(b"BEGIN:VCARD"), {}
    return Source(str(place), place.stem, kind, lambda: items(data, str(place), ""), count, found, loose=True)


def _kind_of(ending: str, data: bytes) -> str:
    if ending in _CALENDAR_ENDINGS:
        return caldav.CALENDAR_TYPE
    if ending in _CARD_ENDINGS:
        return carddav.ADDRESSBOOK_TYPE
    head = data[:4096].lstrip().upper()
    if head.startswith(b"BEGIN:VCALENDAR"):
        return caldav.CALENDAR_TYPE
    if head.startswith(b"BEGIN:VCARD"):
        return carddav.ADDRESSBOOK_TYPE
    raise SourceError("it is neither an iCalendar nor a vCard file")


def _in_folder(folder: Path, depth: int) -> list[Source]:
    """The collection that a folder is, or those below it."""
    files: list[Path] = []
    folders: list[Path] = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        # Radicale keeps locks and caches in names that begin with a dot.
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            folders.append(Path(entry.path))
        elif entry.is_file():
            files.append(Path(entry.path))
    found = _collections(folder, files)
    if depth > 0:
        for below in folders:
            found += _in_folder(below, depth - 1)
    return found


def _collections(folder: Path, files: list[Path]) -> list[Source]:
    """One collection for each kind of objects in a folder."""
    props = _props(folder / PROPS)
    found = []
    for kind, endings, items in (
        (caldav.CALENDAR_TYPE, _CALENDAR_ENDINGS, calendars.items),
        (carddav.ADDRESSBOOK_TYPE, _CARD_ENDINGS, cards.items),
    ):
        own = [file for file in files if file.suffix.lower() in endings]
        if own or _TAGS.get(props.get("tag", "")) == kind:
            properties = {name: props[key] for key, name in _RADICALE.items() if props.get(key)}
            properties |= _vdir(files, kind)
            components = tuple(props.get(_COMPONENTS, "").replace(",", " ").upper().split())
            found.append(Source(str(folder), folder.name, kind, _reader(own, items), len(own), properties, components))
    return found


def _reader(files: list[Path], items: Read) -> Callable[[], Iterator[Item]]:
    def read() -> Iterator[Item]:
        for file in files:
            try:
                data = file.read_bytes()
            except OSError as error:
                yield Item(str(file), b"", "", "", problem=f"It cannot be read: {error.strerror}.")
                continue
            if items is calendars.items:
                data = calendars.decoded(data)
            empty = True
            for item in items(data, str(file), file.name):
                empty = False
                yield item
            if empty:
                yield Item(str(file), b"", "", "", problem="There is nothing in it.")

    return read


def _vdir(files: list[Path], kind: str) -> dict[str, str]:
    found = {}
    for file in files:
        name = _VDIR.get(file.name)
        if name is not None:
            if file.name == _DESCRIPTION and kind == carddav.ADDRESSBOOK_TYPE:
                name = carddav.ADDRESSBOOK_DESCRIPTION
            text = file.read_text("utf-8", "replace").strip()
            if text:
                found[name] = text
    return found


def _props(file: Path) -> dict[str, str]:
    """What Radicale knows of a collection; nothing where there is no such file."""
    try:
        read = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {str(key): value for key, value in read.items() if isinstance(value, str)}
