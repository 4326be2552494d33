"""Calendar, Reminders and Contacts of macOS and iOS."""

from __future__ import annotations

from davd.daemon.doctor import bodies
from davd.daemon.doctor.dialogues import discovery, trials
from davd.daemon.doctor.steps import Client, Step

_DELEGATES = Step(
    "asks for delegates",
    "REPORT",
    "{principal}",
    (discovery.DEPTH_0, bodies.XML),
    bodies.document(
        "D:expand-property",
        '<D:property name="group-membership"><D:property name="displayname"/></D:property>',
    ),
)
APPLE = Client(
    "apple",
    "Apple Calendar, Reminders and Contacts",
    (("Accept", "*/*"), ("User-Agent", "macOS/14.6 (23G80) dataaccessd/1.0"), ("Prefer", "return=minimal")),
    (
        discovery.well_known("caldav"),
        discovery.CONTEXT,
        discovery.options("{principal}", "calendar-access"),
        discovery.home(
            ("C:calendar-user-address-set", "D:principal-URL", "D:supported-report-set"),
            ("calendar-home",),
            discovery.CALENDAR_HOME,
        ),
        _DELEGATES,
        discovery.calendars("D:owner", "C:supported-calendar-component-set", "I:calendar-color", "I:calendar-order"),
        discovery.sync("calendar"),
        discovery.well_known("carddav"),
        discovery.home((), ("book-home",), discovery.BOOK_HOME),
        discovery.options("{principal}", "addressbook"),
        discovery.books("A:supported-address-data", "A:max-resource-size"),
        discovery.sync("book"),
        trials.MKCALENDAR,
        trials.COLOUR,
        *trials.EVENTS,
    ),
)
