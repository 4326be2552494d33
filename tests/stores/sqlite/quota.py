"""A process whose files have a quota: writes to a store until that is used up, and says how it goes on.

The kernel is told to answer EDQUOT to each write beyond a place in a file, as a file system with quotas would.
"""

import ctypes
import errno
import platform
import struct
import sys

from davd.interfaces.store import StoreError
from davd.model.resource import FILE
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import new_content
from davd.testing.store_machine import drive
from tests.stores.life import add, findings

QUOTA = 1_000_000

PWRITE64 = {"x86_64": 18, "aarch64": 68}

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ERRNO, _ALLOW = 0x0005_0000, 0x7FFF_0000


def limit(size: int) -> bool:
    """Let no file grow beyond `size` from now on; False when the kernel does not do that here."""
    call = PWRITE64.get(platform.machine())
    if call is None:
        return False
    steps = (
        (_LOAD, 0, 0, 0),  # the number of the call
        (_IF_EQUAL, 0, 3, call),
        (_LOAD, 0, 0, 16 + 3 * 8),  # its fourth argument, the place in the file
        (_IF_AT_LEAST, 0, 1, size),
        (_RETURN, 0, 0, _ERRNO | errno.EDQUOT),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    library = ctypes.CDLL(None)
    library.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    place = ctypes.create_string_buffer(program)
    return (
        library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
        and library.prctl(_SET_SECCOMP, _FILTER, ctypes.addressof(place), 0, 0) == 0
    )


async def _remove(store: SQLiteStore, name: str) -> None:
    async with store.write() as transaction:
        await transaction.delete((await transaction.resolve(["files", name]))[-1], 20.0)


async def _part(store: SQLiteStore) -> None:
    """A part that does not fit, in a transaction that would."""
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        async with transaction.savepoint():
            await transaction.create(files, "p", FILE, "ann", 20.0, new_content(b"x" * (8 << 20)), "")


def fill(store: SQLiteStore) -> str:
    """Add files until that fails, and tell how."""
    for _ in range(100):
        try:
            drive(add(store, f"n{store.writer.commits}", b"x" * 50_000))
        except StoreError as error:
            return type(error).__name__
    return "never"


def main() -> None:
    """Fill the files, then try what needs less."""
    reasons: list[str] = []
    settings = StoreSettings(checkpoint_pages=int(sys.argv[2]), cache_mb=1)
    store = SQLiteStore(sys.argv[1], settings, on_failure=reasons.append)
    drive(store.start())
    if not limit(QUOTA):
        sys.stdout.write("impossible\n")
        return
    sys.stdout.write(f"first {fill(store)}\n")
    # What was full is the log: when it has been copied into the database it is begun anew.
    try:
        drive(_remove(store, "n0"))
        drive(add(store, "small"))
    except StoreError as error:
        sys.stdout.write(f"small {type(error).__name__}\n")
    else:
        sys.stdout.write("small written\n")
    sys.stdout.write(f"last {[fill(store) for _ in range(5)][-1]}\n")
    try:
        drive(_part(store))
    except StoreError as error:
        sys.stdout.write(f"part {type(error).__name__}\n")
    sys.stdout.write(f"failed {len(reasons)} findings {drive(findings(store))}\n")


if __name__ == "__main__":
    main()
