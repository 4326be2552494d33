"""What of a filter the store's index can answer, so that only those cards are read that may be wanted.

The index holds texts as i;unicode-casemap compares them. What another collation finds equal is equal in that one too,
so that it can be looked for in the index and has then to be looked at.

Implements: RFC 6352, 8.6, 10.5
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from davd.carddav.elements.filter import Filter, PropFilter, TextMatch
from davd.carddav.indexing import INDEXED
from davd.carddav.names import VCARD
from davd.dav.collation import UNICODE_CASEMAP
from davd.model.index import IndexQuery, Term

_CARDS: Final = frozenset((VCARD,))


@dataclass(frozen=True, slots=True)
class Plan:
    """`query` finds all cards that match a filter, and when `settled` no others."""

    query: IndexQuery
    settled: bool


def plan(asked: Filter) -> Plan:
    """How the cards are found that match `asked`."""
    if not asked.props:
        return Plan(IndexQuery(_CARDS), True)
    every = asked.every and len(asked.props) > 1
    terms: list[Term] = []
    settled = True
    for prop in asked.props:
        found, exact = _terms(prop)
        # Where all have to hold, those the index knows of narrow the search; of alternatives it has to know each.
        if every and len(found) > 1:
            found, exact = [], False
        if not found and not every:
            return Plan(IndexQuery(_CARDS), False)
        terms += found
        settled = settled and exact
    if not terms:
        return Plan(IndexQuery(_CARDS), False)
    return Plan(IndexQuery(_CARDS, terms=tuple(terms), every=every), settled)


def _terms(prop: PropFilter) -> tuple[list[Term], bool]:
    """Terms of which a card has one that has the property as it is asked for, and whether any card that has is right.

    No terms when the index cannot tell.
    """
    if prop.absent or not prop.matches or prop.name not in INDEXED:
        return [], False
    exact = prop.group is None and not prop.params and (len(prop.matches) == 1 or not prop.every)
    if prop.params and not prop.every:
        return [], False
    known = [_term(prop.name, match) for match in prop.matches]
    found = [term for term in known if term is not None]
    if prop.every:
        # One of them is enough to narrow the search.
        return found[:1], exact and len(found) == 1 and _is_exact(prop.matches[0])
    if len(found) < len(known):
        return [], False
    return found, exact and all(map(_is_exact, prop.matches))


def _term(name: str, match: TextMatch) -> Term | None:
    if match.negate:
        return None
    # A text is not folded twice: ŉ becomes ʼn, which is ʼN the next time.
    return Term(name, match.match, match.folded if _is_exact(match) else UNICODE_CASEMAP.fold(match.folded))


def _is_exact(match: TextMatch) -> bool:
    return match.collation is UNICODE_CASEMAP
