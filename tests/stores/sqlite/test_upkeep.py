"""What the store does for itself keeps what is referred to, and others are served meanwhile.

Verifies: docs/operate/monitoring.md, Chores; docs/architecture.md, Data
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from davd.interfaces.store import StoreError
from davd.interfaces.upkeep import IUpkeep
from davd.stores.blobs import SAFE_AGE
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.exchange import run
from tests.stores.life import add, add_blob


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """A store without a reactor."""
    made = SQLiteStore(tmp_path)
    run(made.start())
    yield made
    run(made.stop())


class TestUpkeep:
    """Verifies: docs/operate/monitoring.md, Chores"""

    def test_the_interface(self, store: SQLiteStore) -> None:
        assert IUpkeep.providedBy(store)

    def test_a_checkpoint_copies_what_was_committed_since_the_last(self, store: SQLiteStore) -> None:
        run(add(store, "a"))
        size = os.path.getsize(store.path)
        before = store.statistics()["commits.checkpoints"]
        assert run(store.checkpoint()) > 0
        assert os.path.getsize(store.path) > size
        assert run(store.checkpoint()) == 0
        assert store.statistics()["commits.checkpoints"] == before + 1

    def test_a_checkpoint_copies_what_another_process_committed(self, store: SQLiteStore, tmp_path: Path) -> None:
        run(store.checkpoint())
        other = SQLiteStore(tmp_path)
        run(other.start())
        run(add(other, "a"))
        assert run(store.checkpoint()) > 0
        assert run(store.checkpoint()) == 0
        run(other.stop())

    def test_statistics_of_the_tables_are_there_afterwards(self, store: SQLiteStore) -> None:
        for number in range(20):
            run(add(store, f"n{number}"))
        run(store.refresh())
        reader = store._connections.reader(1)
        assert reader.execute("SELECT count(*) FROM sqlite_stat1").get > 0
        reader.close()
        run(add(store, "after"))

    def test_blobs_that_nobody_refers_to_go_when_they_are_old(self, store: SQLiteStore) -> None:
        name = run(add_blob(store, b"content"))
        assert run(store.collect(time.time())) == 0
        assert name in store.blobs.names()
        assert run(store.collect(time.time() + SAFE_AGE + 1)) == 1
        assert store.blobs.names() == []

    def test_a_folder_that_cannot_be_read_is_told_in_a_sentence(self, store: SQLiteStore, tmp_path: Path) -> None:
        (tmp_path / "blobs/0").rename(tmp_path / "blobs/away")
        with pytest.raises(StoreError, match="the folder of the blobs failed while collecting blobs: No such file"):
            run(store.collect(time.time()))
        (tmp_path / "blobs/away").rename(tmp_path / "blobs/0")

    def test_nothing_is_done_while_writes_gather_or_after_a_failure(self, tmp_path: Path) -> None:
        clock = Clock()
        store = SQLiteStore(tmp_path / "clocked", clock=clock)
        run(store.start())
        asked: list[int] = []

        async def note() -> None:
            asked.append(1)

        # As after a moment in which two writers came together: the next one waits for another.
        store.writer._expected = 2
        written = Deferred.fromCoroutine(add(store, "a"))
        assert not written.called
        run(store.writer.alone(note))
        assert asked == []
        clock.advance(1)
        assert written.called
        run(store.writer.alone(note))
        assert asked == [1]
        store.writer.fail("the test says so")
        run(store.writer.alone(note))
        assert asked == [1]
        run(store.stop())
