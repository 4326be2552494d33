"""What SQLite's errors mean, and that a quota that is used up is no failure of the disk.

Verifies: docs/architecture.md, Data; RFC 4918, 11.5
"""

import errno
from dataclasses import dataclass
from unittest import SkipTest

import apsw
import pytest
from twisted.trial.unittest import SynchronousTestCase

from davd.interfaces.store import Conflict, StoreError, StoreFull
from davd.stores.sqlite.errors import named, store_error
from davd.testing.store_machine import drive
from tests.stores.life import add, findings, names, opened, process


@dataclass
class Connection:
    """Remembers the number of the last error of the system, as a connection does."""

    system_errno: int


def io_error(extended: int) -> apsw.IOError:
    error = apsw.IOError("disk I/O error")
    error.extendedresult = extended
    return error


@pytest.mark.parametrize(
    ("extended", "number", "full"),
    [
        (apsw.SQLITE_IOERR_WRITE, errno.EDQUOT, True),
        (apsw.SQLITE_IOERR_SHMSIZE, errno.EDQUOT, True),
        (apsw.SQLITE_IOERR_WRITE, errno.EIO, False),
        (apsw.SQLITE_IOERR_WRITE, errno.EFBIG, False),
        # What a failed fsync leaves behind nobody knows, whatever the reason.
        (apsw.SQLITE_IOERR_FSYNC, errno.EDQUOT, False),
        (apsw.SQLITE_IOERR_READ, errno.EDQUOT, False),
    ],
)
def test_only_a_write_without_room_is_a_full_disk(extended: int, number: int, full: bool) -> None:
    error = io_error(extended)
    found = named(error, Connection(number))  # type: ignore[arg-type]
    assert isinstance(found, apsw.FullError) is full
    assert full or found is error


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (apsw.FullError("x"), StoreFull, "the disk is full (writing)"),
        (apsw.BusyError("x"), Conflict, "another process keeps the store locked (writing)"),
        (apsw.InterruptError("x"), StoreError, "a statement took too long and was broken off (writing)"),
        (apsw.IOError("disk I/O error"), StoreError, "the store failed while writing: disk I/O error"),
        (apsw.CorruptError(), StoreError, "the store failed while writing: CorruptError"),
        (Conflict("as it is"), Conflict, "as it is"),
    ],
)
def test_errors_are_told_by_kind(error: Exception, kind: type[StoreError], text: str) -> None:
    told = store_error(error, "writing")
    assert (type(told), str(told)) == (kind, text)


class TestQuota(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data; RFC 4918, 11.5"""

    def fill(self, checkpoint_pages: int, small: str) -> None:
        folder = self.mktemp()
        with process("tests.stores.sqlite.quota", folder, checkpoint_pages) as other:
            output, errors = other.communicate(timeout=60)
        if output == "impossible\n":
            raise SkipTest("the kernel does not let a process limit its own calls")
        self.assertEqual(errors, "")
        self.assertEqual(
            output.splitlines(),
            ["first StoreFull", f"small {small}", "last StoreFull", "part StoreFull", "failed 0 findings []"],
        )
        # Without the quota all goes on where it was.
        with opened(folder) as store:
            self.assertEqual(drive(findings(store)), [])
            drive(add(store, "later", b"x" * 100_000))
            self.assertEqual("small" in drive(names(store, "files")), small == "written")

    def test_a_quota_used_up_by_the_log_fails_writes_and_not_the_store(self) -> None:
        # The log is copied into the database and begun anew.
        self.fill(4000, "written")

    def test_a_quota_used_up_by_the_database_fails_writes_and_not_the_store(self) -> None:
        self.fill(30, "StoreFull")
