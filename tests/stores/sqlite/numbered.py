"""A process that writes one number to many places, all of them in one transaction, and then the next number."""

import sys

from davd.model.lock import SHARED, Lock
from davd.model.principal import Account
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive


async def write(store: SQLiteStore, number: int) -> None:
    """The number becomes ann's quota, a kept value, the owner of a lock, and a dead property."""
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        await transaction.update_account(Account("ann", f"{number}", quota=number))
        await transaction.keep("number", b"%d" % number, 1e9)
        await transaction.remove_lock("urn:uuid:1")
        await transaction.add_lock(Lock("urn:uuid:1", files.id, SHARED, False, "ann", b"%d" % number, 60, 1e9))
        await transaction.set_properties(files, [("{x}number", b"%d" % number)], 1.0)


def main() -> None:
    """Write the numbers from 1 to the second argument."""
    store = SQLiteStore(sys.argv[1])
    drive(store.start())
    for number in range(1, int(sys.argv[2]) + 1):
        drive(write(store, number))
    drive(store.stop())


if __name__ == "__main__":
    main()
