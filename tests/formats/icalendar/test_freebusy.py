"""Busy time.

Verifies: RFC 4791, 7.10; RFC 5545, 3.2.9, 3.6.4, 3.8.2.6; RFC 5546, 3.3.2
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError, make
from davd.formats.icalendar.freebusy import (
    BUSY,
    FREE,
    TENTATIVE,
    UNAVAILABLE,
    Busy,
    FreeBusyType,
    busy_steps,
    event_type,
    fbtype,
    merged,
    union,
    without,
    write,
)
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.zone import UTC, Zone
from tests.formats.icalendar.zones.oracle import seconds


def busy_times(*words: Any) -> Iterator[Busy]:
    """What `busy_steps` finds, without the pauses between."""
    return filter(None, busy_steps(*words))


def calendar(*lines: str) -> Component:
    return parse("\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode())


def event(*lines: str) -> Component:
    return calendar("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT")


def zone(name: str) -> Zone:
    found = named(name)
    assert found is not None
    return found


DAY = (seconds(2025, 7, 1), seconds(2025, 7, 2))
NINE, TEN = seconds(2025, 7, 1, 9), seconds(2025, 7, 1, 10)


def busy(inside: Component, *attendees: str, floating: Zone = UTC) -> list[tuple[int, int, str]]:
    found = busy_times(inside, *DAY, floating, Budget(), attendees)
    return sorted((one.start, one.end, str(one.kind)) for one in found)


class TestEvents:
    """The table of TRANSP and STATUS.

    Verifies: RFC 4791, 7.10
    """

    @pytest.mark.parametrize(
        ("lines", "kind"),
        [
            ((), BUSY),
            (("STATUS:CONFIRMED",), BUSY),
            (("STATUS:CANCELLED",), FREE),
            (("STATUS:TENTATIVE",), TENTATIVE),
            (("STATUS:tentative",), TENTATIVE),
            (("STATUS:X-PERHAPS",), BUSY),
            (("TRANSP:OPAQUE",), BUSY),
            (("TRANSP:OPAQUE", "STATUS:TENTATIVE"), TENTATIVE),
            (("TRANSP:TRANSPARENT",), FREE),
            (("TRANSP:transparent", "STATUS:CONFIRMED"), FREE),
            (("TRANSP:TRANSPARENT", "STATUS:X-PERHAPS"), FREE),
        ],
    )
    def test_the_table(self, lines: tuple[str, ...], kind: FreeBusyType) -> None:
        inside = event("DTSTART:20250701T090000Z", "DTEND:20250701T100000Z", *lines)
        assert event_type(inside.components[0]) is kind
        assert busy(inside) == ([] if kind is FREE else [(NINE, TEN, kind)])

    @pytest.mark.parametrize(
        ("partstat", "kind"),
        [
            (";PARTSTAT=ACCEPTED", BUSY),
            (";PARTSTAT=declined", FREE),
            (";PARTSTAT=DELEGATED", FREE),
            (";PARTSTAT=TENTATIVE", TENTATIVE),
            (";PARTSTAT=NEEDS-ACTION", TENTATIVE),
            ("", TENTATIVE),
            (";PARTSTAT=X-MAYBE", BUSY),
        ],
    )
    def test_what_the_one_who_is_asked_about_has_answered(self, partstat: str, kind: FreeBusyType) -> None:
        lines = ("ATTENDEE;PARTSTAT=DECLINED:mailto:other@example.com", f"ATTENDEE{partstat}:MAILTO:Me@Example.com")
        (inside,) = event("DTSTART:20250701T090000Z", "DTEND:20250701T100000Z", *lines).components
        assert event_type(inside, ("mailto:me@example.com",)) is kind
        assert event_type(inside, ("mailto:nobody@example.com",)) is BUSY
        assert event_type(inside) is BUSY

    def test_a_cancelled_event_is_free_whatever_was_answered(self) -> None:
        (inside,) = event("STATUS:CANCELLED", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@example.com").components
        assert event_type(inside, ("mailto:me@example.com",)) is FREE


class TestTimes:
    """From when to when.

    Verifies: RFC 4791, 7.10, 9.9
    """

    def test_what_reaches_out_of_the_range_is_cut(self) -> None:
        inside = event("DTSTART:20250630T220000Z", "DTEND:20250701T090000Z")
        assert busy(inside) == [(DAY[0], NINE, "BUSY")]
        inside = event("DTSTART:20250601", "DTEND:20250801")
        assert busy(inside) == [(*DAY, "BUSY")]

    @pytest.mark.parametrize(
        "lines",
        [
            ("DTSTART:20250630T220000Z", "DTEND:20250701T000000Z"),
            ("DTSTART:20250702T000000Z", "DTEND:20250702T010000Z"),
            ("DTSTART:20250701T120000Z",),
        ],
    )
    def test_what_only_touches_it_or_takes_no_time_is_nothing(self, lines: tuple[str, ...]) -> None:
        assert busy(event(*lines)) == []

    def test_days_and_floating_times_are_those_of_the_calendars_zone(self) -> None:
        berlin = zone("Europe/Berlin")
        assert busy(event("DTSTART:20250701T110000", "DURATION:PT1H"), floating=berlin) == [(NINE, TEN, "BUSY")]
        assert busy(event("DTSTART;VALUE=DATE:20250701"), floating=berlin) == [(DAY[0], DAY[1] - 7200, "BUSY")]

    def test_instances_count_each_by_its_own_component(self) -> None:
        inside = calendar(
            "BEGIN:VEVENT",
            "UID:1",
            "DTSTART:20250701T000000Z",
            "DURATION:PT1H",
            "RRULE:FREQ=HOURLY;INTERVAL=6",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:1",
            "RECURRENCE-ID:20250701T060000Z",
            "DTSTART:20250701T090000Z",
            "DURATION:PT1H",
            "STATUS:TENTATIVE",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:1",
            "RECURRENCE-ID:20250701T120000Z",
            "DTSTART:20250701T120000Z",
            "DURATION:PT1H",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        )
        evening = seconds(2025, 7, 1, 18)
        assert busy(inside) == [
            (DAY[0], DAY[0] + 3600, "BUSY"),
            (NINE, TEN, "BUSY-TENTATIVE"),
            (evening, evening + 3600, "BUSY"),
        ]

    def test_a_transparent_series_with_an_opaque_instance(self) -> None:
        inside = calendar(
            "BEGIN:VEVENT",
            "UID:1",
            "DTSTART:20250601T000000Z",
            "DURATION:PT1H",
            "RRULE:FREQ=DAILY",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:1",
            "RECURRENCE-ID:20250701T000000Z",
            "DTSTART:20250701T090000Z",
            "DURATION:PT1H",
            "END:VEVENT",
        )
        assert busy(inside) == [(NINE, TEN, "BUSY")]

    def test_tasks_journals_and_alarms_take_no_time(self) -> None:
        inside = calendar("BEGIN:VTODO", "UID:1", "DTSTART:20250701T090000Z", "DUE:20250701T100000Z", "END:VTODO")
        assert busy(inside) == []

    def test_a_transparent_series_costs_nothing(self) -> None:
        inside = event("DTSTART:20000101T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY", "TRANSP:TRANSPARENT")
        assert list(busy_times(inside, *DAY, UTC, Budget(instances=1))) == []

    def test_the_budget_is_kept(self) -> None:
        inside = event("DTSTART:20250701T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")
        with pytest.raises(TooMuch):
            list(busy_times(inside, *DAY, UTC, Budget(instances=1000)))


class TestPublished:
    """VFREEBUSY components in a calendar.

    Verifies: RFC 4791, 7.10; RFC 5545, 3.2.9, 3.6.4
    """

    def test_periods_of_every_kind(self) -> None:
        inside = calendar(
            "BEGIN:VFREEBUSY",
            "FREEBUSY:20250701T090000Z/20250701T100000Z,20250701T230000Z/PT5H,20250801T000000Z/PT1H",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20250701T100000Z/PT1H",
            "FREEBUSY;FBTYPE=busy-tentative:20250701T110000Z/PT1H",
            "FREEBUSY;FBTYPE=FREE:20250701T120000Z/PT1H",
            "FREEBUSY;FBTYPE=X-LUNCH:20250701T130000Z/PT1H",
            "FREEBUSY:",
            "END:VFREEBUSY",
        )
        assert busy(inside) == [
            (NINE, TEN, "BUSY"),
            (TEN, TEN + 3600, "BUSY-UNAVAILABLE"),
            (TEN + 3600, TEN + 7200, "BUSY-TENTATIVE"),
            (TEN + 3 * 3600, TEN + 4 * 3600, "BUSY"),
            (DAY[1] - 3600, DAY[1], "BUSY"),
        ]

    def test_a_day_is_nominal_where_the_clock_changes(self) -> None:
        inside = calendar("BEGIN:VFREEBUSY", "FREEBUSY;TZID=Europe/Berlin:20250329T120000/P1D", "END:VFREEBUSY")
        (one,) = busy_times(inside, seconds(2025, 3, 1), seconds(2025, 4, 1), UTC, Budget())
        assert one.end - one.start == 23 * 3600

    def test_a_broken_period_is_told(self) -> None:
        with pytest.raises(ContentError):
            busy(calendar("BEGIN:VFREEBUSY", "FREEBUSY:soon", "END:VFREEBUSY"))

    @pytest.mark.parametrize(
        ("text", "kind"),
        [("", BUSY), ("BUSY", BUSY), (" free ", FREE), ("Busy-Unavailable", UNAVAILABLE), ("X-NEW", BUSY)],
    )
    def test_types(self, text: str, kind: FreeBusyType) -> None:
        assert fbtype(text) is kind


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


class TestSpans:
    """Sets of time.

    Verifies: RFC 4791, 7.10
    """

    @staticmethod
    def minutes(spans: list[tuple[int, int]]) -> set[int]:
        return {minute for start, end in spans for minute in range(start, end)}

    @given(SPANS)
    def test_a_union_has_the_same_time_in_spans_that_do_not_touch(self, spans: list[tuple[int, int]]) -> None:
        joined = union(spans)
        assert self.minutes(joined) == self.minutes(spans)
        assert all(start < end for start, end in joined)
        assert all(first[1] < second[0] for first, second in zip(joined, joined[1:], strict=False))

    @given(SPANS, SPANS)
    def test_a_difference_has_what_is_only_in_the_first(
        self, spans: list[tuple[int, int]], removed: list[tuple[int, int]]
    ) -> None:
        left = without(union(spans), union(removed))
        assert self.minutes(left) == self.minutes(spans) - self.minutes(removed)
        assert left == union(left)

    @given(SPANS, SPANS)
    def test_merging_keeps_the_kinds_apart(self, spans: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
        together = merged([*(Busy(*span, BUSY) for span in spans), *(Busy(*span, TENTATIVE) for span in others)])
        for kind, all_of_it in ((BUSY, spans), (TENTATIVE, others)):
            assert [(one.start, one.end) for one in together if one.kind is kind] == union(all_of_it)
        assert together == sorted(together, key=lambda one: one.start)


class TestWriting:
    """The component that tells others.

    Verifies: RFC 4791, 7.10; RFC 5545, 3.6.4, 3.8.2.6; RFC 5546, 3.3.2
    """

    def test_an_answer_to_a_query(self) -> None:
        found = [
            Busy(NINE, TEN, BUSY),
            Busy(TEN, TEN + 1800, BUSY),
            Busy(NINE, TEN, TENTATIVE),
            Busy(NINE - 3600, NINE - 1800, BUSY),
            Busy(DAY[0], DAY[0] + 60, UNAVAILABLE),
        ]
        text = write(found, *DAY, prodid="-//x//EN", uid="fb-1", stamp=NINE)
        assert text.decode().split("\r\n") == [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//x//EN",
            "BEGIN:VFREEBUSY",
            "UID:fb-1",
            "DTSTAMP:20250701T090000Z",
            "DTSTART:20250701T000000Z",
            "DTEND:20250702T000000Z",
            "FREEBUSY;FBTYPE=BUSY:20250701T080000Z/20250701T083000Z,20250701T090000Z/202",
            " 50701T103000Z",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20250701T000000Z/20250701T000100Z",
            "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20250701T090000Z/20250701T100000Z",
            "END:VFREEBUSY",
            "END:VCALENDAR",
            "",
        ]

    def test_nothing_is_told_by_no_periods(self) -> None:
        (told,) = parse(write([], *DAY, prodid="x", uid="1", stamp=0)).components
        assert [line.name for line in told.lines] == ["UID", "DTSTAMP", "DTSTART", "DTEND"]

    def test_an_answer_to_itip(self) -> None:
        people = [make("ORGANIZER", "mailto:a@example.com"), make("ATTENDEE", "mailto:b@example.com", [("CN", "B; b")])]
        answer = parse(write([], *DAY, prodid="x", uid="a,b", stamp=0, method="REPLY", properties=people))
        assert answer.text("METHOD") == "REPLY"
        (told,) = answer.components
        assert told.text("UID") == "a,b"
        attendee = told.first("ATTENDEE")
        assert attendee is not None
        assert (attendee.value, attendee.param("CN")) == ("mailto:b@example.com", "B; b")

    @given(SPANS, st.sampled_from([BUSY, TENTATIVE, UNAVAILABLE]))
    def test_what_is_told_is_read_again(self, spans: list[tuple[int, int]], kind: FreeBusyType) -> None:
        found = merged(Busy(DAY[0] + start, DAY[0] + end, kind) for start, end in spans)
        again = parse(write(found, *DAY, prodid="x", uid="1", stamp=0))
        assert list(busy_times(again, *DAY, UTC, Budget())) == found
