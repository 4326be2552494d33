"""What the values of live properties depend on beside the resource, read for many resources at once.

Implements: RFC 4918, 6.1, 15; RFC 3744, 4, 5; RFC 4331, 3
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from davd.dav.access.decide import privileges
from davd.dav.quota import free, limit
from davd.model.acl import AUTHENTICATED, NAME, SELF, parse
from davd.model.acl import OWNER as ACL_OWNER
from davd.model.lock import Lock
from davd.model.principal import INDIVIDUAL, SEGMENTS, Account, Quota
from davd.model.resource import COLLECTION, PRINCIPAL, Resource

if TYPE_CHECKING:
    from davd.dav.exchange import Exchange
    from davd.interfaces.store import IReadTransaction

LOCKS: Final = "locks"
QUOTA: Final = "quota"
ACCOUNT: Final = "account"
ROOM: Final = "room"
STORED: Final = "stored"
INSIDE: Final = "inside"
OWNER: Final = "owner"
ACL: Final = "acl"
GROUPS: Final = "groups"
MEMBERS: Final = "members"

PRINCIPALS: Final = ("principals",)

# Up to this many accounts are asked for one by one; for more of them all there are are read at once.
_FEW: Final = 1000
_OF_PRINCIPALS: Final = frozenset((OWNER, ACL, ACCOUNT, MEMBERS, GROUPS))


@dataclass(slots=True)
class View:
    """The surroundings of the resources on one page of an answer.

    `stored` are their dead properties by id. `roots` are locks by the id of their root, `parents` the parent of each
    collection whose locks may reach down to a resource, by id. `quotas` are by the name of the owner, `accounts` by
    that of the principal. `circles` are all groups that a principal is in and `groups` those it is in directly,
    `members` the direct members of a group, by name. `near` are the resources and all the collections above them,
    `inherited` the access control entries, serialised, that members of a collection have from above, by its id.
    `free` is the room where the store keeps content, in bytes, None when the store cannot tell. `inside` tells
    of plain collections, by id, what the change numbers of all collections in them come to.
    """

    exchange: Exchange
    near: Sequence[Resource] = ()
    stored: dict[int, dict[str, bytes]] = field(default_factory=dict)
    roots: dict[int, list[Lock]] = field(default_factory=dict)
    parents: Mapping[int, int | None] = field(default_factory=dict)
    quotas: dict[str, Quota] = field(default_factory=dict)
    accounts: dict[str, Account | None] = field(default_factory=dict)
    circles: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    free: int | None = None
    inside: dict[int, Hashable] = field(default_factory=dict)
    inherited: dict[int | None, bytes] = field(default_factory=dict)
    _by_id: dict[int, Resource] | None = None

    @property
    def prefix(self) -> str:
        """The path below which the tree is served; empty or without a slash at its end."""
        return self.exchange.settings.prefix

    @property
    def now(self) -> float:
        """The POSIX time of the request."""
        return self.exchange.now

    @property
    def principal(self) -> str:
        """The name of the user who asks."""
        return self.exchange.principal.name

    def principal_href(self, name: str) -> str:
        """The URL of the principal resource of the principal called `name`, path-absolute."""
        account = self.accounts.get(name)
        kind = INDIVIDUAL if account is None else account.kind
        return self.exchange.href((*PRINCIPALS, SEGMENTS[kind], name), True)

    def chain(self, resource: Resource) -> list[Resource]:
        """The resources from the root to a resource of this page, as far as they are known."""
        known = self._by_id
        if known is None:
            known = self._by_id = {row.id: row for row in self.near}
        found = [resource]
        above = resource.parent_id
        while above is not None and above in known:
            found.append(known[above])
            above = known[above].parent_id
        found.reverse()
        return found

    def href(self, resource: Resource) -> str:
        """The path-absolute reference of a resource of this page."""
        return self.exchange.href(tuple([step.name for step in self.chain(resource)[1:]]), resource.is_collection)

    def privileges(self, resource: Resource) -> frozenset[str]:
        """What the user who asks may do to a resource that is visible to them, names in Clark notation."""
        principal = self.exchange.principal
        if not resource.owner or resource.owner == principal.name:
            return privileges(principal, (resource,))
        return privileges(principal, self.chain(resource))

    def locks_on(self, resource: Resource) -> list[Lock]:
        """The locks in force on a resource: its own, and those of Depth infinity on the collections above it."""
        if not self.roots:
            return []
        found = list(self.roots.get(resource.id, ()))
        above = resource.parent_id
        while above is not None:
            found += [lock for lock in self.roots.get(above, ()) if lock.infinite]
            above = self.parents.get(above)
        return found

    def quota_of(self, resource: Resource) -> Quota:
        """The quota of a resource's owner; above the homes, that of the user who asks."""
        quota = self.quotas[resource.owner or self.principal]
        return Quota(quota.used, limit(quota, self.exchange.settings))


async def load(
    exchange: Exchange,
    transaction: IReadTransaction,
    needs: Set[str],
    rows: Sequence[Resource],
    above: Sequence[Resource],
) -> View:
    """The view for `rows`, with what `needs` names and nothing else.

    `above` are all the collections above the rows, in any order, as far as they are not among the rows. When what is
    loaded may change without a trace in the rows, the exchange is told.
    """
    view = View(exchange, (*above, *rows))
    if STORED in needs:
        view.stored = await transaction.properties([row.id for row in rows])
    if LOCKS in needs:
        exchange.rests_on_store = True
        await _load_locks(view, transaction, rows, above)
    if QUOTA in needs:
        exchange.rests_on_store = True
        for name in {row.owner or view.principal for row in rows}:
            view.quotas[name] = await transaction.quota(name)
    if ROOM in needs:
        view.free = free(exchange.store, exchange.settings)
        # The disk fills without a commit of ours.
        exchange.fleeting |= view.free is not None
    if INSIDE in needs:
        for row in rows:
            if row.type == COLLECTION:
                exchange.rests_on_store = True
                inside = await transaction.inside(row.id)
                # Of too many collections nobody can tell in time: any commit may have changed one of them.
                view.inside[row.id] = exchange.store.generation() if inside is None else inside
    if _OF_PRINCIPALS & needs:
        await _load_principals(view, transaction, needs, rows)
    return view


async def _load_principals(
    view: View, transaction: IReadTransaction, needs: Set[str], rows: Sequence[Resource]
) -> None:
    names: set[str] = set()
    principals = [row.name for row in rows if row.type == PRINCIPAL]
    if OWNER in needs:
        names.update([row.owner for row in rows])
    if ACL in needs:
        # What is inherited changes without a trace in the rows.
        view.exchange.rests_on_store = True
        names.update([entry.principal.removeprefix(NAME) for row in view.near for entry in parse(row.acl)])
    if MEMBERS in needs:
        for name in principals:
            view.members[name] = await transaction.group_members(name)
            names.update(view.members[name])
    if ACL in needs:
        for name in principals:
            view.circles[name] = sorted(await transaction.groups_of(name))
            names.update(view.circles[name])
    if GROUPS in needs and principals:
        view.groups = await transaction.direct_groups(principals)
    # Only individuals log in, so that the URL of who asks is known.
    names -= {"", AUTHENTICATED, ACL_OWNER, SELF, view.principal}
    if ACCOUNT in needs:
        names.update(principals)
    if names or principals:
        view.exchange.rests_on_store = True
    if len(names) > _FEW:
        view.accounts = {account.name: account for account in await transaction.accounts()}
    else:
        for name in names:
            view.accounts[name] = await transaction.account(name)


async def _load_locks(
    view: View, transaction: IReadTransaction, rows: Sequence[Resource], above: Sequence[Resource]
) -> None:
    locks = await transaction.locks([resource.id for resource in (*above, *rows)], view.now)
    if locks:
        view.exchange.fleeting = True
        for lock in locks:
            view.roots.setdefault(lock.resource_id, []).append(lock)
        view.parents = {resource.id: resource.parent_id for resource in (*above, *rows)}
