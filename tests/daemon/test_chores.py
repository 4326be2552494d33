"""Chores.

Verifies: RFC 6578, 3.2; RFC 4918, 6.6
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.application.provision import provision
from davd.daemon.chores import EVERY_SECONDS, TOMBSTONE_SECONDS, Sweep
from davd.model.resource import FILE, NewContent
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import run


class SweepTests(SynchronousTestCase):
    """Verifies: RFC 6578, 3.2."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore()
        self.now = 1_700_000_000.0
        run(self._fill())

    async def _fill(self) -> None:
        async with self.store.write() as transaction:
            await provision(transaction, "alice", self.now)
            (*_, home) = await transaction.resolve(("files", "alice"))
            content = NewContent(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", b"")
            file = await transaction.create(home, "a", FILE, "alice", self.now, content, "text/plain")
            await transaction.delete(file, self.now)
            await transaction.keep("key", b"value", self.now + 10)

    async def _tombstones(self) -> int:
        async with self.store.read() as view:
            (*_, home) = await view.resolve(("files", "alice"))
            return len([change for change in await view.changes(home.id, 0, 1 << 40, 100) if change.removed])

    def test_an_hour_later_and_every_hour_what_has_expired_goes(self) -> None:
        sweep = Sweep(self.store, self.clock, lambda: self.now)
        sweep.start()
        commits = self.store.commits
        self.clock.advance(EVERY_SECONDS - 1)
        self.assertEqual(self.store.commits, commits)
        self.clock.advance(1)
        self.assertEqual(run(self._tombstones()), 1)
        self.now += TOMBSTONE_SECONDS + 1
        self.clock.advance(EVERY_SECONDS)
        self.assertEqual(run(self._tombstones()), 0)
        run(sweep.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])
