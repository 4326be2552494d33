"""Entries of the trash go when they have had their time, and when they are to.

Verifies: docs/operate/backup.md, The trash
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from davd.daemon.trash import expiry_of
from davd.model.trash import DAY
from davd.stores.emptying import BATCH, empty
from davd.stores.memory.store import MemoryStore
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.daemon.backup.stores import delete, fill, opened

CALENDAR = ["calendars", "ann", "c"]
HOME = ["files", "ann"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with opened(tmp_path) as store:
        drive(fill(store, 5, 1))
        yield store


def test_the_trash_is_emptied_by_owner_time_and_path(store: SQLiteStore) -> None:
    for number in range(3):
        drive(delete(store, [*CALENDAR, f"{number}.ics"]))
    drive(delete(store, [*HOME, "blob-0"]))
    assert drive(empty(store, "bob", 1000.0)) == 0
    assert drive(empty(store, None, 60.0)) == 0
    assert drive(empty(store, "ann", 1000.0, tuple(CALENDAR))) == 3
    assert drive(empty(store, None, 1000.0)) == 1
    drive(store.blobs_removed())
    assert store.blobs.names() == []


def test_entries_go_when_they_have_had_their_time() -> None:
    """However many they are: a batch is what one transaction removes."""
    store = MemoryStore()
    times: list[float] = []

    async def due() -> float:
        return times[-1]

    expire = expiry_of(store, Clock(), due)

    async def fill_trash() -> None:
        async with store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for number in range(BATCH + 50):
                made = await transaction.create(files, f"{number}", "collection", "ann", 1.0)
                await transaction.delete(made, 10 * DAY + number)

    drive(fill_trash())
    for now, gone in ((40 * DAY, 0), (40 * DAY + 220, 220), (40 * DAY + 220, 0), (99 * DAY, 30)):
        times.append(now)
        assert drive(expire()) == f"{gone} entries"
    assert store.state.trash == {}
