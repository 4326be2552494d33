"""jCard: a vCard 4.0 in JSON, and back.

Implements: RFC 7095, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 4, 5.1
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from davd.formats.contentlines import ContentError, Line, escape, make, split, unescape, write
from davd.formats.vcard import dates
from davd.formats.vcard.card import Card, parse
from davd.formats.vcard.convert import to_version
from davd.formats.vcard.params import Pairs, pairs

# RFC 6350, 6: the value type of each property where VALUE does not say another.
_DEFAULT: Final[dict[str, str]] = {
    **dict.fromkeys(
        "KIND XML FN N NICKNAME GENDER ADR TEL EMAIL TZ TITLE ROLE ORG CATEGORIES NOTE PRODID CLIENTPIDMAP VERSION "
        "BIRTHPLACE DEATHPLACE EXPERTISE HOBBY INTEREST ORG-DIRECTORY GRAMGENDER PRONOUNS CONTACT-URI".split(),
        "text",
    ),
    **dict.fromkeys(
        "SOURCE PHOTO IMPP GEO LOGO MEMBER RELATED SOUND UID URL KEY FBURL CALADRURI CALURI ORG-DIRECTORY CONTACT-URI "
        "SOCIALPROFILE".split(),
        "uri",
    ),
    **dict.fromkeys("BDAY ANNIVERSARY DEATHDATE".split(), "date-and-or-time"),
    "LANG": "language-tag",
    "LANGUAGE": "language-tag",
    "REV": "timestamp",
    "CREATED": "timestamp",
}
_STRUCTURED: Final = frozenset({"N", "ADR", "ORG", "GENDER", "CLIENTPIDMAP"})
_LISTS: Final = frozenset({"NICKNAME", "CATEGORIES"})
_MOMENTS: Final = frozenset({"date", "time", "date-time", "date-and-or-time", "timestamp"})
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,128}")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")


def to_jcard(data: bytes) -> bytes:
    """A vCard of any version as UTF-8 JSON; ContentError when it cannot be read."""
    card = parse(data)
    if card.version != "4.0":
        card = parse(to_version(card, "4.0"))
    return msgspec.json.encode(_component(card))


def _component(card: Card) -> list[Any]:
    properties = [_property(line) for line in card.lines]
    # RFC 7095, 3.2: VERSION is the first property here as well.
    properties.sort(key=lambda item: item[0] != "version")
    return ["vcard", properties]


def _property(line: Line) -> list[Any]:
    params: dict[str, str | list[str]] = {}
    kind = ""
    if line.group:
        # RFC 7095, 3.3.1.2: a group is told as a parameter of that name.
        params["group"] = line.group
    for name, text in pairs(line):
        if name == "VALUE":
            kind = text.lower()
            continue
        key = name.lower()
        if key == "label":
            # RFC 7095, 3.3.1.3: in a jCard the line breaks of a label are some, though RFC 6350 writes them as in TEXT.
            text = text.replace("\\n", "\n").replace("\\N", "\n")
        known = params.get(key)
        if known is None:
            params[key] = text
        elif isinstance(known, str):
            params[key] = [known, text]
        else:
            known.append(text)
    name = line.name
    # RFC 7095, 5.1: a property that is not known and says no VALUE has the type "unknown", its value as it stands.
    kind = kind or _DEFAULT.get(name, "unknown")
    return [name.lower(), params, kind, *_values(name, kind, line.value)]


def _values(name: str, kind: str, value: str) -> list[Any]:
    if kind == "text":
        if name in _STRUCTURED:
            return [_structured(value)]
        if name in _LISTS:
            return [unescape(item) for item in split(value, ",")]
        return [unescape(value)]
    if kind in ("unknown", "uri", "language-tag"):
        return [value]
    if kind in _MOMENTS:
        return [_moment(item, kind, extended=True) for item in split(value, ",")]
    if kind == "utc-offset":
        return [dates.offset(value, ":") or value]
    if kind == "boolean" and value.upper() in ("TRUE", "FALSE"):
        return [value.upper() == "TRUE"]
    items = value.split(",")
    if kind == "integer" and all(map(_INTEGER.fullmatch, items)):
        return [int(item) for item in items]
    if kind == "float" and all(map(_FLOAT.fullmatch, items)):
        return [float(item) for item in items]
    return [unescape(value)]


def _structured(value: str) -> Any:
    """RFC 7095, 3.3.1.3: one array for the components; one alone is no array."""
    found: list[Any] = []
    for part in split(value, ";"):
        items = [unescape(item) for item in split(part, ",")]
        found.append(items[0] if len(items) == 1 else items)
    return found[0] if len(found) == 1 else found


def _moment(text: str, kind: str, *, extended: bool) -> str:
    """A date or time in the other of its two forms; what is none stays as it is."""
    # A time alone is written without the T that tells it from a date.
    bare = kind == "time" and not text.startswith("T")
    found = dates.read("T" + text if bare else text)
    if found is None:
        return text
    written = found.extended() if extended else found.basic()
    return written[1:] if bare else written


def from_jcard(data: bytes) -> bytes:
    """A jCard as a vCard 4.0; ContentError when it is none."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ContentError("The content is no JSON.", 0) from None
    if not isinstance(document, list) or len(document) != 2 or document[0] != "vcard":
        raise ContentError('A jCard is an array of "vcard" and its properties.', 0)
    if not isinstance(document[1], list):
        raise ContentError("The properties of a jCard are an array.", 0)
    content = [_line(item) for item in document[1]]
    inside = [line for line in content if line.name not in ("VERSION", "BEGIN", "END")]
    return write([make("BEGIN", "VCARD"), make("VERSION", "4.0"), *inside, make("END", "VCARD")])


def _line(item: Any) -> Line:
    if not isinstance(item, list) or len(item) < 4:
        raise ContentError("A property of a jCard is an array of name, parameters, type and values.")
    name, params, kind, *values = item
    if not (isinstance(name, str) and isinstance(params, dict) and isinstance(kind, str)):
        raise ContentError("A property of a jCard is an array of name, parameters, type and values.")
    name = name.upper()
    kind = kind.lower()
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(kind):
        raise ContentError("A property of a jCard has no proper name or type.")
    group, found = _params(params)
    # RFC 7095, 4: "unknown" stands for no VALUE; a type that is the property's own need not be told.
    if kind not in ("unknown", _DEFAULT.get(name)):
        found.insert(0, ("VALUE", kind))
    return make(name, _written(name, kind, values), found, group)


def _params(params: dict[Any, Any]) -> tuple[str, Pairs]:
    group = ""
    found: Pairs = []
    for key, value in params.items():
        name = key.upper()
        if not _NAME.fullmatch(name):
            raise ContentError("A parameter of a jCard has no proper name.")
        for text in value if isinstance(value, list) else [value]:
            if not isinstance(text, str):
                raise ContentError("A parameter of a jCard is a string or an array of strings.")
            if name == "GROUP":
                group = text
            elif name != "VALUE":
                found.append((name, text))
    if group and not _NAME.fullmatch(group):
        raise ContentError("A group of a jCard has no proper name.")
    return group, found


def _written(name: str, kind: str, values: list[Any]) -> str:
    if kind in _MOMENTS:
        return ",".join([_moment(_plain(value), kind, extended=False) for value in values])
    if kind == "utc-offset":
        return ",".join([dates.offset(_plain(value), "") or _plain(value) for value in values])
    if kind in ("unknown", "uri", "language-tag", "boolean", "integer", "float"):
        return ",".join([_plain(value) for value in values])
    return ",".join([_structure(value) if isinstance(value, list) else escape(_plain(value)) for value in values])


def _structure(value: list[Any]) -> str:
    parts = [part if isinstance(part, list) else [part] for part in value]
    return ";".join([",".join([escape(_plain(item)) for item in part]) for part in parts])


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    raise ContentError("A value of a jCard is a string, a number or a boolean.")
