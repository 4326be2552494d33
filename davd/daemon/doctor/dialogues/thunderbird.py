"""Calendars and address books of Thunderbird."""

from __future__ import annotations

from davd.daemon.doctor import bodies
from davd.daemon.doctor.dialogues import discovery, trials
from davd.daemon.doctor.steps import Client, Step

_CALENDAR = Step(
    "looks at the first calendar",
    "PROPFIND",
    "{calendar}",
    (discovery.DEPTH_0, bodies.XML),
    bodies.propfind(
        "D:resourcetype", "D:owner", "D:current-user-principal", "D:current-user-privilege-set",
        "D:supported-report-set", "C:supported-calendar-component-set", "S:getctag", "D:sync-token",
    ),
)  # fmt: skip
THUNDERBIRD = Client(
    "thunderbird",
    "Thunderbird",
    (
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0"),
        ("Accept", "text/xml"),
    ),
    (
        discovery.GIVEN,
        discovery.well_known("caldav"),
        discovery.CONTEXT,
        discovery.home((), ("calendar-home",), discovery.CALENDAR_HOME),
        discovery.calendars("D:current-user-privilege-set", "I:calendar-color"),
        _CALENDAR,
        discovery.options("{calendar}", "calendar-access"),
        discovery.sync("calendar"),
        discovery.home((), ("book-home",), discovery.BOOK_HOME),
        discovery.books(),
        discovery.sync("book"),
        trials.MKCALENDAR,
        *trials.EVENTS,
    ),
)
