"""What makes files last: whole file systems are flushed at once, and folders change places in one step."""

from __future__ import annotations

import ctypes
import errno
import os
from contextlib import suppress
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2


def flush(folder: str) -> None:
    """Return when all that was written to the file system of `folder` is on its disk; OSError when it is not.

    For thousands of files that takes one wait for the disk instead of one for each of them.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not hasattr(_LIBC, "syncfs"):
            os.sync()
        elif _LIBC.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)
    finally:
        os.close(descriptor)


def remove_database(path: str) -> None:
    """Remove a database with the files that SQLite puts beside it, as far as they are there."""
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.unlink(path + ending)


def exchange(one: str, other: str) -> None:
    """Let two folders change places, both at once where the file system can do that."""
    if hasattr(_LIBC, "renameat2"):
        paths = (os.fsencode(one), os.fsencode(other))
        if not _LIBC.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE):
            return
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(number, os.strerror(number), other)
    between = f"{one}.exchanged"
    os.rename(other, between)
    os.rename(one, other)
    os.rename(between, one)
