"""EXDATE and RDATE.

Verifies: RFC 5545, 3.8.5.1, 3.8.5.2
"""

from __future__ import annotations

from datetime import UTC as PY_UTC
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.date_lists import ExDates, Listed, RDates
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.values import DAY, Moment, moment, of_line
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import Zones
from davd.model.index import FOREVER
from tests.formats.icalendar.calendars import calendar, utc

BERLIN = "DTSTART;TZID=Europe/Berlin:20250301T090000"


def event(lines: str) -> tuple[Component, Moment, Zones]:
    object_ = calendar(lines)
    component = object_.components[0]
    start = component.first("DTSTART")
    assert start is not None
    return component, of_line(start), Zones(object_)


def excluded(lines: str, *walls: str) -> list[bool]:
    """Whether each wall on DTSTART's clock is taken out."""
    component, anchor, zones = event(lines)
    exdates = ExDates(component.all("EXDATE"), anchor, zones)
    own = zones.zone(anchor)
    return [exdates.has(moment(wall).wall, own.utc(moment(wall).wall)) for wall in walls]


def listed(lines: str, low: int = -FOREVER, high: int = FOREVER) -> list[Listed]:
    component, anchor, zones = event(lines)
    return list(RDates(component.all("RDATE"), anchor, zones).between(low, high))


def starts(lines: str, low: str = "19000101", high: str = "21000101") -> list[str]:
    found = listed(lines, utc(low), utc(high))
    return [datetime.fromtimestamp(one.utc, PY_UTC).strftime("%m%dT%H%M") for one in found]


class TestExDates:
    """Instances taken out.

    Verifies: RFC 5545, 3.8.5.1
    """

    @pytest.mark.parametrize(
        "line",
        [
            "EXDATE;TZID=Europe/Berlin:20250302T090000",
            "EXDATE;TZID=europe/berlin:20250302t090000",
            "EXDATE:20250302T080000Z",
            "EXDATE;TZID=America/New_York:20250302T030000",
            "EXDATE:20250302T090000",
            "EXDATE;VALUE=DATE:20250302",
            "EXDATE:20250302",
            "EXDATE;TZID=Europe/Berlin:20250401T090000,~20250302T090000,,20250501T090000",
        ],
    )
    def test_of_date_times(self, line: str) -> None:
        walls = ("20250301T090000", "20250302T090000", "20250302T100000")
        whole_day = line.endswith("20250302")
        assert excluded(f"{BERLIN} {line}", *walls) == [False, True, whole_day]

    @pytest.mark.parametrize(
        "line",
        [
            "EXDATE;VALUE=DATE:20250302",
            "EXDATE:20250302T000000Z",
            "EXDATE:20250302T235959",
            "EXDATE;TZID=America/New_York:20250302T000000",
        ],
    )
    def test_of_days(self, line: str) -> None:
        walls = ("20250301", "20250302", "20250303")
        assert excluded(f"DTSTART;VALUE=DATE:20250301 {line}", *walls) == [False, True, False]

    def test_of_utc(self) -> None:
        lines = "DTSTART:20250301T090000Z EXDATE:20250302T090000Z,20250303T090000"
        assert excluded(lines, "20250302T090000", "20250303T090000", "20250304T090000") == [True, True, False]

    def test_what_is_no_date_takes_out_nothing(self) -> None:
        component, anchor, zones = event(f"{BERLIN} EXDATE: EXDATE:never EXDATE:99999999T999999")
        exdates = ExDates(component.all("EXDATE"), anchor, zones)
        assert not exdates.has(anchor.wall, zones.utc(anchor))
        assert not exdates.has(10**15, 10**15)

    def test_many_lines_are_many_dates(self) -> None:
        lines = " ".join(f"EXDATE:202503{day:02}T080000Z" for day in range(1, 29))
        assert excluded(f"{BERLIN} {lines}", "20250301T090000", "20250328T090000", "20250329T090000") == [
            True,
            True,
            False,
        ]


class TestRDates:
    """Instances added.

    Verifies: RFC 5545, 3.8.5.2
    """

    def test_each_form_in_order(self) -> None:
        lines = (
            f"{BERLIN} RDATE:20250310T120000Z,20250302T120000Z RDATE;TZID=America/New_York:20250309T120000 "
            "RDATE;TZID=Europe/Berlin:20250308T120000 RDATE;VALUE=DATE:20250307 RDATE:20250306T120000"
        )
        assert starts(lines) == [
            "0302T1200",
            "0306T1100",
            "0307T0800",
            "0308T1100",
            "0309T1600",
            "0310T1200",
        ]

    def test_walls_are_on_the_clock_of_dtstart(self) -> None:
        lines = f"{BERLIN} RDATE:20250710T120000Z RDATE;TZID=America/New_York:20250709T120000"
        assert [one.wall for one in listed(lines)] == [utc("20250709T180000"), utc("20250710T140000")]

    def test_days_have_no_time(self) -> None:
        lines = "DTSTART;VALUE=DATE:20250301 RDATE:20250303T120000Z,20250302"
        assert [one.wall for one in listed(lines)] == [utc("20250302"), utc("20250303")]

    def test_days_far_from_utc(self) -> None:
        for name, start in (("Pacific/Kiritimati", "20250302T100000"), ("Pacific/Pago_Pago", "20250303T110000")):
            object_ = calendar("DTSTART;VALUE=DATE:20250301 RDATE:20250303T120000Z,20250303T235959")
            component = object_.components[0]
            zone = named(name)
            assert zone is not None
            rdates = RDates(component.all("RDATE"), moment("20250301"), Zones(object_, zone))
            found = list(rdates.between(utc(start), utc(start) + 1))
            assert {one.utc for one in found} == {utc(start)}
            assert len(found) == 2

    def test_periods(self) -> None:
        lines = (
            f"{BERLIN} RDATE;VALUE=PERIOD:20250302T120000Z/20250302T150000Z,20250303T120000Z/PT1H "
            "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20250304T120000/P1DT1H,20250305T120000/20250305T110000"
        )
        assert [one.length for one in listed(lines)] == [3 * 3600, 3600, 25 * 3600, 0]
        assert starts(lines) == ["0302T1200", "0303T1200", "0304T1100", "0305T1100"]

    def test_those_within_bounds(self) -> None:
        lines = f"{BERLIN} RDATE:" + ",".join(f"202503{day:02}T120000Z" for day in range(1, 29))
        assert starts(lines, "20250310T120000", "20250312T120000") == ["0310T1200", "0311T1200"]
        assert starts(lines, "20250310T120001", "20250312T120001") == ["0311T1200", "0312T1200"]
        assert starts(lines, "20260101") == []

    def test_periods_may_have_begun_before(self) -> None:
        lines = f"{BERLIN} RDATE;VALUE=PERIOD:20250302T120000Z/P100D,20250303T120000Z/PT1H"
        assert starts(lines, "20250401") == ["0302T1200", "0303T1200"]
        assert starts(lines, "20240401", "20250303") == ["0302T1200"]

    def test_what_is_no_date_is_passed_over(self) -> None:
        lines = f"{BERLIN} RDATE:,tomorrow,20250230T000000,20250302T120000Z,20250303T120000Z/x,/PT1H"
        assert starts(lines) == ["0302T1200"]

    def test_there_may_be_none(self) -> None:
        component, anchor, zones = event(f"{BERLIN} RDATE:")
        rdates = RDates(component.all("RDATE"), anchor, zones)
        assert len(rdates) == 0
        assert list(rdates.between(-FOREVER, FOREVER)) == []

    @given(
        st.lists(st.integers(0, 400), max_size=40, unique=True),
        st.integers(-10, 410),
        st.integers(0, 410),
        st.sampled_from(["", ";TZID=Europe/Berlin", ";TZID=Pacific/Kiritimati", "Z"]),
    )
    def test_bounds_cut_what_is_there(self, days: list[int], low: int, length: int, clock: str) -> None:
        texts = [
            datetime.fromtimestamp(utc("20250101T050000") + day * DAY, PY_UTC).strftime("%Y%m%dT%H%M%S") for day in days
        ]
        params, suffix = ("", "Z") if clock == "Z" else (clock, "")
        lines = f"{BERLIN} RDATE{params}:" + ",".join(text + suffix for text in texts)
        every = listed(lines)
        assert len(every) == len(days)
        assert every == sorted(every)
        first, last = utc("20250101") + low * DAY, utc("20250101") + (low + length) * DAY
        assert listed(lines, first, last) == [one for one in every if first <= one.utc < last]
