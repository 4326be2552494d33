"""Stores for the tests of backups, with some of everything in them."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from davd.daemon.backup.target import Target
from davd.model.index import ObjectIndex, Span
from davd.model.principal import GROUP, Account
from davd.model.resource import COLLECTION, FILE, NewContent
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import a_lock, new_content
from davd.testing.store_machine import drive

SETTINGS = StoreSettings()


def silent(what: str, done: int, total: int) -> None:
    """Nobody looks."""


@contextmanager
def opened(folder: Path, settings: StoreSettings = SETTINGS) -> Iterator[SQLiteStore]:
    """A started store in a folder."""
    store = SQLiteStore(folder, settings)
    drive(store.start())
    try:
        yield store
    finally:
        drive(store.stop())


async def fill(store: SQLiteStore, objects: int = 20, blobs: int = 3) -> None:
    """An account with a calendar of `objects` events, and with `blobs` large files."""
    async with store.write() as transaction:
        await transaction.add_account(Account("ann", "hash"))
        await transaction.add_account(Account("staff", kind=GROUP))
        await transaction.set_group_members("staff", ["ann"])
        root = (await transaction.resolve([]))[0]
        homes = await transaction.create(root, "calendars", COLLECTION, "", 1.0)
        home = await transaction.create(homes, "ann", COLLECTION, "ann", 1.0)
        calendar = await transaction.create(home, "c", "calendar", "ann", 1.0)
        await transaction.set_properties(calendar, [("{x}color", b"<color/>")], 2.0)
        for number in range(objects):
            content = new_content(b"event %d" % number)
            content.index = ObjectIndex(f"uid-{number}", "VEVENT", (Span(number, number + 10, True),))
            file = await transaction.create(calendar, f"{number}.ics", FILE, "ann", 3.0, content, "text/calendar")
        await transaction.add_lock(a_lock("urn:uuid:1", file, expires=1e12))
        files = (await transaction.resolve(["files"]))[-1]
        await transaction.create(files, "ann", COLLECTION, "ann", 1.0)
    for number in range(blobs):
        await add_blob(store, f"blob-{number}", os.urandom(70_000))


async def add_blob(store: SQLiteStore, name: str, data: bytes) -> str:
    """A large file of ann's; gives the name of its blob."""
    writer = store.blobs.create([])
    await writer.write(data)
    blob: str = await writer.finish()
    async with store.write() as transaction:
        home = (await transaction.resolve(["files", "ann"]))[-1]
        content = NewContent(len(data), hashlib.sha256(data).hexdigest(), None, blob)
        await transaction.create(home, name, FILE, "ann", 4.0, content, "application/octet-stream")
    return blob


async def put(store: SQLiteStore, path: list[str], data: bytes, uid: str = "") -> None:
    """Store a file as a client's PUT does."""
    async with store.write() as transaction:
        chain = await transaction.resolve(path)
        content = new_content(data)
        content.index = ObjectIndex(uid, "VEVENT", (Span(5, 6, True),)) if uid else None
        if len(chain) > len(path):
            await transaction.replace(chain[-1], content, "text/calendar", 50.0)
        else:
            await transaction.create(chain[-1], path[-1], FILE, "ann", 50.0, content, "text/calendar")


async def delete(store: SQLiteStore, path: list[str]) -> None:
    """Remove a resource."""
    async with store.write() as transaction:
        await transaction.delete((await transaction.resolve(path))[-1], 60.0)


async def texts(store: SQLiteStore, path: list[str]) -> dict[str, bytes]:
    """The small files below a path: contents by relative path."""
    async with store.read() as view:
        top = (await view.resolve(path))[-1]
        found = await view.descendants(top.id, 10_000)
        contents = await view.contents([file for _, file in found if file.type == FILE])
        return {"/".join(path): contents[file.id] for path, file in found if file.id in contents}


async def findings(store: SQLiteStore) -> list[str]:
    """What fsck says."""
    return [finding.what async for finding in store.check(False)]


def target_in(folder: Path) -> Target:
    """A folder for backups."""
    return Target(str(folder / "backup"), make=True)
