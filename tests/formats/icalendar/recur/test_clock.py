"""Units of time that recur regularly, of which some count.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.recur.clock import ClockStream
from davd.formats.icalendar.recur.daysets import DayParts, day_set
from davd.formats.icalendar.recur.gregorian import DAY, weekday
from davd.formats.icalendar.recur.streams import BREATH, END

START = 20_000 * DAY + 9 * 3600 + 30 * 60 + 15
UNITS = st.sampled_from([DAY, 3600, 60, 1])


def some(high: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(0, high), max_size=5, unique=True).map(sorted).map(tuple)


@given(UNITS, st.integers(1, 3000), some(23), some(59), some(59), st.booleans(), st.integers(1, 10 * DAY))
def test_the_units_that_count(
    unit: int,
    interval: int,
    hours: tuple[int, ...],
    minutes: tuple[int, ...],
    seconds: tuple[int, ...],
    mondays: bool,
    later: int,
) -> None:
    hours, minutes, seconds = (
        hours if unit <= 3600 else (),
        minutes if unit <= 60 else (),
        seconds if unit == 1 else (),
    )
    days = day_set(DayParts(weekdays=(0,))) if mondays else None
    stream = ClockStream(unit, interval, START, days, (0,), hours, minutes, seconds)
    after = START + later
    index = START // unit
    index += -(-(after // unit - index) // interval) * interval
    expected = []
    for _ in range(300):
        wall = index * unit
        if wall >= END:
            break
        if (
            wall >= after
            and (not mondays or weekday(wall // DAY) == 0)
            and (not hours or wall // 3600 % 24 in hours)
            and (not minutes or wall // 60 % 60 in minutes)
            and (not seconds or wall % 60 in seconds)
        ):
            expected.append(wall)
        index += interval
    found = list(islice((wall for wall in stream.walls(after) if wall is not None), len(expected)))
    assert found == expected
    assert stream.before(after) is None


def test_each_unit_has_walls_within() -> None:
    stream = ClockStream(3600, 5, START, None, (0, 60, 3599), (9, 14))
    assert list(islice(stream.walls(START), 5)) == [
        START // 3600 * 3600 + offset for offset in (3599, 5 * 3600, 5 * 3600 + 60, 5 * 3600 + 3599, 5 * DAY)
    ]


@pytest.mark.parametrize(
    ("unit", "interval", "met", "never"),
    [
        (3600, 10, ((4, 7), (), ()), ((5, 7), (), ())),
        (60, 1450, ((), (30, 31), ()), ((), (31, 33), ())),
        (1, 86_410, ((1,), (), (10, 11)), ((1,), (2,), (5, 15, 33))),
        (1, 3601 * 24, ((), (), (0,)), ((), (1, 3), (1, 25))),
    ],
)
def test_times_that_are_never_met_are_not_sought(
    unit: int, interval: int, met: tuple[tuple[int, ...], ...], never: tuple[tuple[int, ...], ...]
) -> None:
    midnight = START - START % DAY
    assert any(ClockStream(unit, interval, midnight, None, (0,), *met).walls(midnight + 1))
    assert list(ClockStream(unit, interval, midnight, None, (0,), *never).walls(midnight + 1)) == []


def test_there_are_breaths_in_a_long_search() -> None:
    leap_days = day_set(DayParts(bymonth=(2,), bymonthday=(29,)))
    found = list(ClockStream(DAY, 773, START, leap_days, (0,)).walls(START + 1))
    assert set(found) == {None}
    assert len(found) <= 8000 / 4 / BREATH + 1


def test_nothing_is_sought_on_days_that_do_not_exist() -> None:
    nothing = day_set(DayParts(bymonth=(2,), bymonthday=(30,)))
    assert list(ClockStream(3600, 5, START, nothing, (0,)).walls(START + 1)) == []
