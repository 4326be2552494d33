"""The rows of the reports.

Verifies: RFC 4791, 7; RFC 3253, 3.1.5, 3.6
"""

from __future__ import annotations

import pytest

from davd.caldav.extension import make
from davd.caldav.objects import CalendarObjects
from davd.caldav.reports.rows import make_reports
from davd.caldav.settings import CalDavSettings
from davd.model.resource import COLLECTION, FILE, PRINCIPAL, Resource
from davd.testing.exchange import Trial, run
from tests.caldav.reports.questions import (
    ABSENT,
    WORK,
    C,
    comp,
    event,
    free_busy,
    multiget,
    put,
    query,
    report,
    trial,
)
from tests.caldav.reports.questions import prop as prop_filter
from tests.dav.answers import by_href, prop

NAMES = ["calendar-query", "calendar-multiget", "free-busy-query"]


def resource(type: str, content_type: str = "") -> Resource:
    return Resource(1, 2, "a", type, "alice", "", content_type, 0, 0.0, 0.0, 1, 0, None, "")


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (resource("calendar"), NAMES),
        (resource(COLLECTION), NAMES),
        (resource(FILE, "text/calendar; charset=utf-8; component=vevent"), NAMES[:2]),
        (resource(FILE, "text/plain"), []),
        (resource("addressbook"), []),
        (resource(PRINCIPAL), []),
    ],
)
def test_where_each_applies(found: Resource, names: list[str]) -> None:
    rows = make_reports(CalDavSettings())
    assert [row.name.removeprefix(C) for row in rows if row.applies(found)] == names


def test_who_may_ask() -> None:
    privileges = [row.privilege for row in make_reports(CalDavSettings())]
    assert privileges == ["{DAV:}read", "{DAV:}read", C + "read-free-busy"]


def test_they_are_told_of() -> None:
    made = trial()
    name = "{DAV:}supported-report-set"
    response = made.request("PROPFIND", WORK, {"Depth": "0"}, prop(name))
    element = by_href(made, response)[WORK].element(name)
    told = {str(report[0].tag) for report in element.iter("{DAV:}report")}
    assert told >= {C + name for name in NAMES}


def test_they_are_for_no_other_resource() -> None:
    made = trial()
    made.request("PUT", "/files/alice/a.txt", {}, b"x")
    for body in (query(), multiget("/a"), free_busy("20260101T000000Z")):
        assert report(made, body, "/files/alice/a.txt").status == 403


def test_they_share_what_they_remember() -> None:
    memory = CalendarObjects()
    settings = CalDavSettings()
    extension = make(settings)
    extension.reports = make_reports(settings, memory)
    made = Trial(extension)
    made.request("MKCALENDAR", WORK)
    put(made, "a.ics", event("a", "DTSTART:20260105T100000Z"))
    row = run(stored(made))
    assert memory.known(row) is None
    expand = "<C:calendar-data><C:expand start='20260101T000000Z' end='20260201T000000Z'/></C:calendar-data>"
    assert report(made, multiget(WORK + "a.ics", props=expand)).status == 207
    found = memory.get(row, b"")
    assert b"UID:a" in found.content
    assert report(made, query(comp("VEVENT", prop_filter("SUMMARY", ABSENT)))).status == 207
    assert made.read(report(made, free_busy("20260105T000000Z", "20260106T000000Z"))).startswith(b"BEGIN:VCALENDAR")
    assert memory.get(row, b"") is found


async def stored(made: Trial) -> Resource:
    async with made.store.read() as transaction:
        chain = await transaction.resolve(("calendars", "alice", "work", "a.ics"))
        return chain[-1]
