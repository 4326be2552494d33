"""The privileges and how they contain each other.

Implements: RFC 3744, 3, 5.3; RFC 4791, 6.1.1; RFC 4918, 7
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALL: Final = "{DAV:}all"
READ: Final = "{DAV:}read"
WRITE: Final = "{DAV:}write"
WRITE_PROPERTIES: Final = "{DAV:}write-properties"
WRITE_CONTENT: Final = "{DAV:}write-content"
BIND: Final = "{DAV:}bind"
UNBIND: Final = "{DAV:}unbind"
UNLOCK: Final = "{DAV:}unlock"
READ_ACL: Final = "{DAV:}read-acl"
READ_CURRENT_USER_PRIVILEGE_SET: Final = "{DAV:}read-current-user-privilege-set"
WRITE_ACL: Final = "{DAV:}write-acl"
READ_FREE_BUSY: Final = "{urn:ietf:params:xml:ns:caldav}read-free-busy"


@dataclass(frozen=True, slots=True)
class Privilege:
    """A privilege that can be granted: its name in Clark notation, a sentence for people, and what it contains."""

    name: str
    description: str
    contains: tuple[Privilege, ...] = ()


# RFC 3744, 3.12: DAV:write MUST contain DAV:bind, DAV:unbind, DAV:write-properties and DAV:write-content.
# RFC 4791, 6.1.1: "The CALDAV:read-free-busy privilege MUST be aggregated in the DAV:read privilege." Whoever may read
# is told what else they may do, so that clients need not find out by trying.
TREE: Final = Privilege(
    ALL,
    "Any operation",
    (
        Privilege(
            READ,
            "Read content and properties, list members",
            (
                Privilege(READ_CURRENT_USER_PRIVILEGE_SET, "Read the own privileges"),
                Privilege(READ_FREE_BUSY, "Learn when somebody is busy"),
            ),
        ),
        Privilege(
            WRITE,
            "Change content, properties and members",
            (
                Privilege(WRITE_PROPERTIES, "Change properties"),
                Privilege(WRITE_CONTENT, "Change content"),
                Privilege(BIND, "Add members"),
                Privilege(UNBIND, "Remove members"),
            ),
        ),
        Privilege(UNLOCK, "End locks of others"),
        Privilege(READ_ACL, "Read the access control list"),
        Privilege(WRITE_ACL, "Change the access control list"),
    ),
)


def _spread(privilege: Privilege, found: dict[str, frozenset[str]]) -> frozenset[str]:
    names = frozenset({privilege.name}).union(*[_spread(part, found) for part in privilege.contains])
    found[privilege.name] = names
    return names


_EXPANDED: dict[str, frozenset[str]] = {}
_spread(TREE, _EXPANDED)

SUPPORTED: Final = _EXPANDED[ALL]


def expand(*names: str) -> frozenset[str]:
    """The privileges that come with `names`: those themselves and all they contain; KeyError for an unknown name."""
    return frozenset().union(*[_EXPANDED[name] for name in names])
