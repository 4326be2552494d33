"""Texts of menus.

Verifies: MS-OXCICAL, 2.1.3.1.1.19.1
"""

from __future__ import annotations

from davd.formats.icalendar.zones.database import names
from davd.formats.icalendar.zones.displayed import COLLOQUIAL, DISPLAYED
from davd.formats.icalendar.zones.identifiers import look_up


def test_keys_are_in_lower_case_and_values_in_the_database() -> None:
    for table in (DISPLAYED, COLLOQUIAL):
        for key, name in table.items():
            assert key == key.lower()
            assert name in names()


def test_every_text_is_found_behind_an_offset() -> None:
    for key, name in DISPLAYED.items():
        found = look_up(f"(UTC+00:00) {key.title()}")
        assert found is not None and found.certain, key
        assert found.zone.name in (name, "UTC"), key


def test_every_colloquial_name_is_found() -> None:
    for key, name in COLLOQUIAL.items():
        found = look_up(key.upper())
        assert found is not None
        assert found.zone.name in (name, "UTC"), key
