"""Windows' names.

Verifies: MS-OXCICAL, 2.1.3.1.1.19.1
"""

from __future__ import annotations

import pytest

from davd.formats.icalendar.zones.database import names
from davd.formats.icalendar.zones.identifiers import look_up
from davd.formats.icalendar.zones.windows import RETIRED, WINDOWS


def test_keys_are_in_lower_case_and_values_in_the_database() -> None:
    for table in (WINDOWS, RETIRED):
        for key, name in table.items():
            assert key == key.lower()
            assert name in names()
    assert not WINDOWS.keys() & RETIRED.keys()


def test_every_name_is_found_by_itself_and_numbered() -> None:
    for key, name in {**RETIRED, **WINDOWS}.items():
        for tzid in (key, key.title(), f"{key} 1"):
            found = look_up(tzid)
            assert found is not None and found.certain, tzid
            assert found.zone.name in (name, "UTC"), tzid


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Eastern Standard Time", "America/New_York"),
        ("GMT Standard Time", "Europe/London"),
        ("Greenwich Standard Time", "Atlantic/Reykjavik"),
        ("Central European Standard Time", "Europe/Warsaw"),
        ("Central Europe Standard Time", "Europe/Budapest"),
        ("FLE Standard Time", "Europe/Kyiv"),
        ("AUS Central Standard Time", "Australia/Darwin"),
        ("Aus Central W. Standard Time", "Australia/Eucla"),
        ("Cen. Australia Standard Time", "Australia/Adelaide"),
        ("US Eastern Standard Time", "America/Indiana/Indianapolis"),
        ("British Columbia Standard Time", "America/Vancouver"),
    ],
)
def test_names_that_are_easily_mixed_up(tzid: str, name: str) -> None:
    assert WINDOWS[tzid.lower()] == name
