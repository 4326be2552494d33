"""The text of CALDAV:calendar-data.

Verifies: RFC 4791, 7.6, 9.6; RFC 7265, 3
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from davd.caldav.data import Form, xml_text
from davd.caldav.elements.calendar_data import CalendarData, Comp
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.objects import CalendarObject
from davd.formats.icalendar.object import parse
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.values import moment
from davd.formats.icalendar.zones.zone import UTC
from davd.formats.xml.writer import escape
from tests.caldav.calendars import event, series
from tests.caldav.test_data_recurrence import value

JCAL = "application/calendar+json"
JANUARY = TimeRange(moment("20260101T000000Z").wall, moment("20260201T000000Z").wall)


def element(written: str) -> etree._Element:
    return etree.fromstring(written)


def form(content: bytes, **wanted: Any) -> etree._Element:
    made = Form(CalendarData(**wanted))
    return element(value(made.steps(CalendarObject(content), UTC, Budget())))


class TestForms:
    """Verifies: RFC 4791, 9.6"""

    def test_the_whole_object_is_what_was_stored_without_cr(self) -> None:
        content = event("1", "SUMMARY:A & B <c> ]]>")
        found = form(content)
        assert Form(CalendarData()).raw
        assert found.tag == "{urn:ietf:params:xml:ns:caldav}calendar-data"
        assert not found.attrib
        assert found.text == content.decode().replace("\r\n", "\n")
        assert element(Form(CalendarData()).as_stored(content)).text == found.text

    def test_parts_and_instances_together(self) -> None:
        wanted = Comp("VCALENDAR", (("VERSION", True),), (Comp("VEVENT", (("DTSTART", True),), ()),))
        found = form(series("1"), comp=wanted, expand=JANUARY)
        assert found.text == "BEGIN:VCALENDAR\nVERSION:2.0\n{}END:VCALENDAR\n".format(
            "".join([f"BEGIN:VEVENT\nDTSTART:202601{day:02}T100000Z\nEND:VEVENT\n" for day in range(5, 10)])
        )

    def test_limits_of_two_kinds(self) -> None:
        busy = event("1", "FREEBUSY:20260105T100000Z/PT1H", "FREEBUSY:20270105T100000Z/PT1H", kind="VFREEBUSY")
        text = form(busy, recurrences=JANUARY, freebusy=JANUARY).text or ""
        assert "20260105" in text and "20270105" not in text

    def test_an_object_with_odd_octets_is_written(self) -> None:
        content = b"\xef\xbb\xbf" + event("1", "SUMMARY:a\x0bb\uffff", "X-LONE:a\rX-NEXT:b")
        found = Form(CalendarData()).as_stored(content)
        assert "SUMMARY:ab\n" in (element(found).text or "")
        assert "X-LONE:a\rX-NEXT:b\n" in (element(found).text or "")
        assert (element(found).text or "").startswith("BEGIN:VCALENDAR\n")


class TestJCal:
    """Verifies: RFC 7265, 3; RFC 4791, 9.6"""

    def test_the_attributes_tell_the_type(self) -> None:
        found = form(event("1"), content_type=JCAL)
        assert dict(found.attrib) == {"content-type": JCAL, "version": "2.0"}
        name, properties, components = json.loads(found.text or "")
        assert name == "vcalendar"
        assert ["version", {}, "text", "2.0"] in properties
        assert [component[0] for component in components] == ["vevent"]

    def test_instances(self) -> None:
        found = form(series("1"), content_type=JCAL, expand=JANUARY)
        assert len(json.loads(found.text or "")[2]) == 5

    def test_it_is_not_raw(self) -> None:
        made = Form(CalendarData(content_type=JCAL))
        assert not made.raw and not made.is_text


class TestText:
    """Verifies: RFC 4791, 9.6; XML 1.0, 2.2, 2.4"""

    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_what_xml_can_hold_is_kept(self, text: str) -> None:
        allowed = "".join([c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")])
        found = xml_text(text.encode())
        assert found == escape(allowed.removeprefix("\ufeff").replace("\r\n", "\n"))

    @given(st.binary())
    def test_any_octets_make_xml(self, data: bytes) -> None:
        etree.fromstring(f"<a>{xml_text(data)}</a>")


@pytest.mark.parametrize("lines", [0, 1, 29, 30, 31, 100])
def test_any_number_of_instances_is_one_object(lines: int) -> None:
    rule = f"RRULE:FREQ=HOURLY;COUNT={lines}" if lines > 1 else "COMMENT:once"
    asked = JANUARY if lines else TimeRange(0, 1)
    found = form(event("1", rule), expand=asked)
    assert len(parse((found.text or "").encode()).components) == lines
