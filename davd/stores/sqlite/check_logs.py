"""Whether change logs, ETags, quota sums and locks agree with the tree.

Implements: RFC 4918, 6.1; RFC 4331, 3; RFC 6578, 3.2; RFC 9110, 8.8.3
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import apsw

from davd.stores.etag import etag
from davd.stores.sqlite.check_usage import uncounted
from davd.stores.sqlite.problems import Check, Problem, Repair
from davd.stores.sqlite.rows import ROOT

_LINES: Final = (
    "SELECT parent_id AS collection, revision, id, name FROM resource WHERE parent_id IS NOT NULL"
    " UNION ALL SELECT collection_id, revision, NULL, name FROM tombstone"
)
_SUMS: Final = "SELECT owner, sum(content_length) AS used FROM resource GROUP BY owner"


def revisions(connection: apsw.Connection) -> Iterator[Problem]:
    """Change numbers beyond the collection's own, and numbers used twice."""
    for id, newest in connection.execute(
        f"SELECT collection, newest FROM (SELECT collection, max(revision) AS newest FROM ({_LINES}"
        " UNION ALL SELECT collection_id, revision, NULL, NULL FROM forgotten) GROUP BY collection)"
        " JOIN resource ON resource.id = collection WHERE sync_revision < newest"
    ):

        def mend(repair: Repair, id: int = id, newest: int = newest) -> None:
            repair.connection.execute(
                "UPDATE resource SET sync_revision = max(sync_revision, ?) WHERE id = ?", (newest, id)
            )

        yield Problem(f"the change number of collection {id} is behind its log", f"set it to {newest}", mend)
    for id, revision, member, name in connection.execute(
        f"SELECT collection, revision, id, name FROM (SELECT *, row_number() OVER"
        f" (PARTITION BY collection, revision ORDER BY id IS NULL, id) AS place FROM ({_LINES}))"
        " WHERE place > 1 OR revision < 1"
    ):

        def renumber(repair: Repair, id: int = id, member: int | None = member, name: str = name) -> None:
            number = repair.revision(id)
            if member is not None:
                repair.connection.execute("UPDATE resource SET revision = ? WHERE id = ?", (number, member))
            else:
                repair.connection.execute(
                    "UPDATE tombstone SET revision = ? WHERE collection_id = ? AND name = ?", (number, id, name)
                )

        yield Problem(
            f"the change of {name!r} in collection {id} has no number of its own ({revision})", "give it one", renumber
        )


def tombstones(connection: apsw.Connection) -> Iterator[Problem]:
    """Removals logged for members that are there."""
    for id, name in connection.execute(
        "SELECT collection_id, tombstone.name FROM tombstone JOIN resource"
        " ON parent_id = collection_id AND resource.name = tombstone.name"
    ):

        def mend(repair: Repair, id: int = id, name: str = name) -> None:
            repair.connection.execute("DELETE FROM tombstone WHERE collection_id = ? AND name = ?", (id, name))
            repair.revision(id)

        yield Problem(
            f"the log of collection {id} says that {name!r} is gone, but it is there", "remove the line", mend
        )


def etags(connection: apsw.Connection) -> Iterator[Problem]:
    """ETags that are used twice or do not fit the content, and a counter that would give one again."""
    highest = connection.execute("SELECT max(id) FROM (SELECT id FROM resource UNION ALL SELECT id FROM trash)").get
    for id, tag, sha256, count in connection.execute(
        "SELECT id, etag, sha256, count(*) OVER (PARTITION BY etag) FROM resource WHERE type = 'file'"
    ):
        number = _number(str(tag))
        highest = max(highest, number)
        if count > 1 or tag != etag(str(sha256), number):

            def mend(repair: Repair, id: int = id, sha256: str = sha256) -> None:
                _new_etag(repair, id, sha256)

            yield Problem(f"the ETag of resource {id} ({tag}) is not its own", "give it a new one", mend)
    if connection.execute("SELECT number FROM store").get < highest:

        def advance(repair: Repair) -> None:
            repair.number.at_least(highest)

        yield Problem("the counter of ids and ETags is behind", f"set it to {highest}", advance)


def _number(tag: str) -> int:
    try:
        return int(tag.strip('"').rpartition("-")[2], 16)
    except ValueError:
        return 0


def _new_etag(repair: Repair, id: int, sha256: str) -> None:
    parent = repair.connection.execute("SELECT parent_id FROM resource WHERE id = ?", (id,)).fetchone()
    if parent is not None:
        repair.connection.execute(
            "UPDATE resource SET etag = ?, revision = ? WHERE id = ?",
            (etag(sha256, repair.number()), repair.revision(parent[0]), id),
        )


def sums(connection: apsw.Connection) -> Iterator[Problem]:
    """Quota sums that differ from what their owner stores."""
    return uncounted(connection, "used", _SUMS, "{owner!r} stores {counted} bytes, but {kept} are counted")


def locks(connection: apsw.Connection) -> Iterator[Problem]:
    """Locks on one resource of which one is exclusive: the one that was refreshed last stays."""
    for (id,) in connection.execute(
        "SELECT resource_id FROM lock WHERE expires > unixepoch('subsec') GROUP BY resource_id"
        " HAVING count(*) > 1 AND sum(scope = 'exclusive') > 0"
    ):

        def mend(repair: Repair, id: int = id) -> None:
            repair.connection.execute(
                "DELETE FROM lock WHERE resource_id = ? AND token <>"
                " (SELECT token FROM lock WHERE resource_id = ? ORDER BY expires DESC, token LIMIT 1)",
                (id, id),
            )

        yield Problem(f"resource {id} has an exclusive lock beside others", "end all but the last one", mend)


def root(connection: apsw.Connection) -> Iterator[Problem]:
    """The collections that each store has."""
    if connection.execute("SELECT 1 FROM resource WHERE id = ? AND parent_id IS NULL", (ROOT,)).fetchone() is None:
        yield Problem("the root collection is missing", "restore the database from a backup")


CHECKS: tuple[Check, ...] = (root, tombstones, revisions, etags, sums, locks)
