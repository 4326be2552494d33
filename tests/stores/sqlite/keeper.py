"""A second process on a store: does what its standard input says, one line after the other."""

import sys

import apsw

from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive


async def _keep(store: SQLiteStore, value: str) -> None:
    async with store.write() as transaction:
        await transaction.keep("k", value.encode(), 1e12)


def _locked(path: str) -> bool:
    connection = apsw.Connection(path)
    try:
        connection.execute("BEGIN IMMEDIATE; ROLLBACK")
    except apsw.BusyError:
        return True
    finally:
        connection.close()
    return False


def main() -> None:
    """Answer each line."""
    store = SQLiteStore(sys.argv[1])
    drive(store.start())
    for line in sys.stdin:
        verb, _, value = line.strip().rpartition(" ")
        answer: object = "done"
        if verb == "there":
            drive(_keep(store, value))
        elif verb == "checkpoint there":
            store.writer.connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif value == "locked":
            answer = _locked(store.path)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    drive(store.stop())


if __name__ == "__main__":
    main()
