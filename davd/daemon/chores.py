"""What the server does by itself once in a while.

Implements: RFC 9325, 3.4; RFC 6578, 3.2; docs/operate/monitoring.md, Chores
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime

from davd.daemon.expiry import Expiry
from davd.daemon.trash import expiry_of
from davd.interfaces.store import IStore
from davd.interfaces.upkeep import IUpkeep
from davd.observe.chores import Chore, Chores
from davd.stores.transactions import transact

EVERY_SECONDS: Final = 3600.0
RENEWAL_SECONDS: Final = 12 * 3600.0
CHECKPOINT_SECONDS: Final = 300.0
DAILY_SECONDS: Final = 86_400.0
# Certificates are looked at soon after the start, so that what shows them has something to show.
SOON_SECONDS: Final = 1.0
# RFC 6578, 3.2 lets a server forget old changes; a client that was away for longer starts anew.
TOMBSTONE_SECONDS: Final = 90 * 86_400.0


def add_chores(
    chores: Chores,
    store: IStore,
    clock: IReactorTime,
    now: Callable[[], float],
    expiry: Expiry,
    reload: Callable[[], None],
    leads: bool = True,
) -> None:
    """Add davd's own chores; `reload` has the certificates read again.

    Of several processes the one that `leads` looks after the store.
    """

    async def renew() -> None:
        reload()

    if leads:
        chores.add(Chore("sweep", EVERY_SECONDS, sweep_of(store, clock, now)))
        chores.add(Chore("trash", EVERY_SECONDS, expiry_of(store, clock, now)))
    # RFC 9325, 3.4: keys of tickets have to be changed regularly, or they undo what ephemeral keys are for.
    chores.add(Chore("session_keys", RENEWAL_SECONDS, renew))
    chores.add(Chore("certificates", RENEWAL_SECONDS, expiry.look, SOON_SECONDS))
    if leads and IUpkeep.providedBy(store):
        chores.add(Chore("checkpoint", CHECKPOINT_SECONDS, store.checkpoint))
        chores.add(Chore("statistics", DAILY_SECONDS, store.refresh, EVERY_SECONDS))
        chores.add(Chore("blobs", DAILY_SECONDS, lambda: store.collect(now()), 2 * EVERY_SECONDS))


def sweep_of(store: IStore, clock: IReactorTime, now: Callable[[], float]) -> Callable[[], Awaitable[str]]:
    """What removes what has expired: locks, kept values, and tombstones of more than 90 days; it tells how many."""

    async def sweep() -> str:
        present = now()
        removed = await transact(
            store, lambda transaction: transaction.sweep(present, present - TOMBSTONE_SECONDS), clock=clock
        )
        return f"{removed} rows"

    return sweep
