"""What a calendar says of itself beside its time zone, its component set and its limits.

Implements: RFC 4791, 5.2.1, 5.2.4, 7.5.1; RFC 6638, 9.1; RFC 7529, 10.1
"""

from __future__ import annotations

from typing import Final

from davd.caldav import names
from davd.caldav.names import CALENDAR_TYPE
from davd.dav.collation import COLLATIONS
from davd.dav.properties.constant import constant, kept
from davd.dav.registry import LiveProperty
from davd.formats.xml.reader import parse
from davd.formats.xml.writer import element
from davd.model.errors import HTTPError
from davd.model.resource import COLLECTION

_OPAQUE: Final = names.join_caldav("opaque")
_TRANSPARENT: Final = names.join_caldav("transparent")
_DATA: Final = b"".join(
    [
        element(names.CALENDAR_DATA, None, {"content-type": kind, "version": "2.0"})
        for kind in (names.TEXT_CALENDAR, names.JCAL)
    ]
)
_COLLATIONS: Final = b"".join([element(names.join_caldav("supported-collation"), name) for name in COLLATIONS])
_SCALES: Final = element(names.join_caldav("supported-rscale"), "GREGORIAN")


def _check_transparency(fragment: bytes) -> None:
    found = [child.tag for child in parse(fragment)]
    # RFC 6638, 9.1: <!ELEMENT schedule-calendar-transp (opaque | transparent)>
    if found not in ([_OPAQUE], [_TRANSPARENT]):
        raise HTTPError(409, detail="neither opaque nor transparent")


ROWS: Final[tuple[LiveProperty, ...]] = (
    # RFC 4791, 5.2.1: "Servers MUST return any xml:lang attribute if set for the property": it is stored as an element.
    kept(names.CALENDAR_DESCRIPTION),
    constant(names.SUPPORTED_CALENDAR_DATA, _DATA, CALENDAR_TYPE),
    constant(names.SUPPORTED_COLLATION_SET, _COLLATIONS, CALENDAR_TYPE, COLLECTION),
    constant(names.SUPPORTED_RSCALE_SET, _SCALES, CALENDAR_TYPE, COLLECTION),
    LiveProperty(
        names.SCHEDULE_CALENDAR_TRANSP,
        lambda view, resource: element(_OPAQUE) if resource.type == CALENDAR_TYPE else None,
        in_allprop=False,
        shared=True,
        stored=True,
        check_element=_check_transparency,
    ),
)
