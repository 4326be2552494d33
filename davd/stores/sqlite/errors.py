"""What SQLite's errors mean for a store."""

from __future__ import annotations

import errno

import apsw

from davd.interfaces.store import Conflict, StoreError, StoreFull

# After these the state of the files on the disk is not known: a failed fsync must not be tried again, because the
# kernel has dropped the pages it could not write.
FATAL = (apsw.IOError, apsw.CorruptError, apsw.NotADBError)


# Where a write that found no room has left nothing behind that anybody will read. A failed fsync is not among them.
_MAY_LACK_ROOM = (apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_SHMSIZE)


def named(error: BaseException, connection: apsw.Connection) -> BaseException:
    """The error as what it means; to be asked before the connection is used again.

    SQLite knows of a disk that is full. A quota of the file system that is used up is no different, but it calls that
    an I/O error: here it becomes a FullError.
    """
    if (
        isinstance(error, apsw.IOError)
        and getattr(error, "extendedresult", 0) in _MAY_LACK_ROOM
        and connection.system_errno == errno.EDQUOT
    ):
        full = apsw.FullError("the quota of the file system is used up")
        full.__cause__ = error
        return full
    return error


def store_error(error: BaseException, doing: str) -> StoreError:
    """The StoreError to raise for something that went wrong while `doing` ("committing")."""
    if isinstance(error, StoreError):
        return type(error)(*error.args)
    if isinstance(error, apsw.FullError):
        return StoreFull(f"the disk is full ({doing})")
    if isinstance(error, apsw.InterruptError):
        return StoreError(f"a statement took too long and was broken off ({doing})")
    if isinstance(error, apsw.BusyError):
        return Conflict(f"another process keeps the store locked ({doing})")
    return StoreError(f"the store failed while {doing}: {str(error) or type(error).__name__}")
