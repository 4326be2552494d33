"""Which stream finds the walls of which rule.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

from itertools import islice

import pytest

from davd.formats.icalendar.recur.clock import ClockStream
from davd.formats.icalendar.recur.plan import stream
from davd.formats.icalendar.recur.rule import parse_rule
from davd.formats.icalendar.recur.streams import EmptyStream, PeriodStream, RegularStream
from davd.formats.icalendar.values import Kind, Moment, moment, write_moment

# A Thursday.
START = moment("20250130T093015").wall


def following(rule: str, count: int = 4, is_date: bool = False, start: str = "20250130T093015") -> list[str]:
    """The walls after DTSTART."""
    first = moment(start)
    found = stream(parse_rule(rule), first.wall, is_date)
    walls = (wall for wall in found.walls(first.wall + 1) if wall is not None)
    kind = Kind.DATE if is_date else Kind.FLOATING
    return [write_moment(Moment(wall, kind)) for wall in islice(walls, count)]


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("FREQ=YEARLY", PeriodStream),
        ("FREQ=MONTHLY", PeriodStream),
        ("FREQ=MONTHLY;INTERVAL=2;BYSETPOS=1;BYDAY=MO", PeriodStream),
        ("FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=3;BYSETPOS=-1", RegularStream),
        ("FREQ=WEEKLY;BYDAY=MO,WE;BYMONTH=3", PeriodStream),
        ("FREQ=WEEKLY;BYDAY=MO,WE;BYMONTH=3;INTERVAL=2", PeriodStream),
        ("FREQ=DAILY;BYHOUR=3,4;BYSETPOS=2", RegularStream),
        ("FREQ=DAILY;BYHOUR=3,4;BYSETPOS=3", EmptyStream),
        ("FREQ=DAILY;BYMONTH=3", PeriodStream),
        ("FREQ=DAILY;BYMONTH=3;INTERVAL=2", ClockStream),
        ("FREQ=DAILY;BYDAY=MO;INTERVAL=14", EmptyStream),
        ("FREQ=DAILY;BYDAY=TH;INTERVAL=14", ClockStream),
        ("FREQ=HOURLY;INTERVAL=5", RegularStream),
        ("FREQ=HOURLY;INTERVAL=5;BYHOUR=3", ClockStream),
        ("FREQ=HOURLY;INTERVAL=6;BYHOUR=3", RegularStream),
        ("FREQ=MINUTELY;BYMONTH=3", PeriodStream),
        ("FREQ=MINUTELY;BYMINUTE=3", RegularStream),
        ("FREQ=SECONDLY;BYHOUR=3", PeriodStream),
        ("FREQ=SECONDLY;BYSETPOS=2;BYSECOND=1", EmptyStream),
        ("FREQ=SECONDLY;INTERVAL=7;BYDAY=MO", ClockStream),
    ],
)
def test_the_cheapest_stream_is_taken(rule: str, kind: type) -> None:
    assert type(stream(parse_rule(rule), START, False)) is kind


class TestWhatDtstartLends:
    """Parts that the rule does not have.

    Verifies: RFC 5545, 3.3.10
    """

    def test_month_and_day(self) -> None:
        assert following("FREQ=YEARLY", 1) == ["20260130T093015"]
        assert following("FREQ=YEARLY;BYMONTH=2,3", 2) == ["20250330T093015", "20260330T093015"]
        assert following("FREQ=MONTHLY", 2) == ["20250330T093015", "20250430T093015"]

    def test_the_month_for_days_of_the_month(self) -> None:
        assert following("FREQ=YEARLY;BYMONTHDAY=1,31", 3) == ["20250131T093015", "20260101T093015", "20260131T093015"]

    def test_no_month_where_weekdays_limit_the_days_of_all_months(self) -> None:
        assert following("FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR", 2) == ["20250613T093015", "20260213T093015"]

    def test_the_weekday(self) -> None:
        assert following("FREQ=WEEKLY", 1) == ["20250206T093015"]
        assert following("FREQ=WEEKLY;BYMONTH=3", 2) == ["20250306T093015", "20250313T093015"]
        assert following("FREQ=YEARLY;BYWEEKNO=6,20", 2) == ["20250206T093015", "20250515T093015"]

    def test_the_time_of_day(self) -> None:
        assert following("FREQ=DAILY;BYHOUR=8", 1) == ["20250131T083015"]
        assert following("FREQ=DAILY;BYMINUTE=0,45", 2) == ["20250130T094515", "20250131T090015"]
        assert following("FREQ=HOURLY;BYSECOND=0", 1) == ["20250130T103000"]
        assert following("FREQ=MINUTELY", 1) == ["20250130T093115"]


class TestDays:
    """A DTSTART without a time.

    Verifies: RFC 5545, 3.3.10
    """

    def test_parts_about_times_are_ignored(self) -> None:
        found = following("FREQ=DAILY;BYHOUR=3;BYMINUTE=4;BYSECOND=5", 2, True, "20250130")
        assert found == ["20250131", "20250201"]

    def test_shorter_periods_become_days(self) -> None:
        assert following("FREQ=HOURLY;INTERVAL=48;BYHOUR=7", 2, True, "20250130") == ["20250201", "20250203"]
        assert following("FREQ=SECONDLY", 2, True, "20250130") == ["20250131", "20250201"]


class TestPartsThatMustNotStandTogether:
    """They limit, or lose what makes no sense.

    Verifies: RFC 5545, 3.3.10
    """

    def test_days_limit_other_frequencies(self) -> None:
        assert following("FREQ=WEEKLY;BYMONTHDAY=1", 2) == ["20250201T093015", "20250301T093015"]
        assert following("FREQ=DAILY;BYYEARDAY=-1", 2) == ["20251231T093015", "20261231T093015"]
        assert following("FREQ=MONTHLY;BYWEEKNO=10;BYDAY=MO", 2) == ["20250303T093015", "20260302T093015"]

    def test_numbers_of_weekdays_are_dropped(self) -> None:
        assert following("FREQ=WEEKLY;BYDAY=2MO", 2) == ["20250203T093015", "20250210T093015"]
        assert following("FREQ=YEARLY;BYWEEKNO=10;BYDAY=3MO", 2) == ["20250303T093015", "20260302T093015"]


def test_a_day_with_every_second_is_never_written_out() -> None:
    everything = {
        name: ",".join(map(str, range(high))) for name, high in (("HOUR", 24), ("MINUTE", 60), ("SECOND", 60))
    }
    times = ";".join(f"BY{name}={values}" for name, values in everything.items())
    for freq in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY"):
        found = following(f"FREQ={freq};{times};BYDAY=MO,TU,WE,TH,FR,SA,SU", 2)
        assert found == ["20250130T093016", "20250130T093017"]
    assert following(f"FREQ=WEEKLY;{times};BYDAY=SU;BYSETPOS=-1", 1) == ["20250202T235959"]
