"""What the store does for itself: the plans of queries, and content that a crash has left behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import apsw

from davd.interfaces.store import StoreError
from davd.stores.blobs import FileBlobs
from davd.stores.sqlite.commits import Commits
from davd.stores.sqlite.connection import Connections
from davd.stores.sqlite.errors import store_error
from davd.stores.threads import RunInThread, finished

T = TypeVar("T")

# Look at all tables, and analyse those that have changed much since they were analysed, with a bounded look at each.
_OPTIMIZE = 0x10002


async def refresh(connections: Connections, writer: Commits, run_in_thread: RunInThread) -> None:
    """Have SQLite renew its statistics, by a connection of its own while nobody writes.

    To other connections it is a commit like that of another process, which all of them are ready for.
    """

    def work() -> None:
        connection = connections.connect()
        try:
            connection.pragma("optimize", _OPTIMIZE)
        finally:
            connection.close()

    await writer.alone(lambda: _told(run_in_thread, work, "renewing the statistics"))


async def collect(
    connections: Connections,
    blobs: FileBlobs,
    referenced: Callable[[apsw.Connection], Sequence[str]],
    run_in_thread: RunInThread,
    now: float,
) -> int:
    """Remove blobs that are old enough to be nobody's and that `referenced` does not name."""

    def work() -> int:
        # What is there is listed first: whatever comes to be referred to later is not in the list.
        names = blobs.names()
        connection = connections.reader(1)
        try:
            keep = set(referenced(connection))
        finally:
            connection.close()
        gone = [name for name in names if name not in keep and blobs.forgotten(name, now)]
        for name in gone:
            blobs.delete(name)
        return len(gone)

    return await _told(run_in_thread, work, "collecting blobs")


async def _told(run_in_thread: RunInThread, work: Callable[[], T], doing: str) -> T:
    """What `work` gives in a thread; StoreError in the words of the store when it fails."""
    try:
        return await finished(run_in_thread(work))
    except apsw.Error as error:
        raise store_error(error, doing) from error
    except OSError as error:
        raise StoreError(f"the folder of the blobs failed while {doing}: {os.strerror(error.errno or 0)}") from error
