"""A second process that makes, moves, changes and removes the same resources until it is told to stop."""

import select
import sys

from davd.interfaces.store import ITransaction
from davd.model.resource import COLLECTION
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import new_content, put
from davd.testing.store_machine import drive


async def _step(transaction: ITransaction, number: int) -> None:
    """One of four changes, so that the tree is the same again after them."""
    race = (await transaction.resolve(["files", "race"]))[-1]
    if number % 4 == 0:
        made = await transaction.create(race, "a", COLLECTION, "ann", 1.0)
        await put(transaction, made, "f")
    elif number % 4 == 1:
        await transaction.move((await transaction.resolve(["files", "race", "a"]))[-1], race, "b", "ann", 2.0)
    elif number % 4 == 2:
        file = (await transaction.resolve(["files", "race", "b", "f"]))[-1]
        await transaction.replace(file, new_content(b"%d" % number), "", 3.0)
    else:
        await transaction.delete((await transaction.resolve(["files", "race", "b"]))[-1], 4.0)


async def _write(store: SQLiteStore, number: int) -> None:
    async with store.write() as transaction:
        await _step(transaction, number)


def main() -> None:
    """Go on from the first line to the second; say how many steps were made."""
    store = SQLiteStore(sys.argv[1], StoreSettings(checkpoint_pages=50))
    drive(store.start())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    number = 0
    while number % 4 or not select.select([sys.stdin], [], [], 0)[0]:
        drive(_write(store, number))
        number += 1
    drive(store.stop())
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
