"""The zone of floating times.

Verifies: RFC 4791, 5.2.2, 7.3; RFC 7809, 3.1.5
"""

from __future__ import annotations

import pytest

from davd.caldav.names import CALENDAR_TIMEZONE
from davd.caldav.zone_of import default_zone, floating_zone, identifier_in, zone_in
from davd.formats.icalendar.zones.zone import UTC
from davd.testing.exchange import run
from tests.caldav.calendars import HOME, WORK, mkcalendar, proppatch, trial_with_calendars
from tests.caldav.properties.test_timezone import CUSTOM, define, name


@pytest.fixture
def trial():
    made = trial_with_calendars()
    assert mkcalendar(made).status == 201
    return made


def zone(trial, path: str = WORK):
    async def find():
        async with trial.store.read() as view:
            chain = await view.resolve(path.strip("/").split("/"))
            return await floating_zone(view, chain[-1])

    return run(find())


class TestFloating:
    """Verifies: RFC 4791, 5.2.2, 7.3"""

    def test_the_calendars_own_goes_before_that_of_the_home(self, trial):
        assert zone(trial) is UTC
        proppatch(trial, HOME, name("Asia/Tokyo"))
        assert zone(trial).name == "Asia/Tokyo"
        proppatch(trial, WORK, define(CUSTOM))
        assert zone(trial).offset(0) == 5400
        proppatch(trial, WORK, name("Europe/Berlin"))
        assert zone(trial).name == "Europe/Berlin"

    def test_what_cannot_be_read_counts_for_nothing(self):
        assert zone_in({}) is None
        assert zone_in({CALENDAR_TIMEZONE: b"<x>nothing</x>"}) is None
        assert identifier_in("nothing") == identifier_in("BEGIN:VCALENDAR\nEND:VCALENDAR\n") == ""

    def test_a_default_has_to_be_known(self):
        assert default_zone("Europe/Berlin").name == "Europe/Berlin"
        with pytest.raises(ValueError, match="Atlantis"):
            default_zone("Atlantis/Poseidonis")
