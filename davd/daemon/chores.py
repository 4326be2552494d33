"""What the server does by itself once in a while.

Implements: RFC 9325, 3.4; RFC 6578, 3.2; docs/operate/monitoring.md, Chores
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime

from davd.daemon.deletion_time import DeletionTime
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
    renew: Callable[[], object],
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Add davd's own chores; `renew` has every process read the certificates again.

    `now` gives POSIX seconds, which may jump, `monotonic` seconds that pass.
    """
    due = DeletionTime(store, clock, now, monotonic).reached

    async def read_again() -> None:
        renew()

    chores.add(Chore("sweep", EVERY_SECONDS, sweep_of(store, clock, due)))
    chores.add(Chore("trash", EVERY_SECONDS, expiry_of(store, clock, due)))
    # RFC 9325, 3.4: keys of tickets have to be changed regularly, or they undo what ephemeral keys are for.
    chores.add(Chore("session_keys", RENEWAL_SECONDS, read_again))
    chores.add(Chore("certificates", RENEWAL_SECONDS, expiry.look, SOON_SECONDS))
    if IUpkeep.providedBy(store):

        async def collect() -> int:
            return await store.collect(await due())

        chores.add(Chore("checkpoint", CHECKPOINT_SECONDS, store.checkpoint))
        chores.add(Chore("statistics", DAILY_SECONDS, store.refresh, EVERY_SECONDS))
        chores.add(Chore("blobs", DAILY_SECONDS, collect, 2 * EVERY_SECONDS))


def chore_counts(chores: Chores) -> dict[str, dict[str, float | None]]:
    """What the metrics tell of each: runs, failures, the POSIX time of the last run, and its seconds."""
    return {
        report.name: {
            "runs": report.runs,
            "failures": report.failures,
            "last_run": report.last_run,
            "duration": report.duration,
        }
        for report in chores.report()
    }


def sweep_of(store: IStore, clock: IReactorTime, due: Callable[[], Awaitable[float]]) -> Callable[[], Awaitable[str]]:
    """What removes what has expired: locks, kept values, and tombstones of more than 90 days; it tells how many.

    `due` gives the POSIX time by which they may be removed.
    """

    async def sweep() -> str:
        present = await due()
        removed = await transact(
            store, lambda transaction: transaction.sweep(present, present - TOMBSTONE_SECONDS), clock=clock
        )
        return f"{removed} rows"

    return sweep
