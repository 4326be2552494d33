"""DAVx5 on Android."""

from __future__ import annotations

from davd.daemon.doctor.dialogues import discovery, trials
from davd.daemon.doctor.steps import Client

_PRIVILEGES = ("D:owner", "D:current-user-privilege-set")

DAVX5 = Client(
    "davx5",
    "DAVx5",
    (("User-Agent", "DAVx5/4.5.2-ose (dav4jvm; okhttp/5.1.0) Android/15"), ("Accept-Encoding", "gzip")),
    (
        discovery.GIVEN,
        discovery.well_known("caldav"),
        discovery.well_known("carddav"),
        discovery.CONTEXT,
        discovery.options("{principal}", "calendar-access", "addressbook"),
        discovery.home(
            ("D:group-membership",),
            ("calendar-home", "book-home"),
            discovery.CALENDAR_HOME | discovery.BOOK_HOME,
        ),
        discovery.calendars(*_PRIVILEGES, "C:supported-calendar-component-set", "I:calendar-color"),
        discovery.books(*_PRIVILEGES, "A:supported-address-data"),
        discovery.sync("calendar"),
        discovery.sync("book"),
        trials.MKCOL,
        *trials.EVENTS,
        trials.FOLDER,
        trials.IN_CHUNKS,
    ),
)
