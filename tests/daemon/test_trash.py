"""Entries of the trash are put back, and go when they have had their time.

Verifies: docs/operate/backup.md, The trash; RFC 4791, 4.1
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from davd.daemon.trash import NotPutBack, expiry_of, put_back
from davd.model.index import IndexQuery
from davd.model.trash import DAY, NEWEST, Trashed
from davd.stores.emptying import BATCH, empty
from davd.stores.memory.store import MemoryStore
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.daemon.backup.stores import delete, fill, opened, put, texts

CALENDAR = ["calendars", "ann", "c"]
HOME = ["files", "ann"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with opened(tmp_path) as store:
        drive(fill(store, 5, 1))
        yield store


async def _entries(store: SQLiteStore) -> list[Trashed]:
    async with store.read() as view:
        return await view.trash(None, 0.0, NEWEST, 1000)


async def _back(store: SQLiteStore, id: int, replace: bool = False) -> tuple[str, ...]:
    async with store.write() as transaction:
        return await put_back(transaction, id, replace, 200.0)


def test_an_object_comes_back_to_its_place(store: SQLiteStore) -> None:
    drive(delete(store, [*CALENDAR, "1.ics"]))
    (entry,) = drive(_entries(store))
    assert drive(_back(store, entry.id)) == (*CALENDAR, "1.ics")
    assert drive(texts(store, CALENDAR))["1.ics"] == b"event 1"
    with pytest.raises(NotPutBack, match="no entry"):
        drive(_back(store, entry.id))


def test_a_uid_that_is_taken_is_told_of(store: SQLiteStore) -> None:
    """The UID can be used again at once; then the old object comes back only in the place of the new one."""
    drive(delete(store, [*CALENDAR, "1.ics"]))
    drive(put(store, [*CALENDAR, "again.ics"], b"again", "uid-1"))
    (entry,) = drive(_entries(store))
    with pytest.raises(NotPutBack, match=r"again\.ics has the same UID; say --replace"):
        drive(_back(store, entry.id))
    assert drive(_back(store, entry.id, replace=True)) == (*CALENDAR, "again.ics")
    found = drive(texts(store, CALENDAR))
    assert found["again.ics"] == b"event 1" and "1.ics" not in found
    assert [each.name for each in drive(_entries(store))] == ["again.ics"]

    async def uids() -> list[str]:
        async with store.read() as view:
            place = (await view.resolve(CALENDAR))[-1]
            return [each.name for each in await view.find(place.id, IndexQuery(uids=("uid-1",)), 9)]

    assert drive(uids()) == ["again.ics"]


def test_a_name_that_is_taken_makes_another_one(store: SQLiteStore) -> None:
    drive(put(store, [*HOME, "a.txt"], b"one"))
    drive(put(store, [*HOME, "a.txt"], b"two"))
    (entry,) = drive(_entries(store))
    assert drive(_back(store, entry.id)) == (*HOME, "a (2).txt")
    found = drive(texts(store, HOME))
    assert (found["a.txt"], found["a (2).txt"]) == (b"two", b"one")


def test_a_former_content_takes_the_place_of_the_present_one(store: SQLiteStore) -> None:
    drive(put(store, [*HOME, "a.txt"], b"one"))
    drive(put(store, [*HOME, "a.txt"], b"two"))
    (entry,) = drive(_entries(store))
    assert drive(_back(store, entry.id, replace=True)) == (*HOME, "a.txt")
    assert drive(texts(store, HOME)) == {"a.txt": b"one"}
    (other,) = drive(_entries(store))
    assert drive(_back(store, other.id, replace=True)) == (*HOME, "a.txt")
    assert drive(texts(store, HOME)) == {"a.txt": b"two"}


def test_a_collection_comes_back_before_what_was_in_it(store: SQLiteStore) -> None:
    drive(delete(store, [*CALENDAR, "1.ics"]))
    drive(delete(store, CALENDAR))
    collection, member = drive(_entries(store))
    with pytest.raises(NotPutBack, match="/calendars/ann/c/ is gone"):
        drive(_back(store, member.id))
    assert drive(_back(store, collection.id)) == tuple(CALENDAR)
    assert drive(_back(store, member.id)) == (*CALENDAR, "1.ics")
    assert len(drive(texts(store, CALENDAR))) == 5


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
    expire = expiry_of(store, Clock(), lambda: times[-1])

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
