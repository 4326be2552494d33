"""CALDAV:calendar-availability.

Verifies: RFC 7953, 7.2.4
"""

from __future__ import annotations

import pytest

from tests.caldav.calendars import CS, HOME, C, event, proppatch, trial_with_calendars
from tests.dav.answers import by_href, prop, read

AVAILABLE = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//Test//EN\nBEGIN:VAVAILABILITY\nUID:a\nDTSTAMP:20260101T000000Z\n"
    "BEGIN:AVAILABLE\nUID:b\nDTSTAMP:20260101T000000Z\nDTSTART:20260105T090000Z\nDTEND:20260105T170000Z\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nEND:AVAILABLE\nEND:VAVAILABILITY\nEND:VCALENDAR\n"
)


@pytest.mark.parametrize(("prefix", "name"), [("C", C), ("S", CS)])
class TestAvailability:
    """Verifies: RFC 7953, 7.2.4"""

    def test_it_comes_back(self, prefix, name):
        trial = trial_with_calendars()
        name += "calendar-availability"
        tag = f"{prefix}:calendar-availability"
        proppatch(trial, HOME, f"<{tag}>{AVAILABLE}</{tag}>")
        found = by_href(trial, trial.request("PROPFIND", HOME, {"Depth": "0"}, prop(name)))[HOME]
        assert found.text(name) == AVAILABLE
        everything = by_href(trial, trial.request("PROPFIND", HOME, {"Depth": "0"}))[HOME]
        assert name not in everything.properties

    def test_it_has_to_be_one(self, prefix, name):
        trial = trial_with_calendars()
        tag = f"{prefix}:calendar-availability"
        for text in ("nothing", event().decode()):
            (answer,) = read(trial, proppatch(trial, HOME, f"<{tag}>{text}</{tag}>"))
            assert answer.conditions == {name + "calendar-availability": C + "valid-calendar-data"}
        (answer,) = read(trial, proppatch(trial, HOME, f"<{tag}/>"))
        assert set(answer.statuses().values()) == {200}
