"""free-busy-query over a memory store.

Verifies: RFC 4791, 7.3, 7.10; RFC 7953, 5, 7.2
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from html import escape

import pytest

from davd.caldav.names import CALENDAR_AVAILABILITY, CALENDARSERVER_AVAILABILITY
from davd.caldav.reports import free_busy_query, limits
from davd.formats.icalendar.object import Component, parse
from davd.interfaces.store import IReadTransaction
from davd.model.acl import Ace
from davd.model.index import FOREVER, ObjectIndex, Span
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import Trial, run
from tests.caldav.calendars import proppatch
from tests.caldav.reports.questions import WORK, C, event, free_busy, put, report, trial
from tests.caldav.reports.questions import store as store_past_checks
from tests.caldav.reports.test_calendar_query import grant
from tests.dav.answers import condition

MONDAY = ("20260105T000000Z", "20260106T000000Z")
TOO_MANY = "{DAV:}number-of-matches-within-limits"


def asked(made: Trial, path: str = WORK, depth: str | None = "1", user: str = "alice") -> Component:
    """The VFREEBUSY about Monday."""
    response = report(made, free_busy(*MONDAY), path, depth, user)
    assert response.status == 200, made.read(response)
    # RFC 4791, 7.10: the answer "MUST be an iCalendar object that contains exactly one VFREEBUSY component".
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = parse(made.read(response))
    (component,) = calendar.components
    assert (calendar.name, component.name) == ("VCALENDAR", "VFREEBUSY")
    return component


def busy(made: Trial, path: str = WORK, depth: str | None = "1", user: str = "alice") -> dict[str, list[str]]:
    """The hours that are not free, from and to, by type."""
    found: dict[str, list[str]] = {}
    for line in asked(made, path, depth, user).all("FREEBUSY"):
        periods = [part.split("/") for part in line.value.split(",")]
        found[line.param("FBTYPE")] = [f"{start[9:13]}-{end[9:13]}" for start, end in periods]
    return found


def at(hour: int, content: str = "") -> str:
    return f"DTSTART:20260105T{hour:02}0000Z\nDURATION:PT1H{content}"


class TestAnswers:
    """Verifies: RFC 4791, 7.10; RFC 5545, 3.6.4"""

    def test_nobody_is_busy_in_an_empty_calendar(self) -> None:
        made = trial()
        component = asked(made)
        assert component.all("FREEBUSY") == []
        assert component.text("DTSTART") == MONDAY[0]
        assert component.text("DTEND") == MONDAY[1]
        assert component.text("DTSTAMP") == "20231114T221320Z"
        assert component.text("UID")

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            ("", "BUSY"),
            ("\nTRANSP:OPAQUE\nSTATUS:CONFIRMED", "BUSY"),
            ("\nSTATUS:TENTATIVE", "BUSY-TENTATIVE"),
            ("\nSTATUS:X-SURE", "BUSY"),
            ("\nSTATUS:CANCELLED", None),
            ("\nTRANSP:TRANSPARENT", None),
            ("\nTRANSP:TRANSPARENT\nSTATUS:TENTATIVE", None),
        ],
    )
    def test_status_and_transparency_tell_the_type(self, content: str, kind: str | None) -> None:
        made = trial()
        put(made, "a.ics", event("a", at(9, content)))
        assert busy(made) == ({} if kind is None else {kind: ["0900-1000"]})

    def test_time_is_joined_by_type_and_cut_to_the_range(self) -> None:
        made = trial()
        for number, hour in enumerate((9, 10, 12, 12)):
            put(made, f"{number}.ics", event(str(number), at(hour)))
        put(made, "t.ics", event("t", at(9, "\nSTATUS:TENTATIVE")))
        put(made, "n.ics", event("n", "DTSTART:20260104T220000Z\nDTEND:20260105T020000Z"))
        put(made, "m.ics", event("m", "DTSTART:20260105T230000Z\nDTEND:20260109T020000Z"))
        assert busy(made) == {
            "BUSY": ["0000-0200", "0900-1100", "1200-1300", "2300-0000"],
            "BUSY-TENTATIVE": ["0900-1000"],
        }

    def test_instances_count_each_by_itself(self) -> None:
        made = trial()
        series = event("s", "DTSTART:20260101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY")
        override = (
            "BEGIN:VEVENT\nUID:s\nDTSTAMP:20260101T000000Z\nRECURRENCE-ID:20260105T090000Z\n"
            "DTSTART:20260105T150000Z\nDURATION:PT2H\nSTATUS:TENTATIVE\nEND:VEVENT\n"
        )
        put(made, "s.ics", series.replace("END:VCAL", override + "END:VCAL"))
        assert busy(made) == {"BUSY-TENTATIVE": ["1500-1700"]}

    def test_to_dos_and_journals_take_no_time(self) -> None:
        made = trial()
        put(made, "a.ics", event("a", "DTSTART:20260105T090000Z\nDUE:20260105T100000Z", "VTODO"))
        put(made, "b.ics", event("b", "DTSTART;VALUE=DATE:20260105", "VJOURNAL"))
        assert busy(made) == {}

    def test_published_time_counts(self) -> None:
        made = trial()
        lines = "FREEBUSY:20260105T090000Z/PT1H\nFREEBUSY;FBTYPE=FREE:20260105T100000Z/PT1H"
        put(made, "a.ics", event("a", lines + "\nFREEBUSY;FBTYPE=X-OTHER:20260105T120000Z/PT1H", "VFREEBUSY"))
        assert busy(made) == {"BUSY": ["0900-1000", "1200-1300"]}

    def test_days_are_those_of_the_calendar(self) -> None:
        made = trial(time_zone="Asia/Tokyo")
        put(made, "a.ics", event("a", "DTSTART;VALUE=DATE:20260105"))
        assert busy(made) == {"BUSY": ["0000-1500"]}

    def test_nothing_else_is_told(self) -> None:
        made = trial()
        put(made, "a.ics", event("secret-uid", at(9, "\nSUMMARY:Secret")))
        assert b"ecret" not in made.read(report(made, free_busy(*MONDAY)))

    def test_a_range_may_be_open(self) -> None:
        made = trial()
        put(made, "a.ics", event("a", at(9)))
        for start, end in ((MONDAY[0], ""), ("", MONDAY[1])):
            response = report(made, free_busy(start, end))
            assert (response.status, made.read(response).count(b"FREEBUSY;")) == (200, 1)


class TestPlaces:
    """Verifies: RFC 4791, 6.1.1, 7.10"""

    def places(self) -> Trial:
        made = trial()
        put(made, "a.ics", event("a", at(9)))
        made.request("MKCALENDAR", "/calendars/alice/second/")
        put(made, "b.ics", event("b", at(12)), "/calendars/alice/second/")
        made.request("MKCOL", "/calendars/alice/more/")
        made.request("MKCALENDAR", "/calendars/alice/more/deep/")
        put(made, "c.ics", event("c", at(15)), "/calendars/alice/more/deep/")
        return made

    @pytest.mark.parametrize(
        ("path", "depth", "expected"),
        [
            (WORK, None, ["0900-1000"]),
            (WORK, "0", ["0900-1000"]),
            (WORK, "1", ["0900-1000"]),
            (WORK, "infinity", ["0900-1000"]),
            ("/calendars/alice/", "0", None),
            ("/calendars/alice/", "1", ["0900-1000", "1200-1300"]),
            ("/calendars/alice/", "infinity", ["0900-1000", "1200-1300", "1500-1600"]),
            ("/", "infinity", ["0900-1000", "1200-1300", "1500-1600"]),
            ("/files/alice/", "infinity", None),
        ],
    )
    def test_the_depth_counts_calendars(self, path: str, depth: str | None, expected: list[str] | None) -> None:
        assert busy(self.places(), path, depth) == ({} if expected is None else {"BUSY": expected})

    def test_an_object_is_no_place_for_it(self) -> None:
        # RFC 4791, 7.10: "An attempt to run the report on a calendar object resource MUST fail and return a 403".
        assert report(self.places(), free_busy(*MONDAY), WORK + "a.ics").status == 403

    def test_what_is_not_shared_is_not_there(self) -> None:
        # RFC 4791, 7.10: without the privilege the report "MUST fail and return a 404 (Not Found) status value".
        made = self.places()
        assert report(made, free_busy(*MONDAY), WORK, user="bob").status == 404
        assert report(made, free_busy(*MONDAY), "/calendars/alice/none/", user="bob").status == 404

    def test_free_busy_may_be_shared_alone(self) -> None:
        made = self.places()
        run(grant(made, ("calendars", "alice", "work"), Ace("name:bob", (C + "read-free-busy",))))
        assert busy(made, user="bob") == {"BUSY": ["0900-1000"]}
        assert made.request("PROPFIND", WORK, {"Depth": "0"}, user="bob").status == 404
        assert report(made, free_busy(*MONDAY), "/calendars/alice/", user="bob").status == 404

    def test_a_home_tells_of_what_is_shared_in_it(self) -> None:
        made = self.places()
        run(grant(made, ("calendars", "alice"), Ace("name:bob", (C + "read-free-busy",))))
        assert busy(made, "/calendars/alice/", "1", "bob") == {"BUSY": ["0900-1000", "1200-1300"]}


AVAILABILITY = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VAVAILABILITY\nUID:v\nDTSTAMP:20260101T000000Z\n{}"
    "BEGIN:AVAILABLE\nUID:w\nDTSTAMP:20260101T000000Z\nDTSTART:20260101T080000Z\nDTEND:20260101T180000Z\n"
    "RRULE:FREQ=DAILY\nEND:AVAILABLE\nEND:VAVAILABILITY\nEND:VCALENDAR\n"
)


class TestAvailability:
    """Verifies: RFC 7953, 5, 7.2"""

    OUTSIDE = {"BUSY-UNAVAILABLE": ["0000-0800", "1800-0000"]}

    @staticmethod
    def set(made: Trial, path: str, name: str = CALENDAR_AVAILABILITY, content: str = "") -> None:
        namespace, local = name[1:].split("}")
        text = escape(AVAILABILITY.format(content))
        response = proppatch(made, path, f'<x:{local} xmlns:x="{namespace}">{text}</x:{local}>')
        assert b"200 OK" in made.read(response)

    @pytest.mark.parametrize("name", [CALENDAR_AVAILABILITY, CALENDARSERVER_AVAILABILITY])
    @pytest.mark.parametrize("path", [WORK, "/calendars/alice/", "/principals/users/alice/"])
    def test_wherever_it_is_set_it_counts(self, path: str, name: str) -> None:
        made = trial()
        self.set(made, path, name)
        put(made, "a.ics", event("a", at(9)))
        assert busy(made) == self.OUTSIDE | {"BUSY": ["0900-1000"]}

    def test_the_type_may_be_another(self) -> None:
        made = trial()
        self.set(made, "/calendars/alice/", content="BUSYTYPE:BUSY-TENTATIVE\n")
        assert busy(made) == {"BUSY-TENTATIVE": self.OUTSIDE["BUSY-UNAVAILABLE"]}

    def test_components_in_the_calendar_count(self) -> None:
        made = trial()
        body = (
            f'<C:mkcalendar xmlns:C="{C[1:-1]}" xmlns:D="DAV:"><D:set><D:prop><C:supported-calendar-component-set>'
            '<C:comp name="VAVAILABILITY"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>'
        )
        assert made.request("MKCALENDAR", "/calendars/alice/hours/", {}, body.encode()).status == 201
        put(made, "v.ics", AVAILABILITY.format(""), "/calendars/alice/hours/")
        assert busy(made, "/calendars/alice/hours/") == self.OUTSIDE
        # The higher priority replaces the lower one.
        special = AVAILABILITY.format("PRIORITY:1\nDTSTART:20260105T000000Z\nDTEND:20260105T120000Z\n")
        special = special.replace("UID:v", "UID:s").replace("T080000Z", "T060000Z").replace("T180000Z", "T070000Z")
        put(made, "s.ics", special, "/calendars/alice/hours/")
        assert busy(made, "/calendars/alice/hours/") == {"BUSY-UNAVAILABLE": ["0000-0600", "0700-1200", "1800-0000"]}

    def test_it_is_that_of_the_owner(self) -> None:
        made = trial()
        self.set(made, "/calendars/alice/")
        run(grant(made, ("calendars", "alice", "work"), Ace("name:bob", (C + "read-free-busy",))))
        assert busy(made, user="bob") == self.OUTSIDE
        assert busy(made, "/calendars/bob/", "1", "bob") == {}

    def test_it_counts_once_for_several_calendars(self) -> None:
        made = trial()
        self.set(made, "/calendars/alice/")
        assert busy(made, "/calendars/alice/", "1") == self.OUTSIDE


class TestLimits:
    """Verifies: RFC 4791, 7.10, 11"""

    def refusal(self, made: Trial) -> tuple[int, str]:
        response = report(made, free_busy(*MONDAY))
        return response.status, condition(made, response)

    def test_more_objects_than_may_be_looked_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(free_busy_query, "MOST_OBJECTS", 1)
        made = trial()
        put(made, "a.ics", event("a", at(9)))
        assert busy(made) == {"BUSY": ["0900-1000"]}
        put(made, "b.ics", event("b", at(10)))
        assert self.refusal(made) == (507, TOO_MANY)

    def test_more_instances_than_may_be_looked_at(self) -> None:
        made = trial(max_instances=10)
        put(made, "a.ics", event("a", at(9, "\nRRULE:FREQ=MINUTELY")))
        assert self.refusal(made) == (507, TOO_MANY)

    def test_more_availability_than_may_be_looked_at(self) -> None:
        made = trial(max_instances=10)
        many = AVAILABILITY.replace("FREQ=DAILY", "FREQ=MINUTELY").format("")
        assert b"200 OK" in made.read(
            proppatch(made, WORK, f"<C:calendar-availability>{escape(many)}</C:calendar-availability>")
        )
        assert self.refusal(made) == (507, TOO_MANY)

    def test_more_stretches_than_may_be_told_of(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(free_busy_query, "MOST_PERIODS", 3)
        made = trial()
        put(made, "a.ics", event("a", "DTSTART:20260105T000000Z\nDURATION:PT1M\nRRULE:FREQ=HOURLY;COUNT=3"))
        assert len(busy(made)["BUSY"]) == 3
        put(made, "b.ics", event("b", "DTSTART:20260105T120000Z\nDURATION:PT1M\nRRULE:FREQ=HOURLY;COUNT=5"))
        assert self.refusal(made) == (507, TOO_MANY)
        monkeypatch.setattr(free_busy_query, "MOST_PERIODS", 4)
        put(made, "b.ics", event("b", "DTSTART:20260105T000000Z\nDURATION:PT1M\nRRULE:FREQ=HOURLY;COUNT=24"))
        assert self.refusal(made) == (507, TOO_MANY)

    def test_more_work_than_may_be_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = trial()
        put(made, "a.ics", event("a", at(9)))
        monkeypatch.setattr(limits, "MOST_WORK", 0)
        assert self.refusal(made) == (507, TOO_MANY)

    @pytest.mark.parametrize("content", [b"no calendar", event("bad", "DTSTART:soon").encode()])
    def test_what_cannot_be_read_takes_no_time(self, content: bytes) -> None:
        made = trial()
        put(made, "a.ics", event("a", at(9)))
        run(
            store_past_checks(made, "bad.ics", content, ObjectIndex("bad", "VEVENT", (Span(-FOREVER, FOREVER, False),)))
        )
        assert busy(made) == {"BUSY": ["0900-1000"]}

    def test_what_is_malformed_is_400(self) -> None:
        assert report(trial(), free_busy()).status == 400


class Interrupted(MemoryStore):
    """A store in which something happens before a transaction begins; `then` are the next ones' events."""

    def __init__(self) -> None:
        super().__init__()
        self.then: list[Callable[[], object]] = []

    def read(self) -> AbstractAsyncContextManager[IReadTransaction]:
        if self.then:
            self.then.pop(0)()
        return super().read()


def test_what_goes_meanwhile_takes_no_time() -> None:
    # The objects are read when the transaction in which they were found has ended.
    store = Interrupted()
    made = trial(store=store)
    for name, hour in (("a", 9), ("b", 12), ("c", 15)):
        put(made, f"{name}.ics", event(name, at(hour)))

    def meanwhile() -> None:
        made.request("DELETE", WORK + "a.ics")
        made.request("MOVE", WORK + "b.ics", {"Destination": "http://dav.example/calendars/alice/calendar/b.ics"})

    store.then = [lambda: None, meanwhile]
    assert busy(made) == {"BUSY": ["1500-1600"]}
