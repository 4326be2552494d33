"""A file of vCards, of any version and however broken, into address objects.

Implements: RFC 6350, 3.3, 6.2.1, 6.7.6; RFC 6352, 5.1; RFC 2426, 3.1.1
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

from davd.daemon.importing.item import Item
from davd.formats.contentlines import ContentError, make, split, unescape
from davd.formats.vcard.card import Card, parse, pieces, serialize
from davd.formats.vcard.convert import VERSIONS, to_version

_NAMESPACE: Final = UUID("0f8c4b7e-2f63-5b0e-8d55-40f4e2a7b9a1")
# Where the name to show can be taken from when a card has none.
_NAMED: Final = ("NICKNAME", "ORG", "EMAIL", "TEL", "IMPP", "URL")


def items(data: bytes, where: str, name: str = "") -> Iterator[Item]:
    """The cards in a file, in order; `where` is what the file is called for people.

    Cards of version 2.1 become 3.0, and one without FN or UID is given it. `name` is kept for the only card of a file.
    """
    found = list(pieces(data))
    line = 1
    for piece in found:
        place = where if len(found) == 1 else f"{where}, line {line}"
        line += piece.count(b"\n")
        try:
            octets, uid = _mended(piece)
        except ContentError as error:
            yield Item(place, b"", "", "VCARD", problem=str(error))
            continue
        yield Item(place, octets, uid, "VCARD", name if len(found) == 1 else "")


def _mended(piece: bytes) -> tuple[bytes, str]:
    """A card that an address book takes in, and its UID."""
    card = parse(piece)
    octets = piece
    if card.version not in VERSIONS:
        octets = to_version(card, "3.0")
        card = parse(octets)
    missing = []
    uid = card.text("UID").strip()
    if not uid:
        uid = str(uuid5(_NAMESPACE, sha256(piece).hexdigest()))
        card.lines = [line for line in card.lines if line.name != "UID"]
        missing.append(make("UID", f"urn:uuid:{uid}" if card.version == "4.0" else uid))
    if card.first("FN") is None:
        missing.append(make("FN", _shown(card)))
    if not missing:
        return octets, uid
    # VERSION comes first in 4.0.
    card.lines = [*card.lines[:1], *missing, *card.lines[1:]]
    return serialize(card), missing[0].value if missing[0].name == "UID" else uid


def _shown(card: Card) -> str:
    """The value of an FN for a card that has none."""
    name = card.first("N")
    if name is not None:
        family, given, *rest = [*split(name.value, ";"), "", ""][:5]
        parts = [rest[1] if len(rest) > 1 else "", given, rest[0] if rest else "", family]
        text = " ".join([part.replace(",", " ").strip() for part in parts if unescape(part).strip()])
        if text:
            return text
    for other in _NAMED:
        line = card.first(other)
        if line is not None and line.value.strip(" ;"):
            return split(line.value, ";")[0]
    return ""
