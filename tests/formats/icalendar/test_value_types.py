"""Types of values by property, beside another reader's table.

Verifies: RFC 5545, 3.2.20, 3.7, 3.8; RFC 7986, 5; RFC 9073, 6; RFC 9253, 8
"""

from __future__ import annotations

import pytest
from icalendar.prop import TypesFactory

from davd.formats.contentlines import make
from davd.formats.icalendar.value_types import DEFAULTS, LISTS, STRUCTURED, UNKNOWN, value_type

# Where the RFCs say so, and the other table is coarser or says otherwise.
_OURS_ALONE = frozenset(
    {
        *("TZID-ALIAS-OF", "TZUNTIL", "CALENDAR-ADDRESS", "LOCATION-TYPE", "PARTICIPANT-TYPE", "RESOURCE-TYPE"),
        *("PROXIMITY", "REFID", "CONCEPT", "EXRULE", "BUSYTYPE", "NAME", "COLOR"),
    }
)


@pytest.mark.parametrize("name", sorted(set(DEFAULTS) - _OURS_ALONE))
def test_defaults_as_another_reader_has_them(name: str) -> None:
    theirs = TypesFactory.types_map[name.lower()]
    coarse = {"categories": "text", "geo": "float", "request-status": "text", "date-time-list": "date-time"}
    assert DEFAULTS[name].lower() == coarse.get(theirs, theirs)


@pytest.mark.parametrize(
    ("name", "params", "found"),
    [
        ("DTSTART", [], "DATE-TIME"),
        ("DTSTART", [("VALUE", "date")], "DATE"),
        ("TRIGGER", [("VALUE", " DATE-TIME")], "DATE-TIME"),
        ("TRIGGER", [("RELATED", "END")], "DURATION"),
        ("IMAGE", [], UNKNOWN),
        ("IMAGE", [("VALUE", "URI")], "URI"),
        ("X-FOO", [], UNKNOWN),
        ("X-FOO", [("VALUE", "X-BAR")], "X-BAR"),
        ("SUMMARY", [("VALUE", "")], "TEXT"),
    ],
)
def test_value_type(name: str, params: list[tuple[str, str]], found: str) -> None:
    assert value_type(make(name, "", params)) == found


def test_lists_have_a_default() -> None:
    assert set(DEFAULTS) >= LISTS | STRUCTURED
    assert not LISTS & STRUCTURED
