"""Verifying a whole store, and mending what can be mended without losing anything.

Each check looks at one view of the store in a thread; each problem is mended in a transaction of its own.

Implements: RFC 4918, 8.6
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import apsw

from davd.interfaces.store import Finding
from davd.stores.blobs import FileBlobs
from davd.stores.sqlite import check_accounts, check_content, check_logs, check_objects, check_trash, check_tree
from davd.stores.sqlite.errors import store_error
from davd.stores.sqlite.problems import Check, Problem, Repair
from davd.stores.sqlite.writes import WriteTransaction
from davd.stores.threads import RunInThread, finished


async def check(
    connect: Callable[[], apsw.Connection],
    run_in_thread: RunInThread,
    blobs: FileBlobs,
    write: Callable[[], AbstractAsyncContextManager[WriteTransaction]] | None,
) -> AsyncIterator[Finding]:
    """Yield what is wrong; `write` begins a transaction to mend it, None leaves it as it is."""
    checks: tuple[Check, ...] = (
        *check_tree.CHECKS,
        check_content.rows_of_content,
        check_content.blobs_of(blobs, connect),
        *check_logs.CHECKS,
        *check_objects.CHECKS,
        *check_trash.CHECKS,
        *check_accounts.CHECKS,
    )
    for one in checks:
        for problem in await finished(run_in_thread(lambda one=one: _run(connect, one))):  # type: ignore[misc]
            mended = False
            if write is not None and problem.mend is not None:
                async with write() as transaction:
                    repair = Repair(transaction.connection, transaction.number, time.time(), blobs)
                    problem.mend(repair)
                    transaction.block.seen.clear()
                    transaction.block.touches.everything = True
                mended = True
            yield Finding(problem.what, problem.remedy, mended)


def _run(connect: Callable[[], apsw.Connection], one: Check) -> list[Problem]:
    """The problems that one check finds in one view; a database too damaged to be asked is a problem too."""
    connection = connect()
    try:
        connection.execute("BEGIN")
        return list(one(connection))
    except (apsw.CorruptError, apsw.NotADBError, apsw.IOError) as error:
        return [Problem(str(store_error(error, "checking")), "restore the database from a backup")]
    finally:
        connection.close()
