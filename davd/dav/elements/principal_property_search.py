"""The body of the principal-property-search report, with what Apple's calendar server made of it.

Implements: RFC 3744, 9.4
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from davd.dav.elements.source import dav_child, dav_children, expect_root, names_in, reading
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

# What one request may have compared with each principal.
MAX_CRITERIA: Final = 50
MAX_TEXT: Final = 1000

CONTAINS: Final = "contains"
STARTS_WITH: Final = "starts-with"
ENDS_WITH: Final = "ends-with"
EQUALS: Final = "equals"
_OWN: Final = frozenset(("{DAV:}property-search", "{DAV:}prop", "{DAV:}apply-to-principal-collection-set"))
_MATCHES: Final = frozenset((CONTAINS, STARTS_WITH, ENDS_WITH, EQUALS))


@dataclass(frozen=True, slots=True)
class Criterion:
    """Each of the properties `names` has a text that matches `text`, as `match` says: `CONTAINS` and so on."""

    names: tuple[str, ...]
    text: str
    match: str = CONTAINS


@dataclass(frozen=True, slots=True)
class PrincipalPropertySearch:
    """Which principals a client looks for, and what it wants to know of them.

    `any_of` tells that one of the `criteria` is enough. `kind` is the calendar user type wanted, in upper case, empty
    for all. `names` are the properties to tell, None for none. `everywhere` tells that the principal collections are
    searched instead of the request URI.
    """

    criteria: tuple[Criterion, ...]
    any_of: bool = False
    kind: str = ""
    names: tuple[str, ...] | None = None
    everywhere: bool = False


def parse_principal_property_search(
    source: bytes | Element, content_type: str | None = None
) -> PrincipalPropertySearch:
    """Read a principal-property-search body; HTTPError 400 when it has too many criteria or incomplete ones.

    Without any, which the RFC does not foresee, python-caldav asks for all principals.
    """
    return _parse(source, content_type)


def _read(root: Element) -> PrincipalPropertySearch:
    expect_root(root, "{DAV:}principal-property-search")
    criteria = tuple([_criterion(element) for element in dav_children(root, "property-search")])
    if sum([len(criterion.names) for criterion in criteria]) > MAX_CRITERIA:
        raise HTTPError(400, detail="a search with too many criteria")
    test = root.get("test", "allof")
    if test not in ("allof", "anyof"):
        raise HTTPError(400, detail="an unknown test")
    return PrincipalPropertySearch(
        criteria,
        test == "anyof",
        str(root.get("type", "")).strip().upper(),
        _names(root),
        dav_child(root, "apply-to-principal-collection-set") is not None,
    )


_parse = reading(_read)


def _names(root: Element) -> tuple[str, ...] | None:
    """The properties to tell: those in DAV:prop, or beside one that is empty, where python-caldav 3 puts them."""
    prop = dav_child(root, "prop")
    if prop is None:
        return None
    return names_in(prop) or tuple([name for name in names_in(root) if name not in _OWN])


def _criterion(element: Element) -> Criterion:
    prop, match = dav_child(element, "prop"), dav_child(element, "match")
    if prop is None or match is None:
        raise HTTPError(400, detail="a property-search without prop or match")
    names = names_in(prop)
    text = string_value(match)
    if not names or len(text) > MAX_TEXT:
        raise HTTPError(400, detail="a property-search without a property or with a long text")
    # RFC 3744, 9.4: "preferred default semantics are caseless substring matches".
    how = str(match.get("match-type", CONTAINS))
    if how not in _MATCHES:
        raise HTTPError(400, detail="an unknown match-type")
    return Criterion(names, text, how)
