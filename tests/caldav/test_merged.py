"""Many objects as one.

Verifies: RFC 5545, 3.4, 3.6, 3.6.5; RFC 7986, 5.1, 5.2
"""

from __future__ import annotations

import pytest

from davd.caldav.merged import CLOSING, Merger, opening, properties
from davd.formats.icalendar.object import parse
from tests.caldav.calendars import event
from tests.performance.calls import counted

HEAD = opening(properties({}, "work"))


def zone(tzid: str, offset: str = "+0100") -> str:
    return (
        f"BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:{offset}\r\n"
        f"TZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )


def zoned(uid: str, tzid: str, *definitions: str) -> bytes:
    data = event(uid, start=f"DTSTART;TZID={tzid}:20260105T100000").decode()
    return data.replace("BEGIN:VEVENT", "".join(definitions) + "BEGIN:VEVENT").encode()


def merged(*objects: bytes):
    merger = Merger()
    return parse(HEAD + b"".join([merger.octets(data) for data in objects]) + CLOSING)


def zones(calendar) -> list[str]:
    return [sub.text("TZID") for sub in calendar.subs("VTIMEZONE")]


class TestMerging:
    """Verifies: RFC 5545, 3.6, 3.6.5"""

    def test_components_are_as_they_were(self):
        odd = event("2", "x-odd;x-p=1:a\r\n b", "SUMMARY:ü").replace(b"\r\n", b"\n").removesuffix(b"\n")
        merger = Merger()
        octets = merger.octets(event("1")) + merger.octets(odd)
        assert octets == event("1").split(b"EN\r\n")[1].removesuffix(CLOSING) + odd.split(b"EN\n")[1].replace(
            b"END:VCALENDAR", b""
        ).replace(b"\n", b"\r\n")

    def test_a_time_zone_comes_once(self):
        calendar = merged(*[zoned(uid, "Europe/Berlin", zone("Europe/Berlin")) for uid in "123"])
        assert zones(calendar) == ["Europe/Berlin"]
        assert len(calendar.subs("VEVENT")) == 3

    def test_what_clients_leave_out_is_made(self):
        calendar = merged(zoned("1", "Europe/Berlin"), zoned("2", "W. Europe Standard Time"), zoned("3", "Nowhere"))
        assert zones(calendar) == ["Europe/Berlin", "W. Europe Standard Time"]
        assert calendar.subs("VTIMEZONE")[0].subs("DAYLIGHT")

    def test_an_alarm_may_be_the_only_one_to_name_it(self):
        alarm = "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER;VALUE=DATE-TIME:20260101T000000Z\r\nX-A;TZID=Asia/Tokyo:1\r\n"
        calendar = merged(event("1", alarm + "END:VALARM"))
        assert zones(calendar) == ["Asia/Tokyo"]

    def test_two_zones_of_one_name_are_told_apart(self):
        first, second = zone("Our Hill", "+0100"), zone("Our Hill", "+0330")
        objects = [zoned("1", "Our Hill", first), zoned("2", "Our Hill", second), zoned("3", "Our Hill", second)]
        calendar = merged(*objects, zoned("4", "Our Hill", first))
        assert zones(calendar) == ["Our Hill", "Our Hill (2)"]
        used = [event.first("DTSTART").param("TZID") for event in calendar.subs("VEVENT")]
        assert used == ["Our Hill", "Our Hill (2)", "Our Hill (2)", "Our Hill"]

    def test_a_known_name_means_one_zone_however_it_is_defined(self):
        name = "Europe/Berlin"
        objects = [zoned(offset, name, zone(name, offset)) for offset in ("+0100", "+0200")]
        assert zones(merged(*objects)) == [name]

    @pytest.mark.parametrize("broken", [b"", b"nothing", event()[:-30], b"\xff\xfe"])
    def test_what_is_broken_is_left_out(self, broken):
        assert len(merged(event("1"), broken, event("2")).subs("VEVENT")) == 2
        assert Merger().arrays(broken) == []


class TestProperties:
    """Verifies: RFC 7986, 5.1, 5.2"""

    def test_of_a_calendar_that_says_nothing(self):
        calendar = parse(HEAD + CLOSING)
        assert (calendar.text("VERSION"), calendar.text("X-WR-CALNAME")) == ("2.0", "work")
        assert calendar.text("PRODID")

    def test_what_people_gave_it(self):
        caldav = "urn:ietf:params:xml:ns:caldav"
        stored = {
            "{DAV:}displayname": b'<D:displayname xmlns:D="DAV:">Work, &amp; play;\x7f</D:displayname>',
            f"{{{caldav}}}calendar-description": f'<C:x xmlns:C="{caldav}">two\nlines</C:x>'.encode(),
            f"{{{caldav}}}calendar-timezone-id": f'<C:x xmlns:C="{caldav}">Asia/Tokyo</C:x>'.encode(),
            "{http://apple.com/ns/ical/}calendar-color": b"<x>#FF2968FF</x>",
        }
        calendar = parse(opening(properties(stored, "x")) + CLOSING)
        for name, text in (
            ("NAME", "Work, & play;"), ("X-WR-CALNAME", "Work, & play;"), ("DESCRIPTION", "two\nlines"),
            ("X-WR-CALDESC", "two\nlines"), ("X-WR-TIMEZONE", "Asia/Tokyo"), ("X-APPLE-CALENDAR-COLOR", "#FF2968FF"),
        ):  # fmt: skip
            assert calendar.text(name) == text

    def test_a_colour_that_is_none(self):
        stored = {"{http://apple.com/ns/ical/}calendar-color": b"<x>red:;</x>"}
        assert parse(opening(properties(stored, "x")) + CLOSING).first("X-APPLE-CALENDAR-COLOR") is None


def test_many_definitions_of_one_name():
    """Each has a name of its own, and to find it costs the same however many there are."""

    def calls(number: int) -> int:
        merger = Merger()
        objects = [zoned(str(n), "Mine", zone("Mine", f"+{n // 60:02}{n % 60:02}")) for n in range(number)]
        return counted(lambda: [merger.octets(data) for data in objects])

    assert calls(400) < 3 * calls(200)
    again = zoned("c", "Mine", zone("Mine", "+0200"))
    calendar = merged(zoned("a", "Mine", zone("Mine")), again, zoned("d", "Mine (2)", zone("Mine (2)", "+0300")), again)
    assert zones(calendar) == ["Mine", "Mine (2)", "Mine (2) (2)"]
    tzids = [part.first("DTSTART").param("TZID") for part in calendar.subs("VEVENT")]
    assert tzids == ["Mine", "Mine (2)", "Mine (2) (2)", "Mine (2)"]
