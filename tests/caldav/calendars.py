"""A store with calendars, and objects to put into them."""

from __future__ import annotations

from davd.caldav.extension import make
from davd.caldav.settings import CalDavSettings
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.interfaces.store import IStore
from davd.testing.exchange import USERS, Trial, run

HOME = "/calendars/alice/"
WORK = HOME + "work/"
FILES = "/files/alice/"
ICS = {"Content-Type": "text/calendar; charset=utf-8"}
C = "{urn:ietf:params:xml:ns:caldav}"
D = "{DAV:}"
CS = "{http://calendarserver.org/ns/}"
APPLE = "{http://apple.com/ns/ical/}"
_C_URI = "urn:ietf:params:xml:ns:caldav"


def trial_with_calendars(
    settings: CalDavSettings | None = None, dav: DavSettings | None = None, store: IStore | None = None
) -> Trial:
    """The accounts of `davd.testing.exchange` with their homes for calendars and what is in them at first."""
    trial = Trial(make(CalDavSettings() if settings is None else settings), settings=dav, store=store)
    run(provide(trial))
    return trial


async def provide(trial: Trial, *names: str) -> None:
    for name in names or USERS:
        async with trial.store.write() as transaction:
            for provision in trial.registry.provisions:
                await provision(transaction, name, trial.now)


def event(uid: str = "1", *lines: str, start: str = "DTSTART:20260105T100000Z", kind: str = "VEVENT") -> bytes:
    """A calendar object with one component."""
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//Test//EN", f"BEGIN:{kind}", f"UID:{uid}"]
    text += ["DTSTAMP:20260101T000000Z", *([start] if start else []), *lines, f"END:{kind}", "END:VCALENDAR", ""]
    return "\r\n".join(text).encode()


def series(uid: str, *overrides: str, rule: str = "RRULE:FREQ=DAILY;COUNT=5") -> bytes:
    """A daily event with overridden instances; each of `overrides` is a RECURRENCE-ID."""
    master = event(uid, rule, "SUMMARY:Series").decode()
    changed = "".join(
        [
            f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:{moment}\r\nDTSTART:{moment}\r\n"
            "SUMMARY:Changed\r\nEND:VEVENT\r\n"
            for moment in overrides
        ]
    )
    return master.replace("END:VCALENDAR", changed + "END:VCALENDAR").encode()


def mkcalendar(trial: Trial, path: str = WORK, properties: str = "", user: str = "alice") -> Response:
    """The response to a MKCALENDAR with these property elements; D, C, S and A are bound to the usual namespaces."""
    body = b""
    if properties:
        body = (
            f'<C:mkcalendar xmlns:D="DAV:" xmlns:C="{_C_URI}" xmlns:S="http://calendarserver.org/ns/"'
            f' xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop>{properties}</D:prop></D:set></C:mkcalendar>'
        ).encode()
    return trial.request("MKCALENDAR", path, {"Content-Type": "application/xml"} if body else {}, body, user)


def proppatch(trial: Trial, path: str, properties: str, remove: str = "", user: str = "alice") -> Response:
    """The response to a PROPPATCH that sets and removes these elements."""
    instructions = f"<D:set><D:prop>{properties}</D:prop></D:set>" if properties else ""
    if remove:
        instructions += f"<D:remove><D:prop>{remove}</D:prop></D:remove>"
    body = (
        f'<D:propertyupdate xmlns:D="DAV:" xmlns:C="{_C_URI}" xmlns:S="http://calendarserver.org/ns/"'
        f' xmlns:A="http://apple.com/ns/ical/">{instructions}</D:propertyupdate>'
    )
    return trial.request("PROPPATCH", path, {"Content-Type": "application/xml"}, body.encode(), user)


def put(trial: Trial, path: str, data: bytes, headers: dict[str, str] | None = None, user: str = "alice") -> Response:
    """The response to a PUT of iCalendar data."""
    return trial.request("PUT", path, ICS if headers is None else headers, data, user)
