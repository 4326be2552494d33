"""The body of the calendar-multiget report.

Verifies: RFC 4791, 7.9, 9.10
"""

from __future__ import annotations

import pytest

from davd.caldav.elements.calendar_data import WHOLE
from davd.caldav.elements.calendar_multiget import CalendarMultiget, parse_calendar_multiget
from davd.dav.elements.asked import Asked
from davd.model.errors import HTTPError


def parse(content: str) -> CalendarMultiget:
    return parse_calendar_multiget(
        f'<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:">{content}'
        "</C:calendar-multiget>".encode()
    )


def test_each_href_once_as_it_is_written() -> None:
    found = parse(
        "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
        "<D:href>/b%20c</D:href><D:href> /a\n</D:href><D:href>/a</D:href>"
    )
    assert found == CalendarMultiget(Asked("prop", ("{DAV:}getetag",), WHOLE), ("/b%20c", "/a"))
    assert not found.ranges


def test_ranges_are_those_of_the_data() -> None:
    expand = '<C:expand start="20060104T000000Z" end="20060105T000000Z"/>'
    found = parse(f"<D:prop><C:calendar-data>{expand}</C:calendar-data></D:prop><D:href>/a</D:href>")
    assert len(found.ranges) == 1


@pytest.mark.parametrize(
    "content", ["", "<D:prop/>", "<C:href>/a</C:href>", "<D:prop/><D:allprop/><D:href>/a</D:href>"]
)
def test_what_is_malformed_is_400(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        parse(content)
    assert caught.value.status == 400


def test_another_root_is_400() -> None:
    with pytest.raises(HTTPError):
        parse_calendar_multiget(b'<calendar-multiget xmlns="DAV:"/>')
