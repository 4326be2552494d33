"""Whoever commits at whatever moment, each view of each store shows what is in the tables.

Verifies: docs/architecture.md, Data; RFC 4918, 5.1
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from davd.interfaces.store import StoreError
from davd.model.resource import COLLECTION
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.snapshots import ReadTransaction
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from davd.testing.store_works import ACCOUNTS, Work, apply, works
from tests.stores.life import add, add_folder, findings, opened, process
from tests.stores.sqlite.test_commits import HeldThreads
from tests.stores.sqlite.test_routes import PATHS, looked, wrong

_paths = st.sampled_from(PATHS)


class Contest(RuleBasedStateMachine):
    """Two stores with small caches and a foreign writer on one folder, and views that are held meanwhile.

    Whatever a view shows, it shows the same without the cache.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.clock = Clock()
        self.threads = HeldThreads()
        hasty = StoreSettings(route_cache=8, checkpoint_pages=20, long_nodes=2, busy_seconds=0.001)
        large = StoreSettings(checkpoint_pages=30, busy_seconds=0.001)
        self.here = SQLiteStore(self.folder, large, clock=self.clock, commit_in_thread=self.threads.run)
        self.there = SQLiteStore(self.folder, hasty)
        drive(self.here.start())
        drive(self.there.start())
        self.foreign = apsw.Connection(self.here.path)
        self.running: list[Deferred[Any]] = []
        self.held: list[tuple[AbstractAsyncContextManager[ReadTransaction], ReadTransaction]] = []

    @initialize()
    def plant(self) -> None:
        """Begin with a tree that the paths often meet."""
        for path, name in (((), "a"), ((), "b"), (("a",), "b"), (("a", "b"), "é")):
            self.write_there([Work("folder", ("files", *path), (), name, "ann", 1.0, b"", False, ())], False)

    @rule(todo=st.lists(works, min_size=1, max_size=3), undone=st.sampled_from([False, False, True]))
    def write_here(self, todo: list[Work], undone: bool) -> None:
        """A block that ends with the next commit."""
        self.running.append(Deferred.fromCoroutine(self.block(self.here, todo, undone)))
        self.running[-1].addErrback(lambda failure: failure.trap(StoreError, ZeroDivisionError) and None)

    @rule(todo=st.lists(works, min_size=1, max_size=3), undone=st.sampled_from([False, False, True]))
    def write_there(self, todo: list[Work], undone: bool) -> None:
        """A block of the other store, unless this one is writing."""
        try:
            drive(self.block(self.there, todo, undone))
        except (StoreError, ZeroDivisionError):
            pass

    async def block(self, store: SQLiteStore, todo: list[Work], undone: bool) -> None:
        async with store.write() as transaction:
            for work in todo:
                await apply(work, transaction, store)
            if undone:
                raise ZeroDivisionError

    @rule(told=st.booleans())
    def commit(self, told: bool) -> None:
        """A commit is done in its thread, and the reactor may learn of it later."""
        self.clock.advance(1)
        for call, done in self.threads.held[:1]:
            try:
                result = call()
            except apsw.Error:
                self.threads.do()
                return
            self.threads.held[0] = (lambda result=result: result, done)
            if told:
                self.threads.do()

    @rule(number=st.integers(0, 9))
    def write_foreign(self, number: int) -> None:
        """A writer that knows nothing of davd."""
        try:
            self.foreign.execute(
                "UPDATE resource SET owner = ?, content_type = ? WHERE id % 3 = ?", ("eve", f"{number}", number % 3)
            )
            if number == 0:
                self.foreign.execute("DELETE FROM membership")
            elif number < 4:
                self.foreign.execute(
                    "INSERT OR IGNORE INTO account (name, password_hash, email, display_name, created)"
                    " VALUES (?, '', '', '', 0)",
                    (ACCOUNTS[number],),
                )
                self.foreign.execute("INSERT OR IGNORE INTO membership VALUES (?, ?)", (ACCOUNTS[number], ACCOUNTS[-1]))
        except apsw.BusyError:
            pass

    @rule(mode=st.sampled_from([apsw.SQLITE_CHECKPOINT_PASSIVE, apsw.SQLITE_CHECKPOINT_TRUNCATE]))
    def checkpoint(self, mode: int) -> None:
        """The log is copied, and perhaps begun anew."""
        try:
            self.foreign.wal_checkpoint(None, mode)
        except (apsw.BusyError, apsw.LockedError):
            pass

    @rule(here=st.booleans())
    def hold(self, here: bool) -> None:
        """Begin a view and keep it."""
        block = (self.here if here else self.there).read()
        self.held.append((block, drive(block.__aenter__())))

    @rule(paths=st.lists(_paths, max_size=4), leave=st.booleans())
    def look_back(self, paths: list[tuple[str, ...]], leave: bool) -> None:
        """Look into the view that has been kept for the longest."""
        if self.held:
            block, view = self.held[0]
            assert drive(wrong(view, paths)) == []
            if leave:
                drive(block.__aexit__(None, None, None))
                del self.held[0]

    @invariant()
    def every_view_is_right(self) -> None:
        """New views of both stores show what is in the tables."""
        assert drive(looked(self.here, PATHS)) == []
        assert drive(looked(self.there, PATHS)) == []

    def teardown(self) -> None:
        """All that runs ends, and everything is closed."""
        for block, _ in self.held:
            drive(block.__aexit__(None, None, None))
        while self.threads.held or any(not each.called for each in self.running):
            self.clock.advance(1)
            if self.threads.held:
                self.threads.do()
        self.every_view_is_right()
        self.foreign.close()
        stopping = Deferred.fromCoroutine(self.here.stop())
        while self.threads.held:
            self.threads.do()
        assert stopping.called
        drive(self.there.stop())
        shutil.rmtree(self.folder)


def test_whoever_commits_each_view_shows_what_is_there() -> None:
    run_state_machine_as_test(
        Contest,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def together(tmp_path: Path) -> Iterator[tuple[SQLiteStore, Callable[[str], str]]]:
    """A store, and a process that writes to its folder for as long as it is asked to."""
    with opened(tmp_path, StoreSettings(checkpoint_pages=50)) as store:
        drive(add_folder(store, "race"))
        with process("tests.stores.sqlite.rearranger", tmp_path) as other:
            assert other.stdin and other.stdout
            stdin, stdout = other.stdin, other.stdout
            assert stdout.readline() == "ready\n"

            def say(line: str) -> str:
                stdin.write(line + "\n")
                stdin.flush()
                return stdout.readline() if line == "stop" else ""

            yield store, say
            stdin.close()
            assert other.wait(20) == 0, other.stderr and other.stderr.read()


def test_while_another_process_rearranges_the_tree(together: tuple[SQLiteStore, Callable[[str], str]]) -> None:
    store, say = together
    paths = [("files", "race", *rest) for rest in ((), ("a",), ("b",), ("a", "f"), ("b", "f"), ("a", "g"), ("mine",))]

    async def rewrite(number: int) -> None:
        async with store.write() as transaction:
            found = await transaction.resolve(["files", "race", "mine"])
            if len(found) == 4:
                await transaction.delete(found[-1], 1.0)
            else:
                await transaction.create(found[-1], "mine", COLLECTION, "ann", 1.0)

    say("go")
    for number in range(400):
        assert drive(looked(store, paths)) == []
        if number % 7 == 0:
            drive(rewrite(number))
    assert int(say("stop")) > 0
    assert drive(looked(store, paths)) == []
    counted = store.routes.cache.statistics()
    assert counted["emptied"] > 0 and counted["hits"] > 0
    drive(add(store, "after"))
    assert drive(findings(store)) == []
