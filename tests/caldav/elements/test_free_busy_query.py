"""The body of the free-busy-query report.

Verifies: RFC 4791, 7.10, 9.11
"""

from __future__ import annotations

import pytest

from davd.caldav.elements.free_busy_query import parse_free_busy_query
from davd.caldav.elements.time_range import TimeRange
from davd.model.errors import HTTPError

RANGE = '<C:time-range start="20060104T000000Z"/>'


def parse(content: str) -> TimeRange:
    text = f'<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">{content}</C:free-busy-query>'
    return parse_free_busy_query(text.encode())


def test_the_range() -> None:
    assert parse(RANGE) == TimeRange(1_136_332_800, None)


@pytest.mark.parametrize("content", ["", RANGE + RANGE, "<C:time-range/>", '<C:time-range start="now"/>'])
def test_what_is_malformed_is_400(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        parse(content)
    assert caught.value.status == 400


def test_another_root_is_400() -> None:
    with pytest.raises(HTTPError):
        parse_free_busy_query(b'<free-busy-query xmlns="DAV:"/>')
