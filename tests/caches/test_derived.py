"""The tier in a file: what survives, what is thrown away, and what makes room.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from davd.caches.derived import Derived
from davd.caches.settings import CacheSettings

LARGE = os.urandom(100_000)


class DerivedCase(TestCase):
    """Tiers on a folder, with a reactor's time that the test sets."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "derived.sqlite"
        self.clock = Clock()
        self.now = 1_000_000.0
        self.in_threads = 0
        # Calls that no thread has begun, once a test has made it a list.
        self.held: list[tuple[Callable[[], Any], Deferred[Any]]] | None = None

    def in_thread(self, call: Callable[[], Any], /) -> Deferred[Any]:
        self.in_threads += 1
        if self.held is None:
            return deferToThread(call)
        done: Deferred[Any] = Deferred()
        self.held.append((call, done))
        return done

    async def tier(self, **settings: int) -> Derived:
        derived = Derived(CacheSettings(**settings), self.folder, self.in_thread, self.clock, now=lambda: self.now)
        await derived.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(derived.stop()))
        return derived

    async def written(self, derived: Derived) -> None:
        """Let it write what it has gathered, and wait for that."""
        self.clock.advance(1.0)
        while derived._writing is not None:
            ended: Deferred[None] = Deferred()
            derived._writing.append(ended)
            await ended

    async def put(self, derived: Derived, key: bytes, value: bytes) -> None:
        derived.put(key, value)
        await self.written(derived)


class DerivedTests(DerivedCase):
    """Verifies: docs/architecture.md, Caches"""

    async def test_it_outlives_the_process(self) -> None:
        first = await self.tier()
        first.put(b"key", b"value")
        first.put(b"large", LARGE)
        await first.stop()
        again = await self.tier()
        self.assertEqual((await again.get(b"key"), await again.get(b"large")), (b"value", LARGE))

    async def test_processes_share_it(self) -> None:
        one, other = await self.tier(), await self.tier()
        await self.put(one, b"key", b"value")
        self.assertEqual(await other.get(b"key"), b"value")
        await self.put(other, b"key", b"new")
        self.assertEqual(await one.get(b"key"), b"new")

    async def test_nobody_else_may_read_it(self) -> None:
        derived = await self.tier()
        await self.put(derived, b"key", b"value")
        modes = {path.stat().st_mode & 0o777 for path in self.folder.iterdir()}
        self.assertEqual(modes, {0o600})

    async def test_what_waits_to_be_written_is_there(self) -> None:
        derived = await self.tier()
        derived.put(b"key", b"value")
        self.assertEqual(await derived.get(b"key"), b"value")
        self.clock.advance(1.0)
        self.assertEqual(await derived.get(b"key"), b"value")
        await self.written(derived)
        self.assertEqual(await derived.get(b"key"), b"value")

    async def test_writes_are_gathered(self) -> None:
        derived = await self.tier()
        before = self.in_threads
        for number in range(100):
            derived.put(b"%d" % number, b"value")
        await self.written(derived)
        self.assertEqual(self.in_threads, before + 1)

    async def test_only_large_values_need_a_thread(self) -> None:
        derived = await self.tier()
        await self.put(derived, b"small", b"value")
        await self.put(derived, b"large", LARGE)
        before = self.in_threads
        self.assertEqual(await derived.get(b"small"), b"value")
        self.assertEqual(self.in_threads, before)
        self.assertEqual(await derived.get(b"large"), LARGE)
        self.assertEqual(self.in_threads, before + 1)

    async def test_values_over_the_bound(self) -> None:
        derived = await self.tier(derived_entry_bytes=1000)
        await self.put(derived, b"fits", b"x" * 1000)
        await self.put(derived, b"large", b"x" * 1001)
        self.assertEqual((await derived.get(b"fits"), await derived.get(b"large")), (b"x" * 1000, None))

    async def test_what_is_gathered_is_bounded(self) -> None:
        derived = await self.tier()
        for number in range(20):
            derived.put(b"%d" % number, bytes(2**20))
        self.assertEqual(derived.statistics()["dropped"], 13)

    async def test_the_least_used_make_room(self) -> None:
        """The file stays at its size, and what was used lately is still there."""
        derived = await self.tier(derived_bytes=2**20)
        await self.put(derived, b"used", b"value")
        for number in range(300):
            self.now += 600
            self.assertEqual(await derived.get(b"used"), b"value", number)
            await self.put(derived, b"%d" % number, os.urandom(10_000))
        self.assertLess(self.path.stat().st_size, 1.5 * 2**20)
        self.assertGreater(derived.statistics()["evictions"], 100)
        self.assertIsNone(await derived.get(b"0"))
        self.assertIsNotNone(await derived.get(b"299"))

    async def test_a_large_value_that_no_thread_has_time_for(self) -> None:
        """It is a miss when it is late, and is not read any more after that."""
        derived = await self.tier()
        await self.put(derived, b"large", LARGE)
        self.held = []
        answer = Deferred.fromCoroutine(derived.get(b"large"))
        self.assertNoResult(answer)
        self.clock.advance(1.0)
        self.clock.advance(0)
        self.assertIsNone(self.successResultOf(answer))
        ((call, done),), self.held = self.held, None
        self.assertIsNone(call())
        done.callback(None)
        self.assertEqual((derived.statistics()["timeouts"], self.clock.getDelayedCalls()), (1, []))
        self.assertEqual(await derived.get(b"large"), LARGE)

    async def test_a_large_value_while_others_are_written(self) -> None:
        """The thread that is to read it does not wait for the one that writes."""
        derived = await self.tier()
        await self.put(derived, b"large", LARGE)
        with derived._lock:
            self.assertIsNone(await derived.get(b"large"))
        self.assertEqual(await derived.get(b"large"), LARGE)


class FaultTests(DerivedCase):
    """Verifies: docs/architecture.md, Caches"""

    async def works(self, derived: Derived) -> None:
        """It keeps values, in a file that another process can read."""
        await self.put(derived, b"after", b"value")
        other = await self.tier()
        self.assertEqual(await other.get(b"after"), b"value")
        await other.stop()

    async def test_deleted_while_it_is_used(self) -> None:
        derived = await self.tier()
        await self.put(derived, b"before", b"value")
        self.path.unlink()
        await self.works(derived)
        self.assertEqual(derived.statistics()["renewals"], 1)

    async def test_all_files_deleted_while_two_use_them(self) -> None:
        one, other = await self.tier(), await self.tier()
        await self.put(one, b"before", b"value")
        await other.get(b"before")
        for path in self.folder.iterdir():
            path.unlink()
        await self.put(one, b"one", b"value")
        await self.put(other, b"other", b"value")
        self.assertEqual((await one.get(b"other"), await other.get(b"one")), (b"value", b"value"))

    async def test_no_database(self) -> None:
        for content in (b"text" * 5000, b"SQLite format 3\x00" + b"\xff" * 8000, b"\x00" * 100):
            self.path.write_bytes(content)
            derived = await self.tier()
            await self.works(derived)
            await derived.stop()
            self.path.unlink()

    async def test_the_database_of_another(self) -> None:
        """It is not taken for one of davd's, whatever is in it."""
        for statement in (
            "CREATE TABLE entry (id, used, frame)",
            "PRAGMA application_id = 7",
            "PRAGMA user_version = 9",
        ):
            with Path(self.path).open("wb"):
                pass
            other = apsw.Connection(str(self.path))
            other.execute("CREATE TABLE t (x)")
            if statement.startswith("PRAGMA user_version"):
                other.execute("PRAGMA application_id = 0x64617664")
            other.execute(statement)
            other.close()
            derived = await self.tier()
            await self.works(derived)
            await derived.stop()

    async def test_damaged_between_two_lives(self) -> None:
        for start, stop in ((0, 100), (100, 8192), (8192, 60_000)):
            first = await self.tier()
            for number in range(50):
                first.put(b"%d" % number, os.urandom(3000))
            await first.stop()
            with self.path.open("r+b") as file:
                file.seek(start)
                file.write(os.urandom(stop - start))
            derived = await self.tier()
            for number in range(50):
                got = await derived.get(b"%d" % number)
                self.assertTrue(got is None or len(got) == 3000)
            await self.written(derived)
            await self.works(derived)
            await derived.stop()

    async def test_a_value_damaged_in_the_file(self) -> None:
        """It is a miss."""
        derived = await self.tier()
        await self.put(derived, b"key", b"value")
        other = apsw.Connection(str(self.path))
        for damage in ("frame || x'00'", "x''", "'text'", "x'01'", "zeroblob(100000)", "zeroblob(22)"):
            before = other.execute("SELECT frame FROM entry").fetchone()[0]
            other.execute(f"UPDATE entry SET frame = {damage}")
            self.assertIsNone(await derived.get(b"key"), damage)
            other.execute("UPDATE entry SET frame = ?", (before,))
            self.assertEqual(await derived.get(b"key"), b"value")
        other.close()

    async def test_a_table_that_is_gone(self) -> None:
        derived = await self.tier()
        await self.put(derived, b"key", b"value")
        other = apsw.Connection(str(self.path))
        other.execute("DROP TABLE entry")
        other.close()
        self.assertIsNone(await derived.get(b"key"))
        await self.written(derived)
        await self.works(derived)

    async def test_stopped_after_a_failure(self) -> None:
        """The file that has failed is closed too."""
        derived = await self.tier()
        await self.put(derived, b"key", b"value")
        other = apsw.Connection(str(self.path))
        other.execute("DROP TABLE entry")
        other.close()
        self.assertIsNone(await derived.get(b"key"))
        await derived.stop()
        folder = str(self.folder.resolve())
        links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
        self.assertEqual([link for link in links if os.path.realpath(link).startswith(folder)], [])

    async def test_a_folder_that_is_not_there(self) -> None:
        """Nothing is kept; after a while it is tried again."""
        self.folder.rmdir()
        derived = await self.tier()
        await self.put(derived, b"key", b"value")
        self.assertIsNone(await derived.get(b"key"))
        self.folder.mkdir()
        self.clock.advance(60.0)
        await self.works(derived)

    async def test_another_writes_for_long(self) -> None:
        """The batch is lost, nothing else."""
        derived = await self.tier()
        await self.put(derived, b"before", b"value")
        other = apsw.Connection(str(self.path))
        other.execute("BEGIN IMMEDIATE")
        await self.put(derived, b"during", b"value")
        self.assertEqual((await derived.get(b"before"), await derived.get(b"during")), (b"value", None))
        other.execute("ROLLBACK")
        other.close()
        await self.works(derived)
        self.assertEqual(derived.statistics()["renewals"], 0)

    async def test_stopped_with_a_read_under_way(self) -> None:
        derived = await self.tier()
        await self.put(derived, b"large", LARGE)
        reading = Deferred.fromCoroutine(derived.get(b"large"))
        await derived.stop()
        self.assertIn(await reading, (LARGE, None))
