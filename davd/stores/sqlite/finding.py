"""Which members of a collection may answer a query, by what is known of objects.

Each thing that is asked for gives a set of resources; what is in all of them is looked up, a piece after the other.

Implements: RFC 4791, 7.8, 9.9; RFC 6352, 8.6
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import apsw

from davd.model.index import FOREVER, Found, IndexQuery, Term
from davd.stores.sqlite import spans
from davd.stores.sqlite.connection import scan

# Of the levels that a collection has: the rows that begin before the end of the range, and after its beginning less
# their greatest length. Of a row of several spans that is not whole in the range, the spans.
_OVERLAPPING: Final = (
    "WITH RECURSIVE present (level) AS (SELECT min(level) FROM span WHERE collection_id = ?1"
    " UNION ALL SELECT (SELECT min(span.level) FROM span WHERE collection_id = ?1 AND span.level > present.level)"
    " FROM present WHERE present.level IS NOT NULL)"
    ' SELECT resource_id, exact, CASE WHEN count > 1 AND (start < ?2 OR "end" > ?3) THEN'
    f" (SELECT substr(spans, {spans.SIZE} * first + 1, {spans.SIZE} * count) FROM object"
    " WHERE object.resource_id = span.resource_id) END"
    " FROM present CROSS JOIN span ON collection_id = ?1 AND span.level = present.level"
    ' AND start > ?2 - (1 << present.level) AND start < ?3 AND "end" > ?2 WHERE present.level IS NOT NULL LIMIT ?4'
)
_WITH_UID: Final = "SELECT resource_id FROM object WHERE collection_id = ? AND uid = ?"
_WITH_UIDS: Final = (
    "SELECT resource_id FROM object WHERE collection_id = ?1 AND uid IN (SELECT value FROM json_each(?2)) LIMIT ?3"
)
# Answered from the index of UIDs alone. SQLite's lower() knows the letters of ASCII and no others.
_WITH_UID_PART: Final = (
    "SELECT resource_id, lower(uid) FROM object INDEXED BY object_uid WHERE collection_id = ?1"
    " AND instr(lower(uid), ?2) LIMIT ?3"
)
_UIDS: Final = "SELECT count(*) FROM (SELECT 1 FROM object INDEXED BY object_uid WHERE collection_id = ? LIMIT ?)"
_EVERY: Final = "SELECT resource_id FROM object WHERE collection_id = ?1 LIMIT ?2"
_OF_COMPONENT: Final = "SELECT resource_id FROM object WHERE collection_id = ?1 AND component = ?2 LIMIT ?3"
# Text is compared by its bytes, of which none is 255 in UTF-8.
_TERM: Final = "SELECT resource_id, text FROM term WHERE collection_id = ?1 AND name = ?2 AND "
_TERMS: Final = {
    "equals": _TERM + "text = ?3 LIMIT ?4",
    "starts-with": _TERM + "text >= ?3 AND text < ?3 || x'ff' LIMIT ?4",
    "ends-with": _TERM + "instr(text, ?3) LIMIT ?4",
    "contains": _TERM + "instr(text, ?3) LIMIT ?4",
}
_TEXTS: Final = "SELECT count(*) FROM (SELECT 1 FROM term WHERE collection_id = ? AND name = ? LIMIT ?)"
_DETAILS: Final = (
    "SELECT resource.id, name, uid, component FROM json_each(?) CROSS JOIN resource ON resource.id = value"
    " CROSS JOIN object ON resource_id = resource.id"
)
_WALK: Final = (
    "SELECT id, name, uid, component FROM resource LEFT JOIN object ON resource_id = id"
    " WHERE parent_id = ? AND name > ? ORDER BY name LIMIT ?"
)

# So many texts are looked through in the time that one row takes elsewhere.
_TEXTS_A_ROW: Final = 10

# What has names is looked up in pieces of so many rows, some ten milliseconds each.
_PIECE: Final = 4000
_FEWEST: Final = 100

_UNLIMITED: Final = 1 << 60

# The candidates, by resource id, and whether the range is known to hold.
Exact = dict[int, bool]


class TooMany(Exception):
    """More rows have to be read than were allowed."""


def find(connection: apsw.Connection, collection: int, query: IndexQuery, limit: int, most: int) -> list[Found] | None:
    """At most `limit` members that may answer, in the order of their names; None when more than `most` rows are needed.

    What is read in vain is then little beside what is to be read.
    """
    try:
        *_, found = search(connection, collection, query, limit, most)
    except TooMany:
        return None
    return found


def search(
    connection: apsw.Connection, collection: int, query: IndexQuery, limit: int, most: int = _UNLIMITED
) -> Iterator[list[Found] | None]:
    """The same in pieces: gives None after each but the last, and then what was found."""
    exact = _candidates(connection, collection, query, limit, most)
    if exact is None:
        yield from _walk(connection, collection, query.components, limit, most)
        return
    found: list[Found] = []
    ids = list(exact)
    for begin in range(0, len(ids), _PIECE):
        if begin:
            yield None
        for id, name, uid, component in scan(connection, _DETAILS, (json.dumps(ids[begin : begin + _PIECE]),)):
            if query.components is None or component in query.components:
                found.append(Found(id, name, uid, component, exact[id]))
    found.sort(key=lambda each: each.name)
    yield found[:limit]


def _walk(
    connection: apsw.Connection, collection: int, components: frozenset[str] | None, limit: int, most: int
) -> Iterator[list[Found] | None]:
    """The first members of some components by name, of which there are more than `limit`."""
    found: list[Found] = []
    after, size, seen = "", max(_FEWEST, limit), 0
    while True:
        size = min(size, _PIECE)
        seen += size
        if seen > most:
            raise TooMany
        page = scan(connection, _WALK, (collection, after, size))
        for id, name, uid, component in page:
            if component is not None and (components is None or component in components):
                found.append(Found(id, name, uid, component, True))
        if len(found) >= limit or len(page) < size:
            break
        after = page[-1][1]
        size *= 2
        if most == _UNLIMITED:
            yield None
    yield found[:limit]


def _candidates(connection: apsw.Connection, collection: int, query: IndexQuery, limit: int, most: int) -> Exact | None:
    """What may answer, but for the components where more is asked; None when these are all, and more than `limit`."""
    sets: list[Exact] = []
    if query.start is not None or query.end is not None:
        timed = _overlapping(connection, collection, query.start, query.end, most)
        for term in query.beside:
            for id in _with_term(connection, collection, term, most):
                timed.setdefault(id, False)
        sets.append(timed)
    if query.uids is not None:
        sets.append(_with_uids(connection, collection, query.uids, most))
    if query.uid_parts:
        sets.append(_with_uid_parts(connection, collection, query.uid_parts, most))
    if query.terms:
        sets.append(_with_terms(connection, collection, query.terms, query.every, most))
    if not sets:
        return _of_components(connection, collection, query.components, limit, most)
    exact = sets[0]
    for other in sets[1:]:
        exact = {id: exact[id] for id in exact if id in other}
    return exact


def _rows(connection: apsw.Connection, statement: str, parameters: tuple[Any, ...], most: int) -> list[Any]:
    """All rows of a statement whose last parameter is its LIMIT; TooMany when there are more than `most`."""
    found = scan(connection, statement, (*parameters, most + 1))
    if len(found) > most:
        raise TooMany
    return found


def _of_components(
    connection: apsw.Connection, collection: int, components: frozenset[str] | None, limit: int, most: int
) -> Exact | None:
    found: Exact = {}
    for component in (None,) if components is None else sorted(components):
        asked = min(limit, most) - len(found) + 1
        if component is None:
            rows = scan(connection, _EVERY, (collection, asked))
        else:
            rows = scan(connection, _OF_COMPONENT, (collection, component, asked))
        found.update((id, True) for (id,) in rows)
        if len(found) > limit:
            return None
        if len(found) > most:
            raise TooMany
    return found


def _overlapping(connection: apsw.Connection, collection: int, start: int | None, end: int | None, most: int) -> Exact:
    first = -2 * FOREVER if start is None else start
    last = 2 * FOREVER if end is None else end
    found: Exact = {}
    if first < last:
        for id, exact, several in _rows(connection, _OVERLAPPING, (collection, first, last), most):
            known = exact if several is None else spans.overlap(several, first, last)
            if known is not None and not found.get(id):
                found[id] = bool(known)
    return found


def _with_uids(connection: apsw.Connection, collection: int, uids: Sequence[str], most: int) -> Exact:
    if len(uids) == 1:
        return {id: True for (id,) in connection.execute(_WITH_UID, (collection, uids[0]))}
    if len(uids) > most:
        raise TooMany
    return {id: True for (id,) in _rows(connection, _WITH_UIDS, (collection, json.dumps(uids)), most)}


def _with_uid_parts(connection: apsw.Connection, collection: int, parts: Sequence[str], most: int) -> Exact:
    if most != _UNLIMITED:
        texts = _TEXTS_A_ROW * most
        if connection.execute(_UIDS, (collection, texts + 1)).get > texts:
            raise TooMany
    # Of several parts the longest is in the fewest UIDs.
    longest, *others = sorted(parts, key=len, reverse=True)
    rows = _rows(connection, _WITH_UID_PART, (collection, longest), most)
    return {id: True for id, uid in rows if all(part in uid for part in others)}


def _with_terms(connection: apsw.Connection, collection: int, terms: Sequence[Term], every: bool, most: int) -> Exact:
    found: Exact | None = None
    for term in terms:
        these = _with_term(connection, collection, term, most)
        if found is None:
            found = these
        else:
            found = {id: True for id in found if id in these} if every else found | these
    return found or {}


def _with_term(connection: apsw.Connection, collection: int, term: Term, most: int) -> Exact:
    if term.match in ("ends-with", "contains") and most != _UNLIMITED:
        texts = _TEXTS_A_ROW * most
        if connection.execute(_TEXTS, (collection, term.name, texts + 1)).get > texts:
            raise TooMany
    rows = _rows(connection, _TERMS[term.match], (collection, term.name, term.text), most)
    return {id: True for id, text in rows if term.match != "ends-with" or text.endswith(term.text)}
