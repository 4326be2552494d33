"""Times of day.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.recur.gregorian import DAY
from davd.formats.icalendar.recur.times import Times, chosen

HOURS = st.lists(st.integers(0, 23), min_size=1, unique=True).map(sorted)
WITHIN = st.lists(st.integers(0, 3599), min_size=1, max_size=6, unique=True).map(sorted)
TIMES = st.builds(lambda hours, within: Times(tuple(hour * 3600 for hour in hours), tuple(within)), HOURS, WITHIN)


@given(TIMES)
def test_they_are_found_by_their_place(times: Times) -> None:
    every = list(times.all())
    assert every == sorted(set(every))
    assert [times.at(index) for index in range(times.count)] == every


@given(TIMES, st.integers(0, DAY))
def test_how_many_come_before(times: Times, limit: int) -> None:
    assert times.before(limit) == sum(time < limit for time in times.all())


@given(TIMES, st.lists(st.integers(-50, 50), unique=True).map(sorted), st.integers(-60 * DAY, 60 * DAY))
def test_on_days(times: Times, days: list[int], after: int) -> None:
    every = [day * DAY + time for day in days for time in times.all()]
    assert list(times.on(days, after)) == [wall for wall in every if wall >= after]


def test_no_times_are_on_no_day() -> None:
    assert list(Times(()).on([1, 2], 0)) == []


@given(st.lists(st.integers(1, 20).flatmap(lambda place: st.sampled_from([place, -place]))), st.integers(0, 12))
def test_chosen_places(positions: list[int], total: int) -> None:
    every = list(range(total))
    expected = set()
    for place in positions:
        try:
            expected.add(every[place - 1 if place > 0 else place])
        except IndexError:
            continue
    assert chosen(tuple(positions), total) == sorted(expected)
