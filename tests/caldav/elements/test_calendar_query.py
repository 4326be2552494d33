"""The body of the calendar-query report.

Verifies: RFC 4791, 7.8, 9.5, 9.8; RFC 7809, 3.1.6, 6.1, 6.2
"""

from __future__ import annotations

import pytest

from davd.caldav.elements.calendar_query import CalendarQuery, parse_calendar_query
from davd.caldav.elements.filter import CompFilter
from davd.dav.elements.asked import Asked
from davd.model.errors import HTTPError

C = "{urn:ietf:params:xml:ns:caldav}"
FILTER = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
RANGE = 'start="20060104T000000Z" end="20060105T000000Z"'
ZONE = (
    "BEGIN:VCALENDAR\nPRODID:x\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:Nowhere\nBEGIN:STANDARD\nDTSTART:20000101T000000\n"
    "TZOFFSETFROM:+0130\nTZOFFSETTO:+0130\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n"
)


def parse(content: str) -> CalendarQuery:
    text = f'<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:">{content}</C:calendar-query>'
    return parse_calendar_query(text.encode())


def refusal(content: str) -> tuple[int, str | None]:
    with pytest.raises(HTTPError) as caught:
        parse(content)
    return caught.value.status, caught.value.condition


def test_the_filter_alone() -> None:
    found = parse(FILTER)
    assert found == CalendarQuery(Asked("prop"), CompFilter("VCALENDAR"), None)
    assert not found.ranges


def test_ranges_of_filter_and_data() -> None:
    data = f"<D:prop><C:calendar-data><C:expand {RANGE}/></C:calendar-data></D:prop>"
    event = f'<C:comp-filter name="VEVENT"><C:time-range {RANGE}/></C:comp-filter>'
    found = parse(data + FILTER.replace("/></", f">{event}</C:comp-filter></", 1))
    assert len(found.ranges) == 2


def test_a_time_zone_by_its_definition() -> None:
    zone = parse(FILTER + f"<C:timezone><![CDATA[{ZONE}]]></C:timezone>").zone
    assert zone is not None
    assert zone.utc(0) == -5400


@pytest.mark.parametrize("name", ["Europe/Berlin", " europe/berlin\n", "W. Europe Standard Time"])
def test_a_time_zone_by_its_name(name: str) -> None:
    zone = parse(FILTER + f"<C:timezone-id>{name}</C:timezone-id>").zone
    assert zone is not None
    assert zone.utc(0) == -3600


def test_an_unknown_name_is_no_time_zone() -> None:
    assert refusal(FILTER + "<C:timezone-id>Nowhere</C:timezone-id>") == (403, C + "valid-timezone")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Europe/Berlin",
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR\n",
        ZONE[ZONE.index("BEGIN:VTIMEZONE") : ZONE.index("END:VCALENDAR")],
        ZONE.replace("TZOFFSETTO:+0130", "TZOFFSETTO:soon"),
    ],
)
def test_what_defines_no_time_zone(text: str) -> None:
    assert refusal(FILTER + f"<C:timezone>{text}</C:timezone>") == (403, C + "valid-calendar-data")


@pytest.mark.parametrize(
    "content",
    [
        "",
        FILTER + FILTER,
        "<D:prop/><D:allprop/>" + FILTER,
        FILTER + "<C:timezone-id>UTC</C:timezone-id><C:timezone-id>UTC</C:timezone-id>",
        FILTER + f"<C:timezone-id>UTC</C:timezone-id><C:timezone>{ZONE}</C:timezone>",
    ],
)
def test_what_is_malformed_is_400(content: str) -> None:
    assert refusal(content) == (400, None)


def test_another_root_is_400() -> None:
    with pytest.raises(HTTPError):
        parse_calendar_query(b'<calendar-query xmlns="DAV:"/>')
