"""What has to be asked of the store before access to what belongs to others can be decided.

Nothing is asked for as long as users keep to what is their own.

Implements: RFC 3744, 4.3, 4.4, 5.5.1, 5.8
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from davd.model.principal import Principal
from davd.model.resource import PRINCIPAL, Resource

if TYPE_CHECKING:
    from davd.interfaces.store import IReadTransaction


@dataclass(slots=True)
class Acquaintance:
    """What has been asked about a principal so far.

    `groups` is None before they were asked for, `asked` has the names of the principals that were asked about;
    `complete` tells that this was done for all there are. `open` tells that everybody may know everybody.
    """

    open: bool
    groups: frozenset[str] | None = None
    complete: bool = False
    asked: set[str] = field(default_factory=set)


async def acquainted(
    principal: Principal, known: Acquaintance, transaction: IReadTransaction, resources: Iterable[Resource]
) -> Principal:
    """`principal` with what decides on `resources`: their groups where there are entries, and their fellows."""
    name = principal.name
    granted = False
    names: set[str] = set()
    for resource in resources:
        if resource.owner == name:
            continue
        if resource.type == PRINCIPAL:
            names.add(resource.name)
        elif resource.acl:
            granted = True
    groups = known.groups
    if groups is None:
        if not granted and not names:
            return principal
        groups = known.groups = await transaction.groups_of(name)
        principal = replace(principal, groups=groups)
    names -= known.asked
    if not names or known.complete:
        return principal
    known.asked |= names
    if known.open or principal.fellows is None:
        return replace(principal, fellows=None)
    return replace(principal, fellows=principal.fellows | await fellows_among(transaction, groups, names))


async def acquainted_with_all(
    principal: Principal, known: Acquaintance, transaction: IReadTransaction, all_groups: Container[str]
) -> Principal:
    """`principal` with all their fellows; `all_groups` has the names of all groups there are."""
    groups = known.groups = await transaction.groups_of(principal.name)
    known.complete = True
    fellows = None if known.open else await everybody_in(transaction, groups, all_groups)
    return replace(principal, groups=groups, fellows=fellows)


async def fellows_among(transaction: IReadTransaction, groups: frozenset[str], names: Iterable[str]) -> frozenset[str]:
    """Those of `names` that are one of `groups` or in one of them, directly or by others; one question for each."""
    if not groups:
        return frozenset()
    return frozenset(
        [name for name in names if name in groups or not groups.isdisjoint(await transaction.groups_of(name))]
    )


async def everybody_in(
    transaction: IReadTransaction, groups: Collection[str], all_groups: Container[str]
) -> frozenset[str]:
    """`groups` and all their members, those of groups that are members too; one question for each group.

    `all_groups` has the names of all groups there are.
    """
    found = set(groups)
    ahead = list(groups)
    while ahead:
        members = await transaction.group_members(ahead.pop())
        ahead += [name for name in members if name not in found and name in all_groups]
        found.update(members)
    return frozenset(found)
