"""The standard library's reading of the same database, to compare with."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

from davd.formats.icalendar.zones.database import load, names

DAY = 86_400
EPOCH = datetime(1970, 1, 1)
# Of zones with the same data one is enough.
DISTINCT = tuple(
    sorted(
        {
            resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes(): name for name in names()
        }.values()
    )
)


@functools.cache
def zoneinfo(name: str) -> ZoneInfo:
    """The zone of the wheel, whatever the operating system has."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)


def seconds(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0) -> int:
    """A clock's reading in seconds from 1970-01-01T00:00:00."""
    return (datetime(year, month, day, hour, minute) - EPOCH) // timedelta(seconds=1)


def offset(zone: ZoneInfo, instant: int) -> int:
    """By how much the clock is ahead at an instant."""
    found = (EPOCH + timedelta(0, instant)).replace(tzinfo=UTC).astimezone(zone).utcoffset()
    assert found is not None
    return found // timedelta(seconds=1)


def utc(zone: ZoneInfo, wall: int) -> int:
    """The instant of a wall: PEP 495 without fold reads gaps and repeated times as RFC 5545 wants it."""
    found = (EPOCH + timedelta(0, wall)).replace(tzinfo=zone).utcoffset()
    assert found is not None
    return wall - found // timedelta(seconds=1)


def instants(name: str, low: int, high: int) -> Iterator[int]:
    """Instants around each change of the zone between the two, and in the middle between changes."""
    previous = low
    for change in load(name).changes(low, high):
        yield from (change.instant - 1, change.instant, change.instant + 1, (previous + change.instant) // 2)
        previous = change.instant
    yield from range(low, high, 10 * 366 * DAY)
