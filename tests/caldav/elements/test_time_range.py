"""Ranges of time in attributes.

Verifies: RFC 4791, 9.6.5, 9.9
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.caldav.elements.time_range import NoRange, TimeRange, read_range
from davd.model.index import FOREVER

# 2006-01-04T00:00:00Z
DAY = 1_136_332_800


def element(**attributes: str) -> etree._Element:
    return etree.Element("time-range", attributes)


def test_both_ends() -> None:
    found = read_range(element(start="20060104T000000Z", end="20060104T010001Z"))
    assert found == TimeRange(DAY, DAY + 3601)
    assert (found.first, found.last) == (DAY, DAY + 3601)


def test_one_end() -> None:
    later = read_range(element(start="20060104T000000Z"))
    assert (later.start, later.end, later.last) == (DAY, None, FOREVER)
    earlier = read_range(element(end="20060104T000000Z"))
    assert (earlier.start, earlier.end, earlier.first) == (None, DAY, -FOREVER)


def test_one_end_is_not_enough_for_what_is_closed() -> None:
    with pytest.raises(NoRange):
        read_range(element(start="20060104T000000Z"), True)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"start": ""},
        {"start": "20060104"},
        {"start": "20060104T000000"},
        {"start": "2006-01-04T00:00:00Z"},
        {"start": "20060132T000000Z"},
        {"start": "20060104T000000Z", "end": "tomorrow"},
        {"start": "20060104T000000Z", "end": "20060104T000000Z"},
        {"start": "20060105T000000Z", "end": "20060104T000000Z"},
    ],
)
def test_what_is_no_range(attributes: dict[str, str]) -> None:
    with pytest.raises(NoRange):
        read_range(element(**attributes))
