"""The filter of a calendar-query: what is asked of components, properties and parameters.

davd searches any component, property and parameter, whether it is in a standard or not. What it does not search are
times of those for which RFC 4791 gives no meaning to a range of time.

Implements: RFC 4791, 7.5, 7.7, 7.8, 9.7, 9.9; RFC 7953, 7.2
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from davd.caldav.elements.time_range import NoRange, TimeRange, read_range
from davd.caldav.names import (
    COMP_FILTER,
    IS_NOT_DEFINED,
    PARAM_FILTER,
    PROP_FILTER,
    SUPPORTED_COLLATION,
    SUPPORTED_FILTER,
    TEXT_MATCH,
    TIME_RANGE,
    VALID_FILTER,
)
from davd.dav.collation import ASCII_CASEMAP, Collation, collation
from davd.formats.icalendar.value_types import DEFAULTS
from davd.formats.xml import writer
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

# Each is asked of each object: what is searched for must not make the search long.
MOST_FILTERS: Final = 200

# RFC 4791, 9.9: "The semantic of CALDAV:time-range is not defined for any other calendar components and properties."
_TIMED_COMPONENTS: Final = frozenset(("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VALARM", "VAVAILABILITY"))
_TIMED_PROPERTIES: Final = frozenset(
    ("COMPLETED", "CREATED", "DTEND", "DTSTAMP", "DTSTART", "DUE", "LAST-MODIFIED")  # fmt: skip
)
_OF_OBJECTS: Final = frozenset(("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY"))
_ITEMS: Final = frozenset(("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"))
# Where components of a standard may stand; those that are not here may stand anywhere.
_WITHIN: Final = {
    "VALARM": frozenset(("VEVENT", "VTODO")),
    "STANDARD": frozenset(("VTIMEZONE",)),
    "DAYLIGHT": frozenset(("VTIMEZONE",)),
    "AVAILABLE": frozenset(("VAVAILABILITY",)),
    "PARTICIPANT": _ITEMS,
    "VLOCATION": _ITEMS | {"PARTICIPANT", "VALARM", "VAVAILABILITY", "AVAILABLE"},
    "VRESOURCE": _ITEMS | {"PARTICIPANT", "VAVAILABILITY", "AVAILABLE"},
    "VCALENDAR": frozenset[str](),
    **dict.fromkeys(_OF_OBJECTS, frozenset(("VCALENDAR",))),
}
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_NEGATIONS: Final = {None: False, "no": False, "yes": True}


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A text that a value contains or, with `negate`, does not; `folded` is it in the form of `collation`.

    `text` is it as it was sent.
    """

    text: str
    folded: str
    collation: Collation
    negate: bool


@dataclass(frozen=True, slots=True)
class ParamFilter:
    """A parameter, by its name in upper case, that is there (not when `absent`), with a value as `match` says."""

    name: str
    absent: bool = False
    match: TextMatch | None = None


@dataclass(frozen=True, slots=True)
class PropFilter:
    """A property, by its name in upper case, that is there (not when `absent`).

    Its time lies within `span`, its text is as `match` says, and its parameters are as all `params` say.
    """

    name: str
    absent: bool = False
    span: TimeRange | None = None
    match: TextMatch | None = None
    params: tuple[ParamFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class CompFilter:
    """A component, by its name in upper case, that is there (not when `absent`).

    An instance of it overlaps `span`, and its properties and components are as all `props` and `comps` say.
    """

    name: str
    absent: bool = False
    span: TimeRange | None = None
    props: tuple[PropFilter, ...] = ()
    comps: tuple[CompFilter, ...] = ()


def read_filter(element: Element) -> CompFilter:
    """The filter on the VCALENDAR in a CALDAV:filter element.

    HTTPError 403 with CALDAV:valid-filter, CALDAV:supported-filter or CALDAV:supported-collation.
    """
    found = _children(element, COMP_FILTER)
    if len(found) != 1 or sum(1 for _ in element.iter(COMP_FILTER, PROP_FILTER, PARAM_FILTER)) > MOST_FILTERS:
        raise _invalid("not one comp-filter, or too many filters in it")
    name = _name(found[0])
    if name != "VCALENDAR":
        raise _invalid("a filter whose scope is not VCALENDAR")
    return _comp(found[0], name)


def ranges(comp: CompFilter) -> list[TimeRange]:
    """All ranges of time in a filter."""
    spans = [comp.span, *[prop.span for prop in comp.props]]
    found = [span for span in spans if span is not None]
    for inner in comp.comps:
        found += ranges(inner)
    return found


def _comp(element: Element, name: str) -> CompFilter:
    spans = _children(element, TIME_RANGE)
    props = _children(element, PROP_FILTER)
    comps = _children(element, COMP_FILTER)
    if _is_absent(element, bool(spans or props or comps)):
        return CompFilter(name, True)
    inner = []
    for child in comps:
        inner_name = _name(child)
        allowed = _WITHIN.get(inner_name)
        # RFC 4791, 7.8: "a CALDAV:filter cannot nest a <C:comp name="VEVENT"> element in a <C:comp name="VTODO">".
        if allowed is not None and name in _WITHIN and name not in allowed:
            raise _invalid("a component that cannot stand there")
        inner.append(_comp(child, inner_name))
    span = None
    if spans:
        if name not in _TIMED_COMPONENTS:
            raise _invalid("times of a component") if name in _WITHIN else _unsupported("comp-filter", name)
        span = _span(spans)
    return CompFilter(name, False, span, tuple(map(_prop, props)), tuple(inner))


def _prop(element: Element) -> PropFilter:
    name = _name(element)
    spans = _children(element, TIME_RANGE)
    texts = _children(element, TEXT_MATCH)
    params = _children(element, PARAM_FILTER)
    if _is_absent(element, bool(spans or texts or params)):
        return PropFilter(name, True)
    if spans and texts:
        raise _invalid("a property that is asked for a time and a text")
    span = None
    if spans:
        if name not in _TIMED_PROPERTIES:
            # RFC 4791, 7.8: "a CALDAV:filter cannot nest a <C:time-range start="..." end="..."> element in a
            # <C:prop name="SUMMARY"> element". Of others davd cannot know that they are no times.
            known = DEFAULTS.get(name)
            raise (
                _unsupported("prop-filter", name)
                if known is None or known in ("DATE-TIME", "PERIOD")
                else _invalid("times of a property that has none")
            )
        span = _span(spans)
    return PropFilter(name, False, span, _text(texts), tuple(map(_param, params)))


def _param(element: Element) -> ParamFilter:
    name = _name(element)
    texts = _children(element, TEXT_MATCH)
    if _is_absent(element, bool(texts)):
        return ParamFilter(name, True)
    return ParamFilter(name, False, _text(texts))


def _text(elements: list[Element]) -> TextMatch | None:
    if not elements:
        return None
    if len(elements) > 1:
        raise _invalid("more than one text-match")
    element = elements[0]
    # RFC 4791, 7.5: "If the client chooses a collation not supported by the server, the server MUST respond with a
    # CALDAV:supported-collation precondition error response."
    chosen = collation(element.get("collation"), ASCII_CASEMAP)
    if chosen is None:
        raise HTTPError(403, SUPPORTED_COLLATION)
    negate = _NEGATIONS.get(element.get("negate-condition"))
    if negate is None:
        raise _invalid("a negate-condition that is neither yes nor no")
    text = string_value(element)
    return TextMatch(text, chosen.fold(text), chosen, negate)


def _span(elements: list[Element]) -> TimeRange:
    if len(elements) > 1:
        raise _invalid("more than one time-range")
    try:
        return read_range(elements[0])
    except NoRange as error:
        raise _invalid(str(error)) from None


def _is_absent(element: Element, asks_more: bool) -> bool:
    absent = bool(_children(element, IS_NOT_DEFINED))
    if absent and asks_more:
        raise _invalid("more is asked of what is not defined")
    return absent


def _name(element: Element) -> str:
    name = element.get("name") or ""
    if _NAME.fullmatch(name) is None:
        raise _invalid("a filter without a name")
    return name.upper()


def _children(element: Element, name: str) -> list[Element]:
    return element.findall(name)


def _invalid(detail: str) -> HTTPError:
    return HTTPError(403, VALID_FILTER, detail=detail)


def _unsupported(kind: Literal["comp-filter", "prop-filter"], name: str) -> HTTPError:
    # RFC 4791, 7.8: "Servers SHOULD report the CALDAV:comp-filter, CALDAV:prop-filter, or CALDAV:param-filter for which
    # it does not provide support."
    element = writer.element(COMP_FILTER if kind == "comp-filter" else PROP_FILTER, None, {"name": name})
    return HTTPError(403, SUPPORTED_FILTER, content=element)
