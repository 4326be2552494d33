"""VTIMEZONE components read by their own rules.

Verifies: RFC 5545, 3.6.5, 3.8.3.3, 3.8.3.4
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.recur.occurrences import occurrences
from davd.formats.icalendar.recur.rule import parse_rule
from davd.formats.icalendar.zones.definition import _Definition, _Observance, defined
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.zone import TableZone, Zone
from tests.formats.icalendar.zones.libical import LibicalZone
from tests.formats.icalendar.zones.oracle import DAY, seconds


def component(*observances: str, tzid: str = "Here") -> Component:
    """A VTIMEZONE of observances, each its lines between spaces."""
    lines = ["BEGIN:VCALENDAR", "BEGIN:VTIMEZONE", f"TZID:{tzid}"]
    for one in observances:
        kind, *rest = one.split()
        lines += [f"BEGIN:{kind}", *rest, f"END:{kind}"]
    return parse("\r\n".join([*lines, "END:VTIMEZONE", "END:VCALENDAR", ""]).encode()).components[0]


def zone(*observances: str) -> Zone:
    return defined(component(*observances))


TO_CET, TO_CEST = "TZOFFSETFROM:+0200 TZOFFSETTO:+0100", "TZOFFSETFROM:+0100 TZOFFSETTO:+0200"
TO_EST, TO_EDT = "TZOFFSETFROM:-0400 TZOFFSETTO:-0500", "TZOFFSETFROM:-0500 TZOFFSETTO:-0400"
SUMMER = "DAYLIGHT DTSTART:20070311T020000 RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU TZOFFSETFROM:-0500 TZOFFSETTO:-0400"
WINTER = "STANDARD DTSTART:20071104T020000 RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU TZOFFSETFROM:-0400 TZOFFSETTO:-0500"

# As Outlook writes it, onsets since 1601.
OUTLOOK = (
    "STANDARD DTSTART:16011028T030000 RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10 TZOFFSETFROM:+0200 TZOFFSETTO:+0100",
    "DAYLIGHT DTSTART:16010325T020000 RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3 TZOFFSETFROM:+0100 TZOFFSETTO:+0200",
)


class TestTheRfcsExamples:
    """The examples of the section.

    Verifies: RFC 5545, 3.6.5
    """

    def test_onsets_are_on_the_clock_before_them(self) -> None:
        # "the time at which the observance of Standard Time took effect in Fall 1967 for New York City"
        here = zone("STANDARD DTSTART:19671029T020000 TZOFFSETFROM:-0400 TZOFFSETTO:-0500")
        onset = seconds(1967, 10, 29, 6)
        assert (here.offset(onset - 1), here.offset(onset)) == (-14_400, -18_000)

    def test_current_rules_of_new_york(self) -> None:
        here, new_york = zone(SUMMER, WINTER), named("America/New_York")
        assert new_york is not None
        for instant in range(seconds(2007, 3, 12), seconds(2090), 86_400 * 5 + 3601):
            assert here.offset(instant) == new_york.offset(instant)

    def test_single_onsets_in_any_order(self) -> None:
        here = zone(
            "STANDARD DTSTART:20071104T020000 TZOFFSETFROM:-0400 TZOFFSETTO:-0500",
            "DAYLIGHT DTSTART:20070311T020000 TZOFFSETFROM:-0500 TZOFFSETTO:-0400",
        )
        assert here.offset(seconds(2007, 1, 1)) == -18_000
        assert here.offset(seconds(2007, 7, 1)) == -14_400
        assert here.offset(seconds(2030, 7, 1)) == -18_000

    def test_a_rule_that_ends_and_another_that_picks_up(self) -> None:
        here = zone(
            f"STANDARD DTSTART:19671029T020000 RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10 {TO_EST}",
            "DAYLIGHT DTSTART:19870405T020000 RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4;UNTIL=19980404T070000Z"
            " TZOFFSETFROM:-0500 TZOFFSETTO:-0400",
            f"DAYLIGHT DTSTART:19990424T020000 RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=4 {TO_EDT}",
        )
        assert here.offset(seconds(1997, 4, 10)) == -14_400
        assert here.offset(seconds(1998, 7, 1)) == -18_000
        assert here.offset(seconds(1999, 4, 24, 6)) == -18_000
        assert here.offset(seconds(1999, 4, 24, 7)) == -14_400
        assert here.offset(seconds(2000, 4, 10)) == -18_000
        assert here.offset(seconds(2000, 5, 10)) == -14_400


class TestEnds:
    """UNTIL, and what was written for it.

    Verifies: RFC 5545, 3.6.5
    """

    def ended(self, until: str) -> Zone:
        return zone(
            f"DAYLIGHT DTSTART:20000326T020000 RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL={until}"
            " TZOFFSETFROM:+0100 TZOFFSETTO:+0200",
            f"STANDARD DTSTART:20001029T030000 RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU {TO_CET}",
        )

    @pytest.mark.parametrize("until", ["20050327T010000Z", "20050327T020000", "20050327", "20060101T000000Z"])
    def test_the_last_onset_is_one(self, until: str) -> None:
        here = self.ended(until)
        assert here.offset(seconds(2005, 3, 27, 1)) == 7200
        assert here.offset(seconds(2006, 7, 1)) == here.offset(seconds(2090, 7, 1)) == 3600

    @pytest.mark.parametrize("until", ["20050327T005959Z", "20050327T015959", "20050326"])
    def test_what_is_past_until_is_none(self, until: str) -> None:
        assert self.ended(until).offset(seconds(2005, 7, 1)) == 3600

    def test_count(self) -> None:
        here = zone(
            f"DAYLIGHT DTSTART:20000326T020000 RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=2 {TO_CEST}",
            f"STANDARD DTSTART:20001029T030000 RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU {TO_CET}",
        )
        assert [here.offset(seconds(year, 7, 1)) for year in (1999, 2000, 2001, 2002, 2070)] == [
            3600,
            7200,
            7200,
            3600,
            3600,
        ]


class TestDates:
    """RDATE.

    Verifies: RFC 5545, 3.6.5, 3.8.5.2
    """

    def test_lists_and_repeated_properties_beside_a_rule(self) -> None:
        here = zone(
            "DAYLIGHT DTSTART:20000101T000000 RDATE:20020101T000000,20040101T000000"
            " RDATE;VALUE=DATE-TIME:20060101T000000"
            " TZOFFSETFROM:+0000 TZOFFSETTO:+0100",
            "STANDARD DTSTART:20010101T000000 RRULE:FREQ=YEARLY;INTERVAL=2 RDATE:20080101T000000"
            " TZOFFSETFROM:+0100 TZOFFSETTO:+0000",
        )
        assert [here.offset(seconds(year, 7, 1)) // 3600 for year in range(1999, 2011)] == [
            0,
            1,
            0,
            1,
            0,
            1,
            0,
            1,
            0,
            0,
            0,
            0,
        ]

    def test_a_period_counts_by_its_start_and_utc_is_understood(self) -> None:
        here = zone(
            "STANDARD DTSTART:20000101T000000 TZOFFSETFROM:+0000 TZOFFSETTO:+0100",
            f"STANDARD DTSTART:20010101T000000Z RDATE;VALUE=PERIOD:20020101T010000/PT1H {TO_CEST}",
        )
        assert (here.offset(seconds(2001) - 1), here.offset(seconds(2001))) == (3600, 7200)


class TestOddRules:
    """Rules by which no authority goes, but which are rules.

    Verifies: RFC 5545, 3.3.10, 3.6.5
    """

    def test_onsets_since_1601(self) -> None:
        here, berlin = zone(*OUTLOOK), named("Europe/Berlin")
        assert berlin is not None
        for instant in range(seconds(1997), seconds(2099), 7 * DAY + 1800):
            assert here.offset(instant) == berlin.offset(instant)
        assert here.offset(seconds(1700, 7, 1)) == 7200
        assert here.offset(seconds(1500)) == 3600

    def test_long_pauses(self) -> None:
        here = zone(
            "STANDARD DTSTART:18000101T000000 RRULE:FREQ=YEARLY;INTERVAL=100 TZOFFSETFROM:+0000 TZOFFSETTO:+0100",
            "STANDARD DTSTART:18500101T000000 RRULE:FREQ=YEARLY;INTERVAL=100 TZOFFSETFROM:+0100 TZOFFSETTO:+0000",
        )
        years = (1799, 1801, 1849, 1851, 1899, 1901, 1951, 2049, 2051, 2101)
        assert [here.offset(seconds(year)) // 3600 for year in years] == [0, 1, 1, 0, 0, 1, 0, 1, 0, 1]

    def test_29_february(self) -> None:
        here = zone(
            "DAYLIGHT DTSTART:20000229T000000 RRULE:FREQ=YEARLY TZOFFSETFROM:+0000 TZOFFSETTO:+0100",
            "STANDARD DTSTART:20001001T000000 RRULE:FREQ=YEARLY TZOFFSETFROM:+0100 TZOFFSETTO:+0000",
        )
        assert [here.offset(seconds(year, 7, 1)) // 3600 for year in (2000, 2001, 2003, 2004, 2099, 2096)] == [
            1,
            0,
            0,
            1,
            0,
            1,
        ]

    def test_a_whole_number_of_days_off(self) -> None:
        here = zone("STANDARD DTSTART:20000101T000000 TZOFFSETFROM:-2359 TZOFFSETTO:+2359")
        onset = seconds(2000) + 23 * 3600 + 59 * 60
        assert here.offset(onset - 1) == -here.offset(onset) == -86_340
        assert here.utc(here.wall(onset)) == onset

    def test_dates_after_the_end_of_a_rule(self) -> None:
        here = zone(
            "STANDARD DTSTART:20000101T000000 RRULE:FREQ=YEARLY;UNTIL=20020101T000000Z RDATE:20100101T000000"
            " TZOFFSETFROM:+0000 TZOFFSETTO:+0100",
            "STANDARD DTSTART:20050101T000000 TZOFFSETFROM:+0100 TZOFFSETTO:+0000",
        )
        assert [here.offset(seconds(year, 7)) // 3600 for year in (1999, 2003, 2006, 2011, 2090)] == [0, 1, 0, 1, 1]

    @pytest.mark.parametrize("rule", ["FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2", "FREQ=SECONDLY;INTERVAL=200000000;COUNT=3"])
    def test_unusual_rules_with_few_onsets(self, rule: str) -> None:
        here = zone(f"STANDARD DTSTART:20000101T000000 RRULE:{rule} TZOFFSETFROM:+0000 TZOFFSETTO:+0100", WINTER)
        assert here.offset(seconds(2003)) == 3600
        count = 3 if "COUNT" in rule else 1
        third = seconds(2000) + 400_000_000
        assert here.offset(third) == (3600 if count == 3 else -18_000)

    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from(
            [
                "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
                "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU",
                "FREQ=YEARLY;BYYEARDAY=-60",
                "FREQ=YEARLY;INTERVAL=3;BYMONTH=5",
                "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
                "FREQ=MONTHLY;INTERVAL=7;BYMONTHDAY=5",
                "FREQ=YEARLY;BYMONTH=4;BYDAY=MO,TU;BYSETPOS=-1",
                "FREQ=YEARLY;BYMONTH=4;BYDAY=1FR;COUNT=20",
                "FREQ=YEARLY;BYMONTH=4;BYDAY=1FR;UNTIL=20200101T000000Z",
            ]
        ),
        st.integers(seconds(1950), seconds(2010)),
        st.integers(seconds(1940), seconds(2090)),
    )
    def test_any_rule_has_the_onsets_that_recurrence_has(self, rule: str, start: int, instant: int) -> None:
        first = time.strftime("%Y%m%dT%H%M%S", time.gmtime(start))
        here = zone(
            f"DAYLIGHT DTSTART:{first} RRULE:{rule} TZOFFSETFROM:+0100 TZOFFSETTO:+0200",
            "STANDARD DTSTART:19300101T000000 RRULE:FREQ=YEARLY TZOFFSETFROM:+0200 TZOFFSETTO:+0100",
        )
        parsed = parse_rule(rule)
        until = None if parsed.until is None else parsed.until.wall + 3600
        onsets = [wall - 3600 for wall in occurrences(parsed, start, until_wall=until) if wall < seconds(2095)]
        new_years = [seconds(year) - 7200 for year in range(1930, 2095)]
        before = max((onset for onset in onsets if onset <= instant), default=-(10**12))
        expected = 7200 if before >= max(onset for onset in new_years if onset <= instant) else 3600
        assert here.offset(instant) == expected


class TestRefusals:
    """What defines no zone.

    Verifies: RFC 5545, 3.6.5
    """

    @pytest.mark.parametrize(
        "observances",
        [
            (),
            ("STANDARD TZOFFSETFROM:+0100 TZOFFSETTO:+0200",),
            ("STANDARD DTSTART:20000101T000000 TZOFFSETTO:+0200",),
            ("STANDARD DTSTART:20000101T000000 TZOFFSETFROM:+0100",),
            ("STANDARD DTSTART:20000101T000000 TZOFFSETFROM:+0100 TZOFFSETTO:east",),
            ("STANDARD DTSTART:20000101T000000 TZOFFSETFROM:+0100 TZOFFSETTO:+2400",),
            ("STANDARD DTSTART:yesterday TZOFFSETFROM:+0100 TZOFFSETTO:+0200",),
            ("STANDARD DTSTART:20000101T000000 RRULE:FREQ=NEVER TZOFFSETFROM:+0100 TZOFFSETTO:+0200",),
            ("STANDARD DTSTART:20000101T000000 RDATE:soon TZOFFSETFROM:+0100 TZOFFSETTO:+0200",),
            ("OTHER DTSTART:20000101T000000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200",),
        ],
    )
    def test_incomplete_or_wrong(self, observances: tuple[str, ...]) -> None:
        with pytest.raises(ContentError):
            zone(*observances)

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=SECONDLY",
            "FREQ=MINUTELY;INTERVAL=59",
            "FREQ=HOURLY",
            "FREQ=DAILY",
            "FREQ=WEEKLY",
            "FREQ=MONTHLY",
            "FREQ=YEARLY;BYDAY=MO",
            "FREQ=YEARLY;BYMONTH=1;BYDAY=MO,TU,WE",
            "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1,9,17,25;BYHOUR=1,2,3",
            "FREQ=YEARLY;BYMONTH=1;BYSECOND=1,2,3,4,5,6,7",
            "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29",
        ],
    )
    def test_clocks_that_change_again_and_again(self, rule: str) -> None:
        with pytest.raises(ContentError):
            zone(f"STANDARD DTSTART:20000103T000000 RRULE:{rule} TZOFFSETFROM:+0100 TZOFFSETTO:+0200")

    def test_a_rule_that_is_too_hard_to_follow(self) -> None:
        # A second less than a day apart, and at midnight only: once in 237 years.
        rule = "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=0;BYMINUTE=0;BYSECOND=0;BYMONTH=1"
        with pytest.raises(ContentError, match="too hard"):
            zone(f"STANDARD DTSTART:20000103T000000 RRULE:{rule} TZOFFSETFROM:+0100 TZOFFSETTO:+0200")

    def test_too_many_of_anything(self) -> None:
        one = "STANDARD DTSTART:20000101T000000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200"
        with pytest.raises(ContentError, match="observances"):
            zone(*[one] * 300)
        with pytest.raises(ContentError, match="rules"):
            zone(one + " RRULE:FREQ=YEARLY" * 33)
        dates = ",".join(f"{year:04}{month:02}01T000000" for year in range(1, 1000) for month in range(1, 13))
        with pytest.raises(ContentError, match="dates"):
            zone(f"{one} RDATE:{dates}")


def test_a_budget_that_is_spent_leaves_the_clock_readable() -> None:
    # Such a rule is refused when it is read; should another one be as expensive, there is an answer all the same.
    wild = _Observance(seconds(2000), 0, 3600, ((parse_rule("FREQ=SECONDLY"), None),), (seconds(2000),))
    here = TableZone("wild", _Definition([wild]))
    assert here.offset(seconds(1999)) == 0
    assert here.offset(seconds(2090)) == 3600


class TestRemembering:
    """One definition, one object.

    Verifies: docs/architecture.md, Caches
    """

    def test_the_same_definition_is_the_same_object(self) -> None:
        assert defined(component(SUMMER, WINTER)) is defined(component(SUMMER, WINTER))

    def test_what_does_not_decide_does_not_matter(self) -> None:
        assert defined(component(SUMMER + " TZNAME:EDT X-NOTE:a", WINTER)) is defined(component(SUMMER, WINTER))

    def test_another_name_or_rule_is_another(self) -> None:
        here = defined(component(SUMMER, WINTER))
        assert defined(component(SUMMER, WINTER, tzid="There")) is not here
        assert defined(component(SUMMER)) is not here
        assert (here.name, defined(component(SUMMER, WINTER, tzid="There")).name) == ("Here", "There")

    def test_a_huge_one_is_not_kept(self) -> None:
        dates = ",".join(f"{year:04}0101T000000" for year in range(1500, 2100))
        one = f"STANDARD DTSTART:20000101T000000 RDATE:{dates} TZOFFSETFROM:+0100 TZOFFSETTO:+0200"
        assert defined(component(one)) is not defined(component(one))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 12),
            st.sampled_from([1, 2, 3, 4, -1]),
            st.integers(0, 6),
            st.integers(0, 23),
            st.integers(-11, 13),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda item: item[0] // 2,
    )
)
def test_libical_reads_the_same(laws: list[tuple[int, int, int, int, int]]) -> None:
    laws.sort()
    weekdays = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    lines = []
    before = laws[-1][4]
    for month, nth, day, hour, after in laws:
        first = next(
            iter(
                occurrences(
                    parse_rule(f"FREQ=YEARLY;BYMONTH={month};BYDAY={nth}{weekdays[day]}"),
                    seconds(1979, 12, 31),
                    after=seconds(1980),
                )
            )
        )
        begin = time.strftime("%Y%m%dT", time.gmtime(first)) + f"{hour:02}0000"
        offsets = [f"{'-' if hours < 0 else '+'}{abs(hours):02}00" for hours in (before, after)]
        lines.append(
            f"STANDARD DTSTART:{begin} RRULE:FREQ=YEARLY;BYMONTH={month};BYDAY={nth}{weekdays[day]}"
            f" TZOFFSETFROM:{offsets[0]} TZOFFSETTO:{offsets[1]}"
        )
        before = after
    here = zone(*lines)
    text = ["BEGIN:VTIMEZONE", "TZID:Here"]
    for one in lines:
        kind, *rest = one.split()
        text += [f"BEGIN:{kind}", *rest, f"END:{kind}"]
    theirs = LibicalZone("\r\n".join([*text, "END:VTIMEZONE", ""]).encode())
    for instant in range(seconds(1982), seconds(2030), 17 * DAY + 3601):
        assert here.offset(instant) == theirs.offset(instant)
    theirs.close()
