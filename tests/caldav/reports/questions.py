"""Bodies of calendaring reports, and a tree to send them to."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from davd.caldav.extension import make
from davd.caldav.settings import CalDavSettings
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.interfaces.store import IStore
from davd.model.index import ObjectIndex
from davd.model.resource import FILE, NewContent
from davd.testing.exchange import Trial
from tests.dav.answers import Answer, by_href

C = "{urn:ietf:params:xml:ns:caldav}"
DATA = C + "calendar-data"
ETAG = "{DAV:}getetag"
WORK = "/calendars/alice/work/"

_DECLARED = 'xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"'


def trial(dav: DavSettings | None = None, store: IStore | None = None, **settings: Any) -> Trial:
    """A tree with the calendar /calendars/alice/work/, and CalDAV with these settings."""
    made = Trial(make(CalDavSettings(**settings)), settings=dav, store=store)
    assert made.request("MKCALENDAR", made.settings.prefix + WORK).status == 201
    return made


def put(made: Trial, name: str, content: str | bytes, calendar: str = WORK, user: str = "alice") -> None:
    """Store an object; lines of a text end as they have to."""
    data = content if isinstance(content, bytes) else content.replace("\n", "\r\n").encode()
    path = made.settings.prefix + calendar + name
    response = made.request("PUT", path, {"Content-Type": "text/calendar"}, data, user)
    assert response.status in (201, 204), made.read(response)


async def store(made: Trial, name: str, content: bytes, index: ObjectIndex | None) -> None:
    """Put a member into the calendar past all checks, as if it had been there before them."""
    async with made.store.write() as transaction:
        chain = await transaction.resolve(("calendars", "alice", "work"))
        new = NewContent(len(content), sha256(content).hexdigest(), content, index=index)
        await transaction.create(chain[-1], name, FILE, "alice", made.now, new, "text/calendar")


def event(uid: str, content: str, name: str = "VEVENT") -> str:
    """A calendar object of one component."""
    return (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\nBEGIN:{name}\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{content}"
        f"\nEND:{name}\nEND:VCALENDAR\n"
    )


def time_range(start: str = "", end: str = "", name: str = "time-range") -> str:
    """A range of time; an end that is missing is left out."""
    first = f' start="{start}"' if start else ""
    last = f' end="{end}"' if end else ""
    return f"<C:{name}{first}{last}/>"


def comp(name: str, content: str = "") -> str:
    """A comp-filter."""
    return f'<C:comp-filter name="{name}">{content}</C:comp-filter>'


def prop(name: str, content: str = "") -> str:
    """A prop-filter."""
    return f'<C:prop-filter name="{name}">{content}</C:prop-filter>'


def param(name: str, content: str = "") -> str:
    """A param-filter."""
    return f'<C:param-filter name="{name}">{content}</C:param-filter>'


def text(value: str, attributes: str = "") -> str:
    """A text-match."""
    return f"<C:text-match {attributes}>{value}</C:text-match>"


ABSENT = "<C:is-not-defined/>"


def query(content: str = "", props: str = "<D:getetag/>", rest: str = "") -> bytes:
    """A calendar-query whose filter is the VCALENDAR with `content`."""
    asked = f"<D:prop>{props}</D:prop>" if props else ""
    return (
        f"<C:calendar-query {_DECLARED}>{asked}<C:filter>{comp('VCALENDAR', content)}</C:filter>{rest}"
        "</C:calendar-query>"
    ).encode()


def multiget(*hrefs: str, props: str = "<D:getetag/><C:calendar-data/>") -> bytes:
    """A calendar-multiget."""
    asked = f"<D:prop>{props}</D:prop>" if props else ""
    named = "".join([f"<D:href>{href}</D:href>" for href in hrefs])
    return f"<C:calendar-multiget {_DECLARED}>{asked}{named}</C:calendar-multiget>".encode()


def free_busy(start: str = "", end: str = "") -> bytes:
    """A free-busy-query."""
    return f"<C:free-busy-query {_DECLARED}>{time_range(start, end)}</C:free-busy-query>".encode()


def report(
    made: Trial,
    body: bytes,
    path: str = WORK,
    depth: str | None = "1",
    user: str = "alice",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response to a REPORT."""
    fields = dict(headers or {})
    if depth is not None:
        fields["Depth"] = depth
    return made.request("REPORT", made.settings.prefix + path, fields, body, user)


def answers(made: Trial, *arguments: Any, **named: Any) -> dict[str, Answer]:
    """The answers to a REPORT by the last segment of their hrefs."""
    found = by_href(made, report(made, *arguments, **named))
    return {href.rstrip("/").rpartition("/")[2]: answer for href, answer in found.items()}


def names(made: Trial, content: str, rest: str = "", **named: Any) -> list[str]:
    """The names, in order and without endings, of what a filter on the VCALENDAR finds."""
    return [name.removesuffix(".ics") for name in answers(made, query(content, rest=rest), **named)]
