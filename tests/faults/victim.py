"""A process that writes to a store as fast as it can, tells its standard output what it is about to do and what was
acknowledged, and is killed.

Each line is a JSON list: ["try", number, operation] before, ["done", number] after.
"""

import hashlib
import json
import random
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from davd.model.resource import COLLECTION, FILE, NewContent
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import new_content

WRITERS = 4
NAMES = 6


def content_of(number: int, large: bool) -> bytes:
    """The bytes that operation `number` writes."""
    return (b"%d " % number) * (20_000 if large else 50)


class Victim:
    """Writers that each work in a folder of their own, so that what is acknowledged says what must be there."""

    def __init__(self, folder: str, seed: int) -> None:
        # A log that is often copied back, so that some kills come during that.
        settings = StoreSettings(checkpoint_pages=60)
        self.store = SQLiteStore(folder, settings, deferToThread, reactor)
        self.random = random.Random(seed)
        self.number = 0

    async def run(self) -> None:
        """Start, say so, and write until the end."""
        await self.store.start()
        async with self.store.write() as transaction:
            found = await transaction.resolve(["files", "0"])
            if len(found) == 2:
                for writer in range(WRITERS):
                    await transaction.create(found[-1], f"{writer}", COLLECTION, "ann", 1.0)
        self.say("ready")
        for writer in range(WRITERS):
            Deferred.fromCoroutine(self.write(f"{writer}"))

    def say(self, *words: object) -> None:
        """Tell the parent, at once."""
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()

    async def write(self, folder: str) -> None:
        """One operation after the other in one folder."""
        verbs: list[Callable[[str, int], Coroutine[Any, Any, None]]] = [
            self.put, self.put, self.put_blob, self.delete, self.move, self.copy, self.mark, self.keep,
        ]  # fmt: skip
        while True:
            verb = self.random.choice(verbs)
            self.number += 1
            await verb(folder, self.number)

    def name(self) -> str:
        """A file's name."""
        return f"f{self.random.randrange(NAMES)}"

    async def put(self, folder: str, number: int, content: NewContent | None = None) -> None:
        """Make a file or replace its content."""
        name = self.name()
        data = content_of(number, content is not None)
        self.say("try", number, folder, "put", name, hashlib.sha256(data).hexdigest())
        async with self.store.write() as transaction:
            found = await transaction.resolve(["files", folder, name])
            if len(found) == 4:
                await transaction.replace(found[-1], content or new_content(data), "", 1.0)
            else:
                await transaction.create(found[-1], name, FILE, "ann", 1.0, content or new_content(data))
        self.say("done", number)

    async def put_blob(self, folder: str, number: int) -> None:
        """The same with a blob."""
        data = content_of(number, True)
        writer = self.store.blobs.create([])
        for start in range(0, len(data), 30_000):
            await writer.write(data[start : start + 30_000])
        name = await writer.finish()
        await self.put(folder, number, NewContent(len(data), writer.digest("sha256"), None, name))

    async def delete(self, folder: str, number: int) -> None:
        """Remove a file, if it is there."""
        name = self.name()
        self.say("try", number, folder, "delete", name)
        async with self.store.write() as transaction:
            found = await transaction.resolve(["files", folder, name])
            if len(found) == 4:
                await transaction.delete(found[-1], 1.0)
        self.say("done", number)

    async def move(self, folder: str, number: int) -> None:
        """Rename a file over another one."""
        await self.transfer("move", folder, number)

    async def copy(self, folder: str, number: int) -> None:
        """Copy a file over another one."""
        await self.transfer("copy", folder, number)

    async def transfer(self, verb: str, folder: str, number: int) -> None:
        """Copy or move with overwriting."""
        name, target = self.name(), self.name()
        if name == target:
            return
        self.say("try", number, folder, verb, name, target)
        async with self.store.write() as transaction:
            source = await transaction.resolve(["files", folder, name])
            if len(source) == 4:
                there = await transaction.resolve(["files", folder, target])
                if len(there) == 4:
                    await transaction.delete(there[-1], 1.0)
                if verb == "move":
                    await transaction.move(source[-1], source[-2], target, "ann", 1.0)
                else:
                    await transaction.copy(source[-1], source[-2], target, True, "ann", 1.0)
        self.say("done", number)

    async def mark(self, folder: str, number: int) -> None:
        """Set a property of the folder."""
        self.say("try", number, folder, "mark", number)
        async with self.store.write() as transaction:
            place = (await transaction.resolve(["files", folder]))[-1]
            await transaction.set_properties(place, [("mark", b"%d" % number)], 1.0)
        self.say("done", number)

    async def keep(self, folder: str, number: int) -> None:
        """Keep a small value."""
        self.say("try", number, folder, "keep", number)
        async with self.store.write() as transaction:
            await transaction.keep(folder, b"%d" % number, 1e12)
        self.say("done", number)


def main() -> None:
    """Write to the folder of the first argument, with the seed of the second."""
    victim = Victim(sys.argv[1], int(sys.argv[2]))
    Deferred.fromCoroutine(victim.run()).addErrback(lambda failure: (failure.printTraceback(), reactor.stop()))
    reactor.run()


if __name__ == "__main__":
    main()
