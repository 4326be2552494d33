"""Time zones that objects and properties refer to.

Verifies: RFC 5545, 3.2.19, 3.6.5; RFC 4791, 5.2.2, 9.8; RFC 7809, 3.1.3, 3.1.5
"""

from __future__ import annotations

import pytest

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.zones.definition import defined
from davd.formats.icalendar.zones.references import calendar_timezone, used_zones, vtimezones, vtimezones_for
from davd.formats.icalendar.zones.vtimezone import vtimezone
from tests.formats.icalendar.zones import oracle
from tests.formats.icalendar.zones.oracle import seconds


def calendar(*lines: str) -> Component:
    return parse("\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode())


EVENT = calendar(
    "BEGIN:VTIMEZONE",
    "TZID:Asia/Tokyo",
    "X-ODD;TZID=Not/Counted:1",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0900",
    "TZOFFSETTO:+0900",
    "END:STANDARD",
    "END:VTIMEZONE",
    "BEGIN:VEVENT",
    "DTSTART;TZID=Europe/Berlin:20100601T100000",
    "DTEND;tzid=Asia/Tokyo:20100601T210000",
    "EXDATE;TZID=Europe/Berlin:20110601T100000,20090601T100000",
    'RDATE;VALUE=PERIOD;TZID="America/New_York":19990101T000000/PT1H,19980101T000000/PT1H',
    "X-UNKNOWN;TZID=Mine:text",
    "SUMMARY;X-TZIDX=No:none",
    "CREATED:20200101T000000Z",
    "BEGIN:VALARM",
    "TRIGGER;VALUE=DATE-TIME;TZID=Europe/Paris:20100601T090000",
    "END:VALARM",
    "END:VEVENT",
)


def test_the_zones_used_and_since_when() -> None:
    assert used_zones(EVENT) == {
        "Europe/Berlin": seconds(2009, 6, 1, 10),
        "Asia/Tokyo": seconds(2010, 6, 1, 21),
        "America/New_York": seconds(1998),
        "Mine": 0,
        "Europe/Paris": seconds(2010, 6, 1, 9),
    }


def test_those_of_many_objects_add_up() -> None:
    used = {"Europe/Berlin": seconds(2005), "Asia/Tokyo": seconds(2030)}
    assert used_zones(EVENT, used) is used
    assert (used["Europe/Berlin"], used["Asia/Tokyo"]) == (seconds(2005), seconds(2010, 6, 1, 21))


def test_what_lacks_is_what_is_neither_defined_nor_unknown() -> None:
    assert sorted(vtimezones_for([EVENT])) == ["America/New_York", "Europe/Berlin", "Europe/Paris"]
    other = calendar(
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "END:VTIMEZONE",
        "BEGIN:VTODO",
        "DUE;TZID=UTC:20200101T000000",
        "END:VTODO",
    )
    assert sorted(vtimezones_for([EVENT, other])) == ["America/New_York", "Europe/Berlin", "UTC"]
    assert vtimezones_for([calendar("BEGIN:VEVENT", "DTSTART:20200101T000000Z", "END:VEVENT")]) == {}


def test_a_component_holds_from_the_first_use_on() -> None:
    for year in range(1911, 2030, 7):
        for name in ("Europe/Berlin", "America/New_York", "Asia/Tehran", "Australia/Lord_Howe"):
            text = vtimezones({name: seconds(year, 2, 3)})[name]
            ours = defined(calendar(text.decode().strip()).components[0])
            theirs = oracle.zoneinfo(name)
            for instant in oracle.instants(name, seconds(year, 2, 2), seconds(2090)):
                if instant >= seconds(year, 2, 2):
                    assert ours.offset(instant) == oracle.offset(theirs, instant)


def test_components_are_named_as_they_are_used() -> None:
    used = vtimezones({"W. Europe Standard Time": 0, "Customized Time Zone": 0})
    assert list(used) == ["W. Europe Standard Time"]
    assert b"\r\nTZID:W. Europe Standard Time\r\n" in used["W. Europe Standard Time"]


class TestCalendarTimezone:
    """The value of the properties that hold a time zone.

    Verifies: RFC 4791, 5.2.2, 9.8; RFC 7809, 3.1.5
    """

    def value(self, inside: bytes) -> bytes:
        return b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n" + inside + b"END:VCALENDAR\r\n"

    def test_a_known_name(self) -> None:
        tzid, zone = calendar_timezone(self.value(vtimezone("Europe/Berlin")))
        assert (tzid, zone.name) == ("Europe/Berlin", "Europe/Berlin")

    def test_white_space_and_line_ends_of_xml(self) -> None:
        value = b"\n" + self.value(vtimezone("Europe/Berlin")).replace(b"\r\n", b"\n") + b"\n   "
        assert calendar_timezone(value)[0] == "Europe/Berlin"

    def test_a_name_of_its_own(self) -> None:
        text = vtimezone("Europe/Berlin", "Mine").replace(b"X-LIC-LOCATION:Europe/Berlin\r\n", b"")
        tzid, zone = calendar_timezone(self.value(text))
        assert (tzid, zone.name, zone.offset(seconds(2025, 7))) == ("Mine", "Mine", 7200)

    @pytest.mark.parametrize(
        "inside",
        [
            b"",
            b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
            vtimezone("Europe/Berlin") + vtimezone("Asia/Tokyo"),
            vtimezone("Europe/Berlin") + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
            b"BEGIN:VTIMEZONE\r\nTZID:Mine\r\nEND:VTIMEZONE\r\n",
            vtimezone("Europe/Berlin").replace(b"TZID:Europe/Berlin\r\n", b""),
        ],
    )
    def test_others_are_refused(self, inside: bytes) -> None:
        with pytest.raises(ContentError):
            calendar_timezone(self.value(inside))

    def test_what_is_no_icalendar_is_refused(self) -> None:
        with pytest.raises(ContentError):
            calendar_timezone(b"Europe/Berlin")
        with pytest.raises(ContentError):
            calendar_timezone(vtimezone("Europe/Berlin"))
