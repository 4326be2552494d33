"""Instances as components of their own.

Verifies: RFC 4791, 9.6.5
"""

from __future__ import annotations

from davd.formats.icalendar.expand import expand_component
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import Component, parse, serialize
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import UTC, Zone
from davd.model.index import FOREVER
from tests.formats.icalendar.calendars import text_of, utc


def expanded(
    *components: str,
    name: str = "VEVENT",
    floating: Zone = UTC,
    start: int = -FOREVER,
    end: int = FOREVER,
) -> list[list[str]]:
    """The lines of each instance, without BEGIN, END and UID."""
    data = text_of(*components, name=name)
    calendar = parse(data)
    zones = Zones(calendar, floating)
    found = RecurringObject(calendar, floating).between(start, end)
    return [lines_of(expand_component(instance, zones), data) for instance in found]


def lines_of(component: Component, data: bytes) -> list[str]:
    lines = serialize(component, data).decode().replace("\r\n ", "").split("\r\n")
    assert (lines[0], lines[1], lines[-2:]) == (f"BEGIN:{component.name}", "UID:a", [f"END:{component.name}", ""])
    return lines[2:-2]


BERLIN = "DTSTART;TZID=Europe/Berlin:20250328T090000"


def test_times_are_in_utc_and_nothing_recurs() -> None:
    rule = (
        "RRULE:FREQ=DAILY;COUNT=4 EXDATE;TZID=Europe/Berlin:20250329T090000 EXRULE:FREQ=YEARLY RDATE:20250402T080000Z"
    )
    assert expanded(
        f"{BERLIN} DTEND;TZID=Europe/Berlin:20250328T100000 {rule} SUMMARY:Walk", start=utc("20250329")
    ) == [
        ["DTSTART:20250330T070000Z", "DTEND:20250330T080000Z", "SUMMARY:Walk", "RECURRENCE-ID:20250330T070000Z"],
        ["DTSTART:20250331T070000Z", "DTEND:20250331T080000Z", "SUMMARY:Walk", "RECURRENCE-ID:20250331T070000Z"],
        ["DTSTART:20250402T080000Z", "DTEND:20250402T090000Z", "SUMMARY:Walk", "RECURRENCE-ID:20250402T080000Z"],
    ]


def test_days_stay_days() -> None:
    berlin = named("Europe/Berlin")
    assert berlin is not None
    lines = "DTSTART;VALUE=DATE:20250330 DTEND;VALUE=DATE:20250331 RRULE:FREQ=DAILY;COUNT=2"
    expected = [
        ["DTSTART;VALUE=DATE:20250330", "DTEND;VALUE=DATE:20250331", "RECURRENCE-ID;VALUE=DATE:20250330"],
        ["DTSTART;VALUE=DATE:20250331", "DTEND;VALUE=DATE:20250401", "RECURRENCE-ID;VALUE=DATE:20250331"],
    ]
    assert expanded(lines) == expanded(lines, floating=berlin) == expected


def test_floating_times_stay_floating() -> None:
    new_york = named("America/New_York")
    assert new_york is not None
    lines = "DTSTART:20250308T090000 DURATION:P1D RRULE:FREQ=DAILY;COUNT=2"
    assert expanded(lines, floating=new_york) == [
        ["DTSTART:20250308T090000", "DURATION:P1D", "RECURRENCE-ID:20250308T090000"],
        ["DTSTART:20250309T090000", "DURATION:P1D", "RECURRENCE-ID:20250309T090000"],
    ]


def test_what_does_not_recur_has_no_recurrence_id() -> None:
    assert expanded(f"{BERLIN} SUMMARY:Once") == [["DTSTART:20250328T080000Z", "SUMMARY:Once"]]


def test_overrides_keep_what_is_theirs() -> None:
    found = expanded(
        f"{BERLIN} DURATION:PT1H RRULE:FREQ=DAILY;COUNT=3 SUMMARY:Walk",
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20250329T090000 "
        "DTSTART;TZID=Europe/Berlin:20250329T110000 DURATION:PT2H SUMMARY:Run",
    )
    assert found == [
        ["DTSTART:20250328T080000Z", "DURATION:PT1H", "SUMMARY:Walk", "RECURRENCE-ID:20250328T080000Z"],
        ["DTSTART:20250329T100000Z", "DURATION:PT2H", "SUMMARY:Run", "RECURRENCE-ID:20250329T080000Z"],
        ["DTSTART:20250330T090000Z", "DURATION:PT2H", "SUMMARY:Run", "RECURRENCE-ID:20250330T070000Z"],
    ]


def test_nominal_days_become_exact_where_the_clock_changes() -> None:
    found = expanded(f"{BERLIN} DURATION:P1D RRULE:FREQ=DAILY;COUNT=3")
    assert [lines[1] for lines in found] == ["DURATION:P1D", "DURATION:PT23H", "DURATION:P1D"]


def test_periods_bring_their_length() -> None:
    rdate = "RDATE;VALUE=PERIOD:20250402T080000Z/PT3H"
    assert [lines[1] for lines in expanded(f"{BERLIN} DURATION:PT1H {rdate}")] == ["DURATION:PT1H", "DURATION:PT3H"]
    found = expanded(f"{BERLIN} {rdate}")
    assert found[0] == ["DTSTART:20250328T080000Z", "RECURRENCE-ID:20250328T080000Z"]
    assert found[1] == ["DTSTART:20250402T080000Z", "RECURRENCE-ID:20250402T080000Z", "DTEND:20250402T110000Z"]


def test_to_dos() -> None:
    lines = "DTSTART;TZID=Europe/Berlin:20250328T090000 DUE;TZID=Europe/Berlin:20250328T120000 RRULE:FREQ=DAILY;COUNT=1"
    assert expanded(lines, name="VTODO") == [
        ["DTSTART:20250328T080000Z", "DUE:20250328T110000Z", "RECURRENCE-ID:20250328T080000Z"]
    ]
    lines = "DUE;TZID=Europe/Berlin:20250328T120000 RRULE:FREQ=DAILY;COUNT=2"
    assert expanded(lines, name="VTODO") == [
        ["DUE:20250328T110000Z", "RECURRENCE-ID:20250328T110000Z"],
        ["DUE:20250329T110000Z", "RECURRENCE-ID:20250329T110000Z"],
    ]
    assert expanded("SUMMARY:Milk", name="VTODO") == [["SUMMARY:Milk"]]


def test_no_property_names_a_time_zone() -> None:
    found = expanded(
        f"{BERLIN} X-SEEN;TZID=Europe/Berlin;X-BY=me:20250301T120000,20250302T120000 X-NOTE;TZID=Europe/Berlin:noon "
        "BEGIN:VALARM TRIGGER;VALUE=DATE-TIME;TZID=Europe/Berlin:20250328T080000 X-A:b END:VALARM"
    )
    assert found == [
        [
            "DTSTART:20250328T080000Z",
            "X-SEEN;X-BY=me:20250301T110000Z,20250302T110000Z",
            "X-NOTE:noon",
            "BEGIN:VALARM",
            "TRIGGER;VALUE=DATE-TIME:20250328T070000Z",
            "X-A:b",
            "END:VALARM",
        ]
    ]


def test_parameters_of_ones_own_are_kept() -> None:
    assert expanded("DTSTART;X-WHY=so;TZID=Europe/Berlin:20250328T090000") == [["DTSTART;X-WHY=so:20250328T080000Z"]]
    assert expanded("DTSTART;X-WHY=so;VALUE=DATE:20250328 RRULE:FREQ=DAILY;COUNT=2")[1][0] == (
        "DTSTART;VALUE=DATE;X-WHY=so:20250329"
    )


def test_what_needs_no_change_is_what_was_read() -> None:
    data = text_of("DTSTART:20250328T080000Z DTEND:20250328T090000Z X-Odd;a=b:c BEGIN:VALARM TRIGGER:-PT5M END:VALARM")
    calendar = parse(data)
    (instance,) = RecurringObject(calendar, UTC).between(-FOREVER, FOREVER)
    component = expand_component(instance, Zones(calendar))
    assert serialize(component, data) == serialize(calendar.components[0], data)
