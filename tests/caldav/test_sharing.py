"""Calendars that are shared, in each degree.

Verifies: RFC 4791, 6.1, 6.1.1; RFC 3744, 3, 5.5
"""

from __future__ import annotations

import pytest

from davd.http.response import Response
from davd.testing.exchange import Trial
from tests.caldav.calendars import ICS, WORK, C, D, event, mkcalendar, trial_with_calendars
from tests.dav.answers import by_href, prop
from tests.dav.sharing import FREE_BUSY, ace, add_group, share

QUERY = (
    b'<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>'
    b'<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
)
MULTIGET = (
    b'<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>'
    b"<D:href>/calendars/alice/work/1.ics</D:href></C:calendar-multiget>"
)
BUSY = (
    b'<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">'
    b'<C:time-range start="20260101T000000Z" end="20260201T000000Z"/></C:free-busy-query>'
)
SYNC = b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'


@pytest.fixture
def trial() -> Trial:
    made = trial_with_calendars()
    assert mkcalendar(made).status == 201
    assert made.request("PUT", WORK + "1.ics", ICS, event("1")).status == 201
    return made


def report(trial: Trial, body: bytes, path: str = WORK, depth: str = "1") -> Response:
    return trial.request("REPORT", path, {"Depth": depth}, body, "bob")


def test_free_busy_alone(trial: Trial) -> None:
    """Verifies: RFC 4791, 6.1.1, 7.10"""
    assert report(trial, BUSY).status == 404
    share(trial, WORK, ace("bob", FREE_BUSY))
    answer = report(trial, BUSY)
    assert answer.status == 200
    assert b"FREEBUSY" in trial.read(answer)
    # RFC 4791, 6.1.1: "access to GET, HEAD, OPTIONS, and PROPFIND on the resource is not implied".
    for body in (QUERY, MULTIGET, SYNC):
        assert report(trial, body).status == 404
    for method, path in (("GET", WORK), ("GET", WORK + "1.ics"), ("PROPFIND", WORK), ("DELETE", WORK + "1.ics")):
        assert trial.request(method, path, {}, user="bob").status == 404
    assert trial.request("PUT", WORK + "2.ics", ICS, event("2"), "bob").status in (404, 409)
    # The home, in which there are calendars that are nobody's business, stays closed.
    assert report(trial, BUSY, "/calendars/alice/").status == 404
    assert report(trial, BUSY, WORK + "1.ics").status == 404


def test_free_busy_of_a_home_is_that_of_all_in_it(trial: Trial) -> None:
    share(trial, "/calendars/alice/", ace("bob", FREE_BUSY))
    answer = report(trial, BUSY, "/calendars/alice/", "infinity")
    assert answer.status == 200
    assert b"FREEBUSY" in trial.read(answer)
    assert trial.request("PROPFIND", "/calendars/alice/", {"Depth": "0"}, user="bob").status == 404


def test_reading(trial: Trial) -> None:
    add_group(trial, "staff", "bob")
    share(trial, WORK, ace("/principals/groups/staff/", "read"))
    for body in (QUERY, MULTIGET, SYNC):
        assert list(by_href(trial, report(trial, body, depth="0" if body is SYNC else "1"))) == [WORK + "1.ics"]
    assert report(trial, BUSY).status == 200
    assert trial.request("GET", WORK + "1.ics", user="bob").status == 200
    name = D + "current-user-privilege-set"
    told = by_href(trial, trial.request("PROPFIND", WORK, {"Depth": "0"}, prop(name), "bob"))[WORK].element(name)
    held = {str(privilege[0].tag) for privilege in told}
    assert held == {D + "read", D + "read-current-user-privilege-set", C + "read-free-busy"}
    assert trial.request("PUT", WORK + "1.ics", ICS, event("1"), "bob").status == 403
    assert mkcalendar(trial, "/calendars/alice/new/", user="bob").status == 409


def test_writing(trial: Trial) -> None:
    share(trial, WORK, ace("bob", "read", "write"))
    assert trial.request("PUT", WORK + "2.ics", ICS, event("2"), "bob").status == 201
    assert trial.request("PUT", WORK + "1.ics", ICS, event("1", "SUMMARY:New"), "bob").status == 204
    assert trial.request("POST", WORK + "?add-member", ICS, event("3"), "bob").status == 201
    assert trial.request("DELETE", WORK + "2.ics", user="bob").status == 204
    # The calendar itself is a member of a home that bob may not change.
    assert trial.request("DELETE", WORK, user="bob").status == 403
    found = by_href(trial, trial.request("PROPFIND", WORK, {"Depth": "1"}, prop(D + "owner")))
    assert {answer.text(D + "owner") for answer in found.values()} == {"/principals/users/alice/"}


def test_what_is_there_already_is_not_told_to_those_who_may_not_read(trial: Trial) -> None:
    """Verifies: RFC 4791, 5.3.2.1; RFC 4918, 20.1"""
    moved = {"Destination": "/calendars/bob/calendar/1.ics"}
    share(trial, WORK, ace("bob", FREE_BUSY))
    assert trial.request("COPY", WORK + "1.ics", moved, user="bob").status == 404
    share(trial, WORK, ace("bob", "read"))
    assert trial.request("MOVE", WORK + "1.ics", moved, user="bob").status == 403
    assert trial.request("COPY", WORK + "1.ics", moved, user="bob").status == 201
