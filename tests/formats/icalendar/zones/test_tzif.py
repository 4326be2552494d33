"""TZif files.

Verifies: RFC 9636, 3.1, 3.2, 3.3
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from importlib import resources

import pytest

from davd.formats.icalendar.zones.database import load
from davd.formats.icalendar.zones.posix import LocalTime
from davd.formats.icalendar.zones.tzif import TzifError, read
from tests.formats.icalendar.zones.oracle import seconds


def block(
    width: int, instants: Sequence[int], indices: Sequence[int], types: Sequence[tuple[int, int, int]], names: bytes
) -> bytes:
    """A header and a data block."""
    header = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, len(instants), len(types), len(names))
    code = "l" if width == 4 else "q"
    data = struct.pack(f">{len(instants)}{code}", *instants) + bytes(indices)
    return header + data + b"".join(struct.pack(">lBB", *one) for one in types) + names


def file(
    instants: Sequence[int], indices: Sequence[int], types: Sequence[tuple[int, int, int]], names: bytes, footer: bytes
) -> bytes:
    """A file with an empty first block."""
    return block(4, [], [], [(0, 0, 0)], b"\0") + block(8, instants, indices, types, names) + b"\n" + footer + b"\n"


TYPES = [(-18_000, 0, 0), (-14_400, 1, 4)]
NAMES = b"EST\0EDT\0"
EST, EDT = LocalTime(-18_000, False, "EST"), LocalTime(-14_400, True, "EDT")


def test_the_second_block_counts_and_the_first_type_holds_before_the_table() -> None:
    found = read(file([100, 200], [1, 0], TYPES, NAMES, b"EST5"))
    assert found.first == EST
    assert found.instants == (100, 200)
    assert found.times == (EDT, EST)
    assert found.between(0, 1000) == (-18_000, [(100, -14_400), (200, -18_000)])
    assert found.between(100, 1000) == (-14_400, [(200, -18_000)])
    assert found.between(99, 99) == (-18_000, [])
    assert found.between(10**12, 10**13) == (-18_000, [])


def test_changes_that_change_nothing_are_left_out() -> None:
    found = read(file([50, 100, 150, 200], [0, 1, 1, 0], TYPES, NAMES, b"EST5"))
    assert found.instants == (100, 200)


def test_the_footer_takes_over_after_the_table() -> None:
    last = seconds(2007, 11, 4, 6)
    found = read(file([last], [0], [*TYPES], NAMES, b"EST5EDT,M3.2.0,M11.1.0"))
    first, changes = found.between(seconds(2007), seconds(2009))
    assert first == -18_000
    # The change of November 2007 by the footer is the table's own.
    assert [instant for instant, _ in changes] == [seconds(2008, 3, 9, 7), seconds(2008, 11, 2, 6)]
    assert found.between(last, last) == (-18_000, [])
    assert found.between(seconds(2500, 7), seconds(2500, 8)) == (-14_400, [])


def test_without_a_footer_the_last_time_stays() -> None:
    found = read(file([100], [1], TYPES, NAMES, b""))
    assert found.footer is None
    assert found.between(10**11, 10**12) == (-14_400, [])


def test_a_table_that_is_all_footer() -> None:
    found = read(file([], [], TYPES[:1], NAMES, b"EST5EDT,M3.2.0,M11.1.0"))
    assert found.between(seconds(1900, 7), seconds(1900, 12)) == (-14_400, [(seconds(1900, 11, 4, 6), -18_000)])


def test_berlin() -> None:
    berlin = load("Europe/Berlin")
    assert berlin.first == LocalTime(3208, False, "LMT")
    assert [(change.instant, change.after.name) for change in berlin.changes(seconds(2026), seconds(2027))] == [
        (seconds(2025, 10, 26, 1), "CET"),
        (seconds(2026, 3, 29, 1), "CEST"),
        (seconds(2026, 10, 25, 1), "CET"),
    ]


def test_octets_that_are_cut_short_anywhere_are_refused() -> None:
    whole = resources.files("tzdata").joinpath("zoneinfo", "Europe", "Berlin").read_bytes()
    read(whole)
    for end in range(len(whole)):
        with pytest.raises(ValueError):
            read(whole[:end])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a time zone" * 10,
        block(4, [], [], [(0, 0, 0)], b"\0").replace(b"TZif2", b"TZif\0"),
        file([1], [2], TYPES, NAMES, b"EST5"),
        file([1], [0], [(0, 0, 99)], NAMES, b"EST5"),
        file([], [], [], b"", b"EST5"),
        file([1], [0], TYPES, NAMES, b"EST5").removesuffix(b"\n"),
        file([1], [0], TYPES, NAMES, b"nonsense"),
    ],
)
def test_other_octets_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        read(data)


def test_version_1_is_refused_by_its_name() -> None:
    with pytest.raises(TzifError, match="version 2"):
        read(block(4, [], [], [(0, 0, 0)], b"\0").replace(b"TZif2", b"TZif\0"))
