"""What the values of live properties depend on beside the resource, read for many resources at once.

Implements: RFC 4918, 6.1, 15; RFC 3744, 5; RFC 4331, 3
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from davd.dav.access.decide import privileges
from davd.dav.quota import free, limit
from davd.model.lock import Lock
from davd.model.principal import Account, Quota
from davd.model.resource import PRINCIPAL, Resource

if TYPE_CHECKING:
    from davd.dav.exchange import Exchange
    from davd.interfaces.store import IReadTransaction

LOCKS: Final = "locks"
QUOTA: Final = "quota"
ACCOUNT: Final = "account"
ROOM: Final = "room"
STORED: Final = "stored"

USERS: Final = ("principals", "users")


@dataclass(slots=True)
class View:
    """The surroundings of the resources on one page of an answer.

    `stored` are their dead properties by id. `roots` are locks by the id of their root, `parents` the parent of each
    collection whose locks may reach down to a resource, by id. `quotas` and `accounts` are by the name of the owner.
    `free` is the room where the store keeps content, in bytes, None when the store cannot tell.
    """

    exchange: Exchange
    stored: dict[int, dict[str, bytes]] = field(default_factory=dict)
    roots: dict[int, list[Lock]] = field(default_factory=dict)
    parents: Mapping[int, int | None] = field(default_factory=dict)
    quotas: dict[str, Quota] = field(default_factory=dict)
    accounts: dict[str, Account | None] = field(default_factory=dict)
    free: int | None = None

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
        """The URL of the principal resource of the user called `name`, path-absolute."""
        return self.exchange.href((*USERS, name), True)

    def privileges(self, resource: Resource) -> frozenset[str]:
        """What the user who asks may do to a resource that is visible to them, names in Clark notation."""
        return privileges(self.exchange.principal, (resource,))

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
    needs: Collection[str],
    rows: Sequence[Resource],
    above: Sequence[Resource],
) -> View:
    """The view for `rows`, with what `needs` names and nothing else.

    `above` are all the collections above the rows, in any order, as far as they are not among the rows. When what is
    loaded may change without a trace in the rows, the exchange is told.
    """
    view = View(exchange)
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
    if ACCOUNT in needs:
        for name in {row.name for row in rows if row.type == PRINCIPAL}:
            exchange.rests_on_store = True
            view.accounts[name] = await transaction.account(name)
    return view


async def _load_locks(
    view: View, transaction: IReadTransaction, rows: Sequence[Resource], above: Sequence[Resource]
) -> None:
    locks = await transaction.locks([resource.id for resource in (*above, *rows)], view.now)
    if locks:
        view.exchange.fleeting = True
        for lock in locks:
            view.roots.setdefault(lock.resource_id, []).append(lock)
        view.parents = {resource.id: resource.parent_id for resource in (*above, *rows)}
