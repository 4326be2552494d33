"""Chores.

Verifies: RFC 6578, 3.2; RFC 4918, 6.6; RFC 9325, 3.4; docs/operate/monitoring.md, Chores
"""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.application.provision import provision
from davd.daemon.chores import EVERY_SECONDS, RENEWAL_SECONDS, TOMBSTONE_SECONDS, add_chores
from davd.daemon.expiry import Expiry
from davd.model.resource import FILE, NewContent
from davd.model.trash import DAY
from davd.net.certificates import self_signed
from davd.net.tls import TLS
from davd.observe.chores import Chores
from davd.stores.memory.store import MemoryStore
from davd.stores.sqlite.store import SQLiteStore
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
        chores = Chores(self.clock, lambda: self.now)
        expiry = Expiry([], lambda: self.now)
        add_chores(chores, self.store, self.clock, lambda: self.now, expiry, lambda: None, monotonic=self.clock.seconds)
        chores.start()
        commits = self.store.commits
        self.clock.advance(EVERY_SECONDS - 1)
        self.assertEqual(self.store.commits, commits)
        self.clock.advance(1)
        self.assertEqual(run(self._tombstones()), 1)
        # A clock that jumps removes nothing; time that passes does.
        self.now += TOMBSTONE_SECONDS + 1
        self.clock.advance(EVERY_SECONDS)
        self.assertEqual(run(self._tombstones()), 1)
        for _ in range(91):
            self.now += DAY
            self.clock.advance(DAY)
        self.assertEqual(run(self._tombstones()), 0)
        run(chores.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])


class RenewalTests(SynchronousTestCase):
    """Verifies: RFC 9325, 3.4."""

    def test_twice_a_day_until_stopped(self) -> None:
        clock, done = Clock(), []
        chores = Chores(clock, clock.seconds)
        expiry = Expiry([], clock.seconds)
        add_chores(chores, MemoryStore(), clock, clock.seconds, expiry, lambda: done.append(clock.seconds()))
        chores.start()
        for _ in range(48):
            clock.advance(3600)
        self.assertEqual(done, [RENEWAL_SECONDS * number for number in (1, 2, 3, 4)])
        run(chores.stop())
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_a_ticket_of_old_contexts_is_worth_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            tls = TLS.from_files(self_signed(Path(folder)))
            client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
            client.maximum_version = ssl.TLSVersion.TLSv1_2
            session, reused = _handshake(client, tls.context(), None)
            self.assertFalse(reused)
            self.assertTrue(_handshake(client, tls.context(), session)[1])
            tls.reload()
            self.assertFalse(_handshake(client, tls.context(), session)[1])


class UpkeepTests(SynchronousTestCase):
    """Verifies: docs/operate/monitoring.md, Chores"""

    def test_a_store_on_disk_has_work_of_its_own(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            clock = Clock()
            store = SQLiteStore(folder)
            run(store.start())
            chores = Chores(clock, clock.seconds)
            add_chores(chores, store, clock, clock.seconds, Expiry([], clock.seconds), lambda: None)
            names = [report.name for report in chores.report()]
            for name in names:
                report = run(chores.run(name))
                self.assertEqual((name, report.outcome), (name, "done"))
            known = ["sweep", "trash", "session_keys", "certificates", "checkpoint", "statistics", "blobs"]
            self.assertEqual(names, known)
            run(chores.stop())
            run(store.stop())


def _handshake(
    client: ssl.SSLContext, server: ssl.SSLContext, session: ssl.SSLSession | None
) -> tuple[ssl.SSLSession | None, bool | None]:
    """The session of a handshake in memory, and whether it went on with the one given."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(back, there, session=session)
    far = server.wrap_bio(there, back, server_side=True)
    waiting = [near, far]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
    return near.session, near.session_reused
