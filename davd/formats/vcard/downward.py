"""The lines of a vCard 4.0 as those of a 3.0.

Properties and parameters that only 4.0 has are carried as they are, since 3.0 lets a reader pass over what it doesn't
know ("iana-token", RFC 2426, 4), but where clients of 3.0 have a form of their own for a thing, it is given in that.

Implements: RFC 2426, 3, 4; RFC 6350, A.1, A.2
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import unquote

from davd.formats.contentlines import Line, escape
from davd.formats.vcard import apple, media
from davd.formats.vcard.card import Card
from davd.formats.vcard.dates import offset, read
from davd.formats.vcard.params import Pairs, made, new, pairs, value, without
from davd.formats.vcard.upward import full_name

_ANNIVERSARIES: Final = ("X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY", "X-KADDRESSBOOK-X-ANNIVERSARY")
_AGENT_CARD: Final = "data:text/vcard"


class Downward:
    """What the rules have to know of the whole card."""

    def __init__(self, card: Card) -> None:
        self.labels = apple.Labels(card.lines)
        self.names = {line.name for line in card.lines}
        self.anniversaries = {
            read(line.value)
            for line in card.lines
            if line.name in _ANNIVERSARIES or (line.name == apple.DATE and self.labels.of(line) == apple.ANNIVERSARY)
        }
        self.best = _best(card.lines)
        # 3.0 knows one FN and one N; of several in 4.0 the preferred one.
        self.only: dict[str, int] = {name: id(_preferred(card.all(name))) for name in ("FN", "N") if name in self.names}


Rule: TypeAlias = Callable[[Line, Downward], list[Line]]


def downward(card: Card) -> list[Line]:
    """The properties of the card in 3.0, VERSION first."""
    context = Downward(card)
    found = [new("VERSION", "3.0")]
    for line in card.lines:
        rule = _RULES.get(line.name)
        if rule is not None:
            found += rule(line, context)
        elif line.raw_params and "PREF" in line.raw_params.upper():
            found.append(made(line, _params(line, context)))
        else:
            found.append(line)
    found[1:1] = missing(card)
    return found


def missing(card: Card) -> list[Line]:
    """The properties that every card has in 3.0 and this one has not, made of what it has."""
    # RFC 2426, 4: "A vCard object MUST include the VERSION, FN and N types."
    shown = escape(card.text("FN") or full_name(card))
    found = [] if card.first("FN") is not None else [new("FN", shown)]
    if card.first("N") is None:
        found.append(new("N", f"{shown};;;;"))
    return found


def _preferred(lines: list[Line]) -> Line:
    return min(lines, key=_preference)


def _preference(line: Line) -> int:
    """What PREF says, 101 where it says nothing sensible."""
    if not line.raw_params:
        return 101
    text = line.param("PREF")
    return int(text) if text.isdecimal() and text.isascii() and 0 < int(text[:4]) <= 100 else 101


def _best(lines: list[Line]) -> dict[str, int]:
    """The lowest PREF of each property that has one."""
    found: dict[str, int] = {}
    for line in lines:
        if line.raw_params:
            preference = _preference(line)
            if preference <= 100:
                found[line.name] = min(found.get(line.name, 100), preference)
    return found


def _params(line: Line, context: Downward) -> Pairs:
    """The parameters as 3.0 has them for any property."""
    found = pairs(line)
    if not found:
        return found
    preference = _preference(line)
    if preference <= 100:
        if preference == 1:
            found = without(found, "PREF")
        if preference == context.best[line.name] and "pref" not in [
            text.lower() for name, text in found if name == "TYPE"
        ]:
            found.append(("TYPE", "PREF"))
    # Values of TYPE side by side, so that they become one list.
    return [pair for pair in found if pair[0] != "TYPE"] + [pair for pair in found if pair[0] == "TYPE"]


def _drop(line: Line, context: Downward) -> list[Line]:
    return []


def _media(line: Line, context: Downward) -> list[Line]:
    return [media.downward(line, _params(line, context))]


def _one(line: Line, context: Downward) -> list[Line]:
    found = _params(line, context)
    if id(line) != context.only[line.name]:
        return [made(line, pairs(line), name=f"X-DAVD-{line.name}")]
    sort_as = value(found, "SORT-AS") if line.name == "N" else ""
    if sort_as and "SORT-STRING" not in context.names:
        texts = [text for name, text in found if name == "SORT-AS"]
        return [made(line, without(found, "SORT-AS")), new("SORT-STRING", escape(",".join(texts)))]
    return [made(line, found)] if found else [line]


def _text(line: Line, context: Downward) -> list[Line]:
    if not line.raw_params:
        return [line]
    found = _params(line, context)
    return [made(line, without(found, "VALUE") if value(found, "VALUE").lower() == "text" else found)]


def _telephone(line: Line, context: Downward) -> list[Line]:
    if not line.raw_params:
        return [line]
    found = _params(line, context)
    kind = value(found, "VALUE").lower()
    if kind == "uri" and line.value[:4].lower() == "tel:":
        return [made(line, without(found, "VALUE"), escape(unquote(line.value[4:])))]
    return [made(line, without(found, "VALUE") if kind == "text" else found)]


def _birthday(line: Line, context: Downward) -> list[Line]:
    return [_dated(line, context, line.name, line.group)]


def _dated(line: Line, context: Downward, name: str, group: str) -> Line:
    found = _params(line, context)
    date = read(line.value) if value(found, "VALUE").lower() != "text" else None
    if date is None:
        return new(name, line.value, found, group)
    found = without(found, "VALUE")
    date, found = apple.with_year_put_in(date, found)
    if not date.complete:
        return new(name, date.basic(), [("VALUE", "date-and-or-time"), *found], group)
    # RFC 2426, 3.1.5: without VALUE it is a date.
    kind = [("VALUE", "date-time")] if date.timed else []
    return new(name, date.extended(), [*kind, *found], group)


def _anniversary(line: Line, context: Downward) -> list[Line]:
    date = read(line.value)
    if date is not None and date in context.anniversaries:
        return []
    whole = date is not None and bool(date.month and date.day)
    if not whole or value(pairs(line), "VALUE").lower() == "text":
        return [_dated(line, context, line.name, line.group)]
    group = context.labels.free(line)
    return [_dated(line, context, apple.DATE, group), new(apple.LABEL, apple.ANNIVERSARY, group=group)]


def _revision(line: Line, context: Downward) -> list[Line]:
    date = read(line.value)
    if date is None or not date.complete:
        return [line]
    return [made(line, without(_params(line, context), "VALUE"), date.extended())]


def _time_zone(line: Line, context: Downward) -> list[Line]:
    found = _params(line, context)
    stated = value(found, "VALUE").lower()
    found = without(found, "VALUE")
    # RFC 6350, 8 itself writes an offset as "TZ:-0500".
    hours = offset(line.value, ":") if stated in ("", "utc-offset") else None
    if hours is not None:
        return [made(line, found, hours)]
    return [made(line, [("VALUE", stated or "text"), *found])]


def _position(line: Line, context: Downward) -> list[Line]:
    found = without(_params(line, context), "VALUE")
    latitude, mark, longitude = line.value[4:].partition(",")
    if line.value[:4].lower() == "geo:" and mark and not set(longitude) & {",", ";"}:
        return [made(line, found, f"{latitude};{longitude}")]
    return [made(line, [("VALUE", "uri"), *found] if ":" in line.value else found)]


def _address(line: Line, context: Downward) -> list[Line]:
    if not line.raw_params:
        return [line]
    found = _params(line, context)
    # A LABEL parameter may hold line breaks in TEXT's form as well as in that of RFC 6868.
    label = value(found, "LABEL").replace("\\n", "\n").replace("\\N", "\n")
    found = without(found, "LABEL")
    if not label:
        return [made(line, found)]
    types = [pair for pair in found if pair != ("TYPE", "PREF") and pair[0] != "PREF"]
    made_label = new("LABEL", escape(label), types, line.group)
    if not line.value.strip("; "):
        return [new("LABEL", escape(label), found, line.group)]
    return [made(line, found), made_label]


def _kind(line: Line, context: Downward) -> list[Line]:
    kind = line.value.strip().lower()
    if kind == "group" and apple.KIND not in context.names:
        return [made(line, _params(line, context), name=apple.KIND)]
    if kind == "org" and not line.raw_params and apple.SHOW_AS not in context.names:
        return [made(line, [], "COMPANY", name=apple.SHOW_AS)]
    return [line]


def _member(line: Line, context: Downward) -> list[Line]:
    return [made(line, _params(line, context), name=apple.MEMBER)]


def _related(line: Line, context: Downward) -> list[Line]:
    found = _params(line, context)
    types = [text.lower() for name, text in found if name == "TYPE" and text.lower() != "pref"]
    if value(found, "VALUE").lower() != "text":
        return _agent(line, found) if "agent" in types else [made(line, found)] if found else [line]
    found = without(found, "VALUE")
    label = context.labels.of(line)
    if label:
        kind = apple.type_of(label)
        return [made(line, [pair for pair in found if pair != ("TYPE", kind)], name=apple.RELATED)]
    if not types:
        return [made(line, found, name=apple.RELATED)]
    group = context.labels.free(line)
    kept = [pair for pair in found if pair[0] != "TYPE" or pair[1].lower() != types[0]]
    named = new(apple.RELATED, line.value, kept, group)
    return [named, new(apple.LABEL, escape(apple.label_of(types[0])), group=group)]


def _agent(line: Line, found: Pairs) -> list[Line]:
    kept = [pair for pair in without(found, "VALUE", "MEDIATYPE") if (pair[0], pair[1].lower()) != ("TYPE", "agent")]
    if line.value[: len(_AGENT_CARD)].lower() == _AGENT_CARD:
        head, _, payload = line.value.partition(",")
        try:
            octets = base64.b64decode(payload) if head.lower().endswith(";base64") else unquote(payload).encode()
            return [made(line, kept, escape(octets.decode().replace("\r\n", "\n")), name="AGENT")]
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return [made(line, found)]
    return [made(line, [("VALUE", "uri"), *kept], name="AGENT")]


_RULES: Final[dict[str, Rule]] = {
    "VERSION": _drop,
    "FN": _one,
    "N": _one,
    "TEL": _telephone,
    "UID": _text,
    "BDAY": _birthday,
    "DEATHDATE": _birthday,
    "ANNIVERSARY": _anniversary,
    "REV": _revision,
    "TZ": _time_zone,
    "GEO": _position,
    "ADR": _address,
    "KIND": _kind,
    "MEMBER": _member,
    "RELATED": _related,
    **dict.fromkeys(media.NAMES, _media),
}
