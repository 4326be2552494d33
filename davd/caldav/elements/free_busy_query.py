"""The body of the free-busy-query report.

Implements: RFC 4791, 7.10, 9.11
"""

from __future__ import annotations

from davd.caldav.elements.time_range import NoRange, TimeRange, read_range
from davd.caldav.names import FREE_BUSY_QUERY, TIME_RANGE
from davd.dav.elements.source import expect_root, reading
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


def parse_free_busy_query(source: bytes | Element, content_type: str | None = None) -> TimeRange:
    """The range of time in a free-busy-query body; HTTPError 400 where there is not exactly one."""
    return _parse(source, content_type)


def _read(root: Element) -> TimeRange:
    expect_root(root, FREE_BUSY_QUERY)
    found = root.findall(TIME_RANGE)
    # RFC 4791, 7.10: the body "MUST contain exactly one CALDAV:time-range XML element".
    if len(found) != 1:
        raise HTTPError(400, detail="a free-busy-query without a range of time or with several")
    try:
        return read_range(found[0])
    except NoRange as error:
        raise HTTPError(400, detail=str(error)) from None


_parse = reading(_read)
