"""Calendar objects that are remembered.

Verifies: RFC 4791, 4.1
"""

from __future__ import annotations

import pytest

from davd.caldav.objects import CalendarObject, CalendarObjects
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.values import Kind, Moment
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.zone import UTC
from davd.model.resource import FILE, Resource
from tests.caldav.calendars import event


def resource(id: int = 1, etag: str = '"1"') -> Resource:
    return Resource(id, 2, "a.ics", FILE, "alice", etag, "text/calendar", 10, 0.0, 0.0, 1, 0, None, "")


def test_an_object_is_parsed_once() -> None:
    memory = CalendarObjects()
    found = memory.get(resource(), event())
    assert found.calendar.name == "VCALENDAR"
    assert memory.known(resource()) is not None
    assert memory.get(resource(), event()) is found


def test_another_etag_is_another_object() -> None:
    memory = CalendarObjects()
    found = memory.get(resource(), event("1"))
    assert memory.known(resource(etag='"2"')) is None
    other = memory.get(resource(etag='"2"'), event("2"))
    assert other is not found
    assert other.calendar.components[0].text("UID") == "2"
    assert memory.get(resource(2), event("3")).calendar.components[0].text("UID") == "3"


def test_what_is_no_object_is_not_remembered() -> None:
    memory = CalendarObjects()
    for _ in range(2):
        with pytest.raises(ContentError):
            memory.get(resource(), b"BEGIN:VCARD\r\nEND:VCARD\r\n")
    assert memory.known(resource()) is None


def test_the_room_is_kept() -> None:
    size = 1024 + 10 * len(event())
    memory = CalendarObjects(3 * size)
    for number in range(4):
        memory.get(resource(number), event())
    assert [memory.known(resource(number)) is not None for number in range(4)] == [False, True, True, True]


def test_an_object_larger_than_the_room_is_given_but_not_remembered() -> None:
    memory = CalendarObjects(100)
    assert memory.get(resource(), event()).content == event()
    assert memory.known(resource()) is None


def test_in_passing_nothing_is_driven_out() -> None:
    size = 1024 + 10 * len(event())
    memory = CalendarObjects(2 * size)
    for number in range(4):
        memory.get(resource(number), event(), passing=True)
    assert [memory.known(resource(number)) is not None for number in range(4)] == [True, True, False, False]


def test_floating_times_are_in_the_zone_that_is_asked_with() -> None:
    found = CalendarObject(event("1", start="DTSTART:20260105T100000"))
    berlin = named("Europe/Berlin")
    assert berlin is not None
    (first,) = found.recurring(UTC).between(0, 1 << 40, Budget())
    assert found.recurring(UTC) is found.recurring(UTC)
    assert found.zones(UTC) is found.zones(UTC)
    (second,) = found.recurring(berlin).between(0, 1 << 40, Budget())
    assert first.start - second.start == 3600
    floating = Moment(0, Kind.FLOATING)
    assert found.zones(berlin).utc(floating) == -3600
    assert found.zones(UTC).utc(floating) == 0
