"""Clocks and UTC.

Verifies: RFC 5545, 3.3.5
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.icalendar.zones.database import load, names
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.zone import UTC, FixedZone, TableZone, Zone
from tests.formats.icalendar.zones import oracle
from tests.formats.icalendar.zones.oracle import seconds


def zone(name: str) -> Zone:
    found = named(name)
    assert found is not None
    return found


class TestNewYork:
    """The RFC's own examples of a gap and of a time that occurs twice.

    Verifies: RFC 5545, 3.3.5
    """

    def test_a_time_that_occurs_twice_is_its_first_occurrence(self) -> None:
        # "TZID=America/New_York:20071104T013000 indicates November 4, 2007 at 1:30 A.M. EDT (UTC-04:00)"
        wall = seconds(2007, 11, 4, 1, 30)
        assert zone("America/New_York").utc(wall) == wall + 4 * 3600

    def test_a_time_that_does_not_occur_is_read_with_the_offset_before_the_gap(self) -> None:
        # "TZID=America/New_York:20070311T023000 indicates March 11, 2007 at 3:30 A.M. EDT (UTC-04:00), one hour after
        # 1:30 A.M. EST (UTC-05:00)."
        new_york = zone("America/New_York")
        instant = new_york.utc(seconds(2007, 3, 11, 2, 30))
        assert instant == seconds(2007, 3, 11, 3, 30) + 4 * 3600
        assert instant == new_york.utc(seconds(2007, 3, 11, 1, 30)) + 3600
        assert new_york.wall(instant) == seconds(2007, 3, 11, 3, 30)

    @pytest.mark.parametrize(
        ("wall", "hours"),
        [
            (seconds(2007, 3, 11, 1, 59), 5),
            (seconds(2007, 3, 11, 2, 0), 5),
            (seconds(2007, 3, 11, 2, 59), 5),
            (seconds(2007, 3, 11, 3, 0), 4),
            (seconds(2007, 11, 4, 0, 59), 4),
            (seconds(2007, 11, 4, 1, 0), 4),
            (seconds(2007, 11, 4, 1, 59), 4),
            (seconds(2007, 11, 4, 2, 0), 5),
            (seconds(9999, 7, 1), 4),
            (seconds(9999, 12, 31), 5),
        ],
    )
    def test_the_minutes_around_both(self, wall: int, hours: int) -> None:
        assert zone("America/New_York").utc(wall) == wall + hours * 3600


def test_every_change_of_every_zone_is_where_the_standard_library_has_it() -> None:
    low, high = seconds(1850), seconds(2110)
    for name in oracle.DISTINCT:
        ours, theirs = zone(name), oracle.zoneinfo(name)
        for instant in oracle.instants(name, low, high):
            expected = oracle.offset(theirs, instant)
            assert ours.offset(instant) == expected, (name, instant)
            assert ours.wall(instant) == instant + expected, (name, instant)


def test_every_wall_around_every_change_is_read_as_the_standard_library_reads_it() -> None:
    for name in oracle.DISTINCT:
        ours, theirs = zone(name), oracle.zoneinfo(name)
        for change in load(name).changes(seconds(1850), seconds(2110)):
            for at in (change.before.offset, change.after.offset):
                for wall in range(change.instant + at - 1, change.instant + at + 2):
                    assert ours.utc(wall) == oracle.utc(theirs, wall), (name, wall)


# 1900 to 9998: before, zones differ by the second, which the first test sees; the library has no year 10000.
@settings(max_examples=300)
@given(st.sampled_from(names()), st.integers(seconds(2), seconds(9998)))
def test_any_time_is_read_as_the_standard_library_reads_it(name: str, moment: int) -> None:
    ours, theirs = zone(name), oracle.zoneinfo(name)
    assert ours.utc(moment) == oracle.utc(theirs, moment)
    assert ours.offset(moment) == oracle.offset(theirs, moment)


@given(st.integers(-(10**12), 10**12))
def test_utc_is_itself(moment: int) -> None:
    assert UTC.utc(moment) == UTC.wall(moment) == moment
    assert UTC.offset(moment) == 0


def test_a_fixed_zone_is_the_same_at_all_times() -> None:
    east = FixedZone("x", 19_800)
    assert (east.name, east.utc(0), east.wall(0), east.offset(10**12)) == ("x", -19_800, 19_800, 19_800)


class _Listed:
    """Changes from a list."""

    def __init__(self, changes: list[tuple[int, int]]) -> None:
        self._changes = changes

    def between(self, low: int, high: int) -> tuple[int, list[tuple[int, int]]]:
        before = [offset for instant, offset in self._changes if instant <= low]
        return before[-1] if before else 0, [change for change in self._changes if low < change[0] <= high]


@settings(max_examples=300)
@given(st.integers(-2, 3), st.integers(-90_000, 90_000), st.integers(-86_399, 86_399), st.integers(-180_000, 180_000))
def test_a_change_near_the_edge_of_an_era_is_seen_from_both_sides(era: int, by: int, offset: int, wall: int) -> None:
    change = (era << 30) + by
    listed = TableZone("listed", _Listed([(change, offset)]))
    wall += era << 30
    # The offset before the change holds in a gap, and at the first occurrence of what occurs twice.
    expected = wall if wall < change + max(offset, 0) else wall - offset
    assert listed.utc(wall) == expected
    assert listed.offset(wall) == (offset if wall >= change else 0)
    assert listed.wall(wall) == wall + listed.offset(wall)


class _Wild:
    """Changes that no place on earth has: back and forth within the hour."""

    def between(self, low: int, high: int) -> tuple[int, list[tuple[int, int]]]:
        return 0, [(1000, 7200), (1060, -3600), (1120, 3600)]


def test_changes_closer_than_their_size_leave_the_clock_readable() -> None:
    wild = TableZone("wild", _Wild())
    assert [wild.offset(instant) for instant in (999, 1000, 1060, 1120)] == [0, 7200, -3600, 3600]
    instants = [wild.utc(wall) for wall in range(0, 20_000, 50)]
    assert instants[0] == 0
    assert instants[-1] == 19_950 - 3600


class _Counted:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def between(self, low: int, high: int) -> tuple[int, list[tuple[int, int]]]:
        self.asked.append((low, high))
        return 60, []


def test_an_era_is_looked_up_once_and_no_more_are_kept_than_a_few() -> None:
    changes = _Counted()
    counted = TableZone("counted", changes)
    assert [counted.utc(wall) for wall in range(0, 10**9, 10**7)] == [wall - 60 for wall in range(0, 10**9, 10**7)]
    assert len(changes.asked) == 1
    for era in range(1, 200):
        counted.wall(era << 30)
    assert len(changes.asked) == 200
    counted.utc(199 << 30)
    assert len(changes.asked) == 200
    counted.utc(0)
    assert len(changes.asked) == 201
