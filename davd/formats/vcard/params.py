"""Parameters of one line as pairs, the way a conversion works on them.

Implements: RFC 6350, 5, 5.3, 5.6; RFC 2426, 4
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from davd.formats.contentlines import ContentError, Line, make

Pairs: TypeAlias = list[tuple[str, str]]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def pairs(line: Line) -> Pairs:
    """Name (upper case) and value of each parameter, one pair for each value.

    A quoted list of types is taken apart, and a parameter without a name (`TEL;HOME:`) is a type.
    """
    if not line.raw_params:
        return []
    found: Pairs = []
    for name, values in line.params.items():
        if name == "TYPE":
            found += [("TYPE", part.strip()) for value in values for part in value.split(",") if part.strip()]
        elif values:
            found += [(name, value) for value in values]
        elif name:
            found.append(("TYPE", name))
    return found


def value(found: Pairs, name: str) -> str:
    """The first value of the parameter, or the empty string."""
    for key, text in found:
        if key == name:
            return text
    return ""


def without(found: Pairs, *names: str) -> Pairs:
    """The pairs without those of the given names."""
    return [pair for pair in found if pair[0] not in names]


def kinds(found: Pairs) -> frozenset[str]:
    """The types in lower case."""
    return frozenset([text.lower() for name, text in found if name == "TYPE"])


def new(name: str, text: str, found: Sequence[tuple[str, str]] = (), group: str = "") -> Line:
    """A line with this value, in its escaped form, and these parameters.

    Some programs store control characters, which no line that is written may hold: they are left out.
    """
    try:
        return make(name, text, found, group)
    except ContentError:
        return make(name, _CONTROL.sub("", text), [(key, _CONTROL.sub("", each)) for key, each in found], group)


def made(line: Line, found: Pairs, text: str | None = None, name: str = "") -> Line:
    """The line made anew with these parameters; `text` is the value in its escaped form, None for the line's own."""
    return new(name or line.name, line.value if text is None else text, found, line.group)
