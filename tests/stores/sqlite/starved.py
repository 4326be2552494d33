"""A process whose files may not grow: writes to a store until that fails, and says how it failed."""

import resource
import sys

from davd.interfaces.store import StoreError
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.stores.life import add, add_blob


def commits(store: SQLiteStore) -> None:
    """Fill the log, then try once more."""
    failures = 0
    for number in range(1000):
        try:
            drive(add(store, f"n{number}", b"x" * 50_000))
        except StoreError as error:
            sys.stdout.write(f"{type(error).__name__}\n")
            failures += 1
            if failures == 2:
                return


def blobs(store: SQLiteStore) -> None:
    """Write blobs of growing length."""
    for length in (100_000, 300_000, 5_000_000, 100_000):
        try:
            drive(add_blob(store, b"x" * length))
            sys.stdout.write("written\n")
        except StoreError as error:
            sys.stdout.write(f"{type(error).__name__}\n")


def main() -> None:
    """Run what the second argument names."""
    reasons: list[str] = []
    store = SQLiteStore(sys.argv[1], on_failure=reasons.append)
    drive(store.start())
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    {"commits": commits, "blobs": blobs}[sys.argv[2]](store)
    sys.stdout.write(f"failed {len(reasons)}\n")


if __name__ == "__main__":
    main()
