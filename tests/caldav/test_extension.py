"""The rows of CalDAV.

Verifies: RFC 4791, 2, 5.1; RFC 5689, 3.3; RFC 7953, 7.2.1
"""

from __future__ import annotations

import pytest

from davd.caldav.extension import make
from davd.caldav.settings import CalDavSettings
from tests.caldav.calendars import HOME, WORK, C, D, event, mkcalendar, put, trial_with_calendars
from tests.dav.answers import by_href, prop


@pytest.fixture
def trial():
    made = trial_with_calendars()
    mkcalendar(made)
    put(made, WORK + "1.ics", event())
    return made


@pytest.mark.parametrize("path", ["/", "/principals/users/alice/", HOME, WORK, WORK + "1.ics"])
def test_it_is_told_everywhere(trial, path):
    told = trial.request("OPTIONS", path).headers["DAV"].split(", ")
    assert {"1", "3", "calendar-access", "calendar-availability"} <= set(told)
    # There is no service to get time zones from (RFC 7809, 3.1.2), and nothing is scheduled (RFC 6638, 2).
    assert not {"calendar-no-timezone", "calendar-auto-schedule"} & set(told)


@pytest.mark.parametrize("path", [WORK, WORK + "1.ics"])
def test_its_reports_are_told_of_calendars_and_objects(trial, path):
    name = D + "supported-report-set"
    found = by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(name)))[path]
    told = {str(kind.tag) for kind in found.element(name).iter() if str(kind.tag).startswith(C)}
    assert {C + "calendar-query", C + "calendar-multiget"} <= told
    assert (C + "free-busy-query" in told) == (path == WORK)


def test_a_time_zone_that_nobody_knows_stops_the_start():
    with pytest.raises(ValueError, match=r"caldav\.time_zone: there is no time zone called Mars"):
        make(CalDavSettings(time_zone="Mars"))
