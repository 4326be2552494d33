"""Components with a RECURRENCE-ID.

Verifies: RFC 5545, 3.2.13, 3.8.4.4
"""

from __future__ import annotations

import pytest

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.overrides import Override, Shift, override
from davd.formats.icalendar.values import Moment, moment
from davd.formats.icalendar.zones.resolve import Zones
from tests.formats.icalendar.calendars import calendar, utc

NINE = moment("20250301T090000", "Europe/Berlin")
DAY = moment("20250301")


def read(lines: str, anchor: Moment | None = NINE, name: str = "VEVENT") -> tuple[Override, Shift | None] | None:
    object_ = calendar(lines, name=name)
    return override(object_.components[0], anchor, Zones(object_))


@pytest.mark.parametrize(
    ("recurrence", "anchor"),
    [
        ("RECURRENCE-ID;TZID=Europe/Berlin:20250308T090000", NINE),
        ("RECURRENCE-ID:20250308T080000Z", NINE),
        ("RECURRENCE-ID;TZID=America/New_York:20250308T030000", NINE),
        ("RECURRENCE-ID;VALUE=DATE:20250308", NINE),
        ("RECURRENCE-ID:20250308T080000Z", None),
    ],
)
def test_whose_place_it_takes(recurrence: str, anchor: Moment | None) -> None:
    found = read(f"{recurrence} DTSTART:20250309T120000Z DURATION:PT1H", anchor)
    assert found is not None
    own, shift = found
    assert own.identity == utc("20250308T080000")
    assert (own.low, own.high) == (own.instance.start, own.instance.end)
    assert (own.low, own.high) == (utc("20250309T120000"), utc("20250309T130000"))
    assert own.instance.is_override and shift is None


@pytest.mark.parametrize("recurrence", ["RECURRENCE-ID;VALUE=DATE:20250308", "RECURRENCE-ID:20250308T123456Z"])
def test_whose_place_it_takes_among_days(recurrence: str) -> None:
    found = read(f"{recurrence} DTSTART;VALUE=DATE:20250309", DAY)
    assert found is not None and found[0].identity == utc("20250308")


def test_its_name_is_what_stands_there() -> None:
    found = read("RECURRENCE-ID;TZID=America/New_York:20250308T030000 DTSTART:20250309T120000Z")
    assert found is not None
    assert found[0].instance.recurrence == moment("20250308T030000", "America/New_York")


def test_those_that_follow_are_moved_by_the_clock() -> None:
    found = read(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20250308T090000 "
        "DTSTART;TZID=Europe/Berlin:20250307T110000 DURATION:P1DT1H"
    )
    assert found is not None
    shift = found[1]
    assert shift is not None
    assert (shift.begin, shift.delta) == (utc("20250308T080000"), -22 * 3600)
    # Across the change of the clock, to the same hour.
    start, end = shift.apply(utc("20250331T070000"), utc("20250331T090000"))
    assert (start, end) == (utc("20250330T090000"), utc("20250331T100000"))


def test_days_are_those_of_the_overrides_own_clock() -> None:
    found = read(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20250301T090000 "
        "DTSTART;TZID=America/New_York:20250301T030000 DURATION:P1D"
    )
    assert found is not None and found[1] is not None
    assert found[1].delta == 0
    # The clocks in America change on the 9th, those in Europe on the 30th.
    for start, end in (
        ("20250308T080000", "20250309T070000"),
        ("20250315T080000", "20250316T080000"),
        ("20250329T080000", "20250330T080000"),
    ):
        assert found[1].apply(utc(start), utc(start) + 3600) == (utc(start), utc(end))


def test_a_range_that_is_none_is_passed_over() -> None:
    found = read("RECURRENCE-ID;RANGE=THISANDPRIOR:20250308T080000Z DTSTART:20250309T120000Z")
    assert found is not None and found[1] is None


def test_a_to_do_without_times_of_its_own() -> None:
    found = read("RECURRENCE-ID;RANGE=THISANDFUTURE:20250308T080000Z CREATED:20250101T000000Z", name="VTODO")
    assert found is not None and found[1] is None
    assert found[0].low == utc("20250101")


def test_what_overlaps_nothing_is_no_override() -> None:
    assert read("RECURRENCE-ID:20250308T080000Z SUMMARY:No~start", name="VJOURNAL") is None


@pytest.mark.parametrize("lines", ["RECURRENCE-ID:then DTSTART:20250309", "RECURRENCE-ID:20250308 DTSTART:then"])
def test_what_is_no_time_is_told(lines: str) -> None:
    with pytest.raises(ContentError):
        read(lines)
