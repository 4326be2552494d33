"""Which parts of calendar objects a report is to give, and in which form.

Implements: RFC 4791, 9.6; RFC 7265, 3
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from davd.caldav.elements.time_range import NoRange, TimeRange, read_range
from davd.caldav.names import (
    ALLCOMP,
    ALLPROP,
    COMP,
    EXPAND,
    JCAL,
    LIMIT_FREEBUSY_SET,
    LIMIT_RECURRENCE_SET,
    PROP,
    SUPPORTED_CALENDAR_DATA,
    TEXT_CALENDAR,
)
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_VALUES: Final = {None: True, "no": True, "yes": False}


@dataclass(frozen=True, slots=True)
class Comp:
    """What is wanted of a component, by its name in upper case.

    `props` tells for each property that is wanted, by its name in upper case, whether its value is too; None for all
    properties. `comps` are the components wanted, None for all of them, whole.
    """

    name: str
    props: tuple[tuple[str, bool], ...] | None = None
    comps: tuple[Comp, ...] | None = None


@dataclass(frozen=True, slots=True)
class CalendarData:
    """The form in which objects are given.

    `comp` are the parts that are wanted, None for all. `expand`, `recurrences` and `freebusy` are the ranges of
    CALDAV:expand, CALDAV:limit-recurrence-set and CALDAV:limit-freebusy-set; at most one of the first two is there.
    `content_type` is a media type without parameters.
    """

    comp: Comp | None = None
    expand: TimeRange | None = None
    recurrences: TimeRange | None = None
    freebusy: TimeRange | None = None
    content_type: str = TEXT_CALENDAR

    @property
    def is_whole(self) -> bool:
        """Whether objects are wanted as they are."""
        return self == WHOLE

    @property
    def ranges(self) -> list[TimeRange]:
        """All ranges of time in it."""
        return [asked for asked in (self.expand, self.recurrences, self.freebusy) if asked is not None]


WHOLE: Final = CalendarData()


def read_calendar_data(element: Element) -> CalendarData:
    """What a CALDAV:calendar-data element asks for.

    HTTPError 403 with CALDAV:supported-calendar-data for a form davd does not write, 400 for what is malformed.
    """
    content_type = (element.get("content-type") or TEXT_CALENDAR).partition(";")[0].strip().lower()
    version = (element.get("version") or "2.0").strip()
    # RFC 4791, 7.8: the attributes "specify a media type supported by the server for calendar object resources".
    if content_type not in (TEXT_CALENDAR, JCAL) or version not in ("2.0", "*"):
        raise HTTPError(403, SUPPORTED_CALENDAR_DATA)
    comp = _only(element, COMP)
    expand = _range(element, EXPAND)
    recurrences = _range(element, LIMIT_RECURRENCE_SET)
    if expand is not None and recurrences is not None:
        raise HTTPError(400, detail="a calendar-data that is to be expanded and limited")
    wanted = None if comp is None else read_comp(comp)
    return CalendarData(wanted, expand, recurrences, _range(element, LIMIT_FREEBUSY_SET), content_type)


def read_comp(element: Element) -> Comp:
    """What a CALDAV:comp element wants; HTTPError 400 when it or one inside it lacks a name.

    An element without content wants all of the component: RFC 4791, 7.8.1 asks so for time zones.
    """
    name = _name(element)
    if len(element) == 0:
        return Comp(name)
    props: dict[str, bool] | None = {}
    comps: list[Comp] | None = []
    for child in element:
        if child.tag == ALLPROP:
            props = None
        elif child.tag == ALLCOMP:
            comps = None
        elif child.tag == PROP and props is not None:
            props[_name(child)] = _with_value(child)
        elif child.tag == COMP and comps is not None:
            comps.append(read_comp(child))
    return Comp(name, None if props is None else tuple(props.items()), None if comps is None else tuple(comps))


def _with_value(element: Element) -> bool:
    found = _VALUES.get(element.get("novalue"))
    if found is None:
        raise HTTPError(400, detail="a novalue that is neither yes nor no")
    return found


def _range(element: Element, name: str) -> TimeRange | None:
    found = _only(element, name)
    if found is None:
        return None
    try:
        return read_range(found, True)
    except NoRange as error:
        raise HTTPError(400, detail=str(error)) from None


def _only(element: Element, name: str) -> Element | None:
    found = element.findall(name)
    if len(found) > 1:
        raise HTTPError(400, detail="an element that may stand once only")
    return found[0] if found else None


def _name(element: Element) -> str:
    name = element.get("name") or ""
    if _NAME.fullmatch(name) is None:
        raise HTTPError(400, detail="a comp or prop without a name")
    return name.upper()
