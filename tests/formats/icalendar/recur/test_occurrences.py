"""The occurrences of rules, compared with the examples of the RFC and with other people's programs.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

import pytest
from dateutil.rrule import rrule, rrulestr
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from davd.formats.icalendar.recur.budget import Budget, TooMuch
from davd.formats.icalendar.recur.gregorian import DAY
from davd.formats.icalendar.recur.occurrences import occurrences, steps
from davd.formats.icalendar.recur.rule import parse_rule
from davd.formats.icalendar.recur.streams import BREATH, END
from davd.formats.icalendar.values import Kind, Moment, moment, write_moment
from tests.formats.icalendar.recur.libical import Libical
from tests.formats.icalendar.recur.rule_texts import STARTS, WEEKDAYS, numbers, rule_texts

EPOCH = datetime(1970, 1, 1)


def seconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(seconds=1)


def found(text: str, start: str, count: int, until: str | None = None, after: str | None = None) -> list[str]:
    first = moment(start)
    walls = occurrences(
        parse_rule(text),
        first.wall,
        is_date=first.kind is Kind.DATE,
        until_wall=None if until is None else moment(until).wall,
        after=None if after is None else moment(after).wall,
    )
    return [write_moment(Moment(wall, first.kind)) for wall in islice(walls, count)]


def days(text: str) -> list[str]:
    """Dates from a list like `1997 9: 2 4-6 10: 1`: years, months with a colon, days."""
    dates = []
    year = month = 0
    for word in text.split():
        if len(word) == 4 and word.isdigit():
            year = int(word)
        elif word.endswith(":"):
            month = int(word[:-1])
        else:
            first, _, last = word.partition("-")
            dates += [f"{year}{month:02}{day:02}" for day in range(int(first), int(last or first) + 1)]
    return dates


# DTSTART's day (at 9:00), the rule without UNTIL, UNTIL on the same clock, the days.
EXAMPLES = [
    ("19970902", "FREQ=DAILY;COUNT=10", None, "1997 9: 2-11"),
    ("19970902", "FREQ=DAILY", "19971223T190000", "1997 9: 2-30 10: 1-31 11: 1-30 12: 1-23"),
    ("19970902", "FREQ=DAILY;INTERVAL=10;COUNT=5", None, "1997 9: 2 12 22 10: 2 12"),
    (
        "19980101",
        "FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "20000131T090000",
        "1998 1: 1-31 1999 1: 1-31 2000 1: 1-31",
    ),
    ("19980101", "FREQ=DAILY;BYMONTH=1", "20000131T090000", "1998 1: 1-31 1999 1: 1-31 2000 1: 1-31"),
    ("19970902", "FREQ=WEEKLY;COUNT=10", None, "1997 9: 2 9 16 23 30 10: 7 14 21 28 11: 4"),
    (
        "19970902",
        "FREQ=WEEKLY",
        "19971223T190000",
        "1997 9: 2 9 16 23 30 10: 7 14 21 28 11: 4 11 18 25 12: 2 9 16 23",
    ),
    ("19970902", "FREQ=WEEKLY;WKST=SU;BYDAY=TU,TH", "19971006T200000", "1997 9: 2 4 9 11 16 18 23 25 30 10: 2"),
    ("19970902", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", None, "1997 9: 2 4 9 11 16 18 23 25 30 10: 2"),
    (
        "19970901",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR",
        "19971223T190000",
        "1997 9: 1 3 5 15 17 19 29 10: 1 3 13 15 17 27 29 31 11: 10 12 14 24 26 28 12: 8 10 12 22",
    ),
    ("19970902", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", None, "1997 9: 2 4 16 18 30 10: 2 14 16"),
    (
        "19970905",
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        None,
        "1997 9: 5 10: 3 11: 7 12: 5 1998 1: 2 2: 6 3: 6 4: 3 5: 1 6: 5",
    ),
    ("19970905", "FREQ=MONTHLY;BYDAY=1FR", "19971223T190000", "1997 9: 5 10: 3 11: 7 12: 5"),
    (
        "19970907",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        None,
        "1997 9: 7 28 11: 2 30 1998 1: 4 25 3: 1 29 5: 3 31",
    ),
    ("19970922", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", None, "1997 9: 22 10: 20 11: 17 12: 22 1998 1: 19 2: 16"),
    (
        "19970902",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        None,
        "1997 9: 2 15 10: 2 15 11: 2 15 12: 2 15 1998 1: 2 15",
    ),
    (
        "19970930",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        None,
        "1997 9: 30 10: 1 31 11: 1 30 12: 1 31 1998 1: 1 31 2: 1",
    ),
    (
        "19970910",
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        None,
        "1997 9: 10-15 1999 3: 10-13",
    ),
    (
        "19970610",
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        None,
        "1997 6: 10 7: 10 1998 6: 10 7: 10 1999 6: 10 7: 10 2000 6: 10 7: 10 2001 6: 10 7: 10",
    ),
    (
        "19970310",
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        None,
        "1997 3: 10 1999 1: 10 2: 10 3: 10 2001 1: 10 2: 10 3: 10 2003 1: 10 2: 10 3: 10",
    ),
    (
        "19970101",
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        None,
        "1997 1: 1 4: 10 7: 19 2000 1: 1 4: 9 7: 18 2003 1: 1 4: 10 7: 19 2006 1: 1",
    ),
    ("19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", None, "1997 9: 4 10: 7 11: 6"),
    ("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", None, "1997 8: 5 10 19 24"),
    ("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", None, "1997 8: 5 17 19 31"),
    ("20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", None, "2007 1: 15 30 2: 15 3: 15 30"),
]
# The same for rules that do not end.
ENDLESS_EXAMPLES = [
    ("19970902", "FREQ=DAILY;INTERVAL=2", "1997 9: 2 4 6 8 10"),
    ("19970902", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997 9: 2 16 30 10: 14 28 11: 11 25 12: 9 23 1998 1: 6 20 2: 3 17"),
    ("19970928", "FREQ=MONTHLY;BYMONTHDAY=-3", "1997 9: 28 10: 29 11: 28 12: 29 1998 1: 29 2: 26"),
    (
        "19970902",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "1997 9: 2 9 16 23 30 11: 4 11 18 25 1998 1: 6 13 20 27 3: 3 10 17 24 31",
    ),
    ("19970519", "FREQ=YEARLY;BYDAY=20MO", "1997 5: 19 1998 5: 18 1999 5: 17"),
    ("19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997 5: 12 1998 5: 11 1999 5: 17"),
    ("19970313", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997 3: 13 20 27 1998 3: 5 12 19 26 1999 3: 4 11 18 25"),
    (
        "19970605",
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "1997 6: 5 12 19 26 7: 3 10 17 24 31 8: 7 14 21 28 1998 6: 4 11 18 25 7: 2 9 16 23 30 8: 6 13 20 27",
    ),
    # "EXDATE" takes the first one away in the RFC: it is no Friday.
    ("19970902", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1997 9: 2 1998 2: 13 3: 13 11: 13 1999 8: 13 2000 10: 13"),
    (
        "19970913",
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997 9: 13 10: 11 11: 8 12: 13 1998 1: 10 2: 7 3: 7 4: 11 5: 9 6: 13",
    ),
    (
        "19961105",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996 11: 5 2000 11: 7 2004 11: 2",
    ),
    (
        "19970929",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997 9: 29 10: 30 11: 27 12: 30 1998 1: 29 2: 26 3: 30",
    ),
]


class TestTheRfcsExamples:
    """The examples of RRULE.

    Verifies: RFC 5545, 3.8.5.3
    """

    @pytest.mark.parametrize(("start", "rule", "until", "expected"), EXAMPLES)
    def test_with_an_end(self, start: str, rule: str, until: str | None, expected: str) -> None:
        assert found(rule, f"{start}T090000", 200, until) == [f"{day}T090000" for day in days(expected)]

    @pytest.mark.parametrize(("start", "rule", "expected"), ENDLESS_EXAMPLES)
    def test_without_an_end(self, start: str, rule: str, expected: str) -> None:
        dates = days(expected)
        assert found(rule, start, len(dates)) == dates
        assert found(rule, f"{start}T090000", len(dates)) == [f"{day}T090000" for day in dates]

    def test_hours_and_minutes(self) -> None:
        def times(rule: str, *expected: str, until: str | None = None) -> None:
            walls = found(rule, "19970902T090000", max(len(expected), 1), until)
            assert walls == [f"199709{time[:2]}T{time[2:]}00" for time in expected]

        times("FREQ=HOURLY;INTERVAL=3", "020900", "021200", "021500", until="19970902T170000")
        times("FREQ=MINUTELY;INTERVAL=15;COUNT=6", "020900", "020915", "020930", "020945", "021000", "021015")
        times("FREQ=MINUTELY;INTERVAL=90;COUNT=4", "020900", "021030", "021200", "021330")
        working_day = [
            f"{day:02}{hour:02}{minute:02}" for day in (2, 3) for hour in range(9, 17) for minute in (0, 20, 40)
        ]
        times("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", *working_day)
        times("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", *working_day)

    def test_of_several_parts(self) -> None:
        """The example at the end of section 3.3.10."""
        rule = "FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30"
        assert found(rule, "19970105T083000", 10) == [
            f"{day}T{hour}3000" for day in days("1997 1: 5 12 19 26 1999 1: 3") for hour in ("08", "09")
        ]


def peers(text: str, start: datetime) -> rrule:
    """The rule as dateutil reads it."""
    try:
        rule = rrulestr(text, dtstart=start)
    except ValueError:
        # "Invalid rrule byxxx generates an empty set."
        assume(False)
    assert isinstance(rule, rrule)
    return rule


def known_to_differ(text: str) -> bool:
    """Where dateutil goes its own ways.

    With BYWEEKNO the year is cut at January 1st, and all days of the weeks count without BYDAY; week 53 and those
    counted from the end may lack days, or have those of week 52. BYMONTHDAY alone means all months of the year. The
    first week of a WEEKLY rule begins with DTSTART.
    """
    weeks = [part.partition("=")[2] for part in text.split(";") if part.startswith("BYWEEKNO")]
    if weeks:
        odd = "-" in weeks[0] or "53" in weeks[0].split(",")
        return odd or "BYDAY" not in text or "INTERVAL" in text or "BYSETPOS" in text
    if "YEARLY" in text and "BYMONTHDAY" in text and "BYDAY" not in text and "BYMONTH=" not in text:
        return "BYYEARDAY" not in text
    return "WEEKLY" in text and "BYSETPOS" in text


class TestDateutil:
    """What dateutil makes of the same rules, from their own first occurrence on.

    Verifies: RFC 5545, 3.3.10
    """

    @pytest.mark.filterwarnings("ignore:Using both 'count' and 'until'")
    @settings(max_examples=250, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
    @given(rule_texts(), STARTS, st.none() | st.integers(1, 40))
    def test_the_same_occurrences(self, text: str, start: datetime, count: int | None) -> None:
        assume(not known_to_differ(text))
        # It goes through the years hour by hour, or second by second, where we do not.
        assume(not ("SECONDLY" in text and "BY" in text))
        reach = {"HOURLY": 400, "MINUTELY": 30, "SECONDLY": 1}.get(text.split(";")[0][5:], 40 * 366)
        ours = list(islice(occurrences(parse_rule(text), seconds(start)), 2))
        assume(len(ours) == 2 and ours[1] < ours[0] + reach * DAY)
        first = EPOCH + timedelta(seconds=ours[1])
        assert peers(text, start).after(start) == first
        if count is not None:
            text += f";COUNT={count}"
        limit = first + timedelta(days=reach)
        expected = list(islice(takewhile(lambda time: time < limit, peers(text, first).replace(until=limit)), 30))
        walls = occurrences(parse_rule(text), seconds(first), until_wall=seconds(limit) - 1)
        assert list(islice(walls, 30)) == [seconds(time) for time in expected]


@pytest.fixture(scope="module")
def libical() -> Iterator[Libical]:
    """The library, started once."""
    library = Libical()
    yield library
    library.close()


class TestLibical:
    """What libical makes of the same rules, from its own second occurrence on.

    It applies BYSETPOS to days and not to times, INTERVAL not with BYHOUR and the like, and counts BYMONTHDAY from the
    end in some frequencies only.

    Verifies: RFC 5545, 3.3.10; RFC 7529, 4.1
    """

    @settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(text=rule_texts(("MONTHLY", "WEEKLY", "DAILY"), positions=False), start=STARTS)
    def test_the_same_occurrences(self, libical: Libical, text: str, start: datetime) -> None:
        assume(not ("DAILY" in text and "BYMONTHDAY" in text))
        self._compare(libical, text, seconds(start))

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(
        freq=st.sampled_from(["YEARLY;BYMONTH=2,4,12", "YEARLY;BYMONTH=1,6", "MONTHLY", "MONTHLY;INTERVAL=5"]),
        skip=st.sampled_from(["OMIT", "FORWARD", "BACKWARD"]),
        month_days=numbers(25, 31, 4),
        start=STARTS,
    )
    @example("YEARLY", "FORWARD", "29", datetime(2012, 2, 29, 10))
    @example("YEARLY", "BACKWARD", "29", datetime(2012, 2, 29, 10))
    @example("MONTHLY", "BACKWARD", "-31", datetime(2013, 1, 1, 10))
    @example("MONTHLY", "FORWARD", "-31", datetime(2013, 1, 1, 10))
    def test_moved_days(self, libical: Libical, freq: str, skip: str, month_days: str, start: datetime) -> None:
        self._compare(libical, f"RSCALE=GREGORIAN;FREQ={freq};SKIP={skip};BYMONTHDAY={month_days}", seconds(start))

    @pytest.mark.parametrize(("number", "start"), [("366", "20201231T100000"), ("-366", "20200101T100000")])
    @pytest.mark.parametrize("skip", ["OMIT", "FORWARD", "BACKWARD"])
    def test_moved_days_of_the_year(self, libical: Libical, number: str, start: str, skip: str) -> None:
        text = f"RSCALE=GREGORIAN;FREQ=YEARLY;SKIP={skip};BYYEARDAY={number}"
        first = moment(start).wall
        assert libical.occurrences(text, first, 30) == list(islice(occurrences(parse_rule(text), first), 30))

    def _compare(self, libical: Libical, text: str, start: int) -> None:
        # It goes through the years day by day where we do not.
        ours = list(islice(occurrences(parse_rule(text), start), 9))
        assume(len(ours) == 9 and ours[-1] < start + 50 * 366 * DAY)
        answer = libical.occurrences(text, start, 2)
        assume(answer is not None and len(answer) == 2)
        assert answer is not None
        first = answer[1]
        expected = libical.occurrences(text, first, 30)
        assume(expected is not None and expected[:1] == [first])
        assert expected is not None
        # The last of them may have come twice.
        expected = expected[:28]
        assert list(islice(occurrences(parse_rule(text), first), len(expected))) == expected


class TestWeeksOfTheYear:
    """Weeks that begin with Monday, as the standard library numbers them.

    Verifies: RFC 5545, 3.3.10
    """

    @settings(max_examples=150)
    @given(numbers(1, 53, 4, signed=True), numbers(0, 6, 3), STARTS)
    def test_days_of_weeks(self, weeks: str, names: str, start: datetime) -> None:
        weekdays = [int(name) for name in names.split(",")]
        byday = ",".join(WEEKDAYS[name] for name in weekdays)
        rule = parse_rule(f"FREQ=YEARLY;BYWEEKNO={weeks};BYDAY={byday}")
        expected = {start}
        for year in range(start.year - 1, start.year + 12):
            total = date(year, 12, 28).isocalendar().week
            for number in map(int, weeks.split(",")):
                week = number if number > 0 else total + 1 + number
                for name in weekdays if 1 <= week <= total else ():
                    day = date.fromisocalendar(year, week, name + 1)
                    expected.add(datetime.combine(day, start.time()))
        limit = datetime(start.year + 11, 6, 1)
        walls = occurrences(rule, seconds(start), until_wall=seconds(limit))
        assert list(walls) == [seconds(time) for time in sorted(expected) if start <= time <= limit]


class TestFromAnyPointOn:
    """The same occurrences, whether those before are looked at or not.

    Verifies: RFC 5545, 3.3.10
    """

    @settings(max_examples=400)
    @given(rule_texts(), STARTS, st.none() | st.integers(1, 60), st.integers(0, 59), st.integers(-1, 1))
    def test_an_occurrence(self, text: str, start: datetime, count: int | None, place: int, off: int) -> None:
        rule = parse_rule(text if count is None else f"{text};COUNT={count}")
        walls = list(islice(occurrences(rule, seconds(start)), 65))
        assert walls == sorted(set(walls))
        assert count is None or len(walls) <= count
        after = walls[min(place, len(walls) - 1)] + off
        later = list(islice(occurrences(rule, seconds(start), after=after), 5))
        assert later == [wall for wall in walls if wall >= after][:5] or len(walls) == 65

    @settings(max_examples=200)
    @given(rule_texts(), STARTS, st.integers(0, 100 * 366 * DAY))
    def test_any_time(self, text: str, start: datetime, later: int) -> None:
        rule = parse_rule(text)
        after = seconds(start) + later
        first = next(occurrences(rule, seconds(start), after=after), None)
        if first is not None:
            assert first >= after
            assert next(occurrences(rule, seconds(start), after=first)) == first
            for earlier in (after + (first - after) // 2, first - 1):
                if earlier > after:
                    assert next(occurrences(rule, seconds(start), after=earlier)) == first

    @settings(max_examples=150)
    @given(
        st.sampled_from(["YEARLY;BYMONTH=2,4,12", "YEARLY;INTERVAL=3", "MONTHLY", "MONTHLY;INTERVAL=7"]),
        st.sampled_from(["FORWARD", "BACKWARD"]),
        st.sampled_from(["BYMONTHDAY=-31,1,30,31", "BYMONTHDAY=29,30", "BYYEARDAY=366,-366,60", "BYWEEKNO=53,1,-53"]),
        st.sampled_from(["", ";BYHOUR=8,9", ";BYHOUR=8,9;BYSETPOS=1,-1", ";COUNT=20"]),
        STARTS,
        st.integers(1, 30),
    )
    def test_days_that_are_moved(
        self, freq: str, skip: str, days_of: str, more: str, start: datetime, place: int
    ) -> None:
        rule = parse_rule(f"RSCALE=GREGORIAN;SKIP={skip};FREQ={freq};{days_of}{more}")
        walls = list(islice(occurrences(rule, seconds(start)), 50))
        assert walls == sorted(set(walls))
        after = walls[min(place, len(walls) - 1)]
        assert (
            list(islice(occurrences(rule, seconds(start), after=after), 10))
            == [wall for wall in walls if wall >= after][:10]
        )

    def test_thirty_years_on(self) -> None:
        assert found("FREQ=DAILY", "19950102T090000", 2, after="20250601T100000") == [
            "20250602T090000",
            "20250603T090000",
        ]
        assert found("FREQ=DAILY;COUNT=11111", "19950102T090000", 5, after="20250601T100000") == [
            "20250602T090000",
            "20250603T090000",
        ]
        # Two in a fortnight, which cannot be told by arithmetic.
        assert found("FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU;COUNT=1587", "19950102T090000", 9, after="20250520") == [
            "20250520T090000",
            "20250526T090000",
        ]


class TestEnds:
    """COUNT, UNTIL, DTSTART, and the end of all time.

    Verifies: RFC 5545, 3.3.10
    """

    def test_dtstart_is_the_first_even_if_the_rule_does_not_make_it(self) -> None:
        assert found("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "20250101", 9) == ["20250101", "20250106", "20250113"]
        assert found("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "20250101", 9, after="20250102") == ["20250106", "20250113"]
        assert found("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "20250101", 9, after="20250107") == ["20250113"]
        assert found("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "20250101", 9, after="20250114") == []
        assert found("FREQ=WEEKLY;BYDAY=MO;COUNT=1", "20250101", 9) == ["20250101"]

    def test_until_is_inclusive(self) -> None:
        assert found("FREQ=DAILY", "20250101", 9, until="20250103") == ["20250101", "20250102", "20250103"]
        assert found("FREQ=DAILY", "20250101", 9, until="20250103", after="20250103") == ["20250103"]
        assert found("FREQ=DAILY", "20250101", 9, until="20250103", after="20250104") == []

    def test_an_until_before_dtstart_leaves_dtstart(self) -> None:
        assert found("FREQ=DAILY", "20250101", 9, until="20240101") == ["20250101"]

    @pytest.mark.parametrize(
        "rule", ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=FR,SA", "FREQ=MONTHLY", "FREQ=HOURLY;INTERVAL=5;BYDAY=FR"]
    )
    def test_nothing_is_after_the_year_9999(self, rule: str) -> None:
        walls = list(occurrences(parse_rule(rule), moment("99991102T000000").wall))
        assert 1 < len(walls) < 61
        assert walls[-1] < END
        assert list(occurrences(parse_rule(rule), walls[0], until_wall=2 * END)) == walls

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=YEARLY;INTERVAL=999999999999999999",
            "FREQ=MONTHLY;INTERVAL=999999999999999999",
            "FREQ=WEEKLY;INTERVAL=999999999999999999",
            "FREQ=WEEKLY;INTERVAL=999999999999999999;BYMONTH=3",
            "FREQ=DAILY;INTERVAL=999999999999999999",
            "FREQ=DAILY;INTERVAL=999999999999999999;BYMONTH=3",
            "FREQ=SECONDLY;INTERVAL=999999999999999999;BYHOUR=3",
        ],
    )
    def test_intervals_beyond_all_time(self, rule: str) -> None:
        start = moment("20250101T000000").wall
        assert list(occurrences(parse_rule(rule), start)) == [start]
        assert list(occurrences(parse_rule(rule + ";COUNT=999999999999999999"), start, after=END - 9)) == []


EVERY_MINUTE = f"BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}"
EVERY_PLACE = f"BYSETPOS={','.join(map(str, [*range(1, 367), *range(-366, 0)]))}"
# Rules that keep other programs busy for seconds or for ever; at most so many items come before they end or a budget
# of 3,000 instances does. A breath is a quarter of a millisecond.
HOSTILE = [
    ("FREQ=SECONDLY", 3_000),
    ("FREQ=SECONDLY;COUNT=999999999999", 3_000),
    ("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", 20),
    ("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", 20),
    ("freq=SECOND\r\n LY", 3_000),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 20),
    ("FREQ=MONTHLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=30", 20),
    ("FREQ=YEARLY;BYDAY=MO;BYWEEKNO=10;BYYEARDAY=300", 20),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYYEARDAY=1", 20),
    ("FREQ=WEEKLY;INTERVAL=3;BYMONTH=2;BYDAY=MO;BYSETPOS=2", 20),
    ("FREQ=DAILY;INTERVAL=773;BYMONTH=2;BYMONTHDAY=29", 20),
    ("FREQ=DAILY;INTERVAL=146097;BYDAY=TU", 20),
    ("FREQ=HOURLY;INTERVAL=8767;BYMONTH=2;BYMONTHDAY=29;BYHOUR=3;BYDAY=SU", 20),
    ("FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=7;BYSECOND=11", 400),
    ("FREQ=SECONDLY;INTERVAL=2;BYSECOND=1,3,5,7,9", 20),
    (f"FREQ=YEARLY;{EVERY_MINUTE};BYDAY=MO,TU,WE,TH,FR,SA,SU;{EVERY_PLACE}", 3_000),
]


class TestBudgets:
    """What a rule may cost.

    Verifies: RFC 4791, 11
    """

    @pytest.mark.parametrize(("text", "most"), HOSTILE)
    def test_hostile_rules_come_to_an_end(self, text: str, most: int) -> None:
        items = 0
        walls = []
        try:
            for wall in steps(parse_rule(text), moment("20250101T000000").wall, budget=Budget(seconds=60)):
                items += 1
                if wall is not None:
                    walls.append(wall)
        except TooMuch:
            pass
        assert items <= most
        assert walls == sorted(set(walls))

    def test_the_last_instance_that_may_be_is_given(self) -> None:
        walls = []
        with pytest.raises(TooMuch):
            for wall in occurrences(parse_rule("FREQ=DAILY"), 0, budget=Budget(instances=700)):
                walls.append(wall)
        assert walls == list(range(0, 700 * DAY, DAY))

    def test_one_budget_for_several_rules(self) -> None:
        budget = Budget(instances=10)
        for _ in range(2):
            assert len(list(occurrences(parse_rule("FREQ=DAILY;COUNT=5"), 0, budget=budget))) == 5
        with pytest.raises(TooMuch):
            list(occurrences(parse_rule("FREQ=DAILY;COUNT=5"), 0, budget=budget))

    def test_steps_without_a_find_are_counted(self) -> None:
        rule = parse_rule("FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=7;BYSECOND=11")
        budget = Budget(iterations=10 * BREATH)
        with pytest.raises(TooMuch, match="steps"):
            list(steps(rule, 0, budget=budget))
        walls = occurrences(rule, 0, budget=Budget(iterations=1_000 * BREATH, seconds=60))
        assert [wall % DAY for wall in islice(walls, 3)] == [0, 11_231, 11_231]

    def test_so_are_those_that_have_to_be_counted(self) -> None:
        rule = parse_rule("FREQ=SECONDLY;INTERVAL=7;BYHOUR=9;COUNT=999999999")
        found = steps(rule, 0, after=10_000 * DAY, budget=Budget())
        assert next(found) == 0 or next(found) is None
        with pytest.raises(TooMuch):
            list(found)

    def test_time_is_looked_at_all_the_while(self) -> None:
        found = occurrences(parse_rule("FREQ=SECONDLY"), 0, budget=Budget(instances=10**9, seconds=0.0))
        with pytest.raises(TooMuch, match="long"):
            for _ in found:
                pass
