"""Who may do what: the one place that decides.

Above the homes every user reads and nobody writes. A home, and everything below it, belongs to its owner, who may do
everything there. Others may do what the access control entries grant them: those of the resource itself, and those of
the resources above it that belong to the same owner. What they may not read is not there for them, so whatever else is
granted takes effect together with DAV:read, but for CALDAV:read-free-busy.

A principal resource is read, and its properties are written, by the user it stands for; those who know of the principal
read it.

Implements: RFC 3744, 3, 5.5, 5.5.1, 6; RFC 4791, 6.1.1; RFC 4918, 20.1
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from davd.dav.access.privileges import ALL, READ, READ_ACL, READ_FREE_BUSY, SUPPORTED, WRITE_PROPERTIES, expand
from davd.model.acl import AUTHENTICATED, NAME, OWNER, SELF, parse
from davd.model.principal import Principal
from davd.model.resource import PRINCIPAL, Resource
from davd.tree.node import Node

_NOTHING: Final[frozenset[str]] = frozenset()
_FREE_BUSY: Final = expand(READ_FREE_BUSY)
_READING: Final = expand(READ)
OF_OWNER: Final = expand(ALL)
OF_PRINCIPAL: Final = expand(READ, READ_ACL, WRITE_PROPERTIES)


def privileges(principal: Principal, chain: Sequence[Resource]) -> frozenset[str]:
    """What `principal` may do to the last resource of `chain`, of which the resources above it with its owner matter.

    Names in Clark notation, aggregates together with what they contain. Without DAV:read the resource must look absent.
    An empty `chain` has no resource to speak of and gives the empty set.
    """
    if not chain:
        return _NOTHING
    last = chain[-1]
    if last.owner == principal.name:
        return OF_PRINCIPAL if last.type == PRINCIPAL else OF_OWNER
    if not last.owner:
        return _READING if not any(resource.owner for resource in chain) else _NOTHING
    return _granted(principal, chain)


def _granted(principal: Principal, chain: Sequence[Resource]) -> frozenset[str]:
    """The same for a resource of another owner."""
    last = chain[-1]
    owner = last.owner
    own = ""
    if last.type == PRINCIPAL:
        own = last.name
        if knows(principal, own):
            return _READING
    held = _NOTHING
    for resource in reversed(chain):
        if resource.owner != owner:
            break
        if resource.acl:
            held |= _by_entries(resource.acl, owner, own, principal.name, principal.groups)
    return held if READ in held else held & _FREE_BUSY


@lru_cache(maxsize=4096)
def _by_entries(acl: str, owner: str, own: str, user: str, groups: frozenset[str]) -> frozenset[str]:
    """What the entries in `acl` grant a user on something of `owner`; `own` is the name of a principal resource."""
    granted: list[str] = []
    for entry in parse(acl):
        if _matches(entry.principal, owner, own, user, groups):
            granted += entry.privileges
    return expand(*SUPPORTED.intersection(granted))


def _matches(subject: str, owner: str, own: str, user: str, groups: frozenset[str]) -> bool:
    if subject == AUTHENTICATED:
        # Nobody comes this far who has not logged in.
        return True
    if subject == SELF:
        # RFC 3744, 5.5.1: DAV:self matches "only if that resource is a principal and that principal matches the current
        # user or, if the principal is a group, a member of that group matches the current user."
        name = own
    elif subject == OWNER:
        name = owner
    else:
        name = subject.removeprefix(NAME)
    # RFC 3744, 5.5.1: the user matches when "authenticated as being (or being a member of)" the principal.
    return bool(name) and (name == user or name in groups)


def knows(principal: Principal, name: str) -> bool:
    """Whether `principal` may know of the principal called `name`, as far as that was asked for."""
    return name == principal.name or principal.fellows is None or name in principal.fellows


def conceal(principal: Principal, node: Node, privilege: str = READ) -> Node:
    """The node as `principal` may know it: without `privilege` on what it leads to, that is taken off.

    What is left of the way there ends with the last resource that may be known, so that a verb that works on the result
    answers for another user's resource exactly what it answers for an absent one.
    """
    chain = node.chain
    for depth in range(len(chain), 0, -1):
        if privilege in privileges(principal, chain[:depth]):
            return node if depth == len(chain) else Node(node.path, chain[:depth], None)
    return Node(node.path, chain[:1], None)


def visible(
    principal: Principal, members: Iterable[Resource], collection: Resource | None = None, privilege: str = READ
) -> list[Resource]:
    """Those of a collection's `members` on which `principal` holds `privilege`, in their order.

    The principal holds it on the collection. Members with its owner have inherited that; without a `collection` only
    the members' own entries count for those of others.
    """
    owner = None if collection is None else collection.owner
    name = principal.name
    return [
        member
        for member in members
        if not member.owner
        or member.owner == name
        or member.owner == owner
        or privilege in _granted(principal, (member,))
    ]
