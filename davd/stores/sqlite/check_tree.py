"""Whether the database is sound and its tree is one.

Implements: RFC 4918, 5.1, 5.2
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

import apsw

from davd.stores.sqlite.problems import RECOVERED, Check, Problem, Repair
from davd.stores.sqlite.rows import ROOT

# Tables whose rows mean nothing without their resource, and the column that names it.
_BELONGING: Final = (
    ("property", "resource_id", "dead property"),
    ("lock", "resource_id", "lock"),
    ("object", "resource_id", "index"),
    ("tombstone", "collection_id", "line of a change log"),
    ("forgotten", "collection_id", "mark of a change log"),
)
_REACHED: Final = (
    "WITH RECURSIVE tree (id) AS (SELECT 1 UNION"
    " SELECT member.id FROM tree JOIN resource AS member ON member.parent_id = tree.id) "
)


def database(connection: apsw.Connection) -> Iterator[Problem]:
    """SQLite's own check of its pages and indexes."""
    for (line,) in connection.execute("PRAGMA integrity_check(50)"):
        if line == "ok":
            continue
        if "index" in str(line) and "malformed" not in str(line):
            yield Problem(f"the database has a damaged index: {line}", "build the indexes anew", _reindex)
        else:
            yield Problem(f"the database is damaged: {line}", "restore it from a backup")


def _reindex(repair: Repair) -> None:
    repair.connection.execute("REINDEX")


def lost_rows(connection: apsw.Connection) -> Iterator[Problem]:
    """Rows that belong to resources which are not there."""
    for table, column, noun in _BELONGING:
        missing = f"{column} NOT IN (SELECT id FROM resource)"
        for id, count in connection.execute(f"SELECT {column}, count(*) FROM {table} WHERE {missing} GROUP BY 1"):

            def mend(repair: Repair, table: str = table, missing: str = missing) -> None:
                repair.connection.execute(f"DELETE FROM {table} WHERE {missing}")

            yield Problem(f"{count} x {noun} of resource {id}, which does not exist", "remove it", mend)
    for (id,) in connection.execute(
        "SELECT resource_id FROM content WHERE resource_id NOT IN (SELECT id FROM resource)"
    ):

        def reclaim(repair: Repair, id: int = id) -> None:
            _reclaim(repair, id)

        yield Problem(f"content of resource {id}, which does not exist", f"make it a file in /{RECOVERED}", reclaim)


def _reclaim(repair: Repair, id: int) -> None:
    """Give content without a resource a file of its own."""
    execute = repair.connection.execute
    if execute("SELECT 1 FROM resource WHERE id = ?", (id,)).fetchone():
        return
    data = execute("SELECT CAST(data AS BLOB) FROM content WHERE resource_id = ?", (id,)).get
    repair.add_file(id, data)


def places(connection: apsw.Connection) -> Iterator[Problem]:
    """Resources that no path leads to: their collection is missing, is a file, or is below themselves."""
    lost = connection.execute(
        "SELECT member.id, member.name FROM resource AS member LEFT JOIN resource AS parent"
        " ON parent.id = member.parent_id WHERE member.id <> ? AND (parent.id IS NULL OR parent.type = 'file')",
        (ROOT,),
    )
    for id, name in lost:

        def mend(repair: Repair, id: int = id, name: str = name) -> None:
            repair.recover(id, name)

        yield Problem(f"resource {id} ({name!r}) is in no collection", f"move it to /{RECOVERED}", mend)
    parents: dict[int, int] = dict(
        connection.execute(f"{_REACHED}SELECT id, parent_id FROM resource WHERE id NOT IN (SELECT id FROM tree)")
    )
    for id in _on_cycles(parents):
        name = connection.execute("SELECT name FROM resource WHERE id = ?", (id,)).get

        def cut(repair: Repair, id: int = id, name: str = name) -> None:
            repair.recover(id, name)

        yield Problem(f"collection {id} ({name!r}) is inside of itself", f"move it to /{RECOVERED}", cut)


def _on_cycles(parents: dict[int, int]) -> list[int]:
    """The smallest id of each cycle."""
    seen: set[int] = set()
    found = []
    for start in sorted(parents):
        walk: list[int] = []
        at = start
        while at in parents and at not in seen:
            seen.add(at)
            walk.append(at)
            at = parents[at]
        if at in walk:
            found.append(min(walk[walk.index(at) :]))
    return found


def names(connection: apsw.Connection) -> Iterator[Problem]:
    """Names that no request can reach: not in NFC, or with a slash or control characters in them."""
    for id, parent, name in connection.execute("SELECT id, parent_id, name FROM resource WHERE id <> ?", (ROOT,)):
        good = _reachable(str(name))
        if good != name:

            def mend(repair: Repair, id: int = id, parent: int = parent, good: str = good) -> None:
                _rename(repair, id, parent, good)

            yield Problem(f"no request can reach resource {id} ({name!r})", f"rename it to {good!r}", mend)


def _reachable(name: str) -> str:
    text = unicodedata.normalize("NFC", name)
    return "".join("_" if character < " " or character in "/\\\x7f" else character for character in text)


def _rename(repair: Repair, id: int, parent: int, name: str) -> None:
    execute = repair.connection.execute
    if execute("SELECT 1 FROM resource WHERE parent_id = ? AND name = ? AND id <> ?", (parent, name, id)).fetchone():
        name = f"{name} ({id})"
    execute("UPDATE resource SET name = ?, revision = ? WHERE id = ?", (name, repair.revision(parent), id))


CHECKS: tuple[Check, ...] = (database, lost_rows, places, names)
