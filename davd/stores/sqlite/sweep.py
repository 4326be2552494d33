"""Removing what has expired.

Implements: RFC 4918, 6.6; RFC 6578, 3.2
"""

from __future__ import annotations

import apsw

from davd.model.principal import EXPIRED_SECONDS
from davd.stores.sqlite.connection import scan


def sweep(connection: apsw.Connection, now: float, tombstones_before: float) -> int:
    """Remove locks and kept values that have expired and removals logged before a POSIX time.

    App passwords go when they have been expired for a while. The newest change number forgotten is noted by collection,
    so that older sync tokens are refused. Gives the number of rows removed.
    """
    count = 0
    for table in ("lock", "kept"):
        scan(connection, f"DELETE FROM {table} WHERE expires <= ?", (now,))
        count += connection.changes()
    scan(connection, "DELETE FROM app_password WHERE expires <= ?", (now - EXPIRED_SECONDS,))
    count += connection.changes()
    scan(
        connection,
        "INSERT INTO forgotten (collection_id, revision)"
        " SELECT collection_id, max(revision) FROM tombstone WHERE removed < ? GROUP BY collection_id"
        " ON CONFLICT (collection_id) DO UPDATE SET revision = max(revision, excluded.revision)",
        (tombstones_before,),
    )
    scan(connection, "DELETE FROM tombstone WHERE removed < ?", (tombstones_before,))
    return count + connection.changes()
