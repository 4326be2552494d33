"""How urgent a client says its request is.

Implements: RFC 9218, 4, 4.1, 5; RFC 9651, 3.2, 4.2.2
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# RFC 9218, 4.1: "The default is 3."
DEFAULT_URGENCY: Final = 3

_MAX_FIELD: Final = 256

_KEY: Final = r"[a-z*][a-z0-9_.*-]*+"
_STRING: Final = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*+"'
_BARE: Final = (
    "(?:"
    + "|".join(
        (
            r"@?-?(?:[0-9]{1,12}+\.[0-9]{1,3}+|[0-9]{1,15}+(?!\.))",
            _STRING,
            r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*+",
            r":[A-Za-z0-9+/=]*+:",
            r"\?[01]",
            r'%"(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*+"',
        )
    )
    + ")"
)
_PARAMETERS: Final = r"(?:; *+" + _KEY + "(?:=" + _BARE + ")?+)*+"
_ITEM: Final = _BARE + _PARAMETERS
_INNER: Final = r"\( *+(?:" + _ITEM + r"(?: ++|(?=\))))*+\)" + _PARAMETERS
# A member of a Dictionary: its key, its value if it is an Item, and whatever else belongs to it.
_MEMBER: Final = re.compile(f"({_KEY})(?:=(?:({_BARE}){_PARAMETERS}|{_INNER})|{_PARAMETERS})")
_SEPARATOR: Final = re.compile(r"[ \t]*+,[ \t]*+")
_URGENCY: Final = re.compile(r"-?0{0,14}([0-7])")


def urgency(field: str | None) -> int:
    """The urgency, 0 (most urgent) to 7, in the value of a Priority field; 3 without one and when it makes no sense."""
    return DEFAULT_URGENCY if field is None else _urgency(field)


@lru_cache(maxsize=256)
def _urgency(field: str) -> int:
    # RFC 9651, 4.2: "If parsing fails, either the entire field value MUST be ignored (i.e., treated as if the field
    # were not present in the section), or alternatively the complete HTTP message MUST be treated as malformed."
    if len(field) > _MAX_FIELD:
        return DEFAULT_URGENCY
    field = field.strip(" ")
    value: str | None = None
    position = 0
    while position < len(field):
        member = _MEMBER.match(field, position)
        if member is None:
            return DEFAULT_URGENCY
        # "When duplicate Dictionary keys are encountered, all but the last instance are ignored."
        if member[1] == "u":
            value = member[2]
        position = member.end()
        if position == len(field):
            break
        separator = _SEPARATOR.match(field, position)
        if separator is None or separator.end() == len(field):
            return DEFAULT_URGENCY
        position = separator.end()
    # RFC 9218, 4: "unknown priority parameters, priority parameters with out-of-range values, or values of unexpected
    # types MUST be ignored."
    match = None if value is None else _URGENCY.fullmatch(value)
    if match is None or (value is not None and value[0] == "-" and match[1] != "0"):
        return DEFAULT_URGENCY
    return int(match[1])
