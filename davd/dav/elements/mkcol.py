"""The body of extended MKCOL, and of the verbs that look like it (MKCALENDAR).

Implements: RFC 5689, 3, 5.1; RFC 4918, 9.3
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.dav.elements.propertyupdate import PropertyChange, settings_in
from davd.dav.elements.source import dav_children, names_in
from davd.formats.xml.reader import Element, parse
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class MkCol:
    """The collection a client wants.

    `resource_type` are the names of the children of DAV:resourcetype, None when the client did not set it. `properties`
    are the other properties to set, in document order.
    """

    resource_type: tuple[str, ...] | None = None
    properties: tuple[PropertyChange, ...] = ()


def parse_mkcol(source: bytes | Element, content_type: str | None = None, name: str = "{DAV:}mkcol") -> MkCol:
    """Read a body whose root element is called `name` (Clark notation).

    Raises HTTPError 415 for any other root element, 400 for a set element without prop.
    """
    root = parse(source, content_type) if isinstance(source, bytes) else source
    # RFC 5689, 3: other root elements "are reserved for future usage"; RFC 4918, 9.3: a body that is not understood is
    # 415 (Unsupported Media Type).
    if root.tag != name:
        raise HTTPError(415, detail=f"the root element is not {name}")
    resource_type: tuple[str, ...] | None = None
    changes: list[PropertyChange] = []
    for instruction in dav_children(root, "set"):
        for prop in dav_children(instruction, "prop"):
            for element in dav_children(prop, "resourcetype"):
                resource_type = names_in(element)
        changes += settings_in(instruction)
    return MkCol(resource_type, tuple([change for change in changes if change.name != "{DAV:}resourcetype"]))
