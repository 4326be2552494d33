"""Filters on single objects: components, properties, parameters, texts.

Verifies: RFC 4791, 7.4, 7.5, 7.8, 9.7
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.caldav.elements.filter import read_filter
from davd.caldav.filter import matches
from davd.caldav.filter_scan import may_match, needles
from davd.caldav.filter_time import Times
from davd.caldav.objects import CalendarObject
from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.zones.zone import UTC
from tests.caldav.reports.questions import ABSENT, comp, event, param, prop, text, time_range

EVENT = event(
    "One",
    "SUMMARY:Über\\, Grüße\nCATEGORIES:Work,Äpfel\nCATEGORIES:home\nDTSTART:20260105T100000Z\n"
    "ATTENDEE;PARTSTAT=ACCEPTED;MEMBER=\"mailto:a@x\",\"mailto:b@x\":mailto:cyrus@example.com\n"
    "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:lisa@example.com\nX-ABC:value\nLOCATION:\n"
    "DESCRIPTION:A long text that is folded so that a word is brok\n en in the middle\n"
    "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT5M\nEND:VALARM",
)  # fmt: skip


def found(content: str, calendar: str = EVENT) -> bool:
    element = etree.fromstring(
        f'<C:filter xmlns:C="urn:ietf:params:xml:ns:caldav">{comp("VCALENDAR", content)}</C:filter>'
    )
    asked = read_filter(element)
    data = calendar.replace("\n", "\r\n").encode()
    made = CalendarObject(data)
    result = matches(asked, made.calendar, Times(made, UTC, Budget()))
    # Whatever matches has what a look at the octets wants to see.
    assert may_match(data, needles(asked)) or not result
    return result


def in_event(content: str) -> bool:
    return found(comp("VEVENT", content))


class TestComponents:
    """Verifies: RFC 4791, 9.7.1"""

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ("", True),
            (ABSENT, False),
            (comp("VEVENT"), True),
            (comp("vevent"), True),
            (comp("VTODO"), False),
            (comp("VTODO", ABSENT), True),
            (comp("VEVENT", ABSENT), False),
            (comp("VEVENT", comp("VALARM")), True),
            (comp("VEVENT", comp("VALARM", ABSENT)), False),
            (comp("VEVENT", comp("VALARM", prop("ACTION", text("audio")))), True),
            (comp("VEVENT", comp("VALARM", prop("ACTION", text("display")))), False),
            (comp("VEVENT", comp("X-NONE", ABSENT)), True),
            (comp("VEVENT") + comp("VTODO", ABSENT), True),
            (comp("VEVENT") + comp("VTODO"), False),
            (comp("VTIMEZONE", ABSENT), True),
            (prop("VERSION", text("2.0")), True),
            (prop("METHOD", ABSENT), True),
            (prop("METHOD"), False),
        ],
    )
    def test_each_holds_or_not(self, content: str, expected: bool) -> None:
        assert found(content) is expected


class TestProperties:
    """Verifies: RFC 4791, 9.7.2, 9.7.5"""

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (prop("SUMMARY"), True),
            (prop("LOCATION"), True),
            (prop("URL"), False),
            (prop("URL", ABSENT), True),
            (prop("SUMMARY", ABSENT), False),
            (prop("X-ABC", text("VALUE")), True),
            (prop("SUMMARY", text("ÜBER")), True),
            (prop("SUMMARY", text("über")), False),
            (prop("SUMMARY", text("über", 'collation="i;unicode-casemap"')), True),
            (prop("SUMMARY", text("GRÜSSE", 'collation="i;unicode-casemap"')), False),
            (prop("SUMMARY", text("BER, GR")), True),
            (prop("SUMMARY", text("BER", 'collation="i;octet"')), False),
            (prop("SUMMARY", text("ber, Gr", 'collation="i;octet"')), True),
            (prop("SUMMARY", text("")), True),
            (prop("LOCATION", text("x")), False),
            (prop("LOCATION", text("x", 'negate-condition="yes"')), True),
            (prop("SUMMARY", text("ber", 'negate-condition="yes"')), False),
            (prop("URL", text("x", 'negate-condition="yes"')), False),
            (prop("CATEGORIES", text("home")), True),
            (prop("CATEGORIES", text("work,")), True),
            (prop("CATEGORIES", text("play")), False),
            (prop("DESCRIPTION", text("broken in")), True),
            (prop("SUMMARY", text("ber")) + prop("X-ABC", text("val")), True),
            (prop("SUMMARY", text("ber")) + prop("X-ABC", text("no")), False),
        ],
    )
    def test_each_holds_or_not(self, content: str, expected: bool) -> None:
        assert in_event(content) is expected


class TestParameters:
    """Verifies: RFC 4791, 9.7.3"""

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (param("PARTSTAT"), True),
            (param("ROLE"), False),
            (param("ROLE", ABSENT), True),
            (param("PARTSTAT", ABSENT), False),
            (param("MEMBER", ABSENT), True),
            (param("MEMBER", text("b@X")), True),
            (param("MEMBER", text("c@X")), False),
            (param("MEMBER", text("a@x", 'negate-condition="yes"')), True),
            (param("PARTSTAT", text("NEEDS")), True),
            (text("lisa") + param("PARTSTAT", text("NEEDS-ACTION")), True),
            (text("cyrus") + param("PARTSTAT", text("NEEDS-ACTION")), False),
            (text("lisa") + param("PARTSTAT", text("ACCEPTED", 'negate-condition="yes"')), True),
            (param("PARTSTAT", text("ACCEPTED")) + param("MEMBER"), True),
            (param("PARTSTAT", text("NEEDS")) + param("MEMBER"), False),
        ],
    )
    def test_they_are_those_of_one_property(self, content: str, expected: bool) -> None:
        assert in_event(prop("ATTENDEE", content)) is expected


class TestOneComponentIsAsItIsAsked:
    """Verifies: RFC 4791, 9.7.1"""

    SERIES = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\n"
        "DTSTART:20260105T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nSUMMARY:Series\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\n"
        "DTSTAMP:20260101T000000Z\nRECURRENCE-ID:20260107T100000Z\nDTSTART:20260207T100000Z\nSUMMARY:Moved\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    )

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (prop("SUMMARY", text("Series")), True),
            (prop("SUMMARY", text("Moved")), True),
            (prop("SUMMARY", text("Series")) + prop("RECURRENCE-ID"), False),
            (time_range("20260107T000000Z", "20260108T000000Z"), False),
            (time_range("20260106T000000Z", "20260108T000000Z"), True),
            (time_range("20260207T000000Z", "20260208T000000Z") + prop("SUMMARY", text("Moved")), True),
            (time_range("20260208T000000Z", "20260209T000000Z") + prop("SUMMARY", text("Moved")), False),
            (time_range("20260208T000000Z", "20260209T000000Z") + prop("SUMMARY", text("Series")), True),
            # The override has no length, and the series has no end.
            (time_range("20260207T100001Z") + prop("SUMMARY", text("Moved")), False),
            (time_range("20260207T100000Z") + prop("SUMMARY", text("Moved")), True),
        ],
    )
    def test_the_master_or_an_override(self, content: str, expected: bool) -> None:
        assert found(comp("VEVENT", content), self.SERIES) is expected


def test_too_much_is_said() -> None:
    calendar = event("1", "DTSTART:20260105T100000Z\nRRULE:FREQ=DAILY")
    made = CalendarObject(calendar.encode())
    asked = read_filter(
        etree.fromstring(
            f'<C:filter xmlns:C="urn:ietf:params:xml:ns:caldav">'
            f"{comp('VCALENDAR', comp('VEVENT', time_range('20270101T000000Z')))}</C:filter>"
        )
    )
    with pytest.raises(TooMuch):
        matches(asked, made.calendar, Times(made, UTC, Budget(instances=0)))
