"""What the index answers of a filter: plans, and reports against a look at every object.

Verifies: RFC 4791, 7.3, 7.8, 9.7, 9.9
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from davd.caldav.elements.filter import CompFilter, read_filter
from davd.caldav.filter import matches
from davd.caldav.filter_index import NOTHING, Plan, plan
from davd.caldav.filter_scan import may_match, needles
from davd.caldav.filter_time import Times
from davd.caldav.objects import CalendarObject
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.zone import UTC
from davd.model.index import Found, IndexQuery, Term
from davd.testing.exchange import Trial
from tests.caldav.reports.questions import ABSENT, comp, event, names, prop, put, text, time_range, trial

JANUARY_4TH = (1_767_484_800, 1_767_571_200)
RANGE = time_range("20260104T000000Z", "20260105T000000Z")


def read(content: str) -> CompFilter:
    return read_filter(
        etree.fromstring(f'<C:filter xmlns:C="urn:ietf:params:xml:ns:caldav">{comp("VCALENDAR", content)}</C:filter>')
    )


def made(content: str) -> Plan:
    return plan(read(content))


def only(name: str, start: int | None = None, end: int | None = None) -> IndexQuery:
    return IndexQuery(frozenset((name,)), start, end)


def parts(name: str, *texts: str, span: tuple[int | None, int | None] = (None, None)) -> IndexQuery:
    return IndexQuery(frozenset((name,)), *span, uid_parts=texts)


def alarms(name: str, start: int, end: int) -> IndexQuery:
    around = 9 * 86_400
    return IndexQuery(frozenset((name,)), start - around, end + around, beside=(Term("VALARM", "equals", "far"),))


class TestPlans:
    """Verifies: RFC 4791, 7.8, 9.7"""

    @pytest.mark.parametrize(
        ("content", "expected", "settled"),
        [
            ("", IndexQuery(), True),
            (comp("VEVENT"), only("VEVENT"), True),
            (comp("X-THING"), only("X-THING"), True),
            (comp("VEVENT", RANGE), only("VEVENT", *JANUARY_4TH), True),
            (comp("VTODO", time_range("20260104T000000Z")), only("VTODO", JANUARY_4TH[0]), True),
            (comp("VEVENT", prop("UID", text("aÄ"))), parts("VEVENT", "aÄ"), True),
            (comp("VEVENT", prop("UID", text("Ab"))), parts("VEVENT", "ab"), True),
            (comp("VEVENT", prop("UID", text("A", 'collation="i;octet"'))), parts("VEVENT", "a"), True),
            (comp("VEVENT", prop("UID", text("a")) + prop("UID", text("b"))), parts("VEVENT", "a", "b"), True),
            (comp("VEVENT", prop("UID", text("a", 'collation="i;unicode-casemap"'))), only("VEVENT"), True),
            (comp("VEVENT", prop("UID", text("a", 'negate-condition="yes"'))), only("VEVENT"), True),
            (comp("VEVENT", prop("UID", text(""))), only("VEVENT"), True),
            (comp("VEVENT", RANGE + prop("UID", text("a"))), parts("VEVENT", "a", span=JANUARY_4TH), True),
            (comp("VEVENT") + comp("VTODO", ABSENT), only("VEVENT"), True),
            (comp("VTODO", ABSENT), IndexQuery(), True),
            (comp("VEVENT", prop("SUMMARY", text("a"))), only("VEVENT"), False),
            (comp("VEVENT", RANGE + prop("SUMMARY", text("a"))), only("VEVENT", *JANUARY_4TH), False),
            (comp("VEVENT", prop("UID")), only("VEVENT"), False),
            (comp("VEVENT", prop("UID", ABSENT)), only("VEVENT"), False),
            (comp("VEVENT", comp("VALARM", RANGE)), alarms("VEVENT", *JANUARY_4TH), False),
            (comp("VEVENT", comp("VALARM", RANGE) + RANGE), only("VEVENT", *JANUARY_4TH), False),
            (comp("VEVENT", comp("VALARM")), only("VEVENT"), False),
            (comp("VEVENT", RANGE) + comp("VEVENT", RANGE), only("VEVENT", *JANUARY_4TH), False),
            (comp("VEVENT", prop("DTSTART", RANGE)), only("VEVENT", *JANUARY_4TH), False),
            (comp("VTODO", prop("DUE", RANGE)), only("VTODO", JANUARY_4TH[0] - 1, JANUARY_4TH[1]), False),
            (comp("VEVENT", prop("DTSTAMP", RANGE)), only("VEVENT"), False),
            (comp("VTODO", prop("DTEND", RANGE)), only("VTODO"), False),
            (comp("VJOURNAL", prop("DTEND", RANGE)), only("VJOURNAL"), False),
            (comp("VEVENT", prop("DUE", RANGE)), only("VEVENT"), False),
            (comp("VFREEBUSY", prop("DTSTART", RANGE)), only("VFREEBUSY"), False),
            (comp("VTIMEZONE"), IndexQuery(), False),
            (comp("VTIMEZONE", ABSENT), IndexQuery(), False),
            (prop("VERSION") + comp("VEVENT"), only("VEVENT"), False),
        ],
    )
    def test_what_is_asked_of_the_index(self, content: str, expected: IndexQuery, settled: bool) -> None:
        found = made(content)
        assert found.query == expected
        assert found.settled is settled
        assert found.narrow is (expected.start is not None or expected.end is not None or expected.uid_parts != ())

    @pytest.mark.parametrize(
        "content", [ABSENT, comp("VEVENT") + comp("VTODO"), comp("VEVENT") + comp("VEVENT", ABSENT)]
    )
    def test_what_nothing_can_match(self, content: str) -> None:
        assert made(content) == NOTHING
        assert NOTHING.query is None

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (comp("VEVENT"), True),
            (comp("VTODO", ABSENT), True),
            (comp("VEVENT", ABSENT), False),
            (comp("VEVENT", prop("UID", text("LIC"))), True),
            (comp("VEVENT", prop("UID", text("LIC", 'collation="i;octet"'))), False),
            (comp("VEVENT", prop("UID", text("LIC", 'negate-condition="yes"'))), False),
            (comp("VEVENT", prop("UID", text("bob", 'negate-condition="yes"'))), True),
            (comp("VEVENT", prop("UID", text("alice")) + prop("UID", text("bob"))), False),
        ],
    )
    def test_what_is_known_of_an_object_leaves_it_or_not(self, content: str, expected: bool) -> None:
        found = made(content)
        assert found.allows(Found(1, "a.ics", "alice@x", "VEVENT", True)) is expected
        assert found.picks or expected


def objects() -> Iterator[tuple[str, str]]:
    """Many kinds of objects, by name."""
    starts = {
        "utc": ("DTSTART:20260104T{}0000Z", "DTEND:20260104T{}0000Z", "DUE:20260104T{}0000Z"),
        "zone": tuple(f"{name};TZID=Europe/Berlin:20260104T{{}}0000" for name in ("DTSTART", "DTEND", "DUE")),
        "float": tuple(f"{name}:20260104T{{}}0000" for name in ("DTSTART", "DTEND", "DUE")),
        "date": ("DTSTART;VALUE=DATE:20260104", "DTEND;VALUE=DATE:20260106", "DUE;VALUE=DATE:20260105"),
    }
    rules = {
        "once": "",
        "daily": "\nRRULE:FREQ=DAILY;COUNT=4",
        "weekly": "\nRRULE:FREQ=WEEKLY",
        "until": "\nRRULE:FREQ=MONTHLY;UNTIL=20260601T000000Z",
    }
    for (kind, (start, end, due)), (rule, repeated), hour in product(starts.items(), rules.items(), ("00", "13")):
        key = f"{kind}-{rule}-{hour}"
        later = str(int(hour) + 2).zfill(2)
        summary = f"\nSUMMARY:Text of {key}"
        alarm = "\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT30M\nEND:VALARM" if hour == "13" else ""
        yield f"event-{key}", event(f"e-{key}", start.format(hour) + summary + repeated + alarm)
        yield f"ending-{key}", event(f"n-{key}", start.format(hour) + "\n" + end.format(later) + repeated)
        yield f"due-{key}", event(f"d-{key}", due.format(hour) + summary + repeated + alarm, "VTODO")
        both = start.format(hour) + "\n" + due.format(later) + repeated
        yield f"todo-{key}", event(f"t-{key}", both + "\nCOMPLETED:20260301T000000Z", "VTODO")
        yield f"journal-{key}", event(f"j-{key}", start.format(hour) + repeated, "VJOURNAL")
    triggers = {
        "days": ":-P2D",
        "weeks": ":-P4W",
        "after": ";RELATED=END:P30D",
        "at": ";VALUE=DATE-TIME:20260104T060000Z",
        "local": ";VALUE=DATE-TIME:20260104T060000",
        "again": ":-P5D\nREPEAT:9\nDURATION:P1D",
        "atagain": ";VALUE=DATE-TIME:20251230T060000Z\nREPEAT:9\nDURATION:P1D",
    }
    for (key, trigger), repeated in product(triggers.items(), ("", "\nRRULE:FREQ=DAILY;COUNT=3")):
        lines = f"DTSTART:20260105T120000Z{repeated}\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER{trigger}\nEND:VALARM"
        name = f"alarm-{key}-{'daily' if repeated else 'once'}"
        yield name, event(name, lines)
        yield f"todo-{name}", event(f"todo-{name}", lines.replace("DTSTART", "DUE"), "VTODO")
    yield "plain", event("plain", "SUMMARY:Text", "VTODO")
    yield "created", event("created", "CREATED:20260104T120000Z", "VTODO")
    yield "completed", event("completed", "COMPLETED:20260104T120000Z\nCREATED:20260101T120000Z", "VTODO")
    yield "note", event("note", "SUMMARY:Text", "VJOURNAL")
    yield (
        "rdate",
        event("rdate", "DTSTART:20250101T120000Z\nRDATE:20260104T120000Z\nRDATE;VALUE=PERIOD:20260110T000000Z/P3D"),
    )
    yield "never", event("never", "DTSTART:20260104T120000Z\nEXDATE:20260104T120000Z")
    strange = "DTSTART:20250104T120000Z\nDTEND:20260104T130000Z"
    yield "strange", event("strange", strange, "VTODO")
    yield "exdate", event("exdate", "DTSTART:20260101T120000Z\nRRULE:FREQ=DAILY\nEXDATE:20260104T120000Z")
    yield "busy", event("busy", "DTSTART:20260104T000000Z\nDTEND:20260105T000000Z", "VFREEBUSY")
    yield "periods", event("periods", "FREEBUSY:20260104T000000Z/PT1H,20260107T000000Z/PT1H", "VFREEBUSY")
    yield "available", event("available", "DTSTART:20260103T000000Z\nDURATION:P1D", "VAVAILABILITY")
    yield "always", event("always", "BUSYTYPE:BUSY", "VAVAILABILITY")
    moved = event("moved", "DTSTART:20260102T120000Z\nRRULE:FREQ=DAILY\nSUMMARY:Text of a series")
    override = "BEGIN:VEVENT\nUID:moved\nDTSTAMP:20260101T000000Z\nRECURRENCE-ID{}:20260104T120000Z\n{}\nEND:VEVENT\n"
    yield (
        "moved",
        moved.replace("END:VCAL", override.format("", "DTSTART:20270104T120000Z\nSUMMARY:Other") + "END:VCAL"),
    )
    future = override.format(";RANGE=THISANDFUTURE", "DTSTART:20260104T230000Z\nDURATION:PT2H")
    yield (
        "future",
        moved.replace("UID:moved", "UID:future").replace(
            "END:VCAL", future.replace("UID:moved", "UID:future") + "END:VCAL"
        ),
    )


@cache
def filled() -> tuple[Trial, dict[str, bytes]]:
    """A calendar with all of them, and their contents by name."""
    tree = trial(max_query_names=1_000_000)
    everything = "<C:supported-calendar-component-set>{}</C:supported-calendar-component-set>".format(
        "".join([f'<C:comp name="{name}"/>' for name in ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")])
    )
    body = (
        '<C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:set><D:prop>'
        f"{everything}</D:prop></D:set></C:mkcalendar>"
    )
    assert tree.request("MKCALENDAR", "/calendars/alice/all/", {}, body.encode()).status == 201
    contents = {}
    for name, content in objects():
        put(tree, f"{name}.ics", content, "/calendars/alice/all/")
        contents[name] = content.replace("\n", "\r\n").encode()
    return tree, contents


MOMENTS = [
    "20251231T235959Z", "20260103T090000Z", "20260103T230000Z", "20260104T000000Z", "20260104T000001Z",
    "20260104T110000Z", "20260104T123000Z", "20260104T130000Z", "20260104T140000Z", "20260104T150000Z",
    "20260105T000000Z", "20260105T150000Z", "20260111T000000Z", "20260301T000000Z", "20270104T120000Z",
    "20400101T000000Z",
]  # fmt: skip
ZONES = ["", "Europe/Berlin", "Pacific/Kiritimati", "Etc/GMT+12"]


@st.composite
def spans(draw: st.DrawFn) -> str:
    start, end = sorted(draw(st.lists(st.sampled_from(MOMENTS), min_size=2, max_size=2, unique=True)))
    return draw(st.sampled_from([time_range(start, end), time_range(start), time_range("", end)]))


@st.composite
def comps(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY", "VTIMEZONE"]))
    if draw(st.integers(0, 9)) == 0:
        return comp(name, ABSENT)
    content = draw(spans()) if name != "VTIMEZONE" and draw(st.booleans()) else ""
    for _ in range(draw(st.integers(0, 2))):
        content += draw(
            st.one_of(
                st.sampled_from(
                    [
                        prop("SUMMARY"),
                        prop("SUMMARY", ABSENT),
                        prop("SUMMARY", text("of float")),
                        prop("SUMMARY", text("OF", 'collation="i;octet"')),
                        prop("UID", text("weekly")),
                        prop("UID", text("Z", 'negate-condition="yes"')),
                        prop("UID", text("e-utc-once-00")),
                        prop("COMPLETED", ABSENT),
                        prop("RRULE", text("WEEKLY")),
                    ]
                ),
                st.builds(prop, st.sampled_from(["DTSTART", "DTEND", "DUE", "COMPLETED", "DTSTAMP"]), spans()),
            )
        )
    if name in ("VEVENT", "VTODO") and draw(st.integers(0, 4)) == 0:
        content += draw(st.one_of(st.just(comp("VALARM")), st.just(comp("VALARM", ABSENT)), spans().map(_alarm)))
    return comp(name, content)


def _alarm(span: str) -> str:
    return comp("VALARM", span)


@settings(max_examples=300, deadline=None)
@given(st.lists(comps(), max_size=2).map("".join), st.sampled_from(ZONES))
def test_a_report_finds_what_a_look_at_every_object_finds(content: str, zone_name: str) -> None:
    tree, contents = filled()
    asked = read(content)
    zone = named(zone_name) or UTC
    expected = []
    for name, data in contents.items():
        found = CalendarObject(data)
        if matches(asked, found.calendar, Times(found, zone, Budget())):
            expected.append(name)
            assert may_match(data, needles(asked))
    rest = f"<C:timezone-id>{zone_name}</C:timezone-id>" if zone_name else ""
    assert names(tree, content, rest, path="/calendars/alice/all/") == sorted(expected)


@pytest.mark.parametrize("name", ["VEVENT", "VTODO"])
@pytest.mark.parametrize("day", ["20251209", "20260104", "20260206"])
@pytest.mark.parametrize("hour", ["06", "12"])
def test_alarms_are_found_wherever_their_instance_is(name: str, day: str, hour: str) -> None:
    tree, contents = filled()
    content = comp(name, comp("VALARM", time_range(f"{day}T{hour}0000Z", f"{day}T{hour}0001Z")))
    asked = read(content)
    expected = [key for key, data in contents.items() if _matches(asked, data)]
    assert names(tree, content, path="/calendars/alice/all/") == sorted(expected)


def _matches(asked: CompFilter, data: bytes) -> bool:
    found = CalendarObject(data)
    return matches(asked, found.calendar, Times(found, UTC, Budget()))
