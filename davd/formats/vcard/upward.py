"""The lines of a vCard 3.0 (or 2.1, as read) as those of a 4.0.

Lines that mean the same in both versions stay as they are. What 4.0 has no place for is carried under its old name:
"iana-token" and "x-name" are allowed there, and a reader keeps what it doesn't know.

Implements: RFC 6350, 3.3, 6, A.1, A.2; RFC 2426, 3, 4, 5
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final, TypeAlias

from davd.formats.contentlines import Line, escape, unescape
from davd.formats.vcard import apple, media
from davd.formats.vcard.card import Card, components
from davd.formats.vcard.dates import offset, read
from davd.formats.vcard.params import Pairs, kinds, made, new, pairs, value, without

# What an address and its label have in common: group, types and other parameters.
_Place: TypeAlias = tuple[str, frozenset[str], frozenset[tuple[str, str]]]

_BACK: Final = {"X-DAVD-FN": "FN", "X-DAVD-N": "N"}


class Upward:
    """What the rules have to know of the whole card."""

    def __init__(self, card: Card) -> None:
        self.labels = apple.Labels(card.lines)
        self.names = {line.name for line in card.lines}
        self.sort_string = card.text("SORT-STRING") if "N" in self.names else ""
        self.postal, self.merged = _postal_labels(card.lines) if "LABEL" in self.names else ({}, set())
        self.dropped: set[str] = set()


Rule: TypeAlias = Callable[[Line, Upward], list[Line]]


def upward(card: Card) -> list[Line]:
    """The properties of the card in 4.0, VERSION first."""
    context = Upward(card)
    found = [new("VERSION", "4.0")]
    for line in card.lines:
        rule = _RULES.get(line.name)
        if rule is not None:
            found += rule(line, context)
        elif line.raw_params and _is_old(line):
            found.append(made(line, _params(line)))
        else:
            found.append(line)
    if context.dropped:
        found = [line for line in found if line.name != apple.LABEL or line.group.lower() not in context.dropped]
    # RFC 6350, 6.2.1: "The property MUST be present in the vCard object."
    if "FN" not in context.names:
        found.insert(1, new("FN", escape(full_name(card))))
    return found


def full_name(card: Card) -> str:
    """A name to show for a card without FN: from N, else what else tells who it is."""
    name = card.first("N")
    if name is not None:
        parts = [" ".join(part).strip() for part in components(name)] + [""] * 5
        shown = " ".join([part for part in (parts[3], parts[1], parts[2], parts[0], parts[4]) if part])
        if shown:
            return shown
    for other in ("ORG", "NICKNAME", "EMAIL", "TEL"):
        line = card.first(other)
        if line is not None and line.value.strip(" ;,"):
            return components(line)[0][0]
    return ""


def _is_old(line: Line) -> bool:
    raw = line.raw_params.upper()
    return "PREF" in raw or "CHARSET" in raw or "VALUE=" in raw or raw.count("=") < raw.count(";")


def _params(line: Line) -> Pairs:
    """The parameters as 4.0 has them for any property."""
    found: Pairs = []
    preferred = False
    for name, text in pairs(line):
        if name == "TYPE" and text.lower() == "pref":
            preferred = True
        elif name == "VALUE":
            kind = text.lower()
            if kind not in ("phone-number", "inline"):
                found.append((name, "uri" if kind == "url" else kind))
        elif name != "CHARSET":
            found.append((name, text))
    # RFC 6350, 5.3: of the values of PREF, which go from 1 to 100, 1 is the most preferred.
    if preferred and not value(found, "PREF"):
        found.append(("PREF", "1"))
    return found


def _drop(line: Line, context: Upward) -> list[Line]:
    return []


def _media(line: Line, context: Upward) -> list[Line]:
    return [media.upward(line, _params(line))]


def _name(line: Line, context: Upward) -> list[Line]:
    found = _params(line)
    # RFC 6350, 5.9: SORT-AS has taken the place of SORT-STRING.
    if context.sort_string and not value(found, "SORT-AS"):
        return [made(line, [*found, ("SORT-AS", context.sort_string)])]
    return [made(line, found)] if line.raw_params else [line]


def _sort_string(line: Line, context: Upward) -> list[Line]:
    return [] if context.sort_string else [line]


def _hidden(line: Line, context: Upward) -> list[Line]:
    return [made(line, _params(line), name=_BACK[line.name])]


def _uri(line: Line, context: Upward) -> list[Line]:
    found = _params(line)
    text = media.uri(line.value)
    if text == line.value and not line.raw_params:
        return [line]
    return [made(line, without(found, "VALUE") if value(found, "VALUE") == "uri" else found, text)]


def _uid(line: Line, context: Upward) -> list[Line]:
    # RFC 6350, 6.7.6: "It MAY also be reset to free-form text."
    if media.is_uri(line.value) or value(found := _params(line), "VALUE") == "text":
        return [line]
    return [made(line, [("VALUE", "text"), *without(found, "VALUE")])]


def _date(line: Line, context: Upward) -> list[Line]:
    return [_dated(line, context, line.name, line.group)]


def _dated(line: Line, context: Upward, name: str, group: str) -> Line:
    found = without(_params(line), "VALUE")
    date = read(line.value)
    if date is None:
        text = [("VALUE", "text")] if line.value else []
        return new(name, line.value, [*text, *found], group)
    date = apple.with_year_left_out(date, found)
    return new(name, date.basic(), without(found, apple.OMIT_YEAR), group)


def _apple_date(line: Line, context: Upward) -> list[Line]:
    known = "ANNIVERSARY" in context.names or read(line.value) is None
    if known or context.labels.of(line) != apple.ANNIVERSARY or not context.labels.is_only_one(line):
        return [made(line, _params(line))] if line.raw_params else [line]
    context.names.add("ANNIVERSARY")
    context.dropped.add(line.group.lower())
    return [_dated(line, context, "ANNIVERSARY", line.group)]


def _named_date(line: Line, context: Upward) -> list[Line]:
    """An anniversary that other programs hide in a property of their own: it is told as ANNIVERSARY too."""
    if "ANNIVERSARY" in context.names or read(line.value) is None:
        return [line]
    context.names.add("ANNIVERSARY")
    return [line, _dated(line, context, "ANNIVERSARY", "")]


def _revision(line: Line, context: Upward) -> list[Line]:
    date = read(line.value)
    if date is None or not date.complete:
        return [line]
    # RFC 6350, 4.3.5: a timestamp is "a complete date and time of day combination".
    text = date.basic() if date.timed else date.basic() + "T000000Z"
    return [made(line, without(_params(line), "VALUE"), text)]


def _time_zone(line: Line, context: Upward) -> list[Line]:
    found = without(_params(line), "VALUE")
    stated = value(_params(line), "VALUE")
    hours = offset(line.value, "") if stated in ("", "utc-offset") else None
    if hours is not None:
        return [made(line, [("VALUE", "utc-offset"), *found], hours)]
    return [made(line, [("VALUE", "uri"), *found] if stated == "uri" else found)]


def _position(line: Line, context: Upward) -> list[Line]:
    found = without(_params(line), "VALUE")
    latitude, mark, longitude = line.value.replace("\\", "").replace(",", ";").partition(";")
    if mark and ":" not in line.value:
        return [made(line, found, f"geo:{latitude.strip()},{longitude.strip()}")]
    return [made(line, found, media.uri(line.value))]


def _address(line: Line, context: Upward) -> list[Line]:
    found = _params(line)
    label = context.postal.get(id(line))
    if label is not None:
        found.append(("LABEL", unescape(label.value)))
    return [made(line, found)] if found else [line]


def _postal_label(line: Line, context: Upward) -> list[Line]:
    if id(line) in context.merged:
        return []
    return [new("ADR", ";;;;;;", [*_params(line), ("LABEL", unescape(line.value))], line.group)]


def _postal_labels(lines: list[Line]) -> tuple[dict[int, Line], set[int]]:
    """By address its label (an address right before its label goes first), and the labels that have found one."""
    found: dict[int, Line] = {}
    merged: set[int] = set()
    places: dict[int, _Place] = {}
    before: Line | None = None
    for line in lines:
        if line.name == "ADR" and not line.param("LABEL"):
            places[id(line)] = _place(line)
        elif line.name == "LABEL" and before is not None and places.get(id(before)) == _place(line):
            found[id(before)] = line
            merged.add(id(line))
        before = line
    # The others by place, the first one last: a card may have thousands of both.
    free: dict[_Place, list[int]] = {}
    for address in reversed(places):
        if address not in found:
            free.setdefault(places[address], []).append(address)
    for line in lines:
        if line.name == "LABEL" and id(line) not in merged:
            addresses = free.get(_place(line))
            if addresses:
                found[addresses.pop()] = line
                merged.add(id(line))
    return found, merged


def _place(line: Line) -> _Place:
    found = pairs(line)
    return line.group.lower(), kinds(found) - {"pref"}, frozenset(without(found, "TYPE", "CHARSET"))


def _kind(line: Line, context: Upward) -> list[Line]:
    return [made(line, _params(line), name="KIND")] if "KIND" not in context.names else [line]


def _show_as(line: Line, context: Upward) -> list[Line]:
    if line.value.upper() != "COMPANY" or line.raw_params or context.names & {"KIND", apple.KIND}:
        return [line]
    return [made(line, [], "org", name="KIND")]


def _member(line: Line, context: Upward) -> list[Line]:
    return [made(line, _params(line), media.uri(line.value), name="MEMBER")]


def _related_name(line: Line, context: Upward) -> list[Line]:
    found = [("VALUE", "text"), *without(_params(line), "VALUE")]
    kind = apple.type_of(context.labels.of(line))
    if kind and kind not in kinds(found):
        found.append(("TYPE", kind))
    return [made(line, found, name="RELATED")]


def _agent(line: Line, context: Upward) -> list[Line]:
    found = [pair for pair in without(_params(line), "VALUE") if pair != ("TYPE", "agent")]
    text = unescape(line.value)
    if text.lstrip()[:6].upper() == "BEGIN:":
        octets = text.replace("\n", "\r\n").encode()
        text = "data:text/vcard;base64," + base64.b64encode(octets).decode()
    elif not media.is_uri(text):
        return [made(line, [("VALUE", "text"), ("TYPE", "agent"), *found], name="RELATED")]
    return [made(line, [("TYPE", "agent"), *found], media.uri(text), name="RELATED")]


_RULES: Final[dict[str, Rule]] = {
    "VERSION": _drop,
    "PROFILE": _drop,
    "N": _name,
    "SORT-STRING": _sort_string,
    "X-DAVD-FN": _hidden,
    "X-DAVD-N": _hidden,
    "URL": _uri,
    "SOURCE": _uri,
    "FBURL": _uri,
    "CALURI": _uri,
    "CALADRURI": _uri,
    "IMPP": _uri,
    "UID": _uid,
    "BDAY": _date,
    "ANNIVERSARY": _date,
    "DEATHDATE": _date,
    "REV": _revision,
    "TZ": _time_zone,
    "GEO": _position,
    "ADR": _address,
    "LABEL": _postal_label,
    "AGENT": _agent,
    apple.KIND: _kind,
    apple.MEMBER: _member,
    apple.RELATED: _related_name,
    apple.DATE: _apple_date,
    apple.SHOW_AS: _show_as,
    "X-ANNIVERSARY": _named_date,
    "X-EVOLUTION-ANNIVERSARY": _named_date,
    "X-KADDRESSBOOK-X-ANNIVERSARY": _named_date,
    **dict.fromkeys(media.NAMES, _media),
}
