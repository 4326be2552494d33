"""A vCard in the version somebody asks for.

Nothing that can be carried is lost: what the other version has a form for is put into that form, and all else goes
along under its own name. A card that has the version already is given as its own octets.

Implements: RFC 6352, 5.1.1; RFC 6350, 6.7.9, A.1, A.2; RFC 2426, 3.6.9
"""

from __future__ import annotations

from typing import Final

from davd.formats.contentlines import Line, make, write
from davd.formats.vcard import vcard21
from davd.formats.vcard.card import Card, parse, serialize
from davd.formats.vcard.downward import downward, missing
from davd.formats.vcard.upward import upward

VERSIONS: Final = ("3.0", "4.0")


def to_version(card: Card | bytes, version: str) -> bytes:
    """The card as `version`, which is `"3.0"` or `"4.0"`; ContentError when it cannot be read.

    Lines that the conversion leaves alone keep their octets, unless the card uses other line ends than CRLF.
    """
    if version not in VERSIONS:
        raise ValueError(version)
    if isinstance(card, bytes):
        card = parse(card)
    if card.version == version:
        return serialize(card)
    if card.version not in VERSIONS:
        # Of a card that says no version, or one nobody knows, 3.0 is the likeliest.
        content = vcard21.modern(card.begin, card.lines, card.finish)
        if version == "3.0":
            content[2:2] = missing(card)
            return write(content)
        card = Card("3.0", content[1:-1], b"", card.begin, card.finish)
    inside = upward(card) if version == "4.0" else downward(card)
    found = [make("BEGIN", "VCARD"), *inside, make("END", "VCARD")]
    source = card.source
    if card.decoded or source.count(b"\n") != source.count(b"\r\n") or source.count(b"\r") != source.count(b"\r\n"):
        found = [Line(line.name, line.group, line.raw_params, line.value) for line in found]
    return write(found, source)
