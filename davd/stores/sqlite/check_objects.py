"""Whether what queries ask is what is known of objects, and whether groups have members that there are.

Implements: RFC 4791, 7.8; RFC 6352, 8.6; RFC 3744, 4.3
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import error as StructError
from typing import Any, Final

import apsw

from davd.stores.sqlite import objects, rows
from davd.stores.sqlite.problems import Check, Problem, Repair

# The types of collections whose members queries have to find.
_SEARCHED: Final = "('calendar', 'addressbook')"

_COLLECTIONS: Final = (
    "SELECT collection_id FROM object UNION SELECT collection_id FROM span UNION SELECT collection_id FROM term"
)
_OBJECTS: Final = "SELECT resource_id, collection_id, uid, component, spans, terms FROM object WHERE collection_id = ?"

# Rows of an object in one table, by their keys.
Rows = dict[tuple[Any, ...], tuple[Any, ...]]

# Of each table: the columns of its keys, all columns, and how what is packed of an object is unpacked to such rows.
_TABLES: Final[tuple[tuple[str, int, str, Callable[[objects.Row | None], Rows]], ...]] = (
    ("span", 2, 'level, start, "end", exact, first, count', objects.span_rows),
    ("term", 2, "name, text", objects.term_rows),
)


def belongings(connection: apsw.Connection) -> Iterator[Problem]:
    """Indexes of files that are elsewhere now, or are no files."""
    for id, name in connection.execute(
        "SELECT resource_id, resource.name FROM object JOIN resource ON id = resource_id"
        " WHERE collection_id <> coalesce(parent_id, 0) OR type <> 'file'"
    ):

        def mend(repair: Repair, id: int = id) -> None:
            _settle(repair, id)

        yield Problem(f"the index of resource {id} ({name!r}) is not in its collection", "put it there", mend)


def _settle(repair: Repair, id: int) -> None:
    """Bring the index of a resource to its collection."""
    old = objects.row(repair.connection, id)
    file = rows.by_id(repair.connection, id)
    if old is not None:
        new = objects.placed(old, file) if file is not None and not file.is_collection else None
        objects.change(repair.connection, id, old, new)


def entries(connection: apsw.Connection) -> Iterator[Problem]:
    """Rows of spans and terms that are missing, or belong to nothing."""
    collections: list[Any] = connection.execute(_COLLECTIONS).fetchall()
    for (collection,) in collections:
        known: dict[Any, Any] = {id: row for id, *row in connection.execute(_OBJECTS, (collection,))}
        for table, keys, columns, unpack in _TABLES:
            there: dict[Any, Rows] = {}
            for id, *row in connection.execute(
                f"SELECT resource_id, {columns} FROM {table} WHERE collection_id = ?", (collection,)
            ):
                there.setdefault(id, {})[tuple(row[:keys])] = tuple(row[keys:])
            for id in known.keys() | there.keys():
                yield from _compared(collection, id, known.get(id), unpack, there.get(id, {}))


def _compared(
    collection: int, id: int, row: objects.Row | None, unpack: Callable[[objects.Row | None], Rows], there: Rows
) -> Iterator[Problem]:
    """What is wrong with the rows of one object in a collection."""

    def mend(repair: Repair) -> None:
        objects.rewrite(repair.connection, collection, id)

    def drop(repair: Repair) -> None:
        objects.forget(repair.connection, id)
        objects.rewrite(repair.connection, collection, id)

    try:
        expected = unpack(row)
    except (StructError, TypeError, ValueError):
        yield Problem(f"the index of resource {id} cannot be read", "remove it", drop)
        return
    if expected != there:
        yield Problem(f"the index of resource {id} in collection {collection} is not whole", "write it anew", mend)


def missing(connection: apsw.Connection) -> Iterator[Problem]:
    """Files of calendars and address books that no query can find."""
    for id, count in connection.execute(
        "SELECT place.id, count(*) FROM resource AS place JOIN resource AS member ON member.parent_id = place.id"
        f" LEFT JOIN object ON resource_id = member.id WHERE place.type IN {_SEARCHED} AND member.type = 'file'"
        " AND resource_id IS NULL GROUP BY 1"
    ):
        place = "/".join(rows.segments(connection, id) or ())
        yield Problem(f"{count} x file without an index in /{place}", "store it again, so that queries find it")


def groups(connection: apsw.Connection) -> Iterator[Problem]:
    """Groups and members that have no account."""
    lost = "group_name NOT IN (SELECT name FROM account) OR member NOT IN (SELECT name FROM account)"
    for group, member in connection.execute(f"SELECT group_name, member FROM membership WHERE {lost}"):

        def mend(repair: Repair) -> None:
            repair.connection.execute(f"DELETE FROM membership WHERE {lost}")

        yield Problem(f"{member!r} is in the group {group!r}, and one of them does not exist", "remove it", mend)


CHECKS: Final[tuple[Check, ...]] = (belongings, entries, missing, groups)
