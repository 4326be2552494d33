"""What it means that an object may answer a query, said without any haste.

Implements: RFC 4791, 9.9; RFC 6352, 10.5.4
"""

from __future__ import annotations

from davd.model.index import FOREVER, IndexQuery, ObjectIndex, Span, Term, in_small_letters


def matches(index: ObjectIndex, query: IndexQuery) -> bool | None:
    """Whether the time range is known to hold, None when the object does not answer the query."""
    if query.components is not None and index.component not in query.components:
        return None
    if query.uids is not None and index.uid not in query.uids:
        return None
    if query.uid_parts:
        uid = in_small_letters(index.uid)
        if not all(part in uid for part in query.uid_parts):
            return None
    if query.terms and not (all if query.every else any)(_has(index, term) for term in query.terms):
        return None
    return _overlaps(index, query)


def _overlaps(index: ObjectIndex, query: IndexQuery) -> bool | None:
    if query.start is None and query.end is None:
        return True
    start = -2 * FOREVER if query.start is None else query.start
    end = 2 * FOREVER if query.end is None else query.end
    found = [span.exact for span in index.spans if start < end and span.start < end and _end(span) > start]
    if found:
        return any(found)
    return False if any(_has(index, term) for term in query.beside) else None


def _end(span: Span) -> int:
    """Where a span ends; a moment is in the second that begins with it."""
    return max(span.end, span.start + 1)


def _has(index: ObjectIndex, term: Term) -> bool:
    return any(name == term.name and _fits(text, term) for name, text in index.terms)


def _fits(text: str, term: Term) -> bool:
    if term.match == "equals":
        return text == term.text
    if term.match == "starts-with":
        return text.startswith(term.text)
    if term.match == "ends-with":
        return text.endswith(term.text)
    return term.text in text
