"""The rows that tell of an object what queries ask for.

Implements: RFC 4791, 9.9; RFC 6352, 8.6
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import apsw
import msgspec

from davd.model.index import ObjectIndex, Span
from davd.model.resource import Resource
from davd.stores.sqlite import spans

_GET: Final = "SELECT collection_id, uid, component, spans, terms FROM object WHERE resource_id = ?"
_PUT: Final = "INSERT INTO object (resource_id, collection_id, uid, component, spans, terms) VALUES (?, ?, ?, ?, ?, ?)"
_SET: Final = "UPDATE object SET collection_id = ?, uid = ?, component = ?, spans = ?, terms = ? WHERE resource_id = ?"
_DROP: Final = "DELETE FROM object WHERE resource_id = ?"
_PUT_SPAN: Final = (
    'INSERT OR REPLACE INTO span (collection_id, resource_id, level, start, "end", exact, first, count)'
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_DROP_SPAN: Final = "DELETE FROM span WHERE collection_id = ? AND resource_id = ? AND level = ? AND start = ?"
_PUT_TERM: Final = "INSERT INTO term (collection_id, resource_id, name, text) VALUES (?, ?, ?, ?)"
_DROP_TERM: Final = "DELETE FROM term WHERE collection_id = ? AND resource_id = ? AND name = ? AND text = ?"

_TERMS: Final = msgspec.json.Decoder(list[tuple[str, str]])

# What the object table has of one: collection, uid, component, packed spans and terms.
Row = tuple[int, str, str, bytes | None, str | None]


def pack_terms(terms: Iterable[tuple[str, str]]) -> str | None:
    """Terms as JSON, each once; None for none."""
    known = sorted(set(terms))
    return msgspec.json.encode(known).decode() if known else None


def unpack_terms(packed: str | None) -> list[tuple[str, str]]:
    """What `pack_terms` packed; ValueError for anything else."""
    try:
        return _TERMS.decode(packed) if packed else []
    except msgspec.DecodeError as error:
        raise ValueError("these are no terms") from error


def row(connection: apsw.Connection, id: int) -> Row | None:
    """What is stored of an object; None for a file without an index."""
    found: Row | None = connection.execute(_GET, (id,)).fetchone()
    return found


def packed(collection: int, index: ObjectIndex | None) -> Row | None:
    """The row of an index."""
    if index is None:
        return None
    return collection, index.uid, index.component, spans.pack(index.spans), pack_terms(index.terms)


def unpacked(row: Row) -> ObjectIndex:
    """The index that a row was packed from, but that a moment is the second that begins with it."""
    starts, ends = spans.unpack(row[3] or b"")
    found = [Span(start, end >> 1, bool(end & 1)) for start, end in zip(starts, ends, strict=True)]
    return ObjectIndex(row[1], row[2], tuple(found), tuple(unpack_terms(row[4])))


def placed(row: Row, file: Resource) -> Row:
    """The row of a file that is in another collection now."""
    assert file.parent_id is not None
    return (file.parent_id, *row[1:])


def span_rows(row: Row | None) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """(end, exact, first, count) by (level, start) of what an object has in the span table."""
    return {} if row is None else {each[:2]: each[2:] for each in spans.rows(row[3])}


def term_rows(row: Row | None) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The (name, text) of what an object has in the term table, as keys."""
    return {} if row is None else dict.fromkeys(unpack_terms(row[4]), ())


def change(connection: apsw.Connection, id: int, old: Row | None, new: Row | None) -> None:
    """Bring the rows of an object from one state to another; None is one without an index."""
    if old == new:
        return
    if old is None:
        connection.execute(_PUT, (id, *(new or ())))
    elif new is None:
        connection.execute(_DROP, (id,))
    else:
        connection.execute(_SET, (*new, id))
        if old[0] == new[0]:
            # Mostly it is the same times and texts that were stored again.
            if old[3] != new[3]:
                _differ(connection, (new[0], id), span_rows(old), span_rows(new), _DROP_SPAN, _PUT_SPAN)
            if old[4] != new[4]:
                _differ(connection, (new[0], id), term_rows(old), term_rows(new), _DROP_TERM, _PUT_TERM)
            return
    if old is not None:
        _differ(connection, (old[0], id), span_rows(old), {}, _DROP_SPAN, _PUT_SPAN)
        _differ(connection, (old[0], id), term_rows(old), {}, _DROP_TERM, _PUT_TERM)
    if new is not None:
        _differ(connection, (new[0], id), {}, span_rows(new), _DROP_SPAN, _PUT_SPAN)
        _differ(connection, (new[0], id), {}, term_rows(new), _DROP_TERM, _PUT_TERM)


def _differ(
    connection: apsw.Connection,
    place: tuple[int, int],
    before: dict[tuple[Any, ...], tuple[Any, ...]],
    after: dict[tuple[Any, ...], tuple[Any, ...]],
    drop: str,
    put: str,
) -> None:
    """Bring the rows of an object in one table from one state to another."""
    gone = [(*place, *key) for key in before if key not in after]
    if gone:
        connection.executemany(drop, gone)
    there = [(*place, *key, *rest) for key, rest in after.items() if before.get(key) != rest]
    if there:
        connection.executemany(put, there)


def rewrite(connection: apsw.Connection, collection: int, id: int) -> None:
    """Write the spans and terms of an object in a collection anew, and none if it is not there."""
    for table in ("span", "term"):
        connection.execute(f"DELETE FROM {table} WHERE collection_id = ? AND resource_id = ?", (collection, id))
    found = row(connection, id)
    if found is not None and found[0] == collection:
        connection.execute(_DROP, (id,))
        change(connection, id, None, found)


def forget(connection: apsw.Connection, id: int) -> None:
    """Remove what is known of an object, but not its spans and terms."""
    connection.execute(_DROP, (id,))
