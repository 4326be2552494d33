"""Recurrence rules as values.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

import pytest

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.recur.rule import Freq, Rule, Skip, UnknownScale, parse_rule
from davd.formats.icalendar.values import Kind, Moment, moment


def test_each_part_is_read() -> None:
    rule = parse_rule(
        "FREQ=YEARLY;INTERVAL=2;UNTIL=20301231T235959Z;WKST=SU;BYMONTH=3,1;BYWEEKNO=-1,20;BYYEARDAY=366,-366,1;"
        "BYMONTHDAY=31,-31,+2;BYDAY=-1SU,MO,+2TU;BYHOUR=9,8;BYMINUTE=30,0;BYSECOND=59;BYSETPOS=-1,366"
    )
    assert rule == Rule(
        Freq.YEARLY,
        interval=2,
        until=moment("20301231T235959Z"),
        wkst=6,
        bymonth=(1, 3),
        byweekno=(-1, 20),
        byyearday=(-366, 1, 366),
        bymonthday=(-31, 2, 31),
        byday=((-1, 6), (0, 0), (2, 1)),
        byhour=(8, 9),
        byminute=(0, 30),
        bysecond=(59,),
        bysetpos=(-1, 366),
    )


@pytest.mark.parametrize("freq", Freq)
def test_each_frequency(freq: Freq) -> None:
    assert parse_rule(f"FREQ={freq.name}") == Rule(freq)


def test_order_case_white_space_and_repetitions_make_no_difference() -> None:
    text = "\tbyday=mo, We,MO ; count=3;Freq=wEEKLY;"
    assert parse_rule(text) == parse_rule("FREQ=WEEKLY;COUNT=3;BYDAY=MO,WE")
    assert hash(parse_rule(text)) == hash(parse_rule("FREQ=WEEKLY;COUNT=3;BYDAY=MO,WE"))


def test_a_long_rule_is_read_like_a_short_one() -> None:
    days = ",".join(str(day) for day in range(1, 367))
    assert parse_rule(f"FREQ=YEARLY;BYYEARDAY={days}").byyearday == tuple(range(1, 367))


def test_an_end_may_be_a_day_or_a_time_on_any_clock() -> None:
    assert parse_rule("FREQ=DAILY;UNTIL=20300101").until == Moment(1893456000, Kind.DATE)
    assert parse_rule("FREQ=DAILY;UNTIL=20300101T000000").until == Moment(1893456000, Kind.FLOATING)


def test_a_leap_second_is_the_one_before_it() -> None:
    assert parse_rule("FREQ=DAILY;BYSECOND=60,59,0").bysecond == (0, 59)


def test_experimental_parts_are_passed_over() -> None:
    assert parse_rule("FREQ=DAILY;X-COLOUR=RED") == Rule(Freq.DAILY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DAILY",
        "COUNT=3",
        "FREQ=FORTNIGHTLY",
        "FREQ=",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=3;COUNT=3",
        "FREQ=DAILY;COUNT=3;UNTIL=20300101T000000Z",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=9999999999999999999",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=",
        "FREQ=DAILY;INTERVAL=1.5",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20300230",
        "FREQ=DAILY;WKST=MONDAY",
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=-1",
        "FREQ=DAILY;BYMONTH=5L",
        "FREQ=DAILY;BYMONTH=1,",
        "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=YEARLY;BYWEEKNO=0",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=YEARLY;BYYEARDAY=-367",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=MON",
        "FREQ=MONTHLY;BYDAY=",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;BYSECOND=61",
        "FREQ=DAILY;BYSETPOS=0",
        "FREQ=DAILY;BYSETPOS=367",
        "FREQ=DAILY;BYEASTER=1",
        "FREQ=DAILY;BYHOUR=\N{ARABIC-INDIC DIGIT ONE}",
        "FREQ=DAILY;SKIP=FORWARD",
        "RSCALE=GREGORIAN;FREQ=DAILY;SKIP=SIDEWAYS",
        "FREQ=DAILY;X=" + "1" * 70_000,
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ContentError) as caught:
        parse_rule(text)
    assert not isinstance(caught.value, UnknownScale)
    assert len(str(caught.value)) < 100


class TestScales:
    """Rules that name their calendar.

    Verifies: RFC 7529, 4
    """

    @pytest.mark.parametrize("scale", ["GREGORIAN", "gregorian", "Gregory"])
    @pytest.mark.parametrize("skip", Skip)
    def test_the_gregorian_calendar(self, scale: str, skip: Skip) -> None:
        assert parse_rule(f"RSCALE={scale};FREQ=YEARLY;SKIP={skip.name}") == Rule(Freq.YEARLY, skip=skip)

    def test_nothing_is_moved_unless_the_rule_says_so(self) -> None:
        assert parse_rule("RSCALE=GREGORIAN;FREQ=YEARLY").skip is Skip.OMIT

    def test_another_calendar_is_told_from_nonsense(self) -> None:
        with pytest.raises(UnknownScale):
            parse_rule("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD")
