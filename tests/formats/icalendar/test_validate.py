"""Which objects may be stored, under which precondition the others are refused, and what is known of an object.

Verifies: RFC 4791, 4.1, 5.2.2, 5.2.6, 5.2.7, 5.2.8, 5.2.9, 5.3.2.1; RFC 7809, 3.1.4; RFC 7953, 7.2.4
"""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.contentlines import Limits
from davd.formats.icalendar.object import Component, parse, serialize
from davd.formats.icalendar.validate import (
    CalendarLimits,
    Checked,
    InvalidCalendar,
    check,
    check_availability,
    check_timezone,
    read,
)
from tests.corpus.icalendar.objects import REFUSED, names, octets
from tests.formats.icalendar.models import CALENDARS
from tests.formats.icalendar.test_object import SCRAPS

UTC = datetime.UTC
EVENT = "BEGIN:VEVENT|UID:1|DTSTAMP:20240101T000000Z|DTSTART:20240101T000000Z"


def calendar(text: str) -> bytes:
    """A VCALENDAR around lines that bars separate."""
    return f"BEGIN:VCALENDAR|VERSION:2.0|PRODID:x|{text}|END:VCALENDAR|".replace("|", "\r\n").encode()


def event(text: str) -> str:
    return f"{EVENT}|{text}|END:VEVENT"


def condition(data: bytes, limits: CalendarLimits | None = None) -> str:
    """The local name of the precondition under which the object is refused, empty where it is not."""
    try:
        read(data, limits or CalendarLimits())
    except InvalidCalendar as error:
        assert error.detail == str(error) and error.detail.endswith((".", "'"))
        namespace, _, local = error.condition[1:].partition("}")
        assert namespace == "urn:ietf:params:xml:ns:caldav"
        return local
    return ""


class TestObjects:
    """Verifies: RFC 4791, 4.1, 5.3.2.1"""

    @pytest.mark.parametrize("name", names())
    def test_examples(self, name: str) -> None:
        assert condition(octets(name)) == REFUSED.get(name, "")

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (event("SUMMARY:x"), ""),
            (event("METHOD:x"), ""),
            ("METHOD:PUBLISH|" + event("SUMMARY:x"), "valid-calendar-object-resource"),
            (event("A:b") + "|BEGIN:VTODO|UID:1|END:VTODO", "valid-calendar-object-resource"),
            (event("A:b") + "|BEGIN:X-FOO|UID:1|END:X-FOO", "valid-calendar-object-resource"),
            (event("A:b") + "|" + event("RECURRENCE-ID:20240101T000000Z").replace("UID:1", "UID:2"),
             "valid-calendar-object-resource"),
            (event("A:b").replace("UID:1|", ""), "valid-calendar-object-resource"),
            (event("A:b").replace("UID:1", "UID: "), "valid-calendar-object-resource"),
            (event("A:b").replace("UID:1", "UID:" + "x" * 1025), "valid-calendar-object-resource"),
            (event("A:b").replace("UID:1", "UID:" + "x" * 1024), ""),
            (event("A:b") + "|" + event("A:b"), "valid-calendar-object-resource"),
            (event("A:b") + "|" + "|".join([event("RECURRENCE-ID:20240102T000000Z")] * 2),
             "valid-calendar-object-resource"),
            (event("RECURRENCE-ID:20240102T000000Z"), ""),
            (event("RECURRENCE-ID:20240102T000000Z") + "|" + event("RECURRENCE-ID:20240103T000000Z"), ""),
            (event("UID:1"), "valid-calendar-data"),
            ("BEGIN:X-FOO|UID:1|ANY:thing|END:X-FOO", ""),
            ("BEGIN:X-FOO|UID:1|DTSTART:x|END:X-FOO", "valid-calendar-data"),
            ("BEGIN:VTIMEZONE|TZID:x|END:VTIMEZONE", ""),
            ("X-FOO:bar", "valid-calendar-data"),
        ],
    )  # fmt: skip
    def test_restrictions(self, text: str, expected: str) -> None:
        assert condition(calendar(text)) == expected

    @pytest.mark.parametrize(
        "data", [b"", b"x", b"BEGIN:VCARD\r\nEND:VCARD\r\n", octets("client-tasks") * 2, octets("client-tasks")[:-10]]
    )
    def test_what_is_no_icalendar(self, data: bytes) -> None:
        assert condition(data) == "valid-calendar-data"

    def test_size(self) -> None:
        data = octets("client-tasks")
        assert read(data, size=Limits(octets=len(data))).uid == "4412683464870000010"
        with pytest.raises(InvalidCalendar, match="octets"):
            read(data, size=Limits(octets=len(data) - 1))

    @given(st.one_of(st.binary(max_size=80), SCRAPS))
    def test_nothing_but_a_condition(self, data: bytes) -> None:
        try:
            assert isinstance(read(data), Checked)
        except InvalidCalendar as error:
            assert error.condition

    @given(CALENDARS)
    def test_nothing_but_a_condition_for_what_is_read(self, made: Component) -> None:
        for ask in (check, check_timezone, check_availability):
            try:
                ask(parse(serialize(made)))
            except InvalidCalendar as error:
                assert error.condition


class TestWhatIsKnown:
    """Verifies: RFC 4791, 4.1"""

    def test_master_and_overrides(self) -> None:
        found = read(octets("rfc4791-b-abcd2"))
        assert (found.kind, found.uid) == ("VEVENT", "00959BC664CA650E933C892C@example.com")
        assert found.master is found.calendar.subs("VEVENT")[0]
        assert [component.text("SUMMARY") for component in found.overrides] == ["Event #2 bis", "Event #2 bis bis"]
        assert (found.organizer, found.attendees) == ("", ())

    def test_instances_alone(self) -> None:
        found = read(calendar(event("RECURRENCE-ID:20240102T000000Z")))
        assert found.master is None and len(found.overrides) == 1

    def test_addresses(self) -> None:
        found = read(octets("rfc4791-b-abcd3"))
        assert found.organizer == "mailto:cyrus@example.com"
        assert found.attendees == ("mailto:cyrus@example.com", "mailto:lisa@example.com")
        twice = (
            event("ATTENDEE:MAILTO:A@b.c|ATTENDEE:/p/B")
            + "|"
            + event("RECURRENCE-ID:20240102T000000Z|ATTENDEE:mailto:a@b.c|ATTENDEE:mailto:d@e.f")
        )
        assert read(calendar(twice)).attendees == ("mailto:a@b.c", "/p/B", "mailto:d@e.f")

    def test_a_uid_is_text(self) -> None:
        assert read(calendar(event("A:b").replace("UID:1", "UID: a\\,b\\;c "))).uid == "a,b;c"

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("rfc5545-4-todo", "VTODO"),
            ("rfc5545-4-journal", "VJOURNAL"),
            ("rfc4791-b-abcd8", "VFREEBUSY"),
            ("rfc7953-c.1", "VAVAILABILITY"),
        ],
    )
    def test_kinds(self, name: str, kind: str) -> None:
        assert read(octets(name)).kind == kind

    def test_a_time_zone_alone(self) -> None:
        # "The empty-element tag <C:comp name="VTIMEZONE"/> MUST only be specified if support for calendar object
        # resources that only contain VTIMEZONE components is provided or desired." So it is a kind.
        found = read(octets("rfc4791-5.2.2-timezone"))
        assert (found.kind, found.uid) == ("VTIMEZONE", "US-Eastern")
        assert found.master is found.calendar.components[0]
        assert read(calendar("BEGIN:VTIMEZONE|TZID: x |END:VTIMEZONE")).uid == "x"

    def test_a_time_zone_by_reference(self) -> None:
        assert read(calendar(event("DTEND;TZID=Europe/Berlin:20240102T000000"))).kind == "VEVENT"


class TestLimits:
    """Verifies: RFC 4791, 5.2.6, 5.2.7, 5.2.8, 5.2.9, 5.3.2.1"""

    @pytest.mark.parametrize(
        ("text", "limits", "expected"),
        [
            (event("|".join(["ATTENDEE:mailto:a@b.c"] * 3)), CalendarLimits(attendees=3), ""),
            (event("|".join(["ATTENDEE:mailto:a@b.c"] * 3)), CalendarLimits(attendees=2), "max-attendees-per-instance"),
            (event("A:b|" + "|".join(["ATTENDEE:mailto:a@b.c"] * 2)) + "|" +
             event("RECURRENCE-ID:20240101T000000Z|ATTENDEE:mailto:a@b.c"), CalendarLimits(attendees=2), ""),
            (event("RDATE:20240102T000000Z,20240103T000000Z|RDATE:20240104T000000Z"), CalendarLimits(instances=3), ""),
            (event("RDATE:20240102T000000Z,20240103T000000Z|EXDATE:20240104T000000Z"), CalendarLimits(instances=2),
             "max-instances"),
            ("|".join(event(f"RECURRENCE-ID:2024010{day}T000000Z") for day in (1, 2, 3)), CalendarLimits(instances=2),
             "max-instances"),
            (event("A:b").replace("UID:1", "UID:123"), CalendarLimits(uid=2), "valid-calendar-object-resource"),
            (octets("rfc7529-4.3-1").decode().split("corpus//EN\r\n")[1].removesuffix("\r\nEND:VCALENDAR\r\n"),
             CalendarLimits(other_scales=True), ""),
        ],
    )  # fmt: skip
    def test_numbers(self, text: str, limits: CalendarLimits, expected: str) -> None:
        assert condition(calendar(text), limits) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("DTEND:20240102T000000Z", ""),
            ("DTEND:20300101T000001Z", "max-date-time"),
            ("DTEND:20300101T000000Z", ""),
            ("RECURRENCE-ID:20191231T235959Z", "min-date-time"),
            ("RECURRENCE-ID:20200101T000000Z", ""),
            ("RDATE;VALUE=DATE:20240101,20191231", "min-date-time"),
            ("RDATE;VALUE=PERIOD:20310101T000000Z/PT1H", "max-date-time"),
            ("EXDATE:20310101T000000Z", "max-date-time"),
            # Alarms and time zones have dates of their own, long ago.
            ("BEGIN:VALARM|ACTION:NONE|TRIGGER;VALUE=DATE-TIME:19760401T005545Z|END:VALARM", ""),
        ],
    )
    def test_dates(self, text: str, expected: str) -> None:
        limits = CalendarLimits(
            earliest=int(datetime.datetime(2020, 1, 1, tzinfo=UTC).timestamp()),
            latest=int(datetime.datetime(2030, 1, 1, tzinfo=UTC).timestamp()),
        )
        zone = "BEGIN:VTIMEZONE|TZID:x|BEGIN:STANDARD|DTSTART:16010101T000000|TZOFFSETFROM:+0000|TZOFFSETTO:+0000|"
        zone += "END:STANDARD|END:VTIMEZONE|"
        assert condition(calendar(zone + event(text)), limits) == expected

    def test_a_start_that_is_too_early(self) -> None:
        for kind in ("VEVENT", "VTODO", "VJOURNAL"):
            text = f"BEGIN:{kind}|UID:1|DTSTART:20191231T235959|END:{kind}"
            limits = CalendarLimits(earliest=int(datetime.datetime(2020, 1, 1, tzinfo=UTC).timestamp()))
            assert condition(calendar(text), limits) == "min-date-time"


class TestTimeZones:
    """Verifies: RFC 4791, 5.2.2"""

    def test_one(self) -> None:
        found = check_timezone(parse(octets("rfc4791-5.2.2-timezone")))
        assert found.text("TZID") == "US-Eastern"

    @pytest.mark.parametrize(
        "text",
        [
            "X:y",
            "BEGIN:VTIMEZONE|TZID:x|END:VTIMEZONE|BEGIN:VTIMEZONE|TZID:y|END:VTIMEZONE",
            "BEGIN:VTIMEZONE|TZID:x|END:VTIMEZONE|" + event("A:b"),
            event("A:b"),
            "BEGIN:VTIMEZONE|X:y|END:VTIMEZONE",
            "METHOD:x|BEGIN:VTIMEZONE|TZID:x|END:VTIMEZONE",
        ],
    )
    def test_no_time_zone(self, text: str) -> None:
        with pytest.raises(InvalidCalendar):
            check_timezone(parse(calendar(text)))


class TestAvailability:
    """Verifies: RFC 7953, 3.1, 7.2.4"""

    def test_several(self) -> None:
        found = check_availability(parse(octets("rfc7953-c.3")))
        assert [len(each.subs("AVAILABLE")) for each in found] == [1, 1, 1]

    def test_time_zones_beside_it(self) -> None:
        text = "BEGIN:VTIMEZONE|TZID:x|END:VTIMEZONE|BEGIN:VAVAILABILITY|UID:1|END:VAVAILABILITY"
        assert len(check_availability(parse(calendar(text)))) == 1

    @pytest.mark.parametrize(
        "text",
        [
            event("A:b"),
            "BEGIN:VAVAILABILITY|X:y|END:VAVAILABILITY",
            "BEGIN:VAVAILABILITY|UID:1|DTSTART:x|END:VAVAILABILITY",
            "BEGIN:VAVAILABILITY|UID:1|BEGIN:AVAILABLE|UID:2|END:AVAILABLE|END:VAVAILABILITY",
            "BEGIN:VAVAILABILITY|UID:1|BEGIN:AVAILABLE|DTSTART:20200101T000000Z|END:AVAILABLE|END:VAVAILABILITY",
            "BEGIN:VTIMEZONE|X:x|END:VTIMEZONE",
        ],
    )
    def test_refused(self, text: str) -> None:
        with pytest.raises(InvalidCalendar):
            check_availability(parse(calendar(text)))
