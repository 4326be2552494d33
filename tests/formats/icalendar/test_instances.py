"""The instances of calendar objects.

Verifies: RFC 4791, 9.9; RFC 5545, 3.8.4.4, 3.8.5
"""

from __future__ import annotations

from datetime import UTC as PY_UTC
from datetime import date, datetime, timedelta
from itertools import islice

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.values import Kind, Moment, moment
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.zone import UTC, Zone
from davd.model.index import FOREVER
from tests.formats.icalendar.calendars import recurring, shown, stretches, text_of, utc

BERLIN = "DTSTART;TZID=Europe/Berlin:20250301T090000 DURATION:PT1H"
HOUR = 3600


def between(found: RecurringObject, start: str = "19000101", end: str = "21000101") -> list[str]:
    """Starts and ends of the instances that overlap the range."""
    return stretches(list(found.between(utc(start), utc(end), Budget())))


def zone(name: str) -> Zone:
    found = named(name)
    assert found is not None
    return found


class TestSeries:
    """Instances of a master alone.

    Verifies: RFC 4791, 9.9; RFC 5545, 3.8.5.3
    """

    def test_those_that_overlap(self) -> None:
        found = recurring(f"{BERLIN} RRULE:FREQ=DAILY")
        assert between(found, "20250330T080000", "20250401T070000") == [
            "20250331T0700/20250331T0800",
        ]
        assert between(found, "20250330T075959", "20250401T070001") == [
            "20250330T0700/20250330T0800",
            "20250331T0700/20250331T0800",
            "20250401T0700/20250401T0800",
        ]

    def test_long_ones_may_have_begun_long_before(self) -> None:
        found = recurring("DTSTART:20250101T120000Z DURATION:P30DT1H RRULE:FREQ=WEEKLY")
        assert between(found, "20250305T120000", "20250305T120001") == [
            "20250205T1200/20250307T1300",
            "20250212T1200/20250314T1300",
            "20250219T1200/20250321T1300",
            "20250226T1200/20250328T1300",
            "20250305T1200/20250404T1300",
        ]

    def test_exact_and_nominal_lengths(self) -> None:
        exact = "DTSTART;TZID=Europe/Berlin:20250328T120000 DTEND;TZID=Europe/Berlin:20250329T120000"
        nominal = "DTSTART;TZID=Europe/Berlin:20250328T120000 DURATION:P1D"
        rule = "RRULE:FREQ=DAILY;COUNT=3"
        assert between(recurring(f"{exact} {rule}"), "20250329T120000", "20250330") == ["20250329T1100/20250330T1100"]
        assert between(recurring(f"{nominal} {rule}"), "20250329T120000", "20250330") == ["20250329T1100/20250330T1000"]
        autumn = recurring("DTSTART;TZID=Europe/Berlin:20251025T120000 DURATION:P1D RRULE:FREQ=WEEKLY")
        assert between(autumn, "20251026T105900", "20251026T110000") == ["20251025T1000/20251026T1100"]

    def test_days_and_floating_times_are_on_the_clock_of_who_asks(self) -> None:
        days = "DTSTART;VALUE=DATE:20250329 RRULE:FREQ=DAILY;COUNT=3"
        assert between(recurring(days)) == ["20250329/20250330", "20250330/20250331", "20250331/20250401"]
        assert between(recurring(days, floating=zone("Europe/Berlin"))) == [
            "20250328T2300/20250329T2300",
            "20250329T2300/20250330T2200",
            "20250330T2200/20250331T2200",
        ]
        floating = "DTSTART:20250329T090000 RRULE:FREQ=DAILY;COUNT=2"
        assert between(recurring(floating, floating=zone("America/New_York"))) == [
            "20250329T1300/20250329T1300",
            "20250330T1300/20250330T1300",
        ]

    def test_instances_are_named(self) -> None:
        found = recurring(f"{BERLIN} RRULE:FREQ=DAILY;COUNT=2 RDATE:20250701T120000Z").between(0, FOREVER)
        assert [one.recurrence for one in found] == [
            moment("20250301T090000", "Europe/Berlin"),
            moment("20250302T090000", "Europe/Berlin"),
            moment("20250701T140000", "Europe/Berlin"),
        ]

    def test_what_does_not_recur_has_no_name(self) -> None:
        (one,) = recurring(BERLIN).between(0, FOREVER)
        assert (one.recurrence, one.is_override, one.component.name) == (None, False, "VEVENT")
        assert between(recurring(BERLIN), "20250301T080000", "20250301T080001")
        assert not between(recurring(BERLIN), "20250301T070000", "20250301T080000")

    def test_periods(self) -> None:
        found = recurring(f"{BERLIN} RDATE;VALUE=PERIOD:20250302T120000Z/P2D,20250310T120000Z/20250310T180000Z")
        assert between(found, "20250304", "20250305") == ["20250302T1200/20250304T1200"]
        assert between(found)[-1] == "20250310T1200/20250310T1800"

    def test_to_dos_that_have_only_due(self) -> None:
        found = recurring("DUE:20250301T120000Z RRULE:FREQ=DAILY", name="VTODO")
        assert between(found, "20250302T120000", "20250303T120000") == ["20250303T1200/20250303T1200"]
        assert between(found, "20250302T115959", "20250302T120000") == ["20250302T1200/20250302T1200"]

    def test_to_dos_that_are_due_before_they_start(self) -> None:
        found = recurring("DTSTART:20250301T120000Z DUE:20250301T100000Z RRULE:FREQ=DAILY", name="VTODO")
        assert between(found, "20250302T110000", "20250302T111500") == ["20250302T1200/20250302T1000"]

    def test_to_dos_without_times(self) -> None:
        (one,) = recurring("SUMMARY:Milk RRULE:FREQ=DAILY", name="VTODO").between(5, 6)
        assert (one.start, one.end, one.recurrence) == (-FOREVER, FOREVER, None)
        (one,) = recurring("CREATED:20250301T120000Z", name="VTODO").between(utc("20250401"), FOREVER)
        assert shown(one.start) == "20250301T1200"
        assert between(recurring("CREATED:20250301T120000Z", name="VTODO"), end="20250301") == []

    def test_journals(self) -> None:
        found = recurring("DTSTART;VALUE=DATE:20250301 RRULE:FREQ=WEEKLY", name="VJOURNAL")
        assert between(found, "20250309", "20250316") == ["20250315/20250316"]
        assert between(recurring("SUMMARY:Dear~diary", name="VJOURNAL")) == []

    def test_ranges_without_bounds(self) -> None:
        found = recurring(f"{BERLIN} RRULE:FREQ=DAILY")
        assert len(stretches(list(islice(found.between(-FOREVER, FOREVER), 5)))) == 5
        assert stretches(list(found.between(-FOREVER, utc("20250302")))) == ["20250301T0800/20250301T0900"]


class TestOverrides:
    """Instances that are changed.

    Verifies: RFC 5545, 3.8.4.4
    """

    def test_one_takes_the_place_of_the_original(self) -> None:
        found = recurring(
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=4",
            "RECURRENCE-ID;TZID=Europe/Berlin:20250302T090000 DTSTART;TZID=Europe/Berlin:20250305T100000",
        )
        assert between(found) == [
            "20250301T0800/20250301T0900",
            "20250303T0800/20250303T0900",
            "20250304T0800/20250304T0900",
            "20250305T0900/20250305T0900",
        ]
        assert between(found, "20250302", "20250303") == []
        (one,) = found.between(utc("20250305"), utc("20250306"))
        assert one.is_override and one.recurrence == moment("20250302T090000", "Europe/Berlin")

    def test_the_first_may_be_changed_too(self) -> None:
        found = recurring(
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=2", "RECURRENCE-ID:20250301T080000Z DTSTART:20250201T080000Z"
        )
        assert between(found) == ["20250201T0800/20250201T0800", "20250302T0800/20250302T0900"]

    def test_one_of_an_instance_that_is_not_there_stands_for_itself(self) -> None:
        found = recurring(
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=1", "RECURRENCE-ID:20250310T000000Z DTSTART:20250310T010000Z"
        )
        assert between(found) == ["20250301T0800/20250301T0900", "20250310T0100/20250310T0100"]

    def test_there_may_be_nothing_else(self) -> None:
        found = recurring(
            "RECURRENCE-ID:20250310T000000Z DTSTART:20250310T010000Z DURATION:PT1H",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20250309T000000Z DTSTART:20250309T010000Z DURATION:PT1H",
        )
        assert between(found) == ["20250309T0100/20250309T0200", "20250310T0100/20250310T0200"]
        assert all(one.is_override and one.recurrence is not None for one in found.between(0, FOREVER))

    def test_a_broken_one_hides_no_other(self) -> None:
        found = recurring(
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=2",
            "RECURRENCE-ID:whenever DTSTART:20250310T010000Z",
            "RECURRENCE-ID:20250302T080000Z DTSTART:20250310T010000Z",
        )
        assert between(found) == ["20250301T0800/20250301T0900", "20250310T0100/20250310T0100"]

    def test_of_two_for_one_instance_the_last_counts(self) -> None:
        found = recurring(
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=1",
            "RECURRENCE-ID:20250301T080000Z DTSTART:20250310T010000Z",
            "RECURRENCE-ID;TZID=Europe/Berlin:20250301T090000 DTSTART:20250311T010000Z",
        )
        assert between(found) == ["20250311T0100/20250311T0100"]

    def test_many_are_read_in_pieces(self) -> None:
        changed = [
            f"RECURRENCE-ID:{shown(utc('20250301T080000') + day * 86_400)}00Z DTSTART:20300101T000000Z"
            for day in range(200)
        ]
        found = recurring("DTSTART:20250301T080000Z RRULE:FREQ=DAILY;COUNT=201", *changed)
        first = next(found.steps(0, FOREVER))
        assert first is None
        instances = list(found.between(0, FOREVER))
        assert stretches(instances[:1]) == ["20250917T0800/20250917T0800"]
        assert len(instances) == 201


class TestThisAndFuture:
    """Overrides that describe those that follow.

    Verifies: RFC 5545, 3.2.13, 3.8.4.4
    """

    def test_times_move_by_the_difference(self) -> None:
        found = recurring(
            f"{BERLIN} RRULE:FREQ=WEEKLY",
            "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20250322T090000 "
            "DTSTART;TZID=Europe/Berlin:20250321T110000 DURATION:PT30M",
        )
        expected = [
            "20250315T0800/20250315T0900",
            "20250321T1000/20250321T1030",
            "20250328T1000/20250328T1030",
            # After the change of the clock.
            "20250404T0900/20250404T0930",
        ]
        assert between(found, "20250309", "20250405") == expected
        assert between(found, "20250404T092900", "20250404T100000") == expected[-1:]
        assert between(found, "20250405T065900", "20250405T090000") == []
        instances = list(found.between(utc("20250328"), utc("20250329")))
        assert [one.recurrence for one in instances] == [moment("20250329T090000", "Europe/Berlin")]
        assert all(one.is_override for one in instances)

    def test_until_the_next_one(self) -> None:
        found = recurring(
            "DTSTART:20250301T080000Z DURATION:PT1H RRULE:FREQ=DAILY;COUNT=6",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20250305T080000Z DTSTART:20250304T200000Z",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20250303T080000Z DTSTART:20250303T120000Z DURATION:PT2H",
            "RECURRENCE-ID:20250306T080000Z DTSTART:20250320T080000Z",
        )
        assert between(found) == [
            "20250301T0800/20250301T0900",
            "20250302T0800/20250302T0900",
            "20250303T1200/20250303T1400",
            "20250304T1200/20250304T1400",
            "20250304T2000/20250304T2000",
            "20250320T0800/20250320T0800",
        ]

    def test_periods_before_it_stay_what_they_were(self) -> None:
        found = recurring(
            "DTSTART:20250301T080000Z DURATION:PT1H RRULE:FREQ=WEEKLY RDATE;VALUE=PERIOD:20250302T120000Z/P30D",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20250308T080000Z DTSTART:20250308T090000Z DURATION:PT1H",
        )
        assert between(found, "20250320", "20250323") == [
            "20250302T1200/20250401T1200",
            "20250322T0900/20250322T1000",
        ]

    def test_far_away(self) -> None:
        found = recurring(
            "DTSTART:20250301T080000Z RRULE:FREQ=DAILY",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20250303T080000Z DTSTART:20260303T090000Z",
        )
        assert between(found, "20250303", "20260303") == []
        assert between(found, "20260304", "20260305") == ["20260304T0900/20260304T0900"]

    def test_from_times_to_days_and_to_another_clock(self) -> None:
        found = recurring(
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=4",
            "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20250302T090000 DTSTART;VALUE=DATE:20250303",
            "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20250303T090000 "
            "DTSTART;TZID=America/New_York:20250303T040000",
        )
        assert between(found) == [
            "20250301T0800/20250301T0900",
            "20250303/20250304",
            "20250303T0900/20250303T0900",
            "20250304T0900/20250304T0900",
        ]


class TestObjects:
    """What an object may consist of.

    Verifies: RFC 4791, 4.1
    """

    def test_there_has_to_be_something(self) -> None:
        with pytest.raises(ContentError):
            RecurringObject(Component("VCALENDAR", [], [Component("VTIMEZONE"), Component("VFREEBUSY")]), UTC)

    def test_a_broken_master_is_told(self) -> None:
        with pytest.raises(ContentError):
            recurring("DTSTART:soon")

    def test_the_first_type_and_the_first_master_count(self) -> None:
        events = parse(text_of("DTSTART:20250301T080000Z", "DTSTART:20250302T080000Z"))
        to_dos = parse(text_of("DUE:20250303T080000Z", name="VTODO"))
        both = Component("VCALENDAR", [], [*to_dos.components, *events.components])
        assert between(RecurringObject(both, UTC)) == ["20250303T0800/20250303T0800"]
        assert between(RecurringObject(events, UTC)) == ["20250301T0800/20250301T0800"]


class TestBudgets:
    """What instances may cost.

    Verifies: RFC 4791, 11
    """

    def test_changed_ones_are_paid_for(self) -> None:
        found = recurring(
            f"{BERLIN} RRULE:FREQ=DAILY;COUNT=3", "RECURRENCE-ID:20250302T080000Z DTSTART:20250310T010000Z"
        )
        assert len(list(found.between(0, FOREVER, Budget(instances=4)))) == 3
        with pytest.raises(TooMuch):
            list(found.between(0, FOREVER, Budget(instances=3)))

    @pytest.mark.parametrize(
        "lines",
        [
            "RRULE:FREQ=DAILY EXDATE;TZID=Europe/Berlin:{}",
            "RRULE:FREQ=DAILY EXDATE:{}Z",
            "RDATE;TZID=Europe/Berlin:{}",
            "RDATE;VALUE=PERIOD:{}Z/PT1H",
        ],
    )
    def test_twenty_thousand_dates(self, lines: str) -> None:
        before, mark, after = lines.partition("{}")
        dates = [f"{shown(utc('20250301T090000') + day * 86_400)}00" for day in range(20_000)]
        found = recurring(f"{BERLIN} {before}{(after + ',').join(dates)}{after if mark else ''}")
        # A month of them needs no more than a month's work, wherever it is.
        items = list(found.steps(utc("20400601"), utc("20400701"), Budget(iterations=0, instances=30_000)))
        assert len([one for one in items if one is not None]) in (0, 30)

    def test_no_search_is_long_without_a_breath(self) -> None:
        rule = "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=7;BYSECOND=11"
        found = recurring(f"{BERLIN} RRULE:{rule}")
        items = list(islice(found.steps(utc("20260101"), FOREVER), 50))
        assert items.count(None) == 50


# ---------------------------------------------------------------------------------------------------- other programs


def _written(time: datetime, kind: Kind, tzid: str) -> str:
    if kind is Kind.DATE:
        return f";VALUE=DATE:{time:%Y%m%d}"
    if tzid == "UTC":
        return f":{time:%Y%m%dT%H%M%S}Z"
    return f"{f';TZID={tzid}' if tzid else ''}:{time:%Y%m%dT%H%M%S}"


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    """Events that recur, with dates added and taken out, and changed instances."""
    kind = draw(st.sampled_from([Kind.DATE, Kind.ZONED, Kind.ZONED]))
    tzid = draw(st.sampled_from(["Europe/Berlin", "America/New_York", "UTC", ""]))
    start = datetime(2024, 1, 1) + timedelta(days=draw(st.integers(0, 360)))
    if kind is not Kind.DATE:
        start += timedelta(minutes=draw(st.sampled_from([240, 570, 870, 1320])))

    def written(time: datetime) -> str:
        return _written(time, kind, tzid)

    # No exact duration reaches over a change of the clock: recurring-ical-events takes all for nominal.
    lengths = ["", "DURATION:P1D"] if kind is Kind.DATE else ["", "DURATION:PT45M", "DURATION:P2D"]
    rule, step = draw(
        st.sampled_from(
            [
                ("FREQ=DAILY;COUNT=40", 1),
                ("FREQ=DAILY;INTERVAL=3", 3),
                ("FREQ=WEEKLY", 7),
                (f"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH,{start:%a}"[:-1].upper(), 0),
                (f"FREQ=MONTHLY;BYMONTHDAY=15,{start.day};COUNT=12", 0),
                ("FREQ=YEARLY", 0),
            ]
        )
    )
    places = draw(st.lists(st.integers(2, 30), max_size=6, unique=True)) if step else []
    times = [start + timedelta(days=step * place) for place in places]
    exceptions, changed = times[::2], times[1::2]
    lines = [f"DTSTART{written(start)}", draw(st.sampled_from(lengths)), f"RRULE:{rule}"]
    lines += [f"EXDATE{written(time)}" for time in exceptions]
    for days in draw(st.lists(st.integers(100, 200), max_size=2)):
        lines.append(f"RDATE{written(start + timedelta(days=days, hours=0 if kind is Kind.DATE else 1))}")
    components = [" ".join(lines)]
    for time in changed:
        moved = time + timedelta(days=draw(st.integers(-3, 3)))
        length = draw(st.sampled_from(lengths))
        components.append(f"RECURRENCE-ID{written(time)} DTSTART{written(moved)} SEQUENCE:1 {length}")
    return text_of(*components)


RANGES = st.tuples(st.integers(0, 500 * 24), st.sampled_from([1, 24, 7 * 24, 31 * 24, 300 * 24])).map(
    lambda hours: (utc("20240101") + hours[0] * HOUR, utc("20240101") + (hours[0] + hours[1]) * HOUR)
)


class TestRecurringIcalEvents:
    """What recurring-ical-events finds in the same objects.

    Verifies: RFC 4791, 9.9; RFC 5545, 3.8.5
    """

    @settings(max_examples=120)
    @given(objects(), RANGES)
    def test_the_same_instances(self, data: bytes, bounds: tuple[int, int]) -> None:
        start, end = bounds
        query = recurring_ical_events.of(icalendar.Calendar.from_ical(data))
        expected = [
            (self._instant(event["DTSTART"].dt), self._instant(event["DTEND"].dt if "DTEND" in event else None))
            for event in query.between(datetime.fromtimestamp(start, PY_UTC), datetime.fromtimestamp(end, PY_UTC))
        ]
        found = list(RecurringObject(parse(data), UTC).between(start, end, Budget()))
        assert sorted((one.start, one.end) for one in found) == sorted(
            (first, first if last is None else last) for first, last in expected if first is not None
        )

    def _instant(self, time: date | datetime | None) -> int | None:
        if time is None:
            return None
        if not isinstance(time, datetime):
            time = datetime(time.year, time.month, time.day)
        if time.tzinfo is None:
            time = time.replace(tzinfo=PY_UTC)
        return int(time.timestamp())


class TestAnyRange:
    """The same instances, whatever range they are asked for with.

    Verifies: RFC 4791, 9.9
    """

    @settings(max_examples=150)
    @given(objects(), RANGES, st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati"]), st.booleans())
    def test_a_part_of_all(self, data: bytes, bounds: tuple[int, int], floating: str, future: bool) -> None:
        if future:
            data = data.replace(b"RECURRENCE-ID", b"RECURRENCE-ID;RANGE=THISANDFUTURE")
        start, end = bounds
        found = RecurringObject(parse(data), zone(floating))
        every = list(found.between(utc("20230601"), utc("20270101")))
        expected = [one for one in every if one.start < end and max(one.end, one.start + 1) > start]
        assert sorted(stretches(list(found.between(start, end)))) == sorted(stretches(expected))
        names = [one.recurrence for one in every]
        assert len(set(names)) == len(names)
        assert all(isinstance(name, Moment) for name in names)
