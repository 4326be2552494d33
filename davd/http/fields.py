"""The small grammars that HTTP field values are made of; every reader here is linear in its input.

Implements: RFC 9110, 5.6, 8.3
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from davd.http.wire.head import TOKEN

_QUOTED: Final = r'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*+"'
_QUOTED_STRING: Final = re.compile(_QUOTED)
_ESCAPE: Final = re.compile(r"\\(.)")
_NEEDS_ESCAPE: Final = re.compile(r'["\\]')
_UNQUOTABLE: Final = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_MEDIA_TYPE: Final = re.compile(TOKEN + "++/" + TOKEN + "++")
# A stretch of a value up to the next separator that stands outside quoted strings.
_LIST_MEMBER: Final = re.compile(r'(?:[^",]++|' + _QUOTED + ")++")
_SECTION: Final = re.compile(r'(?:[^";]++|' + _QUOTED + ")++")
_PARAMETER: Final = re.compile(r"(" + TOKEN + r"++)(?:[ \t]*+=[ \t]*+(" + TOKEN + r"++|" + _QUOTED + r")?+)?+")

OWS: Final = " \t"


def quote(text: str) -> str:
    """`text` as a quoted-string; ValueError when it holds a character that none can hold."""
    if _UNQUOTABLE.search(text):
        raise ValueError("a character that a quoted-string cannot hold")
    return '"' + _NEEDS_ESCAPE.sub(r"\\\g<0>", text) + '"'


def unquote(text: str) -> str:
    """The text a quoted-string stands for; anything else is returned as it is."""
    if len(text) < 2 or text[0] != '"' or _QUOTED_STRING.fullmatch(text) is None:
        return text
    # "Recipients that process the value of a quoted-string MUST handle a quoted-pair as if it were replaced by the
    # octet following the backslash."
    return _ESCAPE.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]


def split_list(text: str) -> list[str]:
    """The members of a comma-separated list, without surrounding whitespace; commas in quoted strings stay.

    "A recipient MUST parse and ignore a reasonable number of empty list elements": empty ones are dropped. Raises
    ValueError for a quoted string without an end.
    """
    return _split(text, ",", _LIST_MEMBER)


def split_sections(text: str) -> list[str]:
    """The parts between semicolons, without surrounding whitespace and empty ones; ValueError as `split_list`."""
    return _split(text, ";", _SECTION)


def _split(text: str, separator: str, pattern: re.Pattern[str]) -> list[str]:
    if '"' not in text:
        return [stripped for part in text.split(separator) if (stripped := part.strip(OWS))]
    parts = []
    position = 0
    while position < len(text):
        if text[position] == separator:
            position += 1
            continue
        match = pattern.match(text, position)
        if match is None:
            raise ValueError("a quoted string without an end")
        position = match.end()
        # Between two members there is a separator or the end; a stray quote is neither.
        if position < len(text) and text[position] != separator:
            raise ValueError("a quoted string without an end")
        part = match[0].strip(OWS)
        if part:
            parts.append(part)
    return parts


def parse_parameter(text: str) -> tuple[str, str]:
    """Read `name=value` or a bare `name`: the name in lower case, the value unquoted (empty when there is none).

    Raises ValueError when `text` is neither.
    """
    match = _PARAMETER.fullmatch(text)
    if match is None:
        raise ValueError("a malformed parameter")
    return match[1].lower(), unquote(match[2] or "")


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type: `media_type` is `type/subtype` in lower case, `charset` in lower case or None, `parameters` all
    parameters in order, names in lower case, values unquoted."""

    media_type: str
    charset: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=512)
def parse_content_type(text: str) -> ContentType | None:
    """Read a `Content-Type`; None when it is malformed. Of a repeated parameter the first one counts."""
    try:
        media_type, *rest = split_sections(text)
        parameters = tuple([parse_parameter(part) for part in rest])
    except ValueError:
        return None
    if _MEDIA_TYPE.fullmatch(media_type) is None:
        return None
    charset = next((value.lower() for name, value in parameters if name == "charset" and value), None)
    return ContentType(media_type.lower(), charset, parameters)
