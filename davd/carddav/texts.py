"""The texts of a property that somebody may search for.

Implements: RFC 6352, 10.5.4
"""

from __future__ import annotations

from typing import Final

from davd.formats.contentlines import Line, split, unescape

_STRUCTURED: Final = frozenset({"N", "ADR", "ORG", "GENDER"})
_LISTS: Final = frozenset({"NICKNAME", "CATEGORIES"})


def texts(line: Line) -> list[str]:
    """The value as people read it, and where it has several parts, each of them; every text once.

    RFC 6352, 8.6.3 looks for a NICKNAME that equals "me": it is found where there are other nicknames beside it.
    """
    value = line.value
    found = [unescape(value)]
    name = line.name
    if name in _STRUCTURED:
        if ";" in value or "," in value:
            found += [unescape(item) for part in split(value, ";") for item in split(part, ",")]
    elif name in _LISTS and "," in value:
        found += [unescape(item) for item in split(value, ",")]
    return found if len(found) == 1 else [text for text in dict.fromkeys(found) if text]


def param_values(line: Line, name: str) -> list[str] | None:
    """The values of a parameter, None where the property has no such parameter."""
    values = line.params.get(name)
    if name != "TYPE":
        return None if values is None else list(values)
    found = [part.strip() for value in values or () for part in value.split(",")]
    # vCard 2.1 has types without the name of the parameter, and some write them in 3.0.
    found += [key for key, others in line.params.items() if key and not others]
    return found or None if values is None else found
