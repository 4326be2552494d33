"""The examples of CalDAV that are no reports: those of RFC 4791, and of RFC 7529 and RFC 7809.

Verifies: RFC 4791, 5.3.1.2, 5.3.2; RFC 7529, 10.1; RFC 7809, 5.2
"""

from __future__ import annotations

from lxml import etree

from davd.formats.icalendar.object import parse
from davd.testing.exchange import Trial
from tests.caldav.calendars import C, D, mkcalendar, proppatch, trial_with_calendars
from tests.corpus.examples import Places, fragment, load, told
from tests.dav.answers import by_href, prop

EVENTS = "/calendars/alice/events/"
PLACES = Places({"/home/lisa/calendars/events/": EVENTS})


def element_of(trial: Trial, name: str) -> etree._Element:
    answer = by_href(trial, trial.request("PROPFIND", EVENTS, {"Depth": "0"}, prop(name)))[EVENTS]
    return answer.element(name)


def test_mkcalendar() -> None:
    """Verifies: RFC 4791, 5.3.1.2"""
    trial = trial_with_calendars()
    example = load("rfc4791", "5.3.1.2")
    response = example.send(trial, PLACES)
    assert (response.status, response.headers["Cache-Control"]) == (example.status, "no-cache")
    assert trial.read(response) == b""
    sent = etree.fromstring(example.content.encode())
    for name in (D + "displayname", C + "calendar-description", C + "supported-calendar-component-set"):
        (printed,) = sent.iter(name)
        assert told(etree.tostring(element_of(trial, name))) == told(etree.tostring(printed, with_tail=False))
    (zone,) = parse((element_of(trial, C + "calendar-timezone").text or "").encode()).components
    assert (zone.name, zone.text("TZID")) == ("VTIMEZONE", "US-Eastern")
    assert element_of(trial, C + "calendar-timezone-id").text == "US-Eastern"


def test_put() -> None:
    """Verifies: RFC 4791, 5.3.2"""
    trial = trial_with_calendars()
    assert mkcalendar(trial, EVENTS).status == 201
    example = load("rfc4791", "5.3.2")
    response = example.send(trial, PLACES)
    assert response.status == example.status
    got = trial.request("GET", EVENTS + "qwue23489.ics")
    assert got.headers["ETag"] == response.headers["ETag"]
    assert trial.read(got).decode() == example.content.replace("\n", "\r\n")
    assert example.send(trial, PLACES).status == 412


def test_a_time_zone_by_its_name() -> None:
    """Verifies: RFC 7809, 5.2"""
    trial = trial_with_calendars()
    assert mkcalendar(trial, EVENTS).status == 201
    printed = fragment("rfc7809", "5.2").replace("US-Eastern<\n", "US-Eastern<")
    outcome = by_href(trial, proppatch(trial, EVENTS, printed))[EVENTS]
    # RFC 7809, 3.1.5: "If a client attempts to update the CALDAV:calendar-timezone-id with a value that does not
    # correspond to a time zone that is known to the server, the server MUST reject the property update".
    assert outcome.conditions == {C + "calendar-timezone-id": C + "valid-timezone"}
    known = printed.replace("US-Eastern", "US/Eastern")
    assert by_href(trial, proppatch(trial, EVENTS, known))[EVENTS].found() == [C + "calendar-timezone-id"]
    assert told(etree.tostring(element_of(trial, C + "calendar-timezone-id"))) == told(known)


def test_scales_of_recurrence() -> None:
    """Verifies: RFC 7529, 10.1"""
    trial = trial_with_calendars()
    assert mkcalendar(trial, EVENTS).status == 201
    # "The server can advertise a specific set of supported calendar systems": the Gregorian one here.
    *head, printed = told(fragment("rfc7529", "10.1"))
    *found, scales = told(etree.tostring(element_of(trial, C + "supported-rscale-set")))
    assert found == head
    assert scales == [one for one in printed if one[2] == "GREGORIAN"]
