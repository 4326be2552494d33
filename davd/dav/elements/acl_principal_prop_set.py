"""The body of the acl-principal-prop-set report.

Implements: RFC 3744, 9.2
"""

from __future__ import annotations

from davd.dav.elements.source import dav_child, expect_root, names_in, reading
from davd.formats.xml.reader import Element


def parse_acl_principal_prop_set(source: bytes | Element, content_type: str | None = None) -> tuple[str, ...] | None:
    """The properties that a body asks for, in Clark notation; None when it asks for none.

    Raises HTTPError 400 for any other root element and for more than one DAV:prop.
    """
    return _parse(source, content_type)


def _read(root: Element) -> tuple[str, ...] | None:
    expect_root(root, "{DAV:}acl-principal-prop-set")
    # RFC 3744, 9.2: "a sequence of one or more elements, with at most one DAV:prop element".
    prop = dav_child(root, "prop")
    return None if prop is None else names_in(prop)


_parse = reading(_read)
