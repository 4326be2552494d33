"""The walls that rules produce.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.recur.daysets import DayParts, day_set
from davd.formats.icalendar.recur.gregorian import DAY
from davd.formats.icalendar.recur.periods import Months, Weeks, Years
from davd.formats.icalendar.recur.rule import Skip
from davd.formats.icalendar.recur.streams import BREATH, END, EmptyStream, PeriodStream, RegularStream, Stream
from davd.formats.icalendar.recur.times import Times

MORNINGS = Times((8 * 3600, 9 * 3600), (0, 1800))
START = 20_000 * DAY + 9 * 3600


def walls(stream: Stream, after: int, count: int) -> list[int]:
    return list(islice((wall for wall in stream.walls(after) if wall is not None), count))


def streams() -> list[Stream]:
    sunday = day_set(DayParts(weekdays=(6,), bymonth=(1, 2, 11)))
    month_days = day_set(DayParts(bymonthday=(1, 31), weekdays=(0, 1, 2, 3, 4)))
    day = START // DAY
    return [
        EmptyStream(),
        RegularStream(START - 7200, 7 * DAY, (0, 7200, 2 * DAY), START),
        RegularStream(START, 3600, (0,), START),
        PeriodStream(Years(sunday, day, 1), MORNINGS, START),
        PeriodStream(Years(sunday, day, 3), MORNINGS, START, (1, -1, 5)),
        PeriodStream(Months(month_days, day, 5), MORNINGS, START),
        PeriodStream(Months(month_days, day, 1), MORNINGS, START, (-1, 3)),
    ]


STREAMS = st.sampled_from(range(len(streams())))


@given(STREAMS, st.integers(1, 100 * 366 * DAY))
def test_walls_begin_where_they_are_asked_for(number: int, later: int) -> None:
    stream = streams()[number]
    every = walls(stream, START + 1, 5)
    assert every == sorted(set(every))
    found = walls(stream, START + later, 5)
    assert found == sorted(set(found))
    assert all(wall >= START + later for wall in found)
    if found:
        assert walls(stream, found[0], 5) == found
        assert walls(stream, found[0] + 1, 4) == found[1:]


@given(STREAMS, st.integers(1, 60))
def test_the_number_of_walls_before_one(number: int, count: int) -> None:
    stream = streams()[number]
    assert stream.before(START + 1) == 0
    for place, wall in enumerate(walls(stream, START + 1, count)):
        assert stream.before(wall) == place
        assert stream.before(wall + 1) == place + 1


def test_the_number_before_a_wall_many_cycles_later() -> None:
    days = day_set(DayParts(bymonth=(2,), bymonthday=(29,)))
    stream = PeriodStream(Years(days, START // DAY, 1), Times((0,)), START)
    far = walls(stream, 250_000_000_000, 1)[0]
    assert stream.before(far) == len([wall for wall in walls(stream, START + 1, 9999) if wall < far])


def test_they_end_with_the_year_9999() -> None:
    for stream in streams():
        last = walls(stream, END - 400 * DAY, 100_000)
        assert all(wall < END + 7 * DAY for wall in last)


def test_a_set_that_is_counted_week_by_week_does_not_tell_its_number() -> None:
    days = day_set(DayParts(weekdays=(6,), bymonth=(1,)))
    stream = PeriodStream(Weeks(days, START // DAY, 2, 0, (6,)), Times((0,)), START)
    assert stream.before(START + DAY) is None


def test_what_is_never_found_ends_after_a_cycle_with_breaths_on_the_way() -> None:
    nothing = day_set(DayParts(bymonth=(2,), bymonthday=(30,)))
    found = list(PeriodStream(Months(nothing, START // DAY, 1), Times((0,)), START).walls(START + 1))
    assert found == [None] * (4800 // BREATH)
    days = day_set(DayParts(bymonth=(3,)))
    never_tenth = PeriodStream(Weeks(days, START // DAY, 1, 0, (0,)), Times((0,)), START, (10,))
    assert list(never_tenth.walls(START + 1)) == []


class TestMoved:
    """Days that are moved out of their period.

    Verifies: RFC 7529, 4.1
    """

    @pytest.mark.parametrize("positions", [(), (1, 2, -1)])
    @pytest.mark.parametrize("skip", [Skip.FORWARD, Skip.BACKWARD])
    @pytest.mark.parametrize("numbers", [(1, 31), (-31, 31), (29, 30, 31)])
    def test_they_come_once_and_in_order(
        self, numbers: tuple[int, ...], skip: Skip, positions: tuple[int, ...]
    ) -> None:
        days = day_set(DayParts(bymonthday=numbers, skip=skip))
        stream = PeriodStream(Months(days, START // DAY, 1), MORNINGS, START, positions, moved=True)
        found = walls(stream, START + 1, 200)
        assert found == sorted(set(found))
        assert stream.before(START + DAY) is None
        for wall in found[10:20]:
            assert walls(stream, wall, 50) == found[found.index(wall) :][:50]
