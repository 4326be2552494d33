"""Blocks that share a transaction, and what is left of those that are undone.

Verifies: docs/architecture.md, Data
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from davd.interfaces.store import ITransaction
from davd.model.index import ObjectIndex, Span
from davd.model.resource import FILE, Resource
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import a_lock, new_content
from davd.testing.store_machine import StoreMachine, drive, store_machine
from davd.testing.store_works import Work, works
from tests.stores.life import findings, opened

T = TypeVar("T")


class Pausing:
    """A thread that can be made to wait with what it was given."""

    def __init__(self) -> None:
        self.paused = False
        self.waiting: list[tuple[Callable[[], Any], Deferred[Any]]] = []

    def run(self, call: Callable[[], T]) -> Deferred[T]:
        """Do the call now, or when the pause is over."""
        done: Deferred[T] = Deferred()
        self.waiting.append((call, done))
        if not self.paused:
            self.go_on()
        return done

    def go_on(self) -> None:
        """End the pause."""
        self.paused = False
        while self.waiting:
            call, done = self.waiting.pop(0)
            done.callback(call())


class Together:
    """The machine's two stores; the blocks of one call share one transaction of the SQLite store."""

    def __init__(self, folder: str) -> None:
        self.clock = Clock()
        self.thread = Pausing()
        self.machine: StoreMachine = store_machine(
            lambda: SQLiteStore(tempfile.mkdtemp(dir=folder), clock=self.clock, commit_in_thread=self.thread.run),
            lambda store: None,
        )()
        self.machine.plant()

    def write(self, blocks: list[tuple[list[Work], bool]]) -> None:
        """Do the blocks, some of which are undone, in both stores, and compare."""
        machine = self.machine
        store, names = machine.store, machine.names
        assert isinstance(store, SQLiteStore)
        blocks = [([Work("keep", ("files",), (), "k", "ann", 9.0, b"v", False, ())], False), *blocks]
        expected = [drive(machine.block(machine.model, names[0], todo, undone)) for todo, undone in blocks]
        self.thread.paused = True
        commits = store.writer.commits
        # While the first is being committed the others gather.
        running = [Deferred.fromCoroutine(machine.block(store, names[1], todo, undone)) for todo, undone in blocks]
        outcomes: list[Any] = [None] * len(blocks)
        for place, each in enumerate(running):
            each.addBoth(lambda outcome, place=place: outcomes.__setitem__(place, outcome))
        self.thread.go_on()
        self.clock.advance(1)
        assert outcomes == expected
        assert store.writer.commits <= commits + 2
        machine.all_is_the_same()


class TestTogether:
    """Verifies: docs/architecture.md, Data"""

    # An example is short enough to be read as it is; to make it shorter takes minutes.
    @settings(
        max_examples=40,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(st.lists(st.tuples(st.lists(works, min_size=1, max_size=3), st.booleans()), max_size=6), max_size=2)
    )
    def test_an_undone_block_leaves_nothing_and_takes_nothing_from_the_others(
        self, batches: list[list[tuple[list[Work], bool]]]
    ) -> None:
        folder = tempfile.mkdtemp()
        try:
            together = Together(folder)
            for blocks in batches:
                together.write(blocks)
            together.machine.teardown()
        finally:
            shutil.rmtree(folder)

    def test_new_files_and_folders_are_undone_among_others_that_stay(self) -> None:
        folder = tempfile.mkdtemp()
        try:
            together = Together(folder)
            index = ObjectIndex("u", "VEVENT", (Span(0, 10, True),), (("FN", "ann"),))
            file = Work("file", ("files", "a"), (), "new", "ann", 5.0, b"12345", False, (), index)
            other = Work("file", ("files", "a"), (), "other", "ann", 6.0, b"123", False, ())
            removed = Work("delete", ("files", "a", "new"), (), "", "ann", 7.0, b"", False, ())
            place = Work("folder", ("files",), (), "place", "ann", 8.0, b"", False, ())
            inside = Work("file", ("files", "place"), (), "inside", "ann", 8.0, b"1", False, ())
            together.write(
                [([file], True), ([other], False), ([file, removed], True), ([place, inside], True), ([inside], False)]
            )
            together.write([([file], False), ([removed, file], True), ([place, inside], False), ([other], False)])
            together.machine.teardown()
        finally:
            shutil.rmtree(folder)


class TestKnowledge:
    """Verifies: docs/architecture.md, Data; RFC 4918, 7; RFC 4331, 3"""

    def test_what_a_block_asked_holds_only_until_it_changes_it(self, tmp_path: Path) -> None:
        async def work(transaction: ITransaction, files: Resource) -> list[object]:
            seen: list[object] = [(await transaction.quota("ann")).used, await transaction.locks([files.id], 0.0)]
            one = await transaction.create(files, "one", FILE, "ann", 1.0, new_content(b"12345"))
            seen.append((await transaction.quota("ann")).used)
            await transaction.add_lock(a_lock("urn:x", one))
            seen.append([lock.token for lock in await transaction.locks([one.id], 0.0)])
            await transaction.delete(one, 2.0)
            seen.append((await transaction.quota("ann")).used)
            seen.append([change.removed for change in await transaction.changes(files.id, 0, 100, 100)])
            await transaction.create(files, "one", FILE, "ann", 3.0, new_content(b"1"))
            seen.append([change.removed for change in await transaction.changes(files.id, 0, 100, 100)])
            again = (await transaction.resolve(["files"]))[-1]
            assert again == await transaction.resource(files.id)
            seen.append((again.sync_revision - files.sync_revision, again.modified))
            return seen

        async def run() -> list[object]:
            async with store.write() as transaction:
                return await work(transaction, (await transaction.resolve(["files"]))[-1])

        with opened(tmp_path) as store:
            seen = drive(run())
            assert drive(findings(store)) == []
        assert seen == [0, [], 5, ["urn:x"], 0, [True], [False], (3, 3.0)]

    def test_locks_are_found_whether_they_are_few_or_many(self, tmp_path: Path) -> None:
        async def lock(first: int, last: int) -> list[str]:
            async with store.write() as transaction:
                files = (await transaction.resolve(["files"]))[-1]
                for number in range(first, last):
                    file = await transaction.create(files, f"{number}", FILE, "ann", 1.0, new_content(b"x"))
                    expires = 50.0 if number % 2 else 100.0
                    await transaction.add_lock(a_lock(f"urn:{number:03}", file, expires=expires))
                members = await transaction.members(files.id, "", 1000)
                wanted = [member.id for member in members if member.name in ("0", "1", "4")]
                return [lock.token for lock in await transaction.locks(wanted, 60.0)]

        with opened(tmp_path) as store:
            assert drive(lock(0, 10)) == drive(lock(10, 80)) == ["urn:000", "urn:004"]
