"""The stretches of time that an index keeps of an object.

Verifies: RFC 4791, 9.9
"""

from __future__ import annotations

import sys
from datetime import datetime
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import parse
from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.timing import extent, timing
from davd.formats.icalendar.values import DAY, Kind, Moment, write_moment
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import UTC
from davd.model.index import FOREVER, Span
from tests.formats.icalendar.calendars import calendar, recurring, shown, utc
from tests.formats.icalendar.recur.rule_texts import rule_texts
from tests.formats.icalendar.test_instances import objects

NOW = utc("20251123T120000")
BERLIN = "DTSTART;TZID=Europe/Berlin:20250301T090000 DURATION:PT1H"


def spans(*components: str, name: str = "VEVENT", now: int = NOW) -> list[str]:
    """The spans; `~` for those that are not exact."""
    return [written(span) for span in recurring(*components, name=name).spans(now)]


def written(span: Span) -> str:
    def bound(time: int) -> str:
        return "" if abs(time) >= FOREVER else shown(time)

    return f"{'' if span.exact else '~'}{bound(span.start)}/{bound(span.end)}"


class TestWhatDoesNotRecur:
    """One exact span.

    Verifies: RFC 4791, 9.9
    """

    def test_events(self) -> None:
        assert spans(BERLIN) == ["20250301T0800/20250301T0900"]
        assert spans("DTSTART;VALUE=DATE:20250301") == ["20250301/20250302"]

    def test_moments_are_a_second(self) -> None:
        (span,) = recurring("DTSTART:20250301T090000Z").spans(NOW)
        assert span == Span(utc("20250301T090000"), utc("20250301T090001"), True)

    def test_to_dos(self) -> None:
        (span,) = recurring("DUE:20250301T090000Z", name="VTODO").spans(NOW)
        assert span == Span(utc("20250301T085959"), utc("20250301T090000"), True)
        assert spans("SUMMARY:Milk", name="VTODO") == ["/"]
        assert spans("CREATED:20250301T090000Z", name="VTODO") == ["20250301T0900/"]

    def test_what_is_never(self) -> None:
        assert spans("SUMMARY:Dear~diary", name="VJOURNAL") == []

    def test_overrides_alone(self) -> None:
        assert spans(
            "RECURRENCE-ID:20250301T080000Z DTSTART:20250310T080000Z DURATION:PT1H",
            "RECURRENCE-ID:20250201T080000Z DTSTART:20250210T080000Z DURATION:PT1H",
        ) == ["20250210T0800/20250210T0900", "20250310T0800/20250310T0900"]


class TestWhatRecurs:
    """Spans that cover instances.

    Verifies: RFC 4791, 9.9
    """

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=SECONDLY",
            "FREQ=DAILY",
            "FREQ=WEEKLY;INTERVAL=5",
            "FREQ=MONTHLY",
            "FREQ=MONTHLY;BYDAY=-1SA",
            "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
            # Of which it is not told beforehand that they are dense.
            "FREQ=DAILY;INTERVAL=2;BYDAY=SA",
            "FREQ=YEARLY;BYDAY=SA",
            "FREQ=HOURLY;INTERVAL=7;BYHOUR=3",
        ],
    )
    def test_dense_ones_have_one_span(self, rule: str) -> None:
        assert spans(f"{BERLIN} RRULE:{rule}") == ["~20250301T0800/"]

    @pytest.mark.parametrize(
        ("rule", "end"),
        [
            ("FREQ=DAILY;COUNT=10", "20250310T0900"),
            ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", "20250305T0900"),
            ("FREQ=YEARLY;BYMONTH=3;BYDAY=SA,SU;COUNT=4", "20250309T0900"),
        ],
    )
    def test_they_end_with_the_last_instance(self, rule: str, end: str) -> None:
        assert spans(f"{BERLIN} RRULE:{rule}") == [f"~20250301T0800/{end}"]

    def test_ends_that_are_not_sought(self) -> None:
        (until,) = recurring(f"{BERLIN} RRULE:FREQ=DAILY;UNTIL=20250310T080000Z").spans(NOW)
        assert utc("20250310T090000") <= until.end <= utc("20250312")
        (count,) = recurring(f"{BERLIN} RRULE:FREQ=DAILY;COUNT=100000").spans(NOW)
        assert utc("20250301") + 100_000 * DAY < count.end < FOREVER
        (count,) = recurring(f"{BERLIN} RRULE:FREQ=DAILY;COUNT=100000000").spans(NOW)
        assert count.end == FOREVER

    def test_sparse_ones_have_one_each_for_thirty_years(self) -> None:
        found = spans("DTSTART;VALUE=DATE:20240229 RRULE:FREQ=YEARLY")
        assert found[:3] == ["20240229/20240301", "20280229/20280301", "20320229/20320301"]
        assert found[-2:] == ["20520229/20520301", "~20560229/"]
        found = spans("DTSTART;VALUE=DATE:20240301 RRULE:FREQ=YEARLY;COUNT=3")
        assert found == ["20240301/20240302", "20250301/20250302", "20260301/20260302"]

    def test_from_the_first_instance_if_that_is_later(self) -> None:
        found = spans("DTSTART;VALUE=DATE:20600301 RRULE:FREQ=YEARLY")
        assert (len(found), found[0], found[-1]) == (31, "20600301/20600302", "~20900301/")

    def test_those_long_ago_share_one(self) -> None:
        found = spans("DTSTART;VALUE=DATE:19600301 RRULE:FREQ=YEARLY")
        assert len(found) == 42
        assert found[0] == "~19600301/20151127T1200"
        assert found[1:3] == ["20160301/20160302", "20170301/20170302"]
        assert spans("DTSTART;VALUE=DATE:19600301 RRULE:FREQ=YEARLY;COUNT=3") == ["~19600301/19620302"]

    def test_seasons(self) -> None:
        found = spans("DTSTART:20250601T080000Z DURATION:PT1H RRULE:FREQ=WEEKLY;BYMONTH=6,7,8;COUNT=100")
        assert found[0] == "~20250601T0800/20250831T0900"
        assert len(found) == 8
        hours = spans("DTSTART:20250601T080000Z RRULE:FREQ=MINUTELY;BYMONTH=6")
        assert len(hours) == 32
        assert hours[0].startswith("~20250601T0800/202507")
        assert hours[-1].endswith("/")

    def test_dates_that_are_listed(self) -> None:
        found = spans(f"{BERLIN} RDATE:20250310T080000Z,20250710T080000Z,20250801T080000Z")
        assert found == [
            "20250301T0800/20250301T0900",
            "~20250310T0800/20250310T0900",
            "~20250710T0800/20250801T0900",
        ]
        (first, periods) = recurring(f"{BERLIN} RDATE;VALUE=PERIOD:20250310T080000Z/P100D").spans(NOW)
        assert (first.exact, periods.end) == (True, utc("20250310T080000") + 100 * DAY)

    def test_a_great_many_dates_are_not_all_read(self) -> None:
        dates = ",".join(write_moment(Moment(utc("20250301") + day * DAY, Kind.UTC)) for day in range(3_000))
        found = recurring(f"{BERLIN} RDATE:{dates}").spans(NOW)
        assert found[-1].end == FOREVER

    def test_exceptions_and_overrides_leave_nothing_exact_but_themselves(self) -> None:
        assert spans("DTSTART;VALUE=DATE:20250301 RRULE:FREQ=YEARLY;COUNT=2 EXDATE:20260301") == [
            "~20250301/20250302",
            "~20260301/20260302",
        ]
        assert spans(
            "DTSTART;VALUE=DATE:20250301 RRULE:FREQ=YEARLY;COUNT=2",
            "RECURRENCE-ID;VALUE=DATE:20260301 DTSTART;VALUE=DATE:20260501",
        ) == ["~20250301/20250302", "~20260301/20260302", "20260501/20260502"]

    def test_shifts_widen_everything(self) -> None:
        early, late = "20250224", "20250308"
        for moved in (early, late):
            found = recurring(
                "DTSTART:20250301T120000Z RRULE:FREQ=DAILY;COUNT=3",
                f"RECURRENCE-ID;RANGE=THISANDFUTURE:20250301T120000Z DTSTART:{moved}T120000Z DURATION:P3D",
            )
            assert max(one.end for one in found.between(0, FOREVER)) <= max(span.end for span in found.spans(NOW))
            assert min(one.start for one in found.between(0, FOREVER)) >= min(span.start for span in found.spans(NOW))

    def test_shifts_across_a_change_of_the_clock(self) -> None:
        found = recurring(
            "DTSTART:20251025T000000Z RRULE:FREQ=DAILY;COUNT=2",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20251025T000000Z DTSTART;TZID=Europe/Berlin:20251025T040000",
        )
        *_, last = found.between(0, FOREVER)
        assert shown(last.start) == "20251026T0300"
        assert found.spans(NOW)[-1].end > last.start

    def test_there_are_two_hundred_at_most(self) -> None:
        changed = [
            f"RECURRENCE-ID:{shown(utc('20250301T080000') + day * DAY)}00Z "
            f"DTSTART:{shown(utc('20300301T080000') + day * 30 * DAY)}00Z"
            for day in range(500)
        ]
        found = recurring("DTSTART:20250301T080000Z RRULE:FREQ=DAILY;COUNT=500", *changed).spans(NOW)
        assert len(found) == 200
        assert all(earlier.end < later.start for earlier, later in zip(found, found[1:], strict=False))

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=7;BYSECOND=11",
            "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=7;BYSECOND=11;COUNT=999999999",
        ],
    )
    def test_a_rule_that_is_too_hard_is_anywhere(self, rule: str) -> None:
        assert spans(f"{BERLIN} RRULE:{rule}")[-1].endswith("/")
        found = recurring(f"DTSTART:20000301T090000Z RRULE:{rule}").spans(NOW)
        assert (found[0].start, found[-1].end) == (utc("20000301T090000"), FOREVER)
        assert all(later.start <= earlier.end for earlier, later in zip(found, found[1:], strict=False))

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=SECONDLY;COUNT=99999999;BYSECOND=1,2,3,5,7;BYDAY=MO,WE;BYMONTHDAY=13,29",
            "FREQ=SECONDLY;INTERVAL=7;BYHOUR=9;BYMONTH=2;COUNT=999999999",
            "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=7;BYSECOND=11;COUNT=300",
        ],
    )
    def test_no_rule_takes_long(self, rule: str) -> None:
        found = recurring(f"{BERLIN} RRULE:{rule}")
        calls = 0

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            found.spans(NOW)
        finally:
            sys.setprofile(None)
        # Some 10 ms.
        assert 0 < calls < 50_000

    def test_what_count_may_have_ended_is_not_exact(self) -> None:
        found = recurring("DTSTART:20250301T090000Z RRULE:FREQ=YEARLY;COUNT=301").spans(NOW)
        assert found[0].exact
        assert not any(span.exact for span in found[1:])
        found = recurring("DTSTART:20250301T090000Z RRULE:FREQ=YEARLY;COUNT=3").spans(NOW)
        assert [span.exact for span in found] == [True] * 3

    def test_what_until_may_have_ended_is_not_exact(self) -> None:
        found = spans("DTSTART:20250301T090000Z RRULE:FREQ=YEARLY;UNTIL=20270301T080000Z")
        assert found == ["20250301T0900/20250301T0900", "20260301T0900/20260301T0900", "~20270301T0900/20270301T0900"]

    def test_an_exception_to_what_does_not_recur(self) -> None:
        assert spans("DTSTART;VALUE=DATE:20250301 EXDATE;VALUE=DATE:20250301") == ["~20250301/20250302"]

    @pytest.mark.parametrize("rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=7;BYDAY=SU"])
    def test_one_without_occurrences_has_dtstart(self, rule: str) -> None:
        assert spans(f"{BERLIN} RRULE:{rule}") == ["20250301T0800/20250301T0900"]


def check(found: RecurringObject, low: int, high: int, now: int) -> None:
    """What spans promise, between two times."""
    covering = found.spans(now)
    assert len(covering) <= 200
    assert covering == sorted(covering, key=lambda span: span.start)
    assert all(span.end > span.start for span in covering)
    try:
        instances = list(found.between(low, high, Budget(instances=400)))
    except TooMuch:
        return
    for one in instances:
        assert any(span.start <= one.start and max(one.end, one.start + 1) <= span.end for span in covering)
    for span in covering:
        if span.exact and low < span.start and span.end < high:
            for moment in (span.start, span.end - 1):
                assert any(True for _ in found.between(moment, moment + 1))


class TestPromises:
    """Every instance is within a span, and an exact span is instance everywhere.

    Verifies: RFC 4791, 9.9
    """

    @settings(max_examples=150)
    @given(objects(), st.booleans(), st.integers(-3000, 3000))
    def test_of_usual_objects(self, data: bytes, future: bool, days: int) -> None:
        if future:
            data = data.replace(b"RECURRENCE-ID", b"RECURRENCE-ID;RANGE=THISANDFUTURE")
        check(RecurringObject(parse(data), UTC), utc("20230101"), utc("20300101"), utc("20240101") + days * DAY)

    @settings(max_examples=250)
    @given(
        rule_texts(),
        st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)),
        st.none() | st.integers(1, 300),
        st.integers(0, 40 * 366),
        st.sampled_from(["", "DURATION:PT1H", "DURATION:P45D"]),
    )
    def test_of_any_rule(self, rule: str, start: datetime, count: int | None, later: int, length: str) -> None:
        count_part = "" if count is None else f";COUNT={count}"
        found = recurring(f"DTSTART;TZID=Europe/Berlin:{start:%Y%m%dT%H%M%S} {length} RRULE:{rule}{count_part}")
        low = utc(f"{start:%Y%m%d}") + later * DAY
        for length_of_range in (DAY, 400 * DAY):
            check(found, low, low + length_of_range, NOW)

    def test_extents_are_those_of_the_tables(self) -> None:
        lines = "DTSTART:20250301T120000Z DUE:20250301T100000Z"
        found = calendar(lines, name="VTODO")
        when = timing(found.components[0], Zones(found))
        assert when is not None
        low, high = extent(when.reach, utc("20250301T120000"), utc("20250301T100000"))
        assert recurring(lines, name="VTODO").spans(NOW) == [Span(low, high, True)]
