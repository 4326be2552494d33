"""One of several processes that write to the same resources at once."""

import json
import sys

from davd.model.resource import FILE
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import new_content
from davd.testing.store_machine import drive


async def _count(store: SQLiteStore) -> None:
    """Read a number and write the next one, within one transaction."""
    async with store.write() as transaction:
        counter = (await transaction.resolve(["files", "counter"]))[-1]
        number = int(await transaction.content(counter))
        await transaction.replace(counter, new_content(b"%d" % (number + 1)), "", 20.0)


async def _create(store: SQLiteStore, name: str) -> bool:
    """Make a file unless it is there: If-None-Match: *."""
    async with store.write() as transaction:
        found = await transaction.resolve(["files", "race", name])
        if len(found) == 4:
            return False
        await transaction.create(found[-1], name, FILE, "ann", 20.0, new_content(b""))
        return True


async def _number(store: SQLiteStore) -> int:
    async with store.read() as transaction:
        counter = (await transaction.resolve(["files", "counter"]))[-1]
        return int(await transaction.content(counter))


def main() -> None:
    """Write when told so, and say how it went."""
    store = SQLiteStore(sys.argv[1])
    drive(store.start())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    said = {"won": 0, "unseen": 0, "others": 0}
    for number in range(int(sys.argv[3])):
        before, value = store.generation(), drive(_number(store))
        said["unseen"] += (
            store.generation() == before and drive(_number(store)) != value and store.generation() == before
        )
        drive(_count(store))
        said["others"] += drive(_number(store)) != value + 1
        said["won"] += drive(_create(store, f"{number}"))
    drive(store.stop())
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
