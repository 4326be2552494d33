"""Whether anything was committed, asked without a system call.

SQLite keeps the state of its write-ahead log in the first 48 bytes of the `-shm` file (the WAL-index header, described
in its documentation of the WAL-index format): a change counter, the number of the last valid frame, its checksum and
the salts of the log. Each commit of each process rewrites them, after the fsync that makes the commit durable.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final

import apsw

_HEADER: Final = 48
_VERSION: Final = 3007000

# The change counter, which each commit raises by one and nothing else changes, and the number of the last valid frame.
_COUNTERS: Final = struct.Struct("=8xI4xI28x")


class _Mapping:
    """A `-shm` file mapped for reading, shared by all stores of the process that use it."""

    __slots__ = ("descriptor", "users", "view")

    def __init__(self, path: str) -> None:
        self.users = 0
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.view = mmap.mmap(self.descriptor, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ)


# POSIX locks belong to the process: closing any descriptor of a file drops all its locks on it, also those that SQLite
# holds through other descriptors. So a file is opened once, and closed only when the last store here is done with it.
_mappings: dict[tuple[int, int], _Mapping] = {}
_guard = Lock()


class Generation:
    """The state of the log as a value that differs after each commit.

    To be made when a connection to the database is open in write-ahead mode, and to be closed after the last one.
    """

    def __init__(self, database: str, connect: Callable[[], apsw.Connection]) -> None:
        self._watcher: apsw.Connection | None = None
        self._key: tuple[int, int] | None = None
        self._view: mmap.mmap | None = None
        self._map(database + "-shm")
        if self._view is None:
            self._watcher = connect()

    def _map(self, path: str) -> None:
        with _guard:
            try:
                state = os.stat(path)
                key = (state.st_dev, state.st_ino)
                mapping = _mappings.get(key) or _Mapping(path)
            except (OSError, ValueError):
                return
            _mappings[key] = mapping
            mapping.users += 1
            self._key = key
            if struct.unpack_from("=I", mapping.view)[0] == _VERSION:
                self._view = mapping.view

    @property
    def mapped(self) -> bool:
        """Whether the header can be read; otherwise each question is a statement."""
        return self._view is not None

    def now(self) -> Hashable:
        """The present value."""
        if self._view is not None:
            return self._view[:_HEADER]
        assert self._watcher is not None
        return self._watcher.pragma("data_version")

    def follows(self, before: Hashable, after: Hashable, pages: int) -> bool:
        """Whether one commit leads from `before` to `after`, and `pages` pages are in the log after it.

        The counter alone begins anew when the header has to be rebuilt from the log after a crash; that another commit
        came after such a crash is seen in the pages. Without the header there is no telling.
        """
        if not (isinstance(before, bytes) and isinstance(after, bytes)):
            return False
        old, _ = _COUNTERS.unpack(before)
        new, last = _COUNTERS.unpack(after)
        return new == (old + 1) & 0xFFFFFFFF and last == pages

    def close(self) -> None:
        """Give the mapping back."""
        self._view = None
        if self._watcher is not None:
            self._watcher.close()
        with _guard:
            if self._key is None:
                return
            mapping = _mappings[self._key]
            mapping.users -= 1
            if not mapping.users:
                del _mappings[self._key]
                mapping.view.close()
                os.close(mapping.descriptor)
            self._key = None
