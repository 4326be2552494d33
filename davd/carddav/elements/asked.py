"""What a report of CardDAV is to tell of each card: WebDAV properties, and address data among them.

Implements: RFC 6352, 8.4, 10.3, 10.4, 10.7
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.carddav.elements.address_data import AddressData, read_address_data
from davd.carddav.names import ADDRESS_DATA
from davd.dav.elements.source import dav_child, names_in
from davd.dav.properties.responses import Kind
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class Asked:
    """The properties asked for by name (Clark notation), and the address data, None when it is not asked for."""

    kind: Kind
    names: tuple[str, ...] = ()
    data: AddressData | None = None


def read_asked(root: Element) -> Asked:
    """What the DAV:prop, DAV:allprop or DAV:propname in the body of a report asks for; nothing without any of them.

    HTTPError 400 when there are several.
    """
    kinds = [dav_child(root, local) for local in ("prop", "allprop", "propname")]
    found = [child for child in kinds if child is not None]
    if len(found) > 1:
        raise HTTPError(400, detail="a report that asks for two kinds of properties at once")
    if not found:
        return Asked("prop")
    prop = found[0]
    if prop.tag == "{DAV:}allprop":
        return Asked("allprop")
    if prop.tag == "{DAV:}propname":
        return Asked("propname")
    data = prop.find(ADDRESS_DATA)
    names = tuple([name for name in names_in(prop) if name != ADDRESS_DATA])
    return Asked("prop", names, None if data is None else read_address_data(data))
