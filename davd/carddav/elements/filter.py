"""The filter of an addressbook-query: what is asked of properties and parameters.

davd searches any property and parameter, whether it is in a standard or not, so that CARDDAV:supported-filter never
fails.

Implements: RFC 6352, 8.3, 8.5, 10.5, 10.5.1, 10.5.2, 10.5.3, 10.5.4
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from davd.carddav.elements.address_data import property_name
from davd.carddav.names import IS_NOT_DEFINED, PARAM_FILTER, PROP_FILTER, SUPPORTED_COLLATION, TEXT_MATCH
from davd.dav.collation import MATCHES, UNICODE_CASEMAP, Collation, Match, collation
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

# Each is asked of each card: what is searched for must not make the search long.
MOST_FILTERS: Final = 200

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TESTS: Final = {None: False, "anyof": False, "allof": True}
_NEGATIONS: Final = {None: False, "no": False, "yes": True}
_KINDS: Final[dict[str | None, Match]] = {None: "contains", **{match: match for match in MATCHES}}


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A text that a value equals, contains, begins or ends with, or does not when `negate`.

    `folded` is the text in the form of `collation`.
    """

    folded: str
    match: Match
    collation: Collation
    negate: bool

    def fits(self, texts: list[str]) -> bool:
        """Whether one of the texts is as asked, or with `negate` none of them is."""
        compare = MATCHES[self.match]
        fold = self.collation.fold
        return any(compare(fold(text), self.folded) for text in texts) != self.negate


@dataclass(frozen=True, slots=True)
class ParamFilter:
    """A parameter, by its name in upper case, that is there (not when `absent`), with a value as `match` says."""

    name: str
    absent: bool = False
    match: TextMatch | None = None


@dataclass(frozen=True, slots=True)
class PropFilter:
    """A property, by its name in upper case, that is there (not when `absent`).

    `group` is the group it has to be in, in lower case; None for any or none. One property of that name is as all of
    `matches` and `params` say when `every`, else as one of them says; any is if there are none.
    """

    name: str
    group: str | None = None
    absent: bool = False
    every: bool = False
    matches: tuple[TextMatch, ...] = ()
    params: tuple[ParamFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """A card that is as all of `props` say when `every`, else as one of them says; any is if there are none."""

    props: tuple[PropFilter, ...] = ()
    every: bool = False


def read_filter(element: Element) -> Filter:
    """The value of a CARDDAV:filter element.

    HTTPError 400 for one that is malformed, 403 with CARDDAV:supported-collation for a collation that davd has not.
    """
    if sum(1 for _ in element.iter(PROP_FILTER, PARAM_FILTER, TEXT_MATCH)) > MOST_FILTERS:
        raise HTTPError(400, detail="too many filters")
    return Filter(tuple(map(_prop, element.findall(PROP_FILTER))), _every(element))


def _prop(element: Element) -> PropFilter:
    name, group = property_name(element.get("name"))
    texts = element.findall(TEXT_MATCH)
    params = element.findall(PARAM_FILTER)
    if _is_absent(element, bool(texts or params)):
        return PropFilter(name, group, True)
    return PropFilter(name, group, False, _every(element), tuple(map(_text, texts)), tuple(map(_param, params)))


def _param(element: Element) -> ParamFilter:
    name = element.get("name") or ""
    if _NAME.fullmatch(name) is None:
        raise HTTPError(400, detail="the name of a parameter that is none")
    texts = element.findall(TEXT_MATCH)
    if _is_absent(element, bool(texts)):
        return ParamFilter(name.upper(), True)
    if len(texts) > 1:
        raise HTTPError(400, detail="a param-filter with several text-matches")
    return ParamFilter(name.upper(), False, _text(texts[0]) if texts else None)


def _text(element: Element) -> TextMatch:
    # RFC 6352, 8.3: "In the absence of a collation explicitly specified by the client, or if the client specifies the
    # "default" collation identifier [...], the server MUST default to using "i;unicode-casemap" as the collation."
    chosen = collation(element.get("collation"), UNICODE_CASEMAP)
    if chosen is None:
        raise HTTPError(403, SUPPORTED_COLLATION)
    match = _KINDS.get(element.get("match-type"))
    negate = _NEGATIONS.get(element.get("negate-condition"))
    if match is None or negate is None:
        raise HTTPError(400, detail="a text-match with an unknown match-type or negate-condition")
    return TextMatch(chosen.fold(string_value(element)), match, chosen, negate)


def _every(element: Element) -> bool:
    every = _TESTS.get(element.get("test"))
    if every is None:
        raise HTTPError(400, detail="a test that is neither anyof nor allof")
    return every


def _is_absent(element: Element, asks_more: bool) -> bool:
    absent = element.find(IS_NOT_DEFINED) is not None
    if absent and asks_more:
        raise HTTPError(400, detail="more is asked of what is not defined")
    return absent
