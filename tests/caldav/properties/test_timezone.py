"""The time zone of a calendar.

Verifies: RFC 4791, 5.2.2, 5.2.10; RFC 7809, 3.1.5, 5.2
"""

from __future__ import annotations

import pytest

from davd.formats.icalendar.object import parse
from tests.caldav.calendars import HOME, WORK, C, mkcalendar, proppatch, trial_with_calendars
from tests.dav.answers import by_href, prop, read

DEFINITION = C + "calendar-timezone"
IDENTIFIER = C + "calendar-timezone-id"
CUSTOM = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//Test//EN\nBEGIN:VTIMEZONE\nTZID:Our Hill\n"
    "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0130\nTZOFFSETTO:+0130\nEND:STANDARD\n"
    "END:VTIMEZONE\nEND:VCALENDAR\n"
)


@pytest.fixture
def trial():
    made = trial_with_calendars()
    assert mkcalendar(made).status == 201
    return made


def told(trial, path: str = WORK):
    request = trial.request("PROPFIND", path, {"Depth": "0"}, prop(DEFINITION, IDENTIFIER))
    return by_href(trial, request)[path]


def define(text: str) -> str:
    return f"<C:calendar-timezone>{text}</C:calendar-timezone>"


def name(text: str) -> str:
    return f"<C:calendar-timezone-id>{text}</C:calendar-timezone-id>"


class TestTwoViews:
    """Verifies: RFC 7809, 3.1.5"""

    def test_neither_at_first(self, trial):
        assert told(trial).found() == []

    def test_the_name_follows_from_the_definition(self, trial):
        assert set(read(trial, proppatch(trial, WORK, define(CUSTOM)))[0].statuses().values()) == {200}
        assert told(trial).text(DEFINITION) == CUSTOM
        assert told(trial).text(IDENTIFIER) == "Our Hill"

    def test_the_definition_follows_from_the_name(self, trial):
        proppatch(trial, WORK, name("America/New_York"))
        assert told(trial).text(IDENTIFIER) == "America/New_York"
        (definition,) = parse(told(trial).text(DEFINITION).encode()).components
        assert (definition.name, definition.text("TZID")) == ("VTIMEZONE", "America/New_York")

    @pytest.mark.parametrize("both", [False, True])
    def test_the_last_one_counts(self, trial, both):
        if both:
            proppatch(trial, WORK, define(CUSTOM) + name("Europe/Berlin"))
        else:
            proppatch(trial, WORK, define(CUSTOM))
            proppatch(trial, WORK, name("Europe/Berlin"))
        assert told(trial).text(IDENTIFIER) == "Europe/Berlin"
        assert "TZID:Europe/Berlin" in told(trial).text(DEFINITION)
        proppatch(trial, WORK, name("Asia/Tokyo") + define(CUSTOM))
        assert told(trial).text(IDENTIFIER) == "Our Hill"
        assert told(trial).text(DEFINITION) == CUSTOM

    @pytest.mark.parametrize("removed", ["<C:calendar-timezone/>", "<C:calendar-timezone-id/>"])
    @pytest.mark.parametrize("given", [define(CUSTOM), name("Asia/Tokyo")])
    def test_they_go_together(self, trial, given, removed):
        proppatch(trial, WORK, given)
        proppatch(trial, WORK, "", removed)
        assert told(trial).found() == []

    def test_when_the_calendar_is_made(self, trial):
        mkcalendar(trial, HOME + "other/", name("Asia/Tokyo"))
        assert "TZID:Asia/Tokyo" in told(trial, HOME + "other/").text(DEFINITION)


class TestRefusal:
    """Verifies: RFC 4791, 5.2.10; RFC 7809, 3.1.5"""

    @pytest.mark.parametrize(
        "text",
        [
            "", "nothing", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n",
            CUSTOM.replace("END:VCALENDAR", "BEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR"),
        ],
    )  # fmt: skip
    def test_a_definition_that_is_none(self, trial, text):
        (answer,) = read(trial, proppatch(trial, WORK, define(text)))
        assert answer.statuses() == {DEFINITION: 403}
        assert answer.conditions == {DEFINITION: C + "valid-calendar-data"}

    def test_a_name_nobody_knows(self, trial):
        (answer,) = read(trial, proppatch(trial, WORK, name("Atlantis/Poseidonis")))
        assert answer.conditions == {IDENTIFIER: C + "valid-timezone"}
