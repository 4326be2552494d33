"""Whatever is stored, no request about it fails, and no neighbour is hidden by it.

Verifies: RFC 4791, 4.1, 5.3.4, 7.8, 7.9, 7.10; docs/architecture.md, Overload
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from davd.model.index import FOREVER, ObjectIndex, Span
from davd.testing.exchange import Trial, run
from tests.caldav.reports.questions import (
    WORK,
    comp,
    event,
    free_busy,
    multiget,
    prop,
    put,
    query,
    report,
    store,
    text,
    time_range,
    trial,
)

ZONE = "".join(
    [
        f"BEGIN:STANDARD\nDTSTART:{1900 + n:04}0101T000000\nTZOFFSETFROM:+0{n % 9}00\nTZOFFSETTO:+0100\nEND:STANDARD\n"
        for n in range(40)
    ]
)
SEEDS = [
    event("u", "DTSTART:20260105T100000Z\nRRULE:FREQ=DAILY\nEXDATE:20260106T100000Z,20260107T100000Z\nDURATION:PT1H"),
    event(
        "u", "DTSTART;TZID=Mine:20260105T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO\nRDATE;VALUE=PERIOD:20260108T1/PT1H"
    ).replace("BEGIN:VEVENT", f"BEGIN:VTIMEZONE\nTZID:Mine\n{ZONE}END:VTIMEZONE\nBEGIN:VEVENT"),
    event(
        "u", "DTSTART:20260105T100000Z\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-P1D\nREPEAT:9\nDURATION:PT1M\nEND:VALARM"
    ),
    event("u", "DTSTART;VALUE=DATE:20260105\n" + "BEGIN:X-A\n" * 3 + "END:X-A\n" * 3 + 'ATTENDEE;CN="a;b":mailto:x@y'),
    event("u", "DTSTART:20260105T100000Z\nFREEBUSY:20260105T100000Z/PT1H,20260106T100000Z/P1D", "VFREEBUSY"),
    event("u", "DTSTART:00010101T000000Z\nDURATION:-P99999W\nRRULE:FREQ=YEARLY;COUNT=99999999999"),
]
PIECES = [
    "\0",
    "\r",
    "\n",
    "\ufeff",
    "\n ",
    ";",
    ":",
    '"',
    "=",
    "\\",
    ",",
    "BEGIN:VEVENT\n",
    "END:VEVENT\n",
    "9" * 30,
    "-",
]
RANGE = 'start="20260101T000000Z" end="20260201T000000Z"'
FORMS = [
    "<C:calendar-data/>",
    f"<C:calendar-data><C:expand {RANGE}/></C:calendar-data>",
    f"<C:calendar-data><C:limit-recurrence-set {RANGE}/></C:calendar-data>",
    f'<C:calendar-data content-type="application/calendar+json" version="2.0"><C:expand {RANGE}/></C:calendar-data>',
]
JANUARY = ("20260101T000000Z", "20260201T000000Z")
FILTERS = [
    comp("VEVENT", time_range(*JANUARY)),
    comp("VEVENT", prop("SUMMARY", text("beside"))),
    comp("VEVENT", comp("VALARM", time_range(*JANUARY))),
    comp("VEVENT", prop("DTEND", time_range(*JANUARY))),
    comp("VFREEBUSY", time_range(*JANUARY)),
]


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    """An object with some octets changed, left out, put in or doubled."""
    data = draw(st.sampled_from(SEEDS)).replace("\n", draw(st.sampled_from(["\r\n", "\n", "\r"]))).encode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 60))
        put_in = draw(st.sampled_from([piece.encode() for piece in PIECES]) | st.binary(max_size=3))
        doubled = data[at : at + length] if draw(st.booleans()) else b""
        data = data[:at] + put_in + doubled + data[at + draw(st.sampled_from([0, 0, length, len(data)])) :]
    return data


@pytest.fixture(scope="module")
def made() -> Trial:
    """A calendar with a sound event before and behind everything else."""
    tree = trial()
    for name in ("00.ics", "zz.ics"):
        put(tree, name, event(name, "DTSTART:20260110T100000Z\nDTEND:20260110T110000Z\nSUMMARY:beside"))
    return tree


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=objects(), form=st.sampled_from(FORMS), filter=st.sampled_from(FILTERS))
def test_no_request_fails(made: Trial, data: bytes, form: str, filter: str) -> None:
    """Let in or not, and then stored all the same."""
    status = made.request("PUT", WORK + "m.ics", {"Content-Type": "text/calendar"}, data).status
    assert status in (201, 400, 403, 409, 415)
    if status != 201:
        run(store(made, "m.ics", data, ObjectIndex("m", "VEVENT", (Span(-FOREVER, FOREVER, False),))))
    try:
        found = report(made, query(filter, props=form))
        assert found.status == 207
        told = made.read(found)
        if filter in FILTERS[:2]:
            assert b"00.ics" in told and b"zz.ics" in told
        found = report(made, multiget(WORK + "m.ics", WORK + "zz.ics", props="<D:getetag/>" + form))
        assert found.status == 207 and made.read(found).count(b"200 OK") >= 1
        assert report(made, free_busy(*JANUARY)).status in (200, 507)
        for accept in ("text/calendar", "application/calendar+json"):
            whole = made.request("GET", WORK, {"Accept": accept})
            assert whole.status == 200 and made.read(whole).count(b"beside") == 2
        assert made.request("GET", WORK, {"Accept": "text/html"}).status == 200
        for fields in ({"Accept": "application/calendar+json"}, {"CalDAV-Timezones": "F"}, {"CalDAV-Timezones": "T"}):
            assert made.request("GET", WORK + "m.ics", fields).status == 200
    finally:
        assert made.request("DELETE", WORK + "m.ics").status == 204
