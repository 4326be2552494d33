"""What of a filter the store's index can answer, so that only those objects are read that may be wanted.

Implements: RFC 4791, 7.8, 9.7, 9.9
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from davd.caldav.alarms import FAR, NEAR
from davd.caldav.elements.filter import CompFilter, PropFilter, TextMatch
from davd.caldav.names import VEVENT, VJOURNAL, VTODO
from davd.dav.collation import ASCII_CASEMAP, OCTET
from davd.formats.icalendar.values import DAY
from davd.model.index import Found, IndexQuery, Term, in_small_letters

# The properties that say where the instances of components lie, and how far before a property's time its instance may
# end. Others may be in a component too, as any that its table does not name, and then say nothing of that.
_ENDS: Final = {VEVENT: {"DTSTART": 0, "DTEND": 1}, VTODO: {"DTSTART": 0, "DUE": 1}, VJOURNAL: {"DTSTART": 0}}

# Instances are sought so far around the range in which alarms go off: a day longer than need be, for days of 25 hours.
_AROUND: Final = NEAR + DAY


@dataclass(frozen=True, slots=True)
class Plan:
    """How the objects are found that match a filter.

    `query` finds all that do, None when nothing can. `uids` are texts that the UIDs of those it finds have to match,
    `without` the names of components that they must not be. When `settled`, what has been found and passes `allows`
    matches, unless its times are not exactly known.
    """

    query: IndexQuery | None
    uids: tuple[TextMatch, ...] = ()
    without: frozenset[str] = frozenset()
    settled: bool = False

    @property
    def narrow(self) -> bool:
        """Whether only some objects of a calendar are found."""
        query = self.query
        return query is None or query.start is not None or query.end is not None or bool(query.uid_parts)

    @property
    def picks(self) -> bool:
        """Whether `allows` has to be asked of what was found."""
        return bool(self.uids or self.without)

    def allows(self, found: Found) -> bool:
        """Whether the object may match as far as the index knows it."""
        if found.component in self.without:
            return False
        return all((match.folded in match.collation.fold(found.uid)) != match.negate for match in self.uids)


NOTHING: Final = Plan(None)


def plan(asked: CompFilter) -> Plan:
    """The plan for a filter on the VCALENDAR."""
    if asked.absent:
        return NOTHING
    query: IndexQuery | None = IndexQuery()
    made = Plan(query, settled=not asked.props)
    for comp in asked.comps:
        if comp.name == "VTIMEZONE":
            # Whether there is one beside the object itself is not in the index.
            made = replace(made, settled=False)
        elif comp.absent:
            made = replace(made, without=made.without | {comp.name})
        else:
            made = _with(made, comp)
    query = made.query
    assert query is not None
    if query.components is not None and not query.components - made.without:
        return NOTHING
    return made


def _with(made: Plan, comp: CompFilter) -> Plan:
    """The plan for objects that are made of such components."""
    query = made.query
    assert query is not None
    # RFC 4791, 4.1: an object "MUST NOT contain more than one type of calendar component", time zones aside.
    components = frozenset((comp.name,)) if query.components is None else query.components & {comp.name}
    uids = [prop.match for prop in comp.props if _is_uid(prop) and prop.match is not None]
    settled = made.settled and not comp.comps and len(uids) == len(comp.props)
    if query.start is None and query.end is None:
        query = _timed(query, comp)
    elif comp.span is not None:
        settled = False
    parts = [part for match in uids for part in _parts(match)]
    query = replace(query, components=components, uid_parts=(*query.uid_parts, *parts))
    return replace(made, query=query, uids=(*made.uids, *uids), settled=settled)


def _is_uid(prop: PropFilter) -> bool:
    """Whether nothing but the text of the UID is asked."""
    return prop.name == "UID" and prop.match is not None and not prop.params


def _parts(match: TextMatch) -> tuple[str, ...]:
    """What a UID that matches has in it, as `IndexQuery.uid_parts` has it, if anything is known of that."""
    # Other collations take letters for the same that are not those of ASCII.
    if match.negate or not match.text or match.collation not in (OCTET, ASCII_CASEMAP):
        return ()
    return (in_small_letters(match.text),)


def _timed(query: IndexQuery, comp: CompFilter) -> IndexQuery:
    """The query with a range in which all instances lie that the filter wants one of."""
    if comp.span is not None:
        return replace(query, start=comp.span.start, end=comp.span.end)
    ends = _ENDS.get(comp.name, {})
    for prop in comp.props:
        if prop.span is not None and prop.name in ends:
            start = prop.span.start
            return replace(query, start=None if start is None else start - ends[prop.name], end=prop.span.end)
    for inner in comp.comps:
        if inner.name == "VALARM" and inner.span is not None:
            start, end = inner.span.start, inner.span.end
            return replace(
                query,
                start=None if start is None else start - _AROUND,
                end=None if end is None else end + _AROUND,
                beside=(Term(FAR[0], "equals", FAR[1]),),
            )
    return query
