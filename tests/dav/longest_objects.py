"""Calendars and address books with the worst that may be stored, and the requests about them for `longest_steps`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from davd.caldav.members import make_examine as examine_calendars
from davd.caldav.names import CALENDAR_TYPE
from davd.caldav.settings import CalDavSettings
from davd.carddav.members import make_examine as examine_books
from davd.carddav.names import ADDRESSBOOK_TYPE
from davd.carddav.settings import CardDavSettings
from davd.dav import upload
from davd.dav.settings import DavSettings
from davd.http.body import BytesBody
from davd.http.request import Request
from davd.interfaces.store import IStore
from davd.model.errors import HTTPError
from davd.model.index import FOREVER, ObjectIndex, Span
from davd.model.principal import Account
from davd.model.resource import FILE, PRINCIPAL

Case = tuple[str, str, str, dict[str, str], bytes]

_NOW = 1_700_000_000.0
_ONE = {"depth": "1", "content-type": "application/xml"}
_EVENTS = 10_000
_CARDS = 1_000
# So many objects there are of each that is large.
_LARGE = 5


def event(uid: str, *lines: str, start: str = "DTSTART:20260105T100000Z", more: str = "", before: str = "") -> bytes:
    """A VEVENT with these lines; `more` comes behind it, `before` before it."""
    inside = "".join([f"{line}\r\n" for line in (start, *lines)])
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n{before}BEGIN:VEVENT\r\nUID:{uid}\r\n"
        f"DTSTAMP:20260101T000000Z\r\n{inside}END:VEVENT\r\n{more}END:VCALENDAR\r\n"
    ).encode()


def card(uid: str, *lines: str, version: str = "3.0") -> bytes:
    """A vCard with these lines."""
    inside = "".join([f"{line}\r\n" for line in lines])
    return (
        f"BEGIN:VCARD\r\nVERSION:{version}\r\nUID:{uid}\r\nFN:Ada {uid}\r\nN:Lovelace;Ada;;;\r\n{inside}END:VCARD\r\n"
    ).encode()


def _overrides(uid: str, count: int) -> str:
    return "".join(
        [
            f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
            f"RECURRENCE-ID;RANGE=THISANDFUTURE:202601{6 + n // 1440:02}T{n // 60 % 24:02}{n % 60:02}00Z\r\n"
            f"DTSTART:202601{6 + n // 1440:02}T{n // 60 % 24:02}{n % 60:02}30Z\r\nEND:VEVENT\r\n"
            for n in range(count)
        ]
    )


def _observances(count: int) -> str:
    inside = "".join(
        [
            f"BEGIN:STANDARD\r\nDTSTART:{1900 + n // 300:04}{1 + n // 25 % 12:02}{1 + n % 25:02}T000000\r\n"
            f"TZOFFSETFROM:+0{n % 9}00\r\nTZOFFSETTO:+0{(n + 1) % 9}00\r\nEND:STANDARD\r\n"
            for n in range(count)
        ]
    )
    return f"BEGIN:VTIMEZONE\r\nTZID:Mine\r\n{inside}END:VTIMEZONE\r\n"


def calendars() -> dict[str, list[bytes]]:
    """The objects of each calendar."""
    long = ["COMMENT:" + "x" * 40 + str(n) for n in range(17_000)]
    return {
        "many": [
            event(
                f"{n}",
                "DURATION:PT1H",
                "SUMMARY:x" * 5,
                start=f"DTSTART:2026{1 + n % 12:02}05T{n % 24:02}0000Z",
            )
            for n in range(_EVENTS)
        ],
        "busy": [
            event(
                f"{n}",
                "DURATION:PT1M",
                start=f"DTSTART:20260{1 + n // 5760 % 9}{1 + n // 240 % 24:02}T{n // 10 % 24:02}{n % 10 * 6:02}00Z",
            )
            for n in range(_EVENTS)
        ],
        "lines": [event(f"{n}", *long) for n in range(_LARGE)],
        "short": [event(f"{n}", *["X-A:"] * 45_000) for n in range(_LARGE)],
        "one": [event(f"{n}", "DESCRIPTION:" + "x\\n" * 340_000) for n in range(_LARGE)],
        "params": [event(f"{n}", "ATTENDEE" + ';A="b"' * 170_000 + ":x") for n in range(_LARGE)],
        "middle": [event(f"{n}", *["X-A:"] * 5_400) for n in range(12 * _LARGE)],
        "overrides": [event(f"{n}", "RRULE:FREQ=MINUTELY", more=_overrides(f"{n}", 2_900)) for n in range(4)],
        "zones": [
            event(f"{n}", "RRULE:FREQ=DAILY", start="DTSTART;TZID=Mine:20260105T100000", before=_observances(10_000))
            for n in range(4)
        ],
        "dates": [
            event(
                f"{n}", "RRULE:FREQ=MINUTELY", "EXDATE:" + ",".join(_dates(1_400)), "RDATE:" + ",".join(_dates(1_400))
            )
            for n in range(_LARGE)
        ],
        "hostile": [event(f"{n}", f"RRULE:{rule}", "DURATION:P400D") for n, rule in enumerate(HOSTILE)],
    }


def _dates(count: int) -> list[str]:
    return [f"2026{1 + n // 672 % 12:02}{1 + n // 24 % 28:02}T{n % 24:02}0100Z" for n in range(count)]


_SIXTY = ",".join(map(str, range(60)))
HOSTILE = (
    "FREQ=SECONDLY",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYHOUR=1;BYSETPOS=366",
    "FREQ=SECONDLY;BYSECOND=59;BYMINUTE=59;BYHOUR=23;BYDAY=1MO;BYMONTH=2;BYMONTHDAY=29",
    f"FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE={_SIXTY};BYSECOND={_SIXTY};BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1",
    "FREQ=SECONDLY;INTERVAL=86399;COUNT=999999999",
    "FREQ=DAILY;COUNT=999999999",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=1",
    "FREQ=MINUTELY;BYYEARDAY=366;BYDAY=SU",
    "FREQ=MONTHLY;BYDAY=5MO,5TU,5WE;BYMONTHDAY=31;BYSETPOS=-1",
)


def books() -> dict[str, list[bytes]]:
    """The cards of each address book."""
    groups = [f"item{n}.X-ABDATE;type=pref:20200101\r\nitem{n}.X-ABLABEL:x" for n in range(9_500)]
    return {
        "people": [
            card(f"{n}", f"EMAIL;TYPE=HOME:a{n}@example.com", "TEL;TYPE=CELL:+1 555", "NOTE:x") for n in range(_CARDS)
        ],
        "photos": [card(f"{n}", "PHOTO;ENCODING=b;TYPE=JPEG:" + "/9j/" * 25_000) for n in range(100)],
        "short": [card(f"{n}", *["X-A:"] * 45_000) for n in range(_LARGE)],
        "middle": [card(f"{n}", *["X-A:"] * 5_400) for n in range(12 * _LARGE)],
        "odd": [card(f"{n}", *[f'ADR;ALTID={i};LABEL="a":;;x' for i in range(1_100)]) for n in range(_LARGE)],
        "altid": [card(f"{n}", *[f'ADR;ALTID={i};LABEL="a":;;x' for i in range(19_000)]) for n in range(_LARGE)],
        "groups": [card(f"{n}", *groups) for n in range(_LARGE)],
        "params": [card(f"{n}", "NOTE" + ';A="b"' * 170_000 + ":x") for n in range(_LARGE)],
        "types": [card(f"{n}", 'TEL;TYPE="' + "a," * 500_000 + '":x', version="4.0") for n in range(4)],
        "labels": [card(f"{n}", *["LABEL:x"] * 19_000, *["ADR:x"] * 19_000) for n in range(4)],
        "days": [
            card(f"{n}", *["ANNIVERSARY:20200101"] * 19_000, *["X-ANNIVERSARY:20210101"] * 19_000, version="4.0")
            for n in range(4)
        ],
    }


async def fill(store: IStore, user: str, paths: Sequence[str]) -> None:
    """Store what is asked for at `paths`; what would not be let in is stored all the same, as if it had been once."""
    look: Any = examine_calendars(CalDavSettings())
    for name, objects in calendars().items():
        if any(path.startswith(f"/calendars/{user}/{name}/") for path in paths):
            await _fill(store, ("calendars", user), CALENDAR_TYPE, name, objects, look)
    look = examine_books(CardDavSettings())
    for name, objects in books().items():
        if any(path.startswith(f"/addressbooks/{user}/{name}/") for path in paths):
            await _fill(store, ("addressbooks", user), ADDRESSBOOK_TYPE, name, objects, look)
    if "/principals/" not in paths:
        return
    async with store.write() as transaction:
        above = (await transaction.resolve(("principals", "users")))[-1]
        for number in range(_EVENTS):
            name = f"user{number:05}"
            await transaction.add_account(
                Account(name, display_name=f"Úser {number}", email=f"u{number}@example.com", created=_NOW)
            )
            await transaction.create(above, name, PRINCIPAL, name, _NOW)


async def _fill(
    store: IStore, home: tuple[str, ...], kind: str, name: str, objects: Sequence[bytes], examine: Any
) -> None:
    card_type, calendar_type = "text/vcard; charset=utf-8", "text/calendar; charset=utf-8; component=vevent"
    stated, component = (card_type, "VCARD") if home[0] == "addressbooks" else (calendar_type, "VEVENT")
    for start in range(0, len(objects), 1_000):
        async with store.write() as transaction:
            chain = await transaction.resolve((*home, name))
            above = chain[-1] if len(chain) == 4 else await transaction.create(chain[-1], name, kind, home[1], _NOW)
            for number, data in enumerate(objects[start : start + 1_000], start):
                request = Request("PUT", "/", "", {}, BytesBody(data), authority="dav.example", id="x")
                content = await upload.receive(request, DavSettings(), store.blobs)
                found = examine(content, store.blobs, stated, _NOW)
                refused = ObjectIndex(f"{number}", component, (Span(-FOREVER, FOREVER, False),))
                content.index = refused if isinstance(found, HTTPError) else found.index
                await transaction.create(above, f"{number}", FILE, home[1], _NOW, content, stated)


_RANGE = 'start="20260101T000000Z" end="20260301T000000Z"'
_FORMS = {
    "whole": "<C:calendar-data/>",
    "expand": f"<C:calendar-data><C:expand {_RANGE}/></C:calendar-data>",
    "limit": f"<C:calendar-data><C:limit-recurrence-set {_RANGE}/></C:calendar-data>",
    "part": '<C:calendar-data><C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:prop name="UID"/></C:comp></C:comp>'
    "</C:calendar-data>",
    "json": '<C:calendar-data content-type="application/calendar+json" version="2.0"/>',
}
_CARD_FORMS = {
    "3.0": '<C:address-data content-type="text/vcard" version="3.0"/>',
    "4.0": '<C:address-data content-type="text/vcard" version="4.0"/>',
    "jCard": '<C:address-data content-type="application/vcard+json" version="4.0"/>',
    "part": '<C:address-data><C:prop name="EMAIL"/></C:address-data>',
}


def _query(filter: str, data: str) -> bytes:
    return (
        '<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><D:getetag/>'
        f'{data}</D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{filter}'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    ).encode()


def _card_query(filter: str, data: str) -> bytes:
    return (
        '<C:addressbook-query xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"><D:prop><D:getetag/>'
        f"{data}</D:prop><C:filter>{filter}</C:filter></C:addressbook-query>"
    ).encode()


def _multiget(kind: str, base: str, count: int, data: str) -> bytes:
    space, name = ("caldav", "calendar") if kind == "calendars" else ("carddav", "addressbook")
    hrefs = "".join([f"<D:href>{base}{number}</D:href>" for number in range(count)])
    return (
        f'<C:{name}-multiget xmlns:C="urn:ietf:params:xml:ns:{space}" xmlns:D="DAV:"><D:prop><D:getetag/>{data}'
        f"</D:prop>{hrefs}</C:{name}-multiget>"
    ).encode()


_FREE_BUSY = f'<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range {_RANGE}/></C:free-busy-query>'
_FREE_BUSY_YEAR = _FREE_BUSY.replace("20260301", "20270101")
_LOOK = "<C:prop-filter name='X-B'><C:text-match>zz</C:text-match></C:prop-filter>"
_NONE = "<C:prop-filter name='X-B'><C:is-not-defined/></C:prop-filter>"
_WHEN = f"<C:time-range {_RANGE}/>"
_ALARM = f"<C:comp-filter name='VALARM'><C:time-range {_RANGE}/></C:comp-filter>"
_SYNC = (
    '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/><calendar-data '
    'xmlns="urn:ietf:params:xml:ns:caldav"/></prop></sync-collection>'
)


def _search(text: str, names: str = "<displayname/>") -> bytes:
    return (
        f'<principal-property-search xmlns="DAV:"><property-search><prop>{names}</prop><match>{text}</match>'
        "</property-search><prop><displayname/></prop></principal-property-search>"
    ).encode()


def cases(user: str) -> list[Case]:
    """Name, method, path, fields and content of each request."""
    found: list[Case] = []
    for name, objects in calendars().items():
        path = f"/calendars/{user}/{name}/"
        add = lambda what, method, fields, body, path=path, name=name: found.append(  # noqa: E731
            (f"calendar {name}: {what}", method, path, fields, body)
        )
        add("query none", "REPORT", _ONE, _query(_NONE, ""))
        add("query text", "REPORT", _ONE, _query(_LOOK, ""))
        add("query time", "REPORT", _ONE, _query(_WHEN + _NONE, ""))
        add("query names", "REPORT", _ONE, _query("", ""))
        add("query alarm", "REPORT", _ONE, _query(_ALARM, ""))
        for form, data in _FORMS.items():
            add(f"query {form}", "REPORT", _ONE, _query(_WHEN, data))
            add(f"multiget {form}", "REPORT", _ONE, _multiget("calendars", path, min(len(objects), 5_000), data))
        add("free-busy", "REPORT", _ONE, _FREE_BUSY.encode())
        add("free-busy of a year", "REPORT", _ONE, _FREE_BUSY_YEAR.encode())
        add("sync", "REPORT", _ONE, _SYNC.encode())
        add("GET", "GET", {}, b"")
        add("GET jCal", "GET", {"accept": "application/calendar+json"}, b"")
        add("GET page", "GET", {"accept": "text/html"}, b"")
        found.append(
            (f"calendar {name}: GET one jCal", "GET", path + "0", {"accept": "application/calendar+json"}, b"")
        )
        found.append((f"calendar {name}: PUT", "PUT", path + "0", {"content-type": "text/calendar"}, objects[0]))
    for name, cards in books().items():
        path = f"/addressbooks/{user}/{name}/"
        for form, data in _CARD_FORMS.items():
            for what, filter in (("none", _NONE), ("text", _LOOK), ("all", "")):
                found.append((f"book {name}: query {what} {form}", "REPORT", path, _ONE, _card_query(filter, data)))
            body = _multiget("addressbooks", path, len(cards), data)
            found.append((f"book {name}: multiget {form}", "REPORT", path, _ONE, body))
        for form, accept in (("vCard", "*/*"), ("jCard", "application/vcard+json"), ("page", "text/html")):
            found.append((f"book {name}: GET {form}", "GET", path, {"accept": accept}, b""))
        for accept in ("text/vcard;version=3.0", "text/vcard;version=4.0", "application/vcard+json"):
            found.append((f"book {name}: GET one {accept}", "GET", path + "0", {"accept": accept}, b""))
        found.append((f"book {name}: PUT", "PUT", path + "0", {"content-type": "text/vcard"}, cards[0]))
    for what, text in (("of nobody", "zz"), ("of all", "ser"), ("of one", "user 77")):
        found.append((f"principals: search {what}", "REPORT", "/principals/", {}, _search(text)))
    return found
