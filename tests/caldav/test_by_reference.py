"""Time zones by reference: definitions that clients leave out, would not have, or have to have.

Verifies: RFC 7809, 7.1; RFC 4791, 5.3.4; RFC 9110, 12.5.5
"""

from __future__ import annotations

import json

import pytest

from davd.caldav.by_reference import given, is_known, wish
from davd.caldav.representation import VARIES
from davd.formats.icalendar.object import parse
from davd.testing.exchange import Trial
from tests.caldav.calendars import WORK, C, event, mkcalendar, put, trial_with_calendars
from tests.dav.answers import by_href

ONE = WORK + "1.ics"
F, T = {"CalDAV-Timezones": "F"}, {"CalDAV-Timezones": "T"}
BERLIN = "DTSTART;TZID=Europe/Berlin:20260105T100000"


def zone(tzid: str, offset: str = "+0100") -> str:
    return (
        f"BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\n"
        f"TZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )


def defined(content: bytes, *zones: str) -> bytes:
    """An object with definitions before its first component."""
    head, begin, rest = content.partition(b"BEGIN:VEVENT")
    return head + "".join(zones).encode() + begin + rest


def zones_of(content: bytes) -> list[str]:
    return [part.text("TZID") for part in parse(content).components if part.name == "VTIMEZONE"]


@pytest.fixture
def trial() -> Trial:
    trial = trial_with_calendars()
    mkcalendar(trial)
    return trial


@pytest.mark.parametrize(
    ("field", "wanted"), [("T", True), ("F", False), (" f ", False), ("", None), ("no", None), ("F, T", None)]
)
def test_the_field(field: str, wanted: bool | None) -> None:
    """Verifies: RFC 7809, 7.1"""
    assert wish({"caldav-timezones": field}) is wanted
    assert wish({}) is None


@pytest.mark.parametrize(
    ("tzid", "known"),
    [
        ("Europe/Berlin", True),
        ("UTC", True),
        ("America/Argentina/Buenos_Aires", True),
        ("europe/berlin", False),
        ("W. Europe Standard Time", False),
        ("/freeassociation.sourceforge.net/Europe/Berlin", False),
        ("EST", False),
        ("Nowhere/At_All", False),
        ("", False),
    ],
)
def test_known_are_names_of_the_database(tzid: str, known: bool) -> None:
    """Verifies: RFC 7809, 7.1"""
    assert is_known(tzid) is known


class TestGiven:
    """Verifies: RFC 7809, 7.1; RFC 5545, 3.6.5"""

    PLAIN = event("1", start=BERLIN)

    def test_known_ones_are_left_out(self) -> None:
        full = defined(self.PLAIN, zone("Europe/Berlin"), zone("Customized", "+0300"), zone("Asia/Tokyo", "+0900"))
        assert given(full, False) == defined(self.PLAIN, zone("Customized", "+0300"))
        assert given(defined(self.PLAIN, zone("Europe/Berlin")), False) == self.PLAIN
        folded = full.replace(b"BEGIN:VTIMEZONE", b"BEGIN:VTIME\r\n ZONE")
        assert zones_of(given(folded, False)) == ["Customized"]

    def test_missing_ones_are_added(self) -> None:
        content = event(
            "1", "DTEND;TZID=Asia/Tokyo:20260105T230000", "EXDATE;TZID=Nowhere:20260105T100000", start=BERLIN
        )
        full = given(content, True)
        assert zones_of(full) == ["Europe/Berlin", "Asia/Tokyo"]
        assert given(full, False) == content
        assert given(full, True) is full

    @pytest.mark.parametrize("wanted", [True, False])
    def test_all_others_stay_as_they_are(self, wanted: bool) -> None:
        for content in (
            event("1"),
            defined(event("1"), zone("Customized")),
            event("1", "SUMMARY:VTIMEZONE and TZID"),
            event("1", "SUMMARY:a TZID\r\nBROKEN"),
            b"no calendar, but a TZID and a VTIMEZONE",
        ):
            assert given(content, wanted) is content


class TestGet:
    """Verifies: RFC 7809, 7.1; RFC 4791, 5.3.4; RFC 9110, 12.5.5"""

    FULL = defined(event("1", start=BERLIN), zone("Europe/Berlin"), zone("Customized", "+0300"))

    @pytest.mark.parametrize("length", [10, 100_000])
    def test_an_object(self, trial: Trial, length: int) -> None:
        content = defined(event("1", "DESCRIPTION:" + "x" * length, start=BERLIN), zone("Europe/Berlin"))
        put(trial, ONE, content)
        plain = trial.request("GET", ONE)
        assert trial.read(plain) == content
        assert trial.read(trial.request("GET", ONE, T)) == content
        short = trial.request("GET", ONE, F)
        assert trial.read(short) == event("1", "DESCRIPTION:" + "x" * length, start=BERLIN)
        for name in ("ETag", "Vary", "Content-Type"):
            assert short.headers[name] == plain.headers[name]
        assert plain.headers["Vary"] == VARIES
        again = trial.request("GET", ONE, F | {"If-None-Match": plain.headers["ETag"]})
        assert (again.status, again.headers["Vary"]) == (304, VARIES)
        headers = {"If-Match": short.headers["ETag"], "Content-Type": "text/calendar"}
        assert trial.request("PUT", ONE, headers, event("1", start=BERLIN)).status == 204
        assert zones_of(trial.read(trial.request("GET", ONE, T))) == ["Europe/Berlin"]
        assert zones_of(trial.read(trial.request("GET", ONE))) == []

    def test_an_object_as_jcal(self, trial: Trial) -> None:
        put(trial, ONE, self.FULL)
        for field, names in ((F, ["Customized"]), (T, ["Europe/Berlin", "Customized"])):
            body = json.loads(trial.read(trial.request("GET", ONE, field | {"Accept": "application/calendar+json"})))
            found = [part[1][0][3] for part in body[2] if part[0] == "vtimezone"]
            assert found == names

    @pytest.mark.parametrize("accept", ["text/calendar", "application/calendar+json"])
    def test_a_calendar(self, trial: Trial, accept: str) -> None:
        put(trial, ONE, self.FULL)
        put(trial, WORK + "2.ics", event("2", start="DTSTART;TZID=Asia/Tokyo:20260105T100000"))
        put(trial, WORK + "3.ics", event("3", start="DTSTART;TZID=Tokyo Standard Time:20260105T100000"))
        tags = set()
        known, others = {"Europe/Berlin", "Asia/Tokyo"}, {"Customized", "Tokyo Standard Time"}
        for field, names in ((F, others), (T, known | others), ({}, known | others)):
            response = trial.request("GET", WORK, field | {"Accept": accept})
            text = trial.read(response).decode()
            assert response.headers["Vary"] == VARIES
            assert text.lower().count('"vtimezone"' if "json" in accept else "begin:vtimezone") == len(names)
            tags.add(response.headers["ETag"])
            again = trial.request("GET", WORK, field | {"Accept": accept, "If-None-Match": response.headers["ETag"]})
            assert again.status == 304
        assert len(tags) == 2

    def test_head_and_files_elsewhere(self, trial: Trial) -> None:
        put(trial, ONE, self.FULL)
        assert trial.request("HEAD", ONE, F).headers["Vary"] == VARIES
        put(trial, "/files/alice/1.ics", self.FULL)
        assert trial.read(trial.request("GET", "/files/alice/1.ics", F)) == self.FULL


class TestReports:
    """Verifies: RFC 7809, 7.1; RFC 4791, 7.8, 7.9, 9.6"""

    def told(self, trial: Trial, field: dict[str, str], inside: str = "", report: str = "calendar-query") -> str:
        """The calendar data of the one object there is."""
        rest = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
        if report == "calendar-multiget":
            rest = f"<D:href>{ONE}</D:href>"
        body = (
            f'<C:{report} xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><C:calendar-data>{inside}'
            f"</C:calendar-data></D:prop>{rest}</C:{report}>"
        )
        response = trial.request("REPORT", WORK, {"Depth": "1", **field}, body.encode())
        found: str = by_href(trial, response)[ONE].text(f"{C}calendar-data")
        return found

    @pytest.mark.parametrize("report", ["calendar-query", "calendar-multiget"])
    def test_whole_objects(self, trial: Trial, report: str) -> None:
        put(trial, ONE, TestGet.FULL)
        asked = {
            name: self.told(trial, field, report=report).encode() for name, field in (("F", F), ("T", T), ("", {}))
        }
        assert zones_of(asked["F"]) == ["Customized"]
        assert zones_of(asked["T"]) == zones_of(asked[""]) == ["Europe/Berlin", "Customized"]
        put(trial, ONE, event("1", start=BERLIN))
        assert zones_of(self.told(trial, T, report=report).encode()) == ["Europe/Berlin"]
        assert self.told(trial, {}, report=report) == self.told(trial, F, report=report)

    def test_parts(self, trial: Trial) -> None:
        put(trial, ONE, event("1", start=BERLIN))
        inside = '<C:comp name="VCALENDAR"><C:comp name="VTIMEZONE"><C:prop name="TZID"/></C:comp></C:comp>'
        assert self.told(trial, T, inside).splitlines() == [
            "BEGIN:VCALENDAR", "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "END:VTIMEZONE", "END:VCALENDAR",
        ]  # fmt: skip
        assert "VTIMEZONE" not in self.told(trial, F, inside)
        assert "VTIMEZONE" not in self.told(trial, T, '<C:expand start="20260101T000000Z" end="20260201T000000Z"/>')
