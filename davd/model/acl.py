"""Access control entries as they are kept with a resource.

davd grants and never denies, and nothing is inverted (DAV:grant-only, DAV:no-invert), so the order of the entries does
not matter.

Implements: RFC 3744, 5.5
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

AUTHENTICATED: Final = "authenticated"
OWNER: Final = "owner"
SELF: Final = "self"
NAME: Final = "name:"


@dataclass(frozen=True, slots=True)
class Ace:
    """Privileges for one principal.

    `principal` is `AUTHENTICATED`, `OWNER`, `SELF`, or the name of a user, group, room or resource after `NAME`.
    `privileges` are names in Clark notation, as they were granted: aggregates are not spelled out.
    """

    principal: str
    privileges: tuple[str, ...]


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Ace, ...]:
    """The entries that `write` wrote; none for empty text."""
    entries = []
    for line in text.split("\n") if text else ():
        principal, *privileges = line.split("\t")
        entries.append(Ace(principal, tuple(privileges)))
    return tuple(entries)


def write(entries: tuple[Ace, ...]) -> str:
    """The entries as text, one line each, parts separated by tabs; empty for none."""
    return "\n".join("\t".join((ace.principal, *ace.privileges)) for ace in entries)


def without(text: str, name: str) -> str:
    """The written entries but those for the user, group, room or resource of that name."""
    principal = f"name:{name}"
    entries = parse(text)
    left = tuple(ace for ace in entries if ace.principal != principal)
    return text if len(left) == len(entries) else write(left)
