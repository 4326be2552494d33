"""Cards in the form that somebody asks for: whole or in part, in either version of vCard, or as jCard.

Implements: RFC 6352, 5.1.1, 8.4, 8.5, 10.4, 10.4.2; RFC 7095, 3
"""

from __future__ import annotations

from typing import Final

from cachetools import LRUCache

from davd.carddav.elements.address_data import AddressData
from davd.dav.contents import is_long
from davd.formats.contentlines import ContentError, Line, write
from davd.formats.vcard.card import parse
from davd.formats.vcard.convert import to_version
from davd.formats.vcard.jcard import to_jcard
from davd.model.resource import Resource

DEFAULT_BYTES: Final = 8 * 1024**2
_OVERHEAD: Final = 256
# How nearly every card begins.
_BEGIN: Final = b"BEGIN:VCARD\r\nVERSION:"
_VERSION_END: Final = len(_BEGIN) + 3


def version_of(content: bytes) -> str:
    """The version of a stored card; ContentError for what is none."""
    return version_at_once(content) or parse(content).version


def version_at_once(content: bytes) -> str:
    """The version of a card that begins as nearly every card does; empty for any other."""
    if content.startswith(_BEGIN) and content[_VERSION_END : _VERSION_END + 2] == b"\r\n":
        return content[_VERSION_END - 3 : _VERSION_END].decode("ascii", "replace")
    return ""


def is_as_stored(content: bytes, asked: AddressData) -> bool:
    """Whether what is asked for of a card are the octets that are stored, as far as their beginning tells."""
    return asked.props is None and version_at_once(content) == (asked.version or "3.0")


def converted(content: bytes, form: str) -> bytes:
    """A card in the form `"3.0"`, `"4.0"` or `"jcard"`; ContentError when it is none."""
    return to_jcard(content) if form == "jcard" else to_version(content, form)


class Conversions:
    """Gives cards in other forms, and remembers what it made by resource and ETag.

    What is remembered is never older than what is stored, and takes about `room` bytes at most. Long cards are not.
    """

    def __init__(self, room: int = DEFAULT_BYTES) -> None:
        self._kept: LRUCache[tuple[int, str, str], bytes] = LRUCache(room, _size)

    def give(self, resource: Resource, content: bytes, form: str) -> bytes:
        """The content of `resource` in the form `"3.0"`, `"4.0"` or `"jcard"`; ContentError when it is no card."""
        if version_of(content) == form:
            return content
        if is_long(content):
            # That is done in a thread, where nothing is looked up or kept.
            return converted(content, form)
        key = (resource.id, resource.etag, form)
        found = self._kept.get(key)
        if found is None:
            found = converted(content, form)
            if _size(found) <= self._kept.maxsize:
                self._kept[key] = found
        return found


def _size(made: bytes) -> int:
    return _OVERHEAD + len(made)


def address_data(conversions: Conversions, resource: Resource, content: bytes, asked: AddressData) -> bytes | None:
    """What of a card is asked for; None when the card cannot be given in the form that is asked for."""
    try:
        if asked.props is None:
            return conversions.give(resource, content, asked.version or "3.0")
        # A part is taken of the card in the version that is asked for, since properties have other names in another.
        form = "4.0" if asked.version == "jcard" else asked.version or "3.0"
        part = chosen(conversions.give(resource, content, form), asked.props)
        return to_jcard(part) if asked.version == "jcard" else part
    except ContentError:
        # A client that did not say what it wants had better see what there is.
        return content if asked.version is None else None


def chosen(content: bytes, props: tuple[tuple[str, str | None, bool], ...]) -> bytes:
    """The properties of a card that are wanted, with the lines that begin and end it; ContentError for what is none."""
    card = parse(content)
    wanted = {(name, group): value for name, group, value in props}
    lines = []
    for line in card.lines:
        # RFC 6352, 10.4.2: without a group a name matches properties "without a group prefix or with any group prefix".
        value = wanted.get((line.name, None))
        if not value and line.group:
            value = wanted.get((line.name, line.group.lower())) or value
        if value is not None:
            # "just the vCard property name and any vCard parameters and a trailing ":" without the subsequent value
            # data".
            lines.append(line if value else Line(line.name, line.group, line.raw_params, ""))
    return write([card.begin, *lines, card.finish], card.source)
