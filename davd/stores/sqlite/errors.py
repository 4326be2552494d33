"""What SQLite's errors mean for a store."""

from __future__ import annotations

import apsw

from davd.interfaces.store import StoreError, StoreFull

# After these the state of the files on the disk is not known: a failed fsync must not be tried again, because the
# kernel has dropped the pages it could not write.
FATAL = (apsw.IOError, apsw.CorruptError, apsw.NotADBError)


def store_error(error: BaseException, doing: str) -> StoreError:
    """The StoreError to raise for something that went wrong while `doing` ("committing")."""
    if isinstance(error, StoreError):
        return type(error)(*error.args)
    if isinstance(error, apsw.FullError):
        return StoreFull(f"the disk is full ({doing})")
    if isinstance(error, apsw.BusyError):
        return StoreError(f"another process keeps the store locked ({doing})")
    return StoreError(f"the store failed while {doing}: {str(error) or type(error).__name__}")
