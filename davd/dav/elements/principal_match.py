"""The body of the principal-match report.

Implements: RFC 3744, 9.3
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.dav.elements.source import dav_child, expect_root, names_in, reading
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class PrincipalMatch:
    """What a client looks for: principals that it is itself, or resources that name it.

    `property` is the name of the property that names a principal, None for the principals themselves. `names` are the
    properties to tell of what is found, None for none. Names are in Clark notation.
    """

    property: str | None
    names: tuple[str, ...] | None


def parse_principal_match(source: bytes | Element, content_type: str | None = None) -> PrincipalMatch:
    """Read a principal-match body; HTTPError 400 when it asks for nothing, for both, or for several properties."""
    return _parse(source, content_type)


def _read(root: Element) -> PrincipalMatch:
    expect_root(root, "{DAV:}principal-match")
    # RFC 3744, 9.3: "<!ELEMENT principal-match ((principal-property | self), prop?)>"
    by_property, itself = dav_child(root, "principal-property"), dav_child(root, "self")
    if (by_property is None) == (itself is None):
        raise HTTPError(400, detail="a principal-match without one criterion")
    named = None
    if by_property is not None:
        if len(by_property) != 1:
            raise HTTPError(400, detail="a principal-property without one property")
        named = str(by_property[0].tag)
    prop = dav_child(root, "prop")
    return PrincipalMatch(named, None if prop is None else names_in(prop))


_parse = reading(_read)
