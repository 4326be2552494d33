"""Parts of calendar objects.

Verifies: RFC 4791, 9.6.1, 9.6.4, 9.6.7
"""

from __future__ import annotations

import pytest

from davd.caldav.data_parts import chosen, stretch, with_free_busy
from davd.caldav.elements.calendar_data import Comp
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.objects import CalendarObject
from davd.formats.icalendar.object import serialize
from davd.formats.icalendar.values import moment, period
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import UTC

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nprodid:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY;LANGUAGE=en:A lo\r\n ng one\r\n"
    "X-Y:z\r\nATTENDEE;CN=A:mailto:a@x\r\nATTENDEE;CN=B:mailto:b@x\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def part(wanted: Comp) -> str:
    found = CalendarObject(EVENT.encode())
    return serialize(chosen(found.calendar, wanted), found.content).decode()


def in_calendar(content: str) -> str:
    return f"BEGIN:VCALENDAR\r\n{content}END:VCALENDAR\r\n"


def of_event(*comps: Comp, **props: bool) -> Comp:
    named = tuple([(name.replace("_", "-"), value) for name, value in props.items()])
    return Comp("VCALENDAR", (), (Comp("VEVENT", named, comps),))


class TestChosen:
    """Verifies: RFC 4791, 9.6.1, 9.6.4"""

    def test_all_is_what_was_stored(self) -> None:
        assert part(Comp("VCALENDAR")) == EVENT
        assert part(Comp("VCALENDAR", None, (Comp("VEVENT"),))) == EVENT

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            (Comp("VCALENDAR", (), ()), ""),
            (Comp("VCALENDAR", (("PRODID", True), ("X-NONE", True)), ()), "prodid:x\r\n"),
            (of_event(), "BEGIN:VEVENT\r\nEND:VEVENT\r\n"),
            (Comp("VCALENDAR", (), (Comp("VTODO"),)), ""),
            (of_event(UID=True), "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n"),
            (of_event(SUMMARY=True), "BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:A lo\r\n ng one\r\nEND:VEVENT\r\n"),
            (of_event(SUMMARY=False), "BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:\r\nEND:VEVENT\r\n"),
            (
                of_event(ATTENDEE=False, X_Y=True),
                "BEGIN:VEVENT\r\nX-Y:z\r\nATTENDEE;CN=A:\r\nATTENDEE;CN=B:\r\nEND:VEVENT\r\n",
            ),
            (
                of_event(Comp("VALARM")),
                "BEGIN:VEVENT\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT\r\n",
            ),
        ],
    )
    def test_parts(self, wanted: Comp, expected: str) -> None:
        assert part(wanted) == in_calendar(expected)

    def test_the_object_itself_stays(self) -> None:
        found = CalendarObject(EVENT.encode())
        chosen(found.calendar, of_event(UID=False))
        assert serialize(found.calendar, found.content).decode() == EVENT


class TestFreeBusy:
    """Verifies: RFC 4791, 9.6.7, 9.9"""

    LINES = (
        "FREEBUSY:20260105T100000Z/20260105T110000Z,20260105T120000Z/PT1H\r\n"
        "FREEBUSY;FBTYPE=FREE:20260105T100000Z/PT1H\r\nFREEBUSY:nonsense\r\n"
    )

    def limited(self, start: str, end: str, name: str = "VFREEBUSY") -> str:
        text = in_calendar(f"BEGIN:{name}\r\nUID:1\r\n{self.LINES}END:{name}\r\n")
        found = CalendarObject(text.encode())
        asked = TimeRange(moment(start).wall, moment(end).wall)
        component = with_free_busy(found.calendar.components[0], asked, found.zones(UTC))
        return serialize(component, found.content).decode()

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            ("20260105T100000Z", "20260105T130000Z", LINES),
            (
                "20260105T110000Z",
                "20260105T130000Z",
                "FREEBUSY:20260105T120000Z/PT1H\r\nFREEBUSY:nonsense\r\n",
            ),
            (
                "20260105T105959Z",
                "20260105T120000Z",
                (
                    "FREEBUSY:20260105T100000Z/20260105T110000Z\r\n"
                    "FREEBUSY;FBTYPE=FREE:20260105T100000Z/PT1H\r\nFREEBUSY:nonsense\r\n"
                ),
            ),
            ("20260106T000000Z", "20260107T000000Z", "FREEBUSY:nonsense\r\n"),
        ],
    )
    def test_only_what_overlaps_is_left(self, start: str, end: str, expected: str) -> None:
        assert self.limited(start, end) == f"BEGIN:VFREEBUSY\r\nUID:1\r\n{expected}END:VFREEBUSY\r\n"

    def test_other_components_are_left_alone(self) -> None:
        assert self.LINES in self.limited("20270101T000000Z", "20270102T000000Z", "X-BUSY")


@pytest.mark.parametrize(
    ("text", "seconds"), [("20260328T120000/20260329T120000", 23 * 3600), ("20260328T120000/P1DT1H", 24 * 3600)]
)
def test_a_day_is_a_day_on_the_clock(text: str, seconds: int) -> None:
    start, end = stretch(period(text, "Europe/Berlin"), Zones(None))
    assert end - start == seconds
