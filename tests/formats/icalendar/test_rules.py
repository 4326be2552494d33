"""The rules of RFC 5545 that are kept, and those that clients may break.

Verifies: RFC 5545, 3.6.1, 3.6.2, 3.6.3, 3.6.4, 3.6.5, 3.6.6, 3.8.2, 3.8.5, 3.8.6; RFC 7529, 10; RFC 7953, 3.1
"""

from __future__ import annotations

import pytest

from davd.formats.icalendar import rules
from davd.formats.icalendar.object import parse
from davd.formats.icalendar.rules import CalendarLimits, InvalidCalendar
from tests.formats.icalendar.test_validate import calendar, condition

DATA = "valid-calendar-data"
ALARM = "BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|END:VALARM"
OBSERVANCE = "DTSTART:19700101T000000|TZOFFSETFROM:+0000|TZOFFSETTO:+0100"


def of(kind: str, text: str) -> str:
    return condition(calendar(f"BEGIN:{kind}|UID:1|{text}|END:{kind}"))


class TestCalendar:
    """Verifies: RFC 5545, 3.4, 3.6, 3.7"""

    @pytest.mark.parametrize(
        ("head", "expected"),
        [
            ("VERSION:2.0|PRODID:x|CALSCALE:gregorian", ""),
            ("X-WR-CALNAME:x", ""),
            ("VERSION:1.0;2.0 ", ""),
            ("VERSION:1.0", DATA),
            ("VERSION:", DATA),
            ("CALSCALE:CHINESE", DATA),
            ("VERSION:2.0|VERSION:2.0", DATA),
            ("PRODID:x|PRODID:x", DATA),
        ],
    )
    def test_properties(self, head: str, expected: str) -> None:
        text = f"BEGIN:VCALENDAR|{head}|BEGIN:VJOURNAL|UID:1|END:VJOURNAL|END:VCALENDAR|"
        assert condition(text.replace("|", "\r\n").encode()) == expected


class TestEvents:
    """Verifies: RFC 5545, 3.6.1, 3.8.2.2, 3.8.2.4, 3.8.2.5, 3.8.4.4, 3.8.5"""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("DTSTART:20240101T000000Z", ""),
            ("SUMMARY:x", DATA),
            ("DTSTART:x", DATA),
            ("DTSTART:", DATA),
            ("DTSTART;VALUE=DATE:20240101T000000", DATA),
            ("DTSTART:20240101", ""),
            ("DTSTART:20240230", DATA),
            ("DTSTART:20240101T000000Z|DTSTART:20240101T000000Z", DATA),
            ("DTSTART:20240101T000000Z|DTEND:20240101T000000Z", ""),
            ("DTSTART:20240101T000000Z|DTEND:20231231T235959Z", DATA),
            ("DTSTART;VALUE=DATE:20240101|DTEND;VALUE=DATE:20240101", ""),
            ("DTSTART;VALUE=DATE:20240102|DTEND;VALUE=DATE:20240101", DATA),
            ("DTSTART;VALUE=DATE:20240101|DTEND:20240102T000000Z", DATA),
            ("DTSTART:20240101T000000Z|DTEND;VALUE=DATE:20240102", DATA),
            # From Tokyo to Honolulu one arrives before one leaves, by the clocks.
            ("DTSTART;TZID=Asia/Tokyo:20240101T200000|DTEND;TZID=Pacific/Honolulu:20240101T080000", ""),
            ("DTSTART;TZID=Asia/Tokyo:20240103T200000|DTEND;TZID=Pacific/Honolulu:20240101T080000", DATA),
            ("DTSTART;TZID=Asia/Tokyo:20240101T200000|DTEND;TZID=Asia/Tokyo:20240101T195959", DATA),
            ("DTSTART:20240101T000000Z|DURATION:PT1H", ""),
            ("DTSTART:20240101T000000Z|DURATION:-PT1H", DATA),
            ("DTSTART:20240101T000000Z|DURATION:1h", DATA),
            ("DTSTART:20240101T000000Z|DURATION:PT1H|DTEND:20240101T010000Z", DATA),
            ("DTSTART:20240101T000000Z|RECURRENCE-ID:x", DATA),
            ("DTSTART:20240101T000000Z|RRULE:FREQ=DAILY", ""),
            ("DTSTART:20240101T000000Z|RRULE:FREQ=DAILY|RRULE:FREQ=WEEKLY", ""),
            ("DTSTART:20240101T000000Z|RRULE:FREQ=DAILY;UNTIL=20240201", ""),
            ("DTSTART:20240101T000000Z|RRULE:FREQ=DAILY;INTERVAL=0", DATA),
            ("DTSTART:20240101T000000Z|RRULE:FREQ=NEVER", DATA),
            ("DTSTART:20240101T000000Z|RRULE:", DATA),
            ("DTSTART:20240101T000000Z|RRULE:RSCALE=CHINESE;FREQ=YEARLY", "supported-rscale"),
            ("DTSTART:20240101T000000Z|RRULE:RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", ""),
            ("DTSTART:20240101T000000Z|EXDATE:", ""),
            ("DTSTART:20240101T000000Z|EXDATE:20240101T000000Z,x", DATA),
            ("DTSTART:20240101T000000Z|RDATE;VALUE=PERIOD:20240101T000000Z/PT1H", ""),
            ("DTSTART:20240101T000000Z|RDATE;VALUE=PERIOD:20240101T000000Z", DATA),
            ("DTSTART:20240101T000000Z|SUMMARY:a|SUMMARY:b", DATA),
            ("DTSTART:20240101T000000Z|COMMENT:a|COMMENT:b|X-A:1|X-A:2", ""),
            ("DTSTART:20240101T000000Z|CREATED:00001231T000000Z|LAST-MODIFIED:20240101T000000Z", ""),
            ("DTSTART:20240101T000000Z|DTSTAMP:20240101", ""),
            ("DTSTART:20240101T000000Z|DTSTAMP: 20240101T000000Z ", ""),
            ("DTSTART:20240101T000000Z|DTSTAMP:now", DATA),
            ("DTSTART:20240101T000000Z|DTSTAMP:", DATA),
        ],
    )
    def test_events(self, text: str, expected: str) -> None:
        assert of("VEVENT", text) == expected


class TestOthers:
    """Verifies: RFC 5545, 3.6.2, 3.6.3, 3.6.4, 3.8.2.3; RFC 7953, 3.1"""

    @pytest.mark.parametrize(
        ("kind", "text", "expected"),
        [
            ("VTODO", "SUMMARY:x", ""),
            ("VTODO", "DTSTART:20240102T000000Z|DUE:20240101T000000Z", ""),
            ("VTODO", "DTSTART;VALUE=DATE:20240102|DUE:20240103T000000Z", ""),
            ("VTODO", "DUE:20240102T000000Z|RRULE:FREQ=DAILY", ""),
            ("VTODO", "DUE:tomorrow", DATA),
            ("VTODO", "DURATION:PT1H", DATA),
            ("VTODO", "DTSTART:20240102T000000Z|DURATION:PT1H", ""),
            ("VTODO", "DTSTART:20240102T000000Z|DURATION:PT1H|DUE:20240103T000000Z", DATA),
            ("VTODO", "COMPLETED:20240102T000000Z", ""),
            ("VTODO", "COMPLETED:yes", DATA),
            ("VTODO", "PERCENT-COMPLETE:1|PERCENT-COMPLETE:2", DATA),
            ("VJOURNAL", "DESCRIPTION:a|DESCRIPTION:b", ""),
            ("VJOURNAL", "DTSTART;VALUE=DATE:20240102|RRULE:FREQ=DAILY", ""),
            ("VJOURNAL", "DTSTART:x", DATA),
            ("VJOURNAL", "RRULE:FREQ=DAILY", DATA),
            ("VFREEBUSY", "FREEBUSY:20240102T000000Z/PT1H,20240103T000000Z/20240103T010000Z", ""),
            ("VFREEBUSY", "FREEBUSY:20240102T000000Z", DATA),
            ("VFREEBUSY", "DTSTART:20240102T000000Z|DTEND:20240101T000000Z", DATA),
            ("VFREEBUSY", "DTSTART:20240102T000000Z|RRULE:FREQ=DAILY", DATA),
            ("VFREEBUSY", "RDATE:20240102T000000Z", DATA),
            ("VAVAILABILITY", "DTSTART:20240102T000000Z|DTEND:20240103T000000Z|BUSYTYPE:BUSY", ""),
            ("VAVAILABILITY", "DTEND:20240103T000000Z|DURATION:P1D", DATA),
            ("VAVAILABILITY", "BEGIN:AVAILABLE|UID:2|DTSTART:20240102T000000Z|RRULE:x|END:AVAILABLE", DATA),
            ("VAVAILABILITY", "BEGIN:AVAILABLE|UID:2|DTSTART:20240102T000000Z|DTEND:x|END:AVAILABLE", DATA),
            ("VAVAILABILITY", "BEGIN:X-OWN|A:b|END:X-OWN", ""),
        ],
    )
    def test_components(self, kind: str, text: str, expected: str) -> None:
        assert of(kind, text) == expected


class TestInside:
    """Verifies: RFC 5545, 3.6.6, 3.8.6; RFC 9074, 4"""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (ALARM, ""),
            ("|".join([ALARM] * 20), ""),
            ("|".join([ALARM] * 21), DATA),
            ("BEGIN:VALARM|ACTION:DISPLAY|END:VALARM", DATA),
            ("BEGIN:VALARM|TRIGGER:-PT5M|END:VALARM", DATA),
            ("BEGIN:VALARM|ACTION:NONE|TRIGGER;VALUE=DATE-TIME:19760401T005545Z|END:VALARM", ""),
            ("BEGIN:VALARM|ACTION:NONE|TRIGGER:19760401T005545Z|END:VALARM", ""),
            ("BEGIN:VALARM|ACTION:NONE|TRIGGER;RELATED=END:PT0S|END:VALARM", ""),
            ("BEGIN:VALARM|ACTION:NONE|TRIGGER:soon|END:VALARM", DATA),
            ("BEGIN:VALARM|ACTION:NONE|TRIGGER:1976|END:VALARM", DATA),
            ("BEGIN:VALARM|ACTION:NONE|TRIGGER:|END:VALARM", DATA),
            ("BEGIN:VALARM|ACTION:EMAIL|TRIGGER:PT0S|ATTENDEE:mailto:a@b.c|END:VALARM", ""),
            ("BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|REPEAT:100|DURATION:PT5M|END:VALARM", ""),
            ("BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|REPEAT:101|DURATION:PT5M|END:VALARM", DATA),
            ("BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|REPEAT:-1|DURATION:PT5M|END:VALARM", DATA),
            ("BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|REPEAT:x|DURATION:PT5M|END:VALARM", DATA),
            ("BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|REPEAT:4|DURATION:5|END:VALARM", DATA),
            ("BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|REPEAT:0|END:VALARM", ""),
            ("BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|TRIGGER:PT0S|END:VALARM", DATA),
            (ALARM.replace("|END", "|BEGIN:VLOCATION|NAME:x|END:VLOCATION|END"), ""),
            (ALARM.replace("|END", f"|{ALARM}|END"), DATA),
            (ALARM.replace("|END", "|BEGIN:VEVENT|A:b|END:VEVENT|END"), DATA),
            ("BEGIN:VEVENT|UID:2|END:VEVENT", DATA),
            ("BEGIN:VTIMEZONE|TZID:2|END:VTIMEZONE", DATA),
            ("BEGIN:PARTICIPANT|UID:2|END:PARTICIPANT|BEGIN:X-A|UID:2|UID:2|END:X-A", ""),
        ],
    )
    def test_of_an_event(self, text: str, expected: str) -> None:
        assert of("VEVENT", f"DTSTART:20240101T000000Z|{text}") == expected
        assert of("VTODO", text) == expected

    def test_no_alarms_of_a_journal(self) -> None:
        assert of("VJOURNAL", ALARM) == DATA

    def test_limits(self) -> None:
        component = parse(calendar(f"BEGIN:VTODO|{ALARM}|{ALARM}|END:VTODO")).components[0]
        assert rules.of_component(component, CalendarLimits(alarms=2)) == {}
        with pytest.raises(InvalidCalendar):
            rules.of_component(component, CalendarLimits(alarms=1))


class TestTimeZones:
    """Verifies: RFC 5545, 3.6.5"""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("TZID:x", ""),
            ("X:y", DATA),
            ("TZID: ", DATA),
            ("TZID:x|TZID:y", DATA),
            (f"TZID:x|BEGIN:STANDARD|{OBSERVANCE}|END:STANDARD|BEGIN:X-A|END:X-A", ""),
            (f"TZID:x|BEGIN:DAYLIGHT|{OBSERVANCE}|RRULE:FREQ=YEARLY|RDATE:20200101T000000|TZNAME:a|END:DAYLIGHT", ""),
            (f"TZID:x|BEGIN:DAYLIGHT|{OBSERVANCE}|RRULE:FREQ=x|END:DAYLIGHT", DATA),
            (f"TZID:x|BEGIN:DAYLIGHT|{OBSERVANCE}|RDATE:x|END:DAYLIGHT", DATA),
            (f"TZID:x|BEGIN:STANDARD|{OBSERVANCE}|{OBSERVANCE}|END:STANDARD", DATA),
            (f"TZID:x|BEGIN:STANDARD|{OBSERVANCE.replace('+0100', '1h')}|END:STANDARD", DATA),
            (f"TZID:x|BEGIN:STANDARD|{OBSERVANCE.replace('+0000', '')}|END:STANDARD", DATA),
            (f"TZID:x|BEGIN:STANDARD|{OBSERVANCE.replace('1970', '0000')}|END:STANDARD", DATA),
            ("TZID:x|BEGIN:STANDARD|DTSTART:19700101T000000|TZOFFSETTO:+0100|END:STANDARD", DATA),
        ],
    )
    def test_time_zones(self, text: str, expected: str) -> None:
        text = f"BEGIN:VTIMEZONE|{text}|END:VTIMEZONE|BEGIN:VJOURNAL|UID:1|END:VJOURNAL"
        assert condition(calendar(text)) == expected
