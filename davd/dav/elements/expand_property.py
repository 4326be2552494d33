"""The body of the expand-property report.

Implements: RFC 3253, 3.8
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.dav.elements.source import MAX_NAMES, dav_children, expect_root, reading
from davd.formats.xml.names import DAV, XMLNS, is_ncname, join
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class ExpandedProperty:
    """A property to report, `name` in Clark notation.

    When `properties` is not empty, each DAV:href in the property's value is replaced by a response with these
    properties of the resource it leads to.
    """

    name: str
    properties: tuple[ExpandedProperty, ...] = ()


def parse_expand_property(source: bytes | Element, content_type: str | None = None) -> tuple[ExpandedProperty, ...]:
    """The properties an expand-property body asks for, in document order.

    Raises HTTPError 400 for any other root element for a property without a valid name, and for too many.
    """
    return _parse(source, content_type)


def _read(root: Element) -> tuple[ExpandedProperty, ...]:
    expect_root(root, "{DAV:}expand-property")
    if sum(1 for _ in root.iterdescendants("{DAV:}property")) > MAX_NAMES:
        raise HTTPError(400, detail="too many properties")
    return _properties(root)


_parse = reading(_read)


def _properties(holder: Element) -> tuple[ExpandedProperty, ...]:
    # The reader bounds the depth of the document, and with it this recursion.
    return tuple([ExpandedProperty(_name(child), _properties(child)) for child in dav_children(holder, "property")])


def _name(element: Element) -> str:
    local = str(element.get("name", ""))
    namespace = str(element.get("namespace", DAV))
    # The name will be written as the name of an element.
    if not is_ncname(local) or namespace == XMLNS or "{" in namespace or "}" in namespace:
        raise HTTPError(400, detail="a property without a valid name")
    return join(namespace, local)
