"""VTIMEZONE components for the zones of the database.

Verifies: RFC 5545, 3.6.5, 3.8.3; RFC 7809, 3.1.5
"""

from __future__ import annotations

import re

import pytest

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.zones.database import RELEASED, load
from davd.formats.icalendar.zones.definition import defined
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.vtimezone import vtimezone
from tests.formats.icalendar.zones import oracle
from tests.formats.icalendar.zones.libical import LibicalZone
from tests.formats.icalendar.zones.oracle import seconds

HIGH = seconds(2101)


def component(text: bytes) -> Component:
    return parse(b"BEGIN:VCALENDAR\r\n" + text + b"END:VCALENDAR\r\n").components[0]


def lines(text: bytes) -> list[str]:
    return text.decode().split("\r\n")[:-1]


class TestEveryZone:
    """Generated, read again by rules alone, and compared with the database around each change.

    Verifies: RFC 5545, 3.6.5
    """

    @pytest.mark.parametrize("begin", [seconds(1840), seconds(1915, 5), 0, seconds(1995, 7), None])
    def test_offsets_are_the_databases_from_begin_on(self, begin: int | None) -> None:
        low = RELEASED if begin is None else begin
        for name in oracle.DISTINCT:
            ours = defined(component(vtimezone(name, begin=begin)))
            theirs = oracle.zoneinfo(name)
            for instant in oracle.instants(name, low, HIGH):
                if instant >= low:
                    assert ours.offset(instant) == oracle.offset(theirs, instant), (name, instant)

    def test_walls_are_read_as_by_the_database(self) -> None:
        for name in oracle.DISTINCT:
            ours = defined(component(vtimezone(name, begin=0)))
            theirs = named(name)
            assert theirs is not None
            for change in load(name).changes(seconds(1971), HIGH):
                for offset in (change.before.offset, change.after.offset):
                    for wall in range(change.instant + offset - 1, change.instant + offset + 2):
                        if wall > seconds(1971):
                            assert ours.utc(wall) == theirs.utc(wall), (name, wall)

    # libical counts up to 2037 unless asked for more, and has years only from 1902 on.
    @pytest.mark.parametrize("begin", [seconds(1915, 5), 0, None])
    def test_libical_reads_the_same(self, begin: int | None) -> None:
        low = RELEASED if begin is None else begin
        for name in oracle.DISTINCT:
            theirs = LibicalZone(vtimezone(name, begin=begin))
            for change in load(name).changes(low, seconds(2060)):
                for instant in (change.instant - 1, change.instant):
                    if instant >= low:
                        zone = named(name)
                        assert zone is not None
                        assert theirs.offset(instant) == zone.offset(instant), (name, instant)
            theirs.close()

    def test_form(self) -> None:
        forms = {
            "TZOFFSETFROM": r"[+-]\d{4}(\d\d)?",
            "TZOFFSETTO": r"[+-]\d{4}(\d\d)?",
            "TZNAME": r"[A-Za-z0-9+-]{3,}",
            "DTSTART": r"\d{8}T\d{6}",
            "RDATE": r"\d{8}T\d{6}",
            "RRULE": r"FREQ=YEARLY;BYMONTH=\d+(;BYMONTHDAY=[\d,]+)?(;BYDAY=-?\d?(MO|TU|WE|TH|FR|SA|SU))?"
            r"(;UNTIL=\d{8}T\d{6}Z)?",
        }
        for name in oracle.DISTINCT:
            for begin in (seconds(1840), 0, None):
                text = vtimezone(name, begin=begin)
                assert max(map(len, text.split(b"\r\n"))) <= 75
                zone = component(text)
                assert [line.name for line in zone.lines] == ["TZID", "X-LIC-LOCATION"]
                assert zone.components
                for observance in zone.components:
                    assert observance.name in ("STANDARD", "DAYLIGHT")
                    for once in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"):
                        assert len(observance.all(once)) == 1
                    assert len(observance.all("RRULE")) <= 1
                    for line in observance.lines:
                        assert re.fullmatch(forms[line.name], line.value), (name, line.value)

    def test_daylight_is_the_later_clock(self) -> None:
        for name in oracle.DISTINCT:
            zone = component(vtimezone(name))
            rules = [sub for sub in zone.components if sub.first("RRULE") and "UNTIL" not in sub.text("RRULE")]
            for sub in rules:
                later = sub.text("TZOFFSETTO"), sub.text("TZOFFSETFROM")
                east = all(text.startswith("+") for text in later)
                west = all(text.startswith("-") for text in later)
                if east or west:
                    is_later = later[0] > later[1] if east else later[0] < later[1]
                    assert (sub.name == "DAYLIGHT") == is_later, name


class TestText:
    """What the components look like.

    Verifies: RFC 5545, 3.6.5
    """

    def test_new_york_since_1967_is_the_rfcs_example(self) -> None:
        text = vtimezone("America/New_York", begin=seconds(1967, 4, 30, 7))
        observances = {
            (
                sub.name,
                sub.text("DTSTART"),
                sub.text("RRULE"),
                ",".join(line.value for line in sub.all("RDATE")),
                sub.text("TZOFFSETFROM"),
                sub.text("TZOFFSETTO"),
                sub.text("TZNAME"),
            )
            for sub in component(text).components
        }
        to_daylight, to_standard = ("-0500", "-0400", "EDT"), ("-0400", "-0500", "EST")
        yearly = "FREQ=YEARLY;BYMONTH="
        assert observances == {
            ("DAYLIGHT", "19670430T020000", f"{yearly}4;BYDAY=-1SU;UNTIL=19730429T070000Z", "", *to_daylight),
            ("STANDARD", "19671029T020000", f"{yearly}10;BYDAY=-1SU;UNTIL=20061029T060000Z", "", *to_standard),
            ("DAYLIGHT", "19740106T020000", "", "19750223T020000", *to_daylight),
            ("DAYLIGHT", "19760425T020000", f"{yearly}4;BYDAY=-1SU;UNTIL=19860427T070000Z", "", *to_daylight),
            ("DAYLIGHT", "19870405T020000", f"{yearly}4;BYDAY=1SU;UNTIL=20060402T070000Z", "", *to_daylight),
            ("DAYLIGHT", "20070311T020000", f"{yearly}3;BYDAY=2SU", "", *to_daylight),
            ("STANDARD", "20071104T020000", f"{yearly}11;BYDAY=1SU", "", *to_standard),
        }

    def test_berlin_is_not_one_hour_late(self) -> None:
        # Two in the morning by the clock before it, which is 01:00 UTC.
        assert lines(vtimezone("Europe/Berlin")) == [
            "BEGIN:VTIMEZONE",
            "TZID:Europe/Berlin",
            "X-LIC-LOCATION:Europe/Berlin",
            "BEGIN:DAYLIGHT",
            "TZOFFSETFROM:+0100",
            "TZOFFSETTO:+0200",
            "TZNAME:CEST",
            "DTSTART:19810329T020000",
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
            "END:DAYLIGHT",
            "BEGIN:STANDARD",
            "TZOFFSETFROM:+0200",
            "TZOFFSETTO:+0100",
            "TZNAME:CET",
            "DTSTART:19961027T030000",
            "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
            "END:STANDARD",
            "END:VTIMEZONE",
        ]

    def test_dublins_summer_is_daylight(self) -> None:
        summer, winter = component(vtimezone("Europe/Dublin")).components
        assert (summer.name, summer.text("TZNAME"), summer.text("TZOFFSETTO")) == ("DAYLIGHT", "IST", "+0100")
        assert (winter.name, winter.text("TZNAME"), winter.text("TZOFFSETTO")) == ("STANDARD", "GMT", "+0000")

    def test_half_an_hour_on_lord_howe_island(self) -> None:
        winter, summer = component(vtimezone("Australia/Lord_Howe")).components
        assert (summer.text("TZOFFSETFROM"), summer.text("TZOFFSETTO")) == ("+1030", "+1100")
        assert (winter.text("TZOFFSETFROM"), winter.text("TZOFFSETTO")) == ("+1100", "+1030")

    def test_the_day_after_the_last_thursday_may_be_of_the_next_month(self) -> None:
        rules = [sub.text("RRULE") for sub in component(vtimezone("Africa/Cairo")).components]
        assert rules == [
            "FREQ=YEARLY;BYMONTH=4;BYDAY=-1FR",
            "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=26,27,28,29,30,31;BYDAY=FR",
            "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1;BYDAY=FR",
        ]

    def test_ramadan_in_morocco(self) -> None:
        # Five weeks in spring, back an hour and forth again.
        zone = component(vtimezone("Africa/Casablanca", begin=seconds(2019)))
        dates = [line.value for sub in zone.subs("STANDARD") for line in sub.lines if line.name in ("DTSTART", "RDATE")]
        assert {"20190505T030000", "20200419T030000", "20240310T030000"} <= set(dates)
        assert len(vtimezone("Africa/Casablanca")) < 1000

    @pytest.mark.parametrize("name", ["Asia/Tokyo", "Europe/Istanbul", "America/Sao_Paulo", "Asia/Kolkata"])
    def test_a_zone_without_daylight_saving_time_has_one_observance(self, name: str) -> None:
        (only,) = component(vtimezone(name)).components
        assert only.name == "STANDARD"
        assert only.first("RRULE") is None

    def test_two_observances_do_for_most_zones(self) -> None:
        counts = [len(component(vtimezone(name)).components) for name in oracle.DISTINCT]
        assert sum(count <= 2 for count in counts) > 0.97 * len(counts)
        assert max(counts) < 10

    def test_local_mean_time_comes_when_it_is_asked_for(self) -> None:
        first = component(vtimezone("America/New_York", begin=seconds(1850))).components[0]
        assert first.text("DTSTART") == "16010101T000000"
        assert first.text("TZOFFSETTO") == "-045602"
        assert b"TZOFFSETTO:-045602" not in vtimezone("America/New_York", begin=seconds(1900))

    def test_times_before_the_first_year(self) -> None:
        text = vtimezone("America/New_York", begin=-(10**15))
        assert defined(component(text)).offset(seconds(1)) == -17762


class TestNames:
    """What TZID says.

    Verifies: RFC 7809, 3.1.5
    """

    def test_the_tzid_is_the_name_that_was_asked_for(self) -> None:
        # "Its value MUST match the value of the "TZID" iCalendar property in the "VTIMEZONE" component".
        text = lines(vtimezone("W. Europe Standard Time"))
        assert text[1:3] == ["TZID:W. Europe Standard Time", "X-LIC-LOCATION:Europe/Berlin"]

    def test_or_another(self) -> None:
        assert lines(vtimezone("Europe/Berlin", "Mine; or, Yours"))[1] == "TZID:Mine\\; or\\, Yours"

    def test_a_long_one_is_folded(self) -> None:
        text = vtimezone("Europe/Berlin", "x" * 100)
        assert component(text).text("TZID") == "x" * 100
        assert max(map(len, text.split(b"\r\n"))) == 75

    def test_it_cannot_break_a_line(self) -> None:
        with pytest.raises(ContentError):
            vtimezone("Europe/Berlin", "a\rb\x00")

    def test_an_offset_has_a_component_too(self) -> None:
        zone = component(vtimezone("UTC+05:30"))
        assert zone.first("X-LIC-LOCATION") is None
        assert defined(zone).offset(0) == 19_800
        assert zone.components[0].text("TZNAME") == "+0530"

    def test_utc(self) -> None:
        assert defined(component(vtimezone("UTC"))).offset(RELEASED) == 0

    def test_nobodys_name(self) -> None:
        with pytest.raises(KeyError):
            vtimezone("Europe/Nowhere")
