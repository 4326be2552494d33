"""Whether the trash is whole: its contents, what belongs to its entries, and the sums of their bytes.

Implements: RFC 4918, 9.6, 9.7
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

import apsw

from davd.stores.sqlite.check_usage import uncounted
from davd.stores.sqlite.problems import Check, Problem, Repair

_SUMS: Final = "SELECT owner, sum(bytes) AS used FROM trash GROUP BY owner"
_CONTENTS: Final = (
    "SELECT id, name, sha256, CAST(data AS BLOB) FROM trash WHERE type = 'file' AND blob IS NULL"
    " UNION ALL SELECT entry_id, name, sha256, CAST(data AS BLOB) FROM trash_member"
    " WHERE type = 'file' AND blob IS NULL"
)
_BELONGING: Final = (("trash_member", "resource"), ("trash_property", "property"))


def contents(connection: apsw.Connection) -> Iterator[Problem]:
    """Contents in rows that are not what was stored. Nobody misses an entry before it is wanted back."""
    for id, name, sha256, data in connection.execute(_CONTENTS):
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            yield Problem(
                f"the content of {name!r} in entry {id} of the trash is not what was stored", "restore it from a backup"
            )


def belongings(connection: apsw.Connection) -> Iterator[Problem]:
    """Rows that belong to entries which are not there."""
    for table, noun in _BELONGING:
        missing = "entry_id NOT IN (SELECT id FROM trash)"
        for id, count in connection.execute(f"SELECT entry_id, count(*) FROM {table} WHERE {missing} GROUP BY 1"):

            def mend(repair: Repair, table: str = table, missing: str = missing) -> None:
                repair.connection.execute(f"DELETE FROM {table} WHERE {missing}")

            yield Problem(f"{count} x {noun} of entry {id} of the trash, which does not exist", "remove it", mend)


def sums(connection: apsw.Connection) -> Iterator[Problem]:
    """Bytes counted for the trash of an owner that differ from those of the entries."""
    return uncounted(connection, "trashed", _SUMS, "{owner!r} has {counted} bytes in the trash, but {kept} are counted")


CHECKS: Final[tuple[Check, ...]] = (contents, belongings, sums)
