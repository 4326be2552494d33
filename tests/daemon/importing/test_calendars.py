"""Files of iCalendar data into objects.

Verifies: RFC 5545, 3.4, 3.6, 3.8.4.7; RFC 4791, 4.1; RFC 7986, 5.1
"""

from __future__ import annotations

import pytest

from davd.daemon.importing.calendars import decoded, items, properties
from davd.daemon.importing.item import Item
from davd.formats.icalendar.validate import read
from tests.caldav.calendars import event, series

ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def file(*components: str, head: str = "METHOD:PUBLISH\r\n") -> bytes:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A//B//EN\r\n{head}{''.join(components)}END:VCALENDAR\r\n".encode()
    )


def one(uid: str = "1", *lines: str, kind: str = "VEVENT") -> str:
    text = [f"BEGIN:{kind}", *([f"UID:{uid}"] if uid else []), "DTSTART:20260105T100000Z", *lines, f"END:{kind}", ""]
    return "\r\n".join(text)


def found(data: bytes) -> list[Item]:
    return list(items(decoded(data), "a.ics", "a.ics"))


class TestSplitting:
    """Verifies: RFC 5545, 3.6; RFC 4791, 4.1"""

    def test_each_uid_is_an_object(self):
        objects = found(file(one("1"), one("2"), one("3", kind="VTODO")))
        assert [(item.uid, item.component, item.name) for item in objects] == [
            ("1", "VEVENT", ""), ("2", "VEVENT", ""), ("3", "VTODO", "")
        ]  # fmt: skip
        for item in objects:
            checked = read(item.data)
            assert (checked.uid, checked.calendar.text("PRODID")) == (item.uid, "-//A//B//EN")

    def test_changed_instances_go_with_their_series(self):
        override = one("1", "RECURRENCE-ID:20260106T100000Z")
        (first, second) = found(file(one("1", "RRULE:FREQ=DAILY"), one("2"), override))
        assert [component.name for component in read(first.data).calendar.components] == ["VEVENT", "VEVENT"]
        assert second.uid == "2"
        # They may even stand in another VCALENDAR.
        (item,) = found(file(one("1", "RRULE:FREQ=DAILY")) + file(override))
        assert len(read(item.data).overrides) == 1

    def test_only_the_time_zones_that_are_used(self):
        zoned = one("1").replace("DTSTART:", "DTSTART;TZID=Europe/Berlin:").replace("00Z", "00")
        first, second = found(file(ZONE, zoned, one("2")))
        assert [part.name for part in read(first.data).calendar.components] == ["VTIMEZONE", "VEVENT"]
        assert [part.name for part in read(second.data).calendar.components] == ["VEVENT"]

    def test_what_comes_twice_is_one(self):
        (item,) = found(file(one("1"), one("1")))
        assert read(item.data).uid == "1"

    def test_without_a_uid_it_gets_the_same_each_time(self):
        data = file(one("", "SUMMARY:a"), one("", "SUMMARY:b"))
        first, second = found(data)
        assert read(first.data).uid == first.uid != second.uid
        assert [item.uid for item in found(data)] == [first.uid, second.uid]

    def test_an_object_by_itself_keeps_its_octets_and_its_name(self):
        for data in (event("1", "X-A:b"), series("1", "20260106T100000Z"), event("1").replace(b"\r\n", b"\n")):
            (item,) = found(data)
            assert (item.data, item.name, item.where) == (data, "a.ics", "a.ics")

    def test_a_message_becomes_an_object(self):
        (item,) = found(file(one("1")))
        assert b"METHOD" not in item.data
        assert read(item.data).uid == "1"


class TestBroken:
    """Verifies: RFC 5545, 3.4"""

    def test_one_does_not_keep_the_others(self):
        data = file(one("1"), one("2", "no line"), one("3"), "BEGIN:VEVENT\r\nUID:4\r\n")
        objects = found(data)
        assert [(item.uid, bool(item.problem)) for item in objects] == [
            ("1", False), ("", True), ("3", False), ("", True)
        ]  # fmt: skip
        assert objects[1].where == "a.ics, line 9"
        assert objects[3].problem == "VEVENT is not ended."

    def test_an_inner_end_is_missing(self):
        alarm = "BEGIN:VALARM\r\nACTION:AUDIO\r\n"
        first, second = found(file(one("1", alarm[:-2]), one("2")))
        assert (first.uid, second.uid) == ("1", "2")

    @pytest.mark.parametrize("data", [b"", b"\n\n", b"hello", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"])
    def test_nothing(self, data):
        assert found(data) == []

    def test_text_between_components(self):
        first, second = found(file(one("1"), "stray\r\n", one("2")))
        assert (first.uid, second.uid) == ("1", "2")


class TestEncoding:
    """Verifies: RFC 5545, 3.1, 3.1.4"""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    @pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
    def test_any(self, encoding, end):
        text = event("1", "SUMMARY:Müller").decode().replace("\r\n", end)
        (item,) = found(text.encode(encoding))
        assert read(item.data).calendar.components[0].text("SUMMARY") == "Müller"


def test_properties():
    """Verifies: RFC 7986, 5.1, 5.2."""
    head = (
        "X-WR-CALNAME:Work\\, play\r\nX-APPLE-CALENDAR-COLOR:#FF0000\r\nX-WR-CALDESC:d\r\nX-WR-TIMEZONE:Asia/Tokyo\r\n"
    )
    told = properties(file(one(), head=head) + file(one("2"), head="X-WR-CALNAME:other\r\n"))
    assert told == {
        "{DAV:}displayname": "Work, play",
        "{urn:ietf:params:xml:ns:caldav}calendar-description": "d",
        "{urn:ietf:params:xml:ns:caldav}calendar-timezone-id": "Asia/Tokyo",
        "{http://apple.com/ns/ical/}calendar-color": "#FF0000",
    }
    assert properties(b"nothing") == {}
