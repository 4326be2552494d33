"""Availability.

Verifies: RFC 7953, 3.1, 3.2, 4, 5
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.availability import availabilities, bounds, unavailable
from davd.formats.icalendar.freebusy import BUSY, TENTATIVE, UNAVAILABLE, Busy, FreeBusyType, busy_steps
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import UTC
from tests.formats.icalendar.zones.oracle import seconds

APPENDIX_A = """\
BEGIN:VEVENT
DTSTAMP:20111113T044111Z
DTSTART;TZID=America/Montreal:20111106T120000
DURATION:PT2H
SUMMARY:Meeting
UID:768CB0C2-8642-43F7-A6C4-F8BB04B829B4
END:VEVENT
BEGIN:VAVAILABILITY
UID:452DFCA7-3203-4A3D-9A9A-99753A383B41
DTSTAMP:20111005T133225Z
DTSTART;TZID=America/Montreal:20111002T000000
BEGIN:AVAILABLE
UID:466D5C68-5C4A-4078-AF5D-9C55EA9145D7
SUMMARY:Monday to Friday from 8:00 to 18:00
DTSTART;TZID=America/Montreal:20111002T080000
DTEND;TZID=America/Montreal:20111002T180000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
END:AVAILABLE
END:VAVAILABILITY
"""

APPENDIX_B = """\
BEGIN:VAVAILABILITY
ORGANIZER:mailto:bernard@example.com
UID:627A87FA-E5F1-43C0-B3B1-567DA10F2A83
DTSTAMP:20111005T133225Z
DTSTART;TZID=America/Montreal:20111002T000000
BEGIN:AVAILABLE
UID:A833E850-892B-43F6-98B6-C15A6BFC5D27
DTSTART;TZID=America/Montreal:20111002T080000
DTEND;TZID=America/Montreal:20111002T180000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
LOCATION:Montreal
END:AVAILABLE
END:VAVAILABILITY
BEGIN:VAVAILABILITY
ORGANIZER:mailto:bernard@example.com
UID:F01411E3-38B8-4490-8A1F-0CCEC57A0943
DTSTAMP:20111005T133225Z
DTSTART;TZID=America/Denver:20111023T000000
DTEND;TZID=America/Denver:20111030T000000
PRIORITY:1
BEGIN:AVAILABLE
UID:A35AA091-3846-48ED-96F6-881E8A0D0A93
DTSTART;TZID=America/Denver:20111023T080000
DTEND;TZID=America/Denver:20111023T180000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
LOCATION:Denver
END:AVAILABLE
END:VAVAILABILITY
"""


def calendar(text: str) -> Component:
    return parse(b"BEGIN:VCALENDAR\r\n" + text.strip().replace("\n", "\r\n").encode() + b"\r\nEND:VCALENDAR\r\n")


def slots(text: str, year: int, month: int, day: int) -> str:
    """The day in Montreal in slots of two hours, as the RFC draws it; only the availability."""
    montreal = named("America/Montreal")
    assert montreal is not None
    start, end = montreal.utc(seconds(year, month, day)), montreal.utc(seconds(year, month, day) + 86_400)
    inside = calendar(text)
    found = unavailable(availabilities(inside, montreal), start, end, Budget())
    found += filter(None, busy_steps(inside, start, end, montreal, Budget()))
    letters = {UNAVAILABLE: "U", BUSY: "B", TENTATIVE: "T"}
    drawn = ""
    for slot in range(start, end, 7200):
        kinds = {one.kind for one in found if one.start < slot + 7200 and one.end > slot}
        drawn += next((letters[kind] for kind in (BUSY, UNAVAILABLE, TENTATIVE) if kind in kinds), "F")
    return drawn


class TestTheRfcsExamples:
    """The tables of the RFC.

    Verifies: RFC 7953, 5.1
    """

    def test_simple(self) -> None:
        # The request is for "Monday, 6th November 2011", which was a Sunday: the meeting is where the text has it, the
        # hours are those of the Monday after it.
        meeting = APPENDIX_A.replace("20111106T120000", "20111107T120000")
        assert slots(meeting, 2011, 11, 7) == "UUUUFFBFFUUU"
        # The Sunday itself has 25 hours, of which the meeting takes the fourteenth and the fifteenth.
        assert slots(APPENDIX_A, 2011, 11, 6) == "UUUUUUBBUUUUU"

    def test_a_week_in_denver(self) -> None:
        assert slots(APPENDIX_B, 2011, 10, 24) == "UUUUUFFFFFUU"
        # Before and after it the hours are Montreal's.
        assert slots(APPENDIX_B, 2011, 10, 21) == "UUUUFFFFFUUU"
        assert slots(APPENDIX_B, 2011, 10, 31) == "UUUUFFFFFUUU"

    def test_time_before_all_of_it_is_free(self) -> None:
        assert slots(APPENDIX_B, 2011, 9, 30) == "FFFFFFFFFFFF"
        # DTSTART is the first instance, though it is a Sunday.
        assert slots(APPENDIX_B, 2011, 10, 2) == "UUUUFFFFFUUU"


def one(lines: str = "", available: str = "") -> str:
    """A VAVAILABILITY from its properties and the hours of one day, `9-12 14-17`, in which there is time."""
    inside = "".join(
        f"BEGIN:AVAILABLE\nUID:a{number}\nDTSTART:20250701T{int(span.split('-')[0]):02}0000Z\n"
        f"DTEND:20250701T{int(span.split('-')[1]):02}0000Z\nEND:AVAILABLE\n"
        for number, span in enumerate(available.split())
    )
    return f"BEGIN:VAVAILABILITY\nUID:1\nDTSTAMP:20250101T000000Z\n{lines}{inside}END:VAVAILABILITY\n"


DAY = (seconds(2025, 7, 1), seconds(2025, 7, 2))


def hours(*texts: str) -> list[str]:
    """The busy time of the day, as "from-to type"."""
    found = unavailable(availabilities(calendar("".join(texts)), UTC), *DAY, Budget())
    return [f"{(one.start - DAY[0]) // 3600}-{(one.end - DAY[0]) // 3600} {one.kind}" for one in found]


class TestOne:
    """One component.

    Verifies: RFC 7953, 3.1, 3.2
    """

    def test_unbounded(self) -> None:
        assert hours(one(available="9-12 13-17")) == [
            "0-9 BUSY-UNAVAILABLE",
            "12-13 BUSY-UNAVAILABLE",
            "17-24 BUSY-UNAVAILABLE",
        ]

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            ("DTSTART:20250701T060000Z\n", ["6-9", "12-24"]),
            ("DTEND:20250701T180000Z\n", ["0-9", "12-18"]),
            ("DTSTART:20250701T060000Z\nDTEND:20250701T180000Z\n", ["6-9", "12-18"]),
            ("DTSTART:20250701T060000Z\nDURATION:PT12H\n", ["6-9", "12-18"]),
            ("DTSTART:20250701T100000Z\nDTEND:20250701T110000Z\n", []),
            ("DTSTART:20250701T110000Z\nDTEND:20250701T130000Z\n", ["12-13"]),
            ("DTSTART:20250702T000000Z\n", []),
            ("DTEND:20250701T000000Z\n", []),
        ],
    )
    def test_bounds(self, lines: str, expected: list[str]) -> None:
        assert hours(one(lines, "9-12")) == [f"{span} BUSY-UNAVAILABLE" for span in expected]

    def test_a_duration_in_days_is_nominal(self) -> None:
        zones = Zones(None)
        text = one("DTSTART;TZID=Europe/Berlin:20250329T120000\nDURATION:P1DT1H\n")
        start, end = bounds(calendar(text).components[0], zones)
        assert end - start == 24 * 3600

    @pytest.mark.parametrize(
        ("text", "kind"),
        [("", "BUSY-UNAVAILABLE"), ("BUSY", "BUSY"), ("busy-tentative", "BUSY-TENTATIVE"), ("X-NEW", "BUSY")],
    )
    def test_types(self, text: str, kind: str) -> None:
        assert hours(one(f"BUSYTYPE:{text}\n" if text else "")) == [f"0-24 {kind}"]

    def test_instances_can_be_overridden(self) -> None:
        text = """\
BEGIN:VAVAILABILITY
BEGIN:AVAILABLE
UID:a
DTSTART:20250630T090000Z
DTEND:20250630T120000Z
RRULE:FREQ=DAILY
END:AVAILABLE
BEGIN:AVAILABLE
UID:a
RECURRENCE-ID:20250701T090000Z
DTSTART:20250701T150000Z
DTEND:20250701T160000Z
END:AVAILABLE
BEGIN:AVAILABLE
UID:b
DTSTART:20250601T200000Z
DURATION:PT1H
RRULE:FREQ=DAILY
EXDATE:20250702T200000Z
END:AVAILABLE
END:VAVAILABILITY
"""
        assert hours(text) == ["0-15 BUSY-UNAVAILABLE", "16-20 BUSY-UNAVAILABLE", "21-24 BUSY-UNAVAILABLE"]

    def test_its_own_time_zone(self) -> None:
        text = """\
BEGIN:VTIMEZONE
TZID:Mine
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
BEGIN:VAVAILABILITY
DTSTART;TZID=Mine:20250701T090000
BEGIN:AVAILABLE
UID:a
DTSTART;TZID=Mine:20250701T120000
DURATION:PT1H
END:AVAILABLE
END:VAVAILABILITY
"""
        assert hours(text) == ["6-9 BUSY-UNAVAILABLE", "10-24 BUSY-UNAVAILABLE"]

    def test_values_that_cannot_be_read(self) -> None:
        with pytest.raises(ContentError):
            hours(one("DTSTART:soon\n"))

    def test_the_budget_is_kept(self) -> None:
        text = one().replace(
            "END:VAV",
            "BEGIN:AVAILABLE\nUID:a\nDTSTART:20250701T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY\nEND:AVAILABLE\nEND:VAV",
        )
        with pytest.raises(TooMuch):
            hours(text)


class TestSeveral:
    """Components combined.

    Verifies: RFC 7953, 4, 5
    """

    def test_the_higher_priority_replaces_the_lower_where_it_is(self) -> None:
        usual = one(available="8-18")
        away = one("DTSTART:20250701T100000Z\nDTEND:20250701T140000Z\nPRIORITY:5\nBUSYTYPE:BUSY\n", "12-13")
        for texts in ((usual, away), (away, usual)):
            assert hours(*texts) == ["0-8 BUSY-UNAVAILABLE", "10-12 BUSY", "13-14 BUSY", "18-24 BUSY-UNAVAILABLE"]

    def test_priorities_from_the_lowest_to_the_highest(self) -> None:
        # "the lowest to highest "PRIORITY" values are 0, 9, 8, 7, 6, 5, 4, 3, 2, 1"
        texts = [one(f"PRIORITY:{priority}\n", f"{priority}-{priority + 1}") for priority in (3, 0, 1, 9, 5)]
        assert hours(*texts) == ["0-1 BUSY-UNAVAILABLE", "2-24 BUSY-UNAVAILABLE"]

    def test_a_priority_out_of_range_is_none(self) -> None:
        for priority in (10, -1):
            found = hours(one(f"PRIORITY:{priority}\n", "1-2"), one("PRIORITY:9\n", "3-4"))
            assert found == ["0-3 BUSY-UNAVAILABLE", "4-24 BUSY-UNAVAILABLE"]

    def test_no_priority_is_zero(self) -> None:
        for lines in ("", "PRIORITY:0\n", "PRIORITY:high\n"):
            assert hours(one(lines, "1-2"), one("PRIORITY:9\n", "3-4"))[0] == "0-3 BUSY-UNAVAILABLE"
            assert hours(one(lines, "1-2"), one("", "2-3"))[0:2] == ["0-1 BUSY-UNAVAILABLE", "3-24 BUSY-UNAVAILABLE"]

    def test_of_one_priority_the_stronger_type_counts_and_what_is_available_in_any(self) -> None:
        tentative = one("DTEND:20250701T120000Z\nBUSYTYPE:BUSY-TENTATIVE\n", "2-3")
        usual = one("DTSTART:20250701T060000Z\nDTEND:20250701T180000Z\n", "8-9")
        strong = one("DTSTART:20250701T100000Z\nDTEND:20250701T140000Z\nBUSYTYPE:BUSY\n", "11-13")
        for texts in ((tentative, usual, strong), (strong, usual, tentative)):
            assert hours(*texts) == [
                "0-2 BUSY-TENTATIVE",
                "3-6 BUSY-TENTATIVE",
                "6-8 BUSY-UNAVAILABLE",
                "9-10 BUSY-UNAVAILABLE",
                "10-11 BUSY",
                "13-14 BUSY",
                "14-18 BUSY-UNAVAILABLE",
            ]

    def test_nothing_is_available_outside_of_its_own_component(self) -> None:
        # "... ignoring instances or parts of instances that fall outside of ... the time period specified by the
        # "VAVAILABILITY" component"
        first = one("DTEND:20250701T120000Z\n", "11-14")
        second = one("DTSTART:20250701T120000Z\n")
        assert hours(first, second) == ["0-11 BUSY-UNAVAILABLE", "12-24 BUSY-UNAVAILABLE"]

    def test_what_is_covered_wholly_is_not_expanded(self) -> None:
        costly = one().replace(
            "END:VAV",
            "BEGIN:AVAILABLE\nUID:a\nDTSTART:20250701T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY\nEND:AVAILABLE\nEND:VAV",
        )
        assert hours(costly, one("PRIORITY:1\n", "0-12")) == ["12-24 BUSY-UNAVAILABLE"]

    def test_none_at_all_is_free(self) -> None:
        assert hours("") == []


RULES = st.tuples(
    st.integers(0, 9),
    st.sampled_from([BUSY, UNAVAILABLE, TENTATIVE]),
    st.integers(-1, 24),
    st.integers(0, 25),
    st.lists(st.tuples(st.integers(0, 22), st.integers(1, 3)), max_size=3),
)


@settings(deadline=None)
@given(st.lists(RULES, max_size=5))
def test_each_hour_is_as_the_highest_priority_about_it_says(
    rules: list[tuple[int, FreeBusyType, int, int, list[tuple[int, int]]]],
) -> None:
    texts = []
    for priority, kind, start, end, free in rules:
        lines = f"PRIORITY:{priority}\nBUSYTYPE:{kind}\n"
        lines += f"DTSTART:20250701T{start:02}0000Z\n" if 0 <= start < 24 else ""
        lines += f"DTEND:20250701T{end:02}0000Z\n" if end < 24 else ""
        texts.append(one(lines, " ".join(f"{at}-{min(at + length, 23)}" for at, length in free if at < 23)))
    found = unavailable(availabilities(calendar("".join(texts)), UTC), *DAY, Budget())
    expected: list[tuple[int, str]] = []
    for hour in range(24):
        about = [
            (priority, kind, any(at <= hour < min(at + length, 23) for at, length in free))
            for priority, kind, start, end, free in rules
            if (start if 0 <= start < 24 else -1) <= hour < (end if end < 24 else 99)
        ]
        if about:
            highest = min(priority or 10 for priority, _, _ in about)
            same = [one for one in about if (one[0] or 10) == highest]
            if not any(free for _, _, free in same):
                expected.append((hour, min((kind for _, kind, _ in same), key=[BUSY, UNAVAILABLE, TENTATIVE].index)))
    drawn = [(hour, one.kind) for hour in range(24) for one in found if one.start <= DAY[0] + hour * 3600 < one.end]
    assert drawn == expected
    assert found == sorted(found, key=lambda one: one.start)
    assert all(isinstance(one, Busy) for one in found)
