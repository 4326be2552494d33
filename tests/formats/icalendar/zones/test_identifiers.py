"""Identifiers as clients write them.

Verifies: RFC 5545, 3.2.19, 3.8.3.1; RFC 7809, 3.1.5
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.icalendar.zones.database import names
from davd.formats.icalendar.zones.identifiers import look_up, named
from davd.formats.icalendar.zones.zone import UTC
from tests.formats.icalendar.zones.oracle import seconds

SUMMER, WINTER = seconds(2025, 7, 1), seconds(2025, 1, 1)

CERTAIN = [
    # IANA's names, deprecated ones too, in any case, with what sticks to them.
    ("Europe/Berlin", "Europe/Berlin"),
    ("europe/BERLIN", "Europe/Berlin"),
    (" Europe/Berlin  ", "Europe/Berlin"),
    ('"Europe/Berlin"', "Europe/Berlin"),
    ("Europe\\/Berlin", "Europe/Berlin"),
    ("America/New York", "America/New_York"),
    ("US/Eastern", "US/Eastern"),
    ("Asia/Calcutta", "Asia/Calcutta"),
    ("US/Pacific-New", "America/Los_Angeles"),
    ("SystemV/EST5EDT", "America/New_York"),
    ("Etc/GMT+3", "Etc/GMT+3"),
    # Windows, Exchange, Lotus Notes.
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("w. europe standard time", "Europe/Berlin"),
    ("W. Europe Daylight Time", "Europe/Berlin"),
    ("W. Europe", "Europe/Berlin"),
    ("W. Europe Standard Time 1", "Europe/Berlin"),
    ("Romance Standard Time 12", "Europe/Paris"),
    ("Pacific Standard Time (Mexico)", "America/Tijuana"),
    ("Russia Time Zone 3", "Europe/Samara"),
    ("Mexico Standard Time 2", "America/Mazatlan"),
    ("Mexico Standard Time", "America/Mexico_City"),
    ("UTC-11", "Etc/GMT+11"),
    ("UTC+12", "Etc/GMT-12"),
    ("India Standard Time", "Asia/Kolkata"),
    ("Eastern", "America/New_York"),
    ("tzone://Microsoft/Utc", "UTC"),
    # Vendors' prefixes.
    ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
    ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
    ("/freeassociation.sourceforge.net/UTC", "UTC"),
    ("/mozilla.org/20050126_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
    ("/mozilla.org/20070129_1/Europe/Berlin", "Europe/Berlin"),
    ("/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York"),
    ("/softwarestudio.org/Tzfile/SystemV/EST5EDT", "America/New_York"),
    ("/citadel.org/20210210_1/Europe/Kyiv", "Europe/Kyiv"),
    ("http://tzurl.org/zoneinfo-outlook/Europe/Berlin.ics", "Europe/Berlin"),
    # Texts of menus, old and new.
    ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
    ("(UTC+01:00) Amsterdam\\, Berlin\\, Bern\\, Rome\\, Stockholm\\, Vienna", "Europe/Berlin"),
    ("(GMT+01.00) Amsterdam / Berlin / Bern / Rome / Stockholm / Vienna", "Europe/Berlin"),
    ("(GMT-05:00) Eastern Time (US & Canada)", "America/New_York"),
    ("(GMT-08:00) Pacific Time (US & Canada); Tijuana", "America/Los_Angeles"),
    ("(UTC\N{MINUS SIGN}05:00) Eastern Time (US & Canada)", "America/New_York"),
    ("(UTC) Coordinated Universal Time", "UTC"),
    ("(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "Europe/London"),
    ("(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London", "Europe/London"),
    ("(UTC+01:00) W. Europe Standard Time", "Europe/Berlin"),
    ("UTC", "UTC"),
    ("Etc/UTC", "UTC"),
]

UNCERTAIN = [
    ("EST", "EST"),
    ("EST5EDT", "EST5EDT"),
    ("GMT", "GMT"),
    ("CET", "CET"),
    ("PDT", "America/Los_Angeles"),
    ("CEST", "Europe/Berlin"),
    ("Z", "UTC"),
    ("GMT+0200", "Etc/GMT-2"),
    ("GMT+2", "Etc/GMT-2"),
    ("UTC+02:00", "Etc/GMT-2"),
    ("UTC -03:00", "Etc/GMT+3"),
    ("+0530", "UTC+05:30"),
    ("GMT-0330", "UTC-03:30"),
    ("(UTC+01:00)", "Etc/GMT-1"),
    ("(UTC)", "UTC"),
    ("Berlin", "Europe/Berlin"),
    ("Eastern Time (US & Canada)", "America/New_York"),
    # Not the English text: the first place the database has decides, if the offset fits.
    ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "Europe/Amsterdam"),
    ("(UTC+02:00) Vilnius, Wilna", "Europe/Vilnius"),
    ("(UTC-05:00) Nirgendwo, Lima", "America/Lima"),
    ("/x/Japan", "Japan"),
]

UNKNOWN = [
    "",
    " ",
    "Customized Time Zone",
    "Customized Time Zone 1",
    "tzone://Microsoft/Custom",
    "(no TZ description)",
    "floating",
    "Europe/Nowhere",
    "GMT +0100 (Standard) / GMT +0200 (Daylight)",
    "UTC+99:00",
    "UTC+16",
    "(UTC+05:00) Berlin",
    "(UTC+01:00) Nowhere, Nirgendwo",
    "a/b/Japan",
    "/",
    "//",
    "1",
    " 1",
    "../../etc/passwd",
    "\N{SUPERSCRIPT TWO}",
    "Europe/Berlin" * 100,
]


class TestNamed:
    """Identifiers that mean a zone by themselves.

    Verifies: RFC 5545, 3.2.19, 3.8.3.1; RFC 7809, 3.1.5
    """

    @pytest.mark.parametrize(("tzid", "name"), CERTAIN)
    def test_certain(self, tzid: str, name: str) -> None:
        found = look_up(tzid)
        assert found is not None
        assert (found.zone.name, found.certain) == (name, True)
        assert named(tzid) is found.zone

    @pytest.mark.parametrize(("tzid", "name"), UNCERTAIN)
    def test_uncertain(self, tzid: str, name: str) -> None:
        found = look_up(tzid)
        assert found is not None
        assert (found.zone.name, found.certain) == (name, False)

    @pytest.mark.parametrize("tzid", UNKNOWN)
    def test_unknown(self, tzid: str) -> None:
        assert named(tzid) is None

    def test_every_name_of_the_database_in_any_case(self) -> None:
        for name in names():
            for tzid in (name, name.upper(), f" {name.lower()} "):
                found = named(tzid)
                assert found is not None
                assert found is UTC or found.name == name

    def test_signs_of_offsets(self) -> None:
        # "Etc/GMT+3" is west of Greenwich, "GMT+3" east of it.
        offsets = {tzid: zone.offset(0) // 3600 for tzid in ("Etc/GMT+3", "GMT+3", "GMT-3") if (zone := named(tzid))}
        assert offsets == {"Etc/GMT+3": -3, "GMT+3": 3, "GMT-3": -3}

    def test_utc_is_one_object(self) -> None:
        assert all(
            named(tzid) is UTC for tzid in ("UTC", "utc", "Etc/UTC", "Zulu", "Etc/Zulu", "UCT", "Universal", "Z")
        )

    def test_one_object_for_the_spellings_of_a_name(self) -> None:
        assert named("Europe/Paris") is named("europe/paris") is named("Romance Standard Time")

    @given(st.text(max_size=300))
    def test_any_text_is_answered(self, tzid: str) -> None:
        found = look_up(tzid)
        assert found is None or found.zone.utc(found.zone.wall(0)) == 0

    @given(st.integers(-14 * 4, 14 * 4), st.sampled_from(["GMT", "UTC", "", "utc"]), st.sampled_from([":", "", "."]))
    def test_offsets_by_quarters_of_an_hour(self, quarters: int, word: str, colon: str) -> None:
        hours, minutes = divmod(abs(quarters) * 15, 60)
        zone = named(f"{word}{'-' if quarters < 0 else '+'}{hours:02}{colon}{minutes:02}")
        assert zone is not None
        assert zone.offset(SUMMER) == zone.offset(WINTER) == quarters * 900
