"""Who may do what: the one place that decides.

Above the homes every user reads and nobody writes. A home, and everything below it, belongs to its owner alone: for
everybody else it is not there. A principal resource is read, and its properties are written, by the user it stands for.

Implements: RFC 3744, 3, 5.5; RFC 4918, 20.1
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from davd.dav.access.privileges import ALL, READ, READ_ACL, READ_CURRENT_USER_PRIVILEGE_SET, WRITE_PROPERTIES, expand
from davd.model.principal import Principal
from davd.model.resource import PRINCIPAL, Resource
from davd.tree.node import Node

_NOTHING: Final[frozenset[str]] = frozenset()
_SHARED: Final = expand(READ, READ_CURRENT_USER_PRIVILEGE_SET)
_OWN_PRINCIPAL: Final = expand(READ, READ_ACL, READ_CURRENT_USER_PRIVILEGE_SET, WRITE_PROPERTIES)
_OWN: Final = expand(ALL)


def privileges(principal: Principal, chain: Sequence[Resource]) -> frozenset[str]:
    """What `principal` may do to the last resource of `chain`, which begins with the root.

    Names in Clark notation, aggregates together with what they contain. The empty set means that the resource must look
    absent. An empty `chain` has no resource to speak of and gives the empty set.
    """
    if not chain:
        return _NOTHING
    name = principal.name
    for resource in chain:
        if resource.owner and resource.owner != name:
            return _NOTHING
    last = chain[-1]
    if not last.owner:
        return _SHARED
    return _OWN_PRINCIPAL if last.type == PRINCIPAL else _OWN


def conceal(principal: Principal, node: Node) -> Node:
    """The node as `principal` may know it: what they may not read is taken off, as if it were not mapped.

    A verb that works on the result answers for another user's resource exactly what it answers for an absent one.
    """
    chain = node.chain
    name = principal.name
    for depth, resource in enumerate(chain):
        if resource.owner and resource.owner != name:
            return Node(node.path, chain[:depth], None)
    return node


def visible(principal: Principal, members: Iterable[Resource]) -> list[Resource]:
    """Those of a readable collection's `members` that `principal` may know of, in their order."""
    name = principal.name
    return [member for member in members if not member.owner or member.owner == name]
