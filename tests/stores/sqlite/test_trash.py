"""What gives way in the trash, and how much of that is done at once.

Verifies: docs/architecture.md, Data; RFC 4918, 9.6
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from davd.model.resource import COLLECTION, FILE
from davd.model.trash import NEWEST, ROW_BYTES
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here
from davd.testing.store_life import new_content
from davd.testing.store_machine import drive
from tests.stores.life import opened

T = TypeVar("T")


async def deleted(store: SQLiteStore, sizes: dict[str, int]) -> None:
    """Make files of so many bytes, and remove each."""
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        for name, size in sizes.items():
            file = await transaction.create(files, name, FILE, "ann", 1.0, new_content(b"x" * size))
            await transaction.delete(file, 2.0)


async def names(store: SQLiteStore) -> tuple[list[str], int]:
    """What is in the trash, and for how many bytes it counts."""
    async with store.read() as view:
        return [each.name for each in await view.trash("ann", 0.0, NEWEST, 999)], await view.trash_usage("ann")


async def findings(store: SQLiteStore) -> list[str]:
    """What is wrong with the store."""
    return [finding.what async for finding in store.check(False)]


def test_what_cannot_stay_itself_makes_nothing_give_way(tmp_path: Path) -> None:
    with opened(tmp_path, StoreSettings(trash_bytes=4 * ROW_BYTES)) as store:
        drive(deleted(store, {"small": 1, "large": 4 * ROW_BYTES - 1}))
        assert drive(names(store)) == (["small"], ROW_BYTES + 1)


def test_very_many_give_way_in_a_thread(tmp_path: Path) -> None:
    settings = StoreSettings()
    with opened(tmp_path, settings) as store:
        drive(deleted(store, dict.fromkeys(map(str, range(settings.long_nodes + 9)), 1)))
        settings.trash_bytes = 6 * ROW_BYTES
        store.reconfigure()
        asked = _counted(store)
        drive(deleted(store, {"last": 4 * ROW_BYTES}))
        assert len(asked) == 1
        assert drive(names(store)) == (["last"], 5 * ROW_BYTES)
        del asked[:]
        # What takes no longer than other writes is done where they are.
        drive(deleted(store, {"next": 3 * ROW_BYTES}))
        assert asked == []
        assert drive(names(store)) == (["next"], 4 * ROW_BYTES)
        assert drive(findings(store)) == []


def _counted(store: SQLiteStore) -> list[None]:
    """A list that gets a line for each piece of work that the store has done in a thread."""
    asked: list[None] = []

    def run(work: Callable[[], T]) -> Awaitable[T]:
        asked.append(None)
        return run_here(work)

    store.run_in_thread = run
    return asked


def test_what_gives_way_in_a_place_is_not_counted_twice(tmp_path: Path) -> None:
    with opened(tmp_path, StoreSettings(trash_versions=1, trash_bytes=4 * ROW_BYTES + 4)) as store:
        drive(deleted(store, {"other": 1}))
        for _ in range(4):
            drive(deleted(store, {"same": 1}))
        # The third and the fourth were one too many in their place, and with that there is room for all.
        assert drive(names(store)) == (["same", "same", "other"], 3 * ROW_BYTES + 3)


def test_entries_that_hold_very_much_go_one_after_the_other(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for name in ("one", "two", "three"):
            drive(_deleted_tree(store, name, 2000))
        assert [drive(_expired(store)) for _ in range(3)] == [2, 1, 0]
        assert drive(names(store)) == ([], 0)


async def _deleted_tree(store: SQLiteStore, name: str, members: int) -> None:
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        top = await transaction.create(files, name, COLLECTION, "ann", 1.0)
        for number in range(members):
            await transaction.create(top, str(number), FILE, "ann", 1.0, new_content(b"x"))
    async with store.write() as transaction:
        await transaction.delete((await transaction.resolve(["files", name]))[-1], 2.0)


async def _expired(store: SQLiteStore) -> int:
    async with store.write() as transaction:
        return await transaction.expire_trash(3.0, 200)
