"""What a calendaring report is to tell of each object: WebDAV properties, and calendar data among them.

Implements: RFC 4791, 7.6, 9.5, 9.6, 9.10
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.caldav.elements.calendar_data import CalendarData, read_calendar_data
from davd.caldav.names import CALENDAR_DATA
from davd.dav.elements.source import dav_child, names_in
from davd.dav.properties.responses import Kind
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class Asked:
    """The properties asked for by name (Clark notation) and the calendar data, None when it is not asked for."""

    kind: Kind
    names: tuple[str, ...] = ()
    data: CalendarData | None = None


def read_asked(root: Element) -> Asked:
    """What the DAV:prop, DAV:allprop or DAV:propname in the body of a report asks for; nothing without any of them.

    HTTPError 400 when there are several.
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
    data = prop.find(CALENDAR_DATA)
    names = tuple([name for name in names_in(prop) if name != CALENDAR_DATA])
    return Asked("prop", names, None if data is None else read_calendar_data(data))
