"""What a report is to tell of each object: WebDAV properties, and the data of the object among them; of which objects.

Implements: RFC 4791, 7.6, 7.9, 9.5, 9.10; RFC 6352, 8.4, 8.7, 10.3, 10.7
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from davd.dav.elements.source import dav_child, dav_children, names_in
from davd.dav.properties.responses import Kind
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class Asked(Generic[Data]):
    """The properties asked for by name (Clark notation), and the data of the object, None when not asked for."""

    kind: Kind
    names: tuple[str, ...] = ()
    data: Data | None = None


def read_asked(root: Element, data_name: str, read_data: Callable[[Element], Data]) -> Asked[Data]:
    """What the DAV:prop, DAV:allprop or DAV:propname in the body of a report asks for; nothing without any of them.

    The element of DAV:prop that is called `data_name` (Clark notation) asks for the data, `read_data` reads it and
    raises what it likes. HTTPError 400 when there are several kinds.
    """
    prop = dav_child(root, "prop")
    allprop = dav_child(root, "allprop")
    propname = dav_child(root, "propname")
    if [prop is None, allprop is None, propname is None].count(False) > 1:
        raise HTTPError(400, detail="a report that asks for two kinds of properties at once")
    if allprop is not None:
        return Asked("allprop")
    if propname is not None:
        return Asked("propname")
    if prop is None:
        return Asked("prop")
    data = prop.find(data_name)
    names = tuple([name for name in names_in(prop) if name != data_name])
    return Asked("prop", names, None if data is None else read_data(data))


def read_hrefs(root: Element) -> tuple[str, ...]:
    """The hrefs in the body of a multiget as the client writes them, each once; HTTPError 400 without any."""
    hrefs = dict.fromkeys([string_value(element).strip() for element in dav_children(root, "href")])
    # RFC 6352, 8.7: the body "MUST contain at least one DAV:href XML element"; RFC 4791, 9.10 has DAV:href+.
    if not hrefs:
        raise HTTPError(400, detail="a multiget without an href")
    return tuple(hrefs)
