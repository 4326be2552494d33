"""How texts are compared when a client searches for one in what is stored.

Each collation folds a text so that two texts are the same to it when their folded forms are equal, and one has a part
that is the same as the other when its folded form contains the other's. Comparing characters is comparing octets:
UTF-8 has no character whose octets stand inside those of others.

Implements: RFC 4790, 4.2, 9.2, 9.3; RFC 5051, 2; RFC 4791, 7.5; RFC 6352, 8.3
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Match = Literal["equals", "contains", "starts-with", "ends-with"]

_UPPER: Final = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
# So many characters are some 4 MB; few people's languages have more together.
_MOST_CHARACTERS: Final = 40_000


@dataclass(frozen=True, slots=True)
class Collation:
    """A collation by its identifier; `fold` gives the form in which texts are compared."""

    name: str
    fold: Callable[[str], str]


def _as_it_is(text: str) -> str:
    return text


def _ascii(text: str) -> str:
    """Letters of ASCII in upper case, all others as they are (RFC 4790, 9.2.1)."""
    return text.upper() if text.isascii() else text.translate(_UPPER)


class _Prepared(dict[int, str]):
    """What each character becomes under RFC 5051, by its code, found when it is first met."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_CHARACTERS:
            self.clear()
        character = chr(code)
        title = character.title()
        # Only the mapping of one character to one is in UnicodeData.txt, which is what RFC 5051 goes by.
        prepared = self[code] = _decomposed(title if len(title) == 1 else character)
        return prepared


def _decomposed(character: str) -> str:
    """The character as its decompositions all the way down, those for compatibility included."""
    parts = unicodedata.decomposition(character).split()
    if not parts:
        return character
    if parts[0].startswith("<"):
        del parts[0]
    return "".join([_decomposed(chr(int(part, 16))) for part in parts])


_prepared: Final = _Prepared()


def _unicode(text: str) -> str:
    """Each character in title case, then decomposed (RFC 5051, 2)."""
    return text.upper() if text.isascii() else text.translate(_prepared)


ASCII_CASEMAP: Final = Collation("i;ascii-casemap", _ascii)
OCTET: Final = Collation("i;octet", _as_it_is)
UNICODE_CASEMAP: Final = Collation("i;unicode-casemap", _unicode)

# In the order in which they are advertised. RFC 4791, 7.5: servers "are REQUIRED to support the "i;ascii-casemap" and
# "i;octet" collations"; RFC 6352, 8.3: "the "i;ascii-casemap" and "i;unicode-casemap" collations".
COLLATIONS: Final[Mapping[str, Collation]] = {
    collation.name: collation for collation in (ASCII_CASEMAP, OCTET, UNICODE_CASEMAP)
}


def collation(identifier: str | None, default: Collation) -> Collation | None:
    """The collation that a client names; `default` when it names none or "default", None when it is not supported.

    Identifiers are compared as they are. One with wildcards is never supported: RFC 4791, 7.5: they "MUST NOT be used
    in the collation identifier".
    """
    if identifier is None or identifier == "default":
        return default
    return COLLATIONS.get(identifier)


def _equals(text: str, sought: str) -> bool:
    return text == sought


def _contains(text: str, sought: str) -> bool:
    return sought in text


# Each takes the folded text and the folded text that is sought.
MATCHES: Final[Mapping[Match, Callable[[str, str], bool]]] = {
    "equals": _equals,
    "contains": _contains,
    "starts-with": str.startswith,
    "ends-with": str.endswith,
}
