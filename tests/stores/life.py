"""Opening stores without a reactor, and second processes, for the tests of this folder."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from davd.model.resource import COLLECTION, FILE, Resource
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import new_content
from davd.testing.store_machine import drive

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def opened(folder: str | Path, settings: StoreSettings | None = None) -> Iterator[SQLiteStore]:
    """A started store."""
    store = SQLiteStore(folder, settings)
    drive(store.start())
    try:
        yield store
    finally:
        drive(store.stop())


async def add(store: SQLiteStore, name: str, data: bytes = b"x") -> Resource:
    """Make the file /files/NAME."""
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        return await transaction.create(files, name, FILE, "ann", 10.0, new_content(data), "text/plain")


async def add_folder(store: SQLiteStore, name: str) -> Resource:
    """Make the collection /files/NAME."""
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        return await transaction.create(files, name, COLLECTION, "ann", 10.0)


async def add_blob(store: SQLiteStore, data: bytes) -> str:
    """Write a blob that nothing refers to."""
    writer = store.blobs.create([])
    await writer.write(data)
    return await writer.finish()


async def names(store: SQLiteStore, *path: str) -> list[str]:
    """The names of a collection's members."""
    async with store.read() as transaction:
        place = (await transaction.resolve(path))[-1]
        return [member.name for member in await transaction.members(place.id, "", 100_000)]


async def findings(store: SQLiteStore, repair: bool = False) -> list[tuple[str, bool]]:
    """What a check finds, and whether it was mended."""
    return [(finding.what, finding.mended) async for finding in store.check(repair)]


def process(module: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    """A Python process that runs a module of the tests, with pipes."""
    command = [sys.executable, "-m", module, *(str(argument) for argument in arguments)]
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
