"""A vCard as its content lines, read from octets and written back as the same octets.

Versions 3.0 and 4.0 share one grammar. A card of version 2.1 is read by its own rules, and its lines are given in the
form 3.0 has for them, while their octets stay what they were.

Implements: RFC 6350, 3.3, 6.1.1, 6.1.2, 6.7.9; RFC 2426, 2.1.1, 3.5.3, 3.6.9; RFC 2425, 5.8.1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from davd.formats.contentlines import ContentError, Line, escape, lines, split, unescape, write
from davd.formats.vcard import vcard21

# A card may hold an agent's card, which may hold one.
_DEPTH: Final = 4
_BOUNDARY: Final = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?|(?<=[\r\n]))(BEGIN|END)[ \t]*:[ \t]*VCARD[ \t]*(?=[\r\n]|\Z)", re.I
)
_OLD: Final = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])VERSION:2\.1[ \t]*(?=[\r\n]|\Z)")
_AGENT_BEFORE: Final = re.compile(rb"(?:\A|[\r\n])AGENT(?:;[^\r\n:]*)?:[ \t\r\n]*\Z", re.I)


@dataclass(slots=True)
class Card:
    """One vCard: `lines` are its properties in order, VERSION among them, without BEGIN and END.

    `version` is what VERSION says, `"2.1"` where an old card says nothing, and `""` where VERSION is missing. The
    spans of all lines, and `start` and `end`, are octets of `source`.
    """

    version: str
    lines: list[Line]
    source: bytes
    begin: Line
    finish: Line
    decoded: bool = False

    @property
    def start(self) -> int:
        """The octet of `source` at which BEGIN stands."""
        return self.begin.start

    @property
    def end(self) -> int:
        """The octet of `source` after END and its line end."""
        return self.finish.end

    def first(self, name: str) -> Line | None:
        """The first property of that name (upper case), in whatever group."""
        for line in self.lines:
            if line.name == name:
                return line
        return None

    def all(self, name: str) -> list[Line]:
        """Every property of that name (upper case), in order."""
        return [line for line in self.lines if line.name == name]

    def text(self, name: str) -> str:
        """The value of the first property of that name with its escapes undone; empty where there is none."""
        line = self.first(name)
        return unescape(line.value) if line is not None else ""


def parse(data: bytes) -> Card:
    """The one vCard that `data` is; ContentError when it is none or more than one.

    Blank lines around it are let pass.
    """
    return _parse(data, _DEPTH)


def _parse(data: bytes, depth: int) -> Card:
    if b"VERSION:2.1" in data and _OLD.search(data) is not None:
        return _card(vcard21.lines(data), data, depth, True)
    quoted = b"QUOTED-PRINTABLE" in data or b"quoted-printable" in data
    try:
        card = _card(lines(data), data, depth)
    except ContentError:
        # A soft line break leaves a line that is none.
        if not quoted:
            raise
        return _card(vcard21.lines(data, old=False), data, depth, True)
    if card.version == "2.1":
        return _card(vcard21.lines(data), data, depth, True)
    if quoted and any("QUOTED-PRINTABLE" in line.raw_params.upper() for line in card.lines):
        return _card(vcard21.lines(data, old=False), data, depth, True)
    return card


def _card(found: list[Line], data: bytes, depth: int, decoded: bool = False) -> Card:
    if not found or found[0].name != "BEGIN" or found[0].value.strip().upper() != "VCARD":
        raise ContentError("A vCard begins with the line BEGIN:VCARD.", found[0].start if found else 0)
    begin = found[0]
    finish: Line | None = None
    inside: list[Line] = []
    version = ""
    position = 0
    count = len(found)
    while (position := position + 1) < count:
        line = found[position]
        name = line.name
        if finish is not None:
            what = "There is more than one vCard." if name == "BEGIN" else "There is something after END:VCARD."
            raise ContentError(what, line.start)
        if name == "BEGIN":
            position = _nested(found, position, inside, data, depth)
        elif name == "END":
            if line.value.strip().upper() != "VCARD":
                raise ContentError("A vCard ends with the line END:VCARD.", line.start)
            finish = line
        else:
            if name == "VERSION" and not version:
                version = line.value.strip()
            inside.append(line)
    if finish is None:
        raise ContentError("The line END:VCARD is missing.", len(data))
    return Card(version, inside, data, begin, finish, decoded)


def _nested(found: list[Line], position: int, inside: list[Line], data: bytes, depth: int) -> int:
    """Make the card that begins at `position` the value of the AGENT before it; the position of its END."""
    start = found[position].start
    if not inside or inside[-1].name != "AGENT" or inside[-1].value.strip():
        raise ContentError("A vCard begins inside another.", start)
    if depth == 0:
        raise ContentError("Too many vCards inside each other.", start)
    level = 0
    for number in range(position, len(found)):
        name = found[number].name
        level += (name == "BEGIN") - (name == "END")
        if level == 0:
            break
    else:
        raise ContentError("The line END:VCARD is missing.", len(data))
    agent = inside[-1]
    octets = data[start : found[number].end]
    card = _parse(octets, depth - 1)
    if card.version == "2.1":
        octets = write(vcard21.modern(card.begin, card.lines, card.finish))
    text = octets.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    inside[-1] = Line("AGENT", agent.group, agent.raw_params, escape(text), agent.start, found[number].end)
    return number


def parse_all(data: bytes) -> list[Card]:
    """The vCards that stand behind each other in `data`; ContentError when one is none, or when there are none."""
    cards = [parse(piece) for piece in pieces(data)]
    if not cards:
        raise ContentError("There is no vCard.", 0)
    return cards


def pieces(data: bytes) -> Iterator[bytes]:
    """Cut a file of vCards into the octets of each, so that each can be refused by itself.

    What stands between two cards goes with the later one, and a card without its END ends where the next begins.
    """
    begun = 0
    level = 0
    for match in _BOUNDARY.finditer(data):
        if match[1].upper() == b"END":
            level = max(level - 1, 0)
            if level == 0:
                end = _after_line_end(data, match.end())
                yield data[begun:end]
                begun = end
        elif level == 0:
            level = 1
        elif _AGENT_BEFORE.search(data, max(match.start() - 256, 0), match.start()) is not None:
            level += 1
        else:
            yield data[begun : match.start()]
            begun = match.start()
            level = 1
    if data[begun:].strip(b" \t\r\n\xef\xbb\xbf"):
        yield data[begun:]


def _after_line_end(data: bytes, position: int) -> int:
    if data.startswith(b"\r\n", position):
        return position + 2
    return min(position + 1, len(data))


def serialize(card: Card) -> bytes:
    """The card as octets: for lines as they were read the very octets, for those made since new ones."""
    return write([card.begin, *card.lines, card.finish], card.source)


def types(line: Line) -> list[str]:
    """The TYPE values of a property in lower case.

    Lists in one pair of quotes (`TYPE="voice,home"`) and the values without a name of vCard 2.1 (`TEL;HOME:`) are
    understood.
    """
    if not line.raw_params:
        return []
    found = []
    for name, values in line.params.items():
        if name == "TYPE":
            for value in values:
                found += (
                    [part.strip().lower() for part in value.split(",")] if "," in value else [value.strip().lower()]
                )
        elif not values and name:
            found.append(name.lower())
    return found


def components(line: Line) -> list[list[str]]:
    """A structured value (N, ADR, ORG, GENDER) as its components, each a list of its values, escapes undone."""
    return [[unescape(item) for item in split(part, ",")] for part in split(line.value, ";")]
