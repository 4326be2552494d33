"""What a CALDAV:calendar-data element asks for.

Verifies: RFC 4791, 7.8, 9.6; RFC 7265, 3
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.caldav.elements.calendar_data import WHOLE, CalendarData, Comp, read_calendar_data
from davd.caldav.elements.time_range import TimeRange
from davd.model.errors import HTTPError

RANGE = 'start="20060104T000000Z" end="20060105T000000Z"'
JANUARY_4TH = TimeRange(1_136_332_800, 1_136_419_200)


def read(content: str = "", attributes: str = "") -> CalendarData:
    text = f'<C:calendar-data xmlns:C="urn:ietf:params:xml:ns:caldav" {attributes}>{content}</C:calendar-data>'
    return read_calendar_data(etree.fromstring(text))


def test_nothing_asks_for_all() -> None:
    assert read() == WHOLE
    assert read().is_whole
    assert not read().ranges


def test_parts() -> None:
    found = read(
        '<C:comp name="vcalendar"><C:prop name="version"/><C:comp name="VEVENT"><C:prop name="UID" novalue="no"/>'
        '<C:prop name="X-Y" novalue="yes"/></C:comp><C:comp name="VTIMEZONE"/></C:comp>'
    )
    event = Comp("VEVENT", (("UID", True), ("X-Y", False)), ())
    assert found.comp == Comp("VCALENDAR", (("VERSION", True),), (event, Comp("VTIMEZONE")))
    assert not found.is_whole


def test_all_parts() -> None:
    found = read('<C:comp name="VCALENDAR"><C:allprop/><C:comp name="VTODO"><C:allcomp/></C:comp></C:comp>')
    assert found.comp == Comp("VCALENDAR", None, (Comp("VTODO", (), None),))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"<C:expand {RANGE}/>", CalendarData(expand=JANUARY_4TH)),
        (f"<C:limit-recurrence-set {RANGE}/>", CalendarData(recurrences=JANUARY_4TH)),
        (f"<C:limit-freebusy-set {RANGE}/>", CalendarData(freebusy=JANUARY_4TH)),
        (
            f"<C:expand {RANGE}/><C:limit-freebusy-set {RANGE}/>",
            CalendarData(expand=JANUARY_4TH, freebusy=JANUARY_4TH),
        ),
    ],
)
def test_limits(content: str, expected: CalendarData) -> None:
    found = read(content)
    assert found == expected
    assert set(found.ranges) == {JANUARY_4TH}


@pytest.mark.parametrize(
    ("attributes", "content_type"),
    [
        ('content-type="text/calendar" version="2.0"', "text/calendar"),
        ('content-type="Text/Calendar; charset=utf-8"', "text/calendar"),
        ('content-type="application/calendar+json"', "application/calendar+json"),
        ('version="*"', "text/calendar"),
    ],
)
def test_forms(attributes: str, content_type: str) -> None:
    assert read("", attributes) == CalendarData(content_type=content_type)


@pytest.mark.parametrize("attributes", ['content-type="application/calendar+xml"', 'version="1.0"'])
def test_other_forms_are_not_supported(attributes: str) -> None:
    with pytest.raises(HTTPError) as caught:
        read("", attributes)
    assert caught.value.status == 403
    assert caught.value.condition == "{urn:ietf:params:xml:ns:caldav}supported-calendar-data"


@pytest.mark.parametrize(
    "content",
    [
        "<C:comp/>",
        '<C:comp name="VCALENDAR"><C:prop/></C:comp>',
        '<C:comp name="VCALENDAR"><C:prop name="UID" novalue="perhaps"/></C:comp>',
        '<C:comp name="VCALENDAR"/><C:comp name="VCALENDAR"/>',
        "<C:expand/>",
        '<C:expand start="20060104T000000Z"/>',
        f"<C:expand {RANGE}/><C:expand {RANGE}/>",
        f"<C:expand {RANGE}/><C:limit-recurrence-set {RANGE}/>",
    ],
)
def test_what_is_malformed_is_400(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        read(content)
    assert (caught.value.status, caught.value.condition) == (400, None)
