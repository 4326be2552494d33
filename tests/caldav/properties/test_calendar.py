"""What calendars say of themselves.

Verifies: RFC 4791, 5.2.1, 5.2.3, 5.2.4, 5.2.5, 5.2.6, 5.2.7, 5.2.8, 5.2.9, 7.5.1; RFC 6638, 9.1; RFC 7529, 10.1
"""

from __future__ import annotations

import pytest

from davd.caldav.settings import CalDavSettings
from tests.caldav.calendars import (
    APPLE,
    CS,
    HOME,
    WORK,
    C,
    D,
    event,
    mkcalendar,
    proppatch,
    put,
    trial_with_calendars,
)
from tests.dav.answers import by_href, prop, read

LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def trial():
    made = trial_with_calendars()
    assert mkcalendar(made).status == 201
    return made


def told(trial, path: str, *names: str):
    return by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(*names)))[path]


class TestConstants:
    """Verifies: RFC 4791, 5.2.4, 5.2.5, 5.2.6, 5.2.7, 5.2.8, 5.2.9, 7.5.1; RFC 7529, 10.1"""

    def test_of_a_calendar(self, trial):
        limits = ("max-resource-size", "min-date-time", "max-date-time", "max-attendees-per-instance")
        sets = ("supported-calendar-data", "supported-collation-set", "supported-rscale-set")
        found = told(trial, WORK, *[C + name for name in (*limits, *sets, "max-instances")])
        settings = CalDavSettings()
        assert [found.text(C + name) for name in limits] == [
            str(settings.max_resource_size), settings.min_date_time, settings.max_date_time, str(settings.max_attendees)
        ]  # fmt: skip
        data = found.element(C + "supported-calendar-data")
        assert [(kind.tag, kind.get("content-type"), kind.get("version")) for kind in data] == [
            (C + "calendar-data", "text/calendar", "2.0"),
            (C + "calendar-data", "application/calendar+json", "2.0"),
        ]
        collations = [element.text for element in found.element(C + "supported-collation-set")]
        assert {"i;ascii-casemap", "i;octet"} <= set(collations)
        assert [element.text for element in found.element(C + "supported-rscale-set")] == ["GREGORIAN"]
        # Rules without an end are stored, so there is no limit to tell.
        assert found.statuses()[C + "max-instances"] == 404

    def test_they_follow_the_settings(self):
        trial = trial_with_calendars(CalDavSettings(max_resource_size=4096))
        path = HOME + "calendar/"
        assert told(trial, path, C + "max-resource-size").text(C + "max-resource-size") == "4096"

    def test_not_of_members(self, trial):
        put(trial, WORK + "1.ics", event())
        names = [C + "max-resource-size", C + "supported-calendar-component-set", C + "calendar-timezone"]
        assert set(told(trial, WORK + "1.ics", *names).statuses().values()) == {404}

    def test_they_are_protected(self, trial):
        for name in ("max-resource-size", "supported-calendar-data", "supported-calendar-component-set"):
            (answer,) = read(trial, proppatch(trial, WORK, f"<C:{name}/>"))
            assert answer.conditions == {C + name: D + "cannot-modify-protected-property"}

    def test_none_of_them_is_in_allprop(self, trial):
        proppatch(trial, WORK, "<C:calendar-description>d</C:calendar-description>")
        found = by_href(trial, trial.request("PROPFIND", WORK, {"Depth": "0"}))[WORK]
        assert not [name for name in found.found() if name.startswith(C)]
        names = by_href(
            trial, trial.request("PROPFIND", WORK, {"Depth": "0"}, b'<propfind xmlns="DAV:"><propname/></propfind>')
        )[WORK].found()
        assert {C + "calendar-description", C + "supported-calendar-component-set", C + "max-resource-size"} <= set(
            names
        )


class TestComponents:
    """Verifies: RFC 4791, 5.2.3, 5.3.2.1"""

    SET = C + "supported-calendar-component-set"

    def test_any_case_is_understood(self, trial):
        kinds = '<C:supported-calendar-component-set><C:comp name="vtodo"/></C:supported-calendar-component-set>'
        path = HOME + "lower/"
        mkcalendar(trial, path, kinds)
        assert put(trial, path + "1.ics", event(kind="VTODO")).status == 201
        assert put(trial, path + "2.ics", event("2")).status == 403

    def test_it_goes_with_the_calendar(self, trial):
        trial.request("COPY", HOME + "tasks/", {"Destination": HOME + "copy/"})
        trial.request("MOVE", HOME + "tasks/", {"Destination": HOME + "moved/"})
        for name in ("copy", "moved"):
            found = told(trial, f"{HOME}{name}/", self.SET)
            assert [comp.get("name") for comp in found.element(self.SET)] == ["VTODO", "VJOURNAL"]

    def test_a_home_allows_any_set(self, trial):
        found = told(trial, HOME, C + "supported-calendar-component-sets")
        assert len(found.element(C + "supported-calendar-component-sets")) == 0
        assert told(trial, "/calendars/", C + "supported-calendar-component-sets").found() == []


class TestKept:
    """Verifies: RFC 4791, 5.2.1; RFC 4918, 4.3; RFC 6638, 9.1"""

    def test_what_clients_set_comes_back(self, trial):
        sent = (
            '<C:calendar-description xml:lang="fr-CA">Calendrier de Mathilde</C:calendar-description>'
            '<A:calendar-color symbolic-color="blue">#1BADF8FF</A:calendar-color>'
            "<A:calendar-order>7</A:calendar-order>"
            "<S:calendar-enabled>true</S:calendar-enabled><A:refreshrate>P1W</A:refreshrate>"
            "<C:default-alarm-vevent-datetime>BEGIN:VALARM&#13;\nEND:VALARM</C:default-alarm-vevent-datetime>"
            "<C:calendar-free-busy-set><D:href>/calendars/alice/work/</D:href></C:calendar-free-busy-set>"
            "<S:xmpp-uri>xmpp:x</S:xmpp-uri>"
        )
        assert set(read(trial, proppatch(trial, WORK, sent))[0].statuses().values()) == {200}
        names = [
            C + "calendar-description", APPLE + "calendar-color", APPLE + "calendar-order", CS + "calendar-enabled",
            APPLE + "refreshrate", C + "default-alarm-vevent-datetime", C + "calendar-free-busy-set", CS + "xmpp-uri",
        ]  # fmt: skip
        found = told(trial, WORK, *names)
        assert found.found() == names
        assert found.element(names[0]).get(LANG) == "fr-CA"
        assert found.element(names[1]).attrib == {"symbolic-color": "blue"}
        assert found.text(names[5]) == "BEGIN:VALARM\r\nEND:VALARM"
        assert found.element(names[6])[0].tag == D + "href"

    def test_transparency(self, trial):
        name = C + "schedule-calendar-transp"
        assert [kind.tag for kind in told(trial, WORK, name).element(name)] == [C + "opaque"]
        sent = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
        proppatch(trial, WORK, sent)
        assert [kind.tag for kind in told(trial, WORK, name).element(name)] == [C + "transparent"]
        for wrong in ("", "<C:opaque/><C:transparent/>", "<C:other/>"):
            sent = f"<C:schedule-calendar-transp>{wrong}</C:schedule-calendar-transp>"
            (answer,) = read(trial, proppatch(trial, WORK, sent))
            assert answer.statuses() == {name: 409}
        proppatch(trial, WORK, "", "<C:schedule-calendar-transp/>")
        assert [kind.tag for kind in told(trial, WORK, name).element(name)] == [C + "opaque"]
        assert told(trial, HOME, name).found() == []
