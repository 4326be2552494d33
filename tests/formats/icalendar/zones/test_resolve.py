"""TZIDs inside an iCalendar object.

Verifies: RFC 5545, 3.2.19, 3.3.5, 3.6.5; RFC 4791, 5.2.2, 7.3
"""

from __future__ import annotations

from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.values import Kind, Moment, moment
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import Zones, resolve
from davd.formats.icalendar.zones.zone import UTC, FixedZone
from tests.formats.icalendar.zones.oracle import seconds

NOON = seconds(2025, 7, 1, 12)


def calendar(*zones: tuple[str, str], extra: str = "") -> Component:
    """A VCALENDAR with VTIMEZONEs of one constant offset each."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for tzid, offset in zones:
        lines += ["BEGIN:VTIMEZONE", f"TZID:{tzid}"]
        lines += [extra] if extra else []
        lines += ["BEGIN:STANDARD", "DTSTART:16010101T000000", f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}"]
        lines += ["END:STANDARD", "END:VTIMEZONE"]
    return parse("\r\n".join([*lines, "END:VCALENDAR", ""]).encode())


def hours(tzid: str, inside: Component | None) -> float | None:
    zone = resolve(tzid, inside)
    return None if zone is None else zone.offset(NOON) / 3600


class TestResolve:
    """Which zone a TZID means.

    Verifies: RFC 5545, 3.2.19, 3.6.5
    """

    def test_a_name_that_is_certain_means_the_databases_zone(self) -> None:
        for tzid in ("Europe/Berlin", "W. Europe Standard Time", "/mozilla.org/20050126_1/Europe/Berlin"):
            assert hours(tzid, None) == 2
            assert hours(tzid, calendar((tzid, "+0900"))) == 2

    def test_so_does_x_lic_location(self) -> None:
        inside = calendar(("Mine", "+0900"), extra="X-LIC-LOCATION:Europe/Berlin")
        assert resolve("Mine", inside) is named("Europe/Berlin")
        for place in ("Nowhere", "EST", "GMT+0100"):
            assert hours("Mine", calendar(("Mine", "+0900"), extra=f"X-LIC-LOCATION:{place}")) == 9

    def test_other_names_mean_what_the_vtimezone_says(self) -> None:
        for tzid in ("Customized Time Zone", "EST", "GMT+0100", "Berlin", "GMT"):
            assert hours(tzid, calendar((tzid, "+0900"))) == 9

    def test_or_what_they_seem_to_mean(self) -> None:
        assert [hours(tzid, calendar()) for tzid in ("EST", "GMT+0100", "Berlin", "GMT")] == [-5, 1, 2, 0]

    def test_or_nothing(self) -> None:
        assert hours("Customized Time Zone", None) is None
        assert hours("Customized Time Zone", calendar(("Another", "+0900"))) is None

    def test_a_vtimezone_is_found_by_its_name_in_any_case(self) -> None:
        inside = calendar(("First ", "+0300"), ("Customized Time Zone", "+0900"))
        assert hours(" first", inside) == 3
        assert hours("customized time zone ", inside) == 9

    def test_a_broken_vtimezone_is_none(self) -> None:
        inside = parse(b"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Mine\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n")
        assert resolve("Mine", inside) is None
        inside = parse(b"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:EST\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n")
        assert hours("EST", inside) == -5


class TestZones:
    """Instants of moments.

    Verifies: RFC 5545, 3.3.5; RFC 4791, 7.3
    """

    def test_each_kind(self) -> None:
        tokyo = named("Asia/Tokyo")
        assert tokyo is not None
        zones = Zones(calendar(("Mine", "+0300")), tokyo)
        assert zones.utc(moment("20250701T120000Z")) == NOON
        assert zones.utc(moment("20250701T120000", "Europe/Berlin")) == NOON - 2 * 3600
        assert zones.utc(moment("20250701T120000", "Mine")) == NOON - 3 * 3600
        assert zones.utc(moment("20250701T120000")) == NOON - 9 * 3600
        assert zones.utc(moment("20250701")) == NOON - 21 * 3600
        assert zones.zone(moment("20250701T120000Z")) is UTC
        assert zones.zone(moment("20250701")) is tokyo

    def test_a_name_of_which_nothing_is_known_is_floating(self) -> None:
        floating = FixedZone("here", 60)
        zones = Zones(None, floating)
        assert zones.zone(Moment(0, Kind.ZONED, "Nowhere")) is floating
        assert Zones(None).utc(Moment(0, Kind.ZONED, "Nowhere")) == 0

    def test_each_name_is_looked_up_once(self) -> None:
        inside = calendar(("Mine", "+0300"))
        zones = Zones(inside)
        first = zones.zone(Moment(0, Kind.ZONED, "Mine"))
        inside.components.clear()
        assert zones.zone(Moment(0, Kind.ZONED, "Mine")) is first
