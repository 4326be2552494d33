"""Whether a calendar object matches a filter: components, properties, parameters and texts. Times are in filter_time.

An object has a master component and components that override some of its instances. A filter asks for one component
that is as it says, whichever that is.

Implements: RFC 4791, 7.4, 7.5, 7.8, 9.7
"""

from __future__ import annotations

from davd.caldav.elements.filter import CompFilter, ParamFilter, PropFilter, TextMatch
from davd.caldav.filter_time import Times
from davd.formats.contentlines import Line, unescape
from davd.formats.icalendar.object import Component


def matches(asked: CompFilter, calendar: Component, times: Times) -> bool:
    """Whether the VCALENDAR is as the filter asks; `times` knows its instances.

    TooMuch when these cannot be told within the budget, ContentError when one of the times is none.
    """
    return not asked.absent and _is_as(asked, calendar, times)


def _is_as(asked: CompFilter, component: Component, times: Times) -> bool:
    """Whether all but the time range holds for a component."""
    # What takes longest comes last.
    for prop in asked.props:
        if prop.span is None and not _has(prop, component):
            return False
    for inner in asked.comps:
        if not _holds(inner, component, times):
            return False
    for prop in asked.props:
        if prop.span is not None and not times.of_property(component, prop, _passing(prop, component)):
            return False
    return True


def _holds(asked: CompFilter, scope: Component, times: Times) -> bool:
    """Whether there is a component in `scope` that is as the filter asks, or none where it asks for none."""
    candidates = scope.subs(asked.name)
    if asked.absent:
        return not candidates
    candidates = [component for component in candidates if _is_as(asked, component, times)]
    if asked.span is None or not candidates:
        return bool(candidates)
    if asked.name == "VALARM":
        return times.of_alarms(scope, candidates, asked.span)
    return times.of_components(candidates, asked.span)


def _has(asked: PropFilter, component: Component) -> bool:
    """Whether the component has a property as the filter, which asks for no time, says."""
    if asked.absent:
        return component.first(asked.name) is None
    return any(asked.match is None or _fits(asked.match, line.value) for line in _passing(asked, component))


def _passing(asked: PropFilter, component: Component) -> list[Line]:
    """The properties of that name whose parameters are as the filter says."""
    found = component.all(asked.name)
    if asked.params:
        found = [line for line in found if all(_has_param(param, line) for param in asked.params)]
    return found


def _has_param(asked: ParamFilter, line: Line) -> bool:
    values = line.params.get(asked.name)
    if values is None or asked.absent:
        return (values is None) == asked.absent
    match = asked.match
    return match is None or any(_contains(match, value) for value in values)


def _fits(match: TextMatch, value: str) -> bool:
    return _contains(match, unescape(value))


def _contains(match: TextMatch, text: str) -> bool:
    return (match.folded in match.collation.fold(text)) != match.negate
