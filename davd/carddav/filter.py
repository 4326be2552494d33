"""Whether a card matches a filter.

Implements: RFC 6352, 8.6, 10.5
"""

from __future__ import annotations

from davd.carddav.elements.filter import Filter, ParamFilter, PropFilter
from davd.carddav.texts import param_values, texts
from davd.formats.contentlines import Line
from davd.formats.vcard.card import Card


def matches(asked: Filter, card: Card) -> bool:
    """Whether the card is as the filter asks; every card is when it asks nothing."""
    if not asked.props:
        return True
    test = all if asked.every else any
    return test(_holds(prop, card) for prop in asked.props)


def _holds(asked: PropFilter, card: Card) -> bool:
    name, group = asked.name, asked.group
    # RFC 6352, 10.5.1: without a group the name "MUST match properties in the vCard data without a group prefix or with
    # any group prefix"; with one those "that have exactly the same group prefix and name".
    found = [line for line in card.lines if line.name == name and (group is None or line.group.lower() == group)]
    if asked.absent or not found:
        return asked.absent != bool(found)
    if not asked.matches and not asked.params:
        return True
    return any(_is_as(asked, line) for line in found)


def _is_as(asked: PropFilter, line: Line) -> bool:
    values = texts(line) if asked.matches else []
    fits = [match.fits(values) for match in asked.matches]
    fits += [_has_param(param, line) for param in asked.params]
    return all(fits) if asked.every else any(fits)


def _has_param(asked: ParamFilter, line: Line) -> bool:
    values = param_values(line, asked.name)
    if values is None or asked.absent:
        return (values is None) == asked.absent
    return asked.match is None or asked.match.fits(values)
