"""When somebody is available at all: kept where clients put it, for free-busy.

Implements: RFC 7953, 7.2.4
"""

from __future__ import annotations

from typing import Final

from davd.caldav import names
from davd.dav.registry import LiveProperty
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import parse
from davd.formats.icalendar.validate import InvalidCalendar, check_availability
from davd.model.errors import HTTPError


def _check(text: str | None) -> None:
    if not text or text.isspace():
        # Apple's clients set an empty value where they mean that there is none.
        return
    try:
        check_availability(parse(text.encode()))
    except (ContentError, InvalidCalendar) as error:
        raise HTTPError(403, names.VALID_CALENDAR_DATA, detail=str(error)) from None


# RFC 7953, 7.2.4: "SHOULD NOT be returned by a PROPFIND DAV:allprop request". The other name is that of drafts, which
# macOS uses.
ROWS: Final[tuple[LiveProperty, ...]] = tuple(
    [
        LiveProperty(
            name,
            lambda view, resource: None,
            in_allprop=False,
            shared=True,
            check=_check,
            stored=True,
            column=lambda view, rows: None,
        )
        for name in (names.CALENDAR_AVAILABILITY, names.CALENDARSERVER_AVAILABILITY)
    ]
)
