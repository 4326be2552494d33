"""MKCALENDAR.

Verifies: RFC 4791, 4.2, 5.2.3, 5.3.1, 5.3.1.1; RFC 5689, 3, 3.3; RFC 8144, 2
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.caldav.extension import make
from davd.caldav.settings import CalDavSettings
from davd.carddav.extension import make as make_carddav
from davd.carddav.settings import CardDavSettings
from davd.testing.exchange import Trial, run
from tests.caldav.calendars import APPLE, WORK, C, D, mkcalendar, provide, trial_with_calendars
from tests.dav.answers import by_href, condition, prop, read
from tests.dav.locking import LOCKED, error, taken
from tests.dav.sharing import ace, acl

HOME = "/calendars/alice/"
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def trial():
    return trial_with_calendars()


def told(trial, path: str, *names: str):
    return by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(*names)))[path]


def components(answer) -> list[str]:
    return [comp.get("name") for comp in answer.element(C + "supported-calendar-component-set")]


class TestCreation:
    """Verifies: RFC 4791, 5.3.1, 5.3.1.1"""

    @pytest.mark.parametrize("path", [WORK, WORK[:-1]])
    def test_without_a_body(self, trial, path):
        response = mkcalendar(trial, path)
        assert (response.status, response.headers["Cache-Control"], response.body) == (201, "no-cache", b"")
        found = told(trial, WORK, D + "resourcetype", C + "supported-calendar-component-set")
        assert [kind.tag for kind in found.element(D + "resourcetype")] == [D + "collection", C + "calendar"]
        assert components(found) == ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"]

    def test_with_properties(self, trial):
        sent = (
            "<D:displayname>Lisa's Events</D:displayname>"
            '<C:calendar-description xml:lang="en">Restricted to events.</C:calendar-description>'
            '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
            '<A:calendar-color symbolic-color="custom">#FF2968FF</A:calendar-color>'
            "<A:calendar-order>3</A:calendar-order>"
        )
        assert mkcalendar(trial, WORK, sent).status == 201
        names = (D + "displayname", C + "calendar-description", APPLE + "calendar-color", APPLE + "calendar-order")
        found = told(trial, WORK, *names, C + "supported-calendar-component-set")
        assert found.text(D + "displayname") == "Lisa's Events"
        assert found.element(names[1]).get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
        assert found.element(names[2]).get("symbolic-color") == "custom"
        assert found.text(names[3]) == "3"
        assert components(found) == ["VEVENT"]

    def test_its_type_may_be_among_them(self, trial):
        kind = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
        assert mkcalendar(trial, WORK, kind + "<D:displayname>n</D:displayname>").status == 201

    def test_what_was_set_is_told_on_request(self, trial):
        body = (
            '<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
            "<D:displayname>n</D:displayname></D:prop></D:set></C:mkcalendar>"
        )
        headers = XML | {"Prefer": "return=representation"}
        response = trial.request("MKCALENDAR", WORK, headers, body.encode())
        assert (response.status, response.headers["Preference-Applied"]) == (201, "return=representation")
        root = etree.fromstring(trial.read(response))
        assert root.tag == C + "mkcalendar-response"
        assert [element.tag for element in root.iter(D + "displayname")] == [D + "displayname"]
        assert root.findtext(f"{D}propstat/{D}status") == "HTTP/1.1 200 OK"

    def test_in_a_plain_collection_of_the_home(self, trial):
        assert trial.request("MKCOL", HOME + "group/").status == 201
        assert mkcalendar(trial, HOME + "group/work/").status == 201

    def test_again_under_the_same_name(self, trial):
        assert mkcalendar(trial, WORK, "<D:displayname>old</D:displayname>").status == 201
        assert trial.request("DELETE", WORK).status == 204
        assert mkcalendar(trial).status == 201
        assert told(trial, WORK, D + "displayname").statuses() == {D + "displayname": 404}


class TestRefusal:
    """Verifies: RFC 4791, 4.2, 5.3.1, 5.3.1.1"""

    def test_where_something_is(self, trial):
        mkcalendar(trial)
        for path in (WORK, HOME, "/calendars/"):
            response = mkcalendar(trial, path)
            assert (response.status, condition(trial, response)) == (403, D + "resource-must-be-null")

    @pytest.mark.parametrize("properties", ["", "<D:displayname>n</D:displayname>"])
    def test_in_a_calendar(self, trial, properties):
        mkcalendar(trial)
        response = mkcalendar(trial, WORK + "inner/", properties)
        assert (response.status, condition(trial, response)) == (403, C + "calendar-collection-location-ok")
        assert WORK + "inner/" not in trial.tree()

    def test_without_a_parent(self, trial):
        assert mkcalendar(trial, HOME + "none/work/").status == 409

    @pytest.mark.parametrize("path", ["/calendars/carol/", "/calendars/bob/work/", "/work/"])
    def test_elsewhere(self, trial, path):
        assert mkcalendar(trial, path).status in (403, 404, 409)

    def test_another_body(self, trial):
        assert trial.request("MKCALENDAR", WORK, XML, b'<D:mkcol xmlns:D="DAV:"/>').status == 415
        assert trial.request("MKCALENDAR", WORK, XML, b"<open").status == 400
        assert WORK not in trial.tree()

    def test_a_property_that_cannot_be_had(self, trial):
        response = mkcalendar(trial, WORK, "<D:displayname>n</D:displayname><D:getetag>x</D:getetag>")
        assert response.headers["Cache-Control"] == "no-cache"
        (answer,) = read(trial, response)
        assert answer.href == WORK
        assert answer.statuses() == {D + "displayname": 424, D + "getetag": 403}
        assert answer.conditions == {D + "getetag": D + "cannot-modify-protected-property"}
        assert WORK not in trial.tree()

    def test_a_broken_time_zone(self, trial):
        response = mkcalendar(trial, WORK, "<C:calendar-timezone>nothing</C:calendar-timezone>")
        (answer,) = read(trial, response)
        assert answer.statuses() == {C + "calendar-timezone": 403}
        assert answer.conditions == {C + "calendar-timezone": C + "valid-calendar-data"}

    def test_a_set_of_nothing_known(self, trial):
        kinds = '<C:supported-calendar-component-set><C:comp name="X-CAKE"/></C:supported-calendar-component-set>'
        (answer,) = read(trial, mkcalendar(trial, WORK, kinds))
        assert answer.conditions == {C + "supported-calendar-component-set": C + "supported-calendar-component"}

    def test_another_type(self, trial):
        (answer,) = read(trial, mkcalendar(trial, WORK, "<D:resourcetype><D:collection/></D:resourcetype>"))
        assert answer.conditions == {D + "resourcetype": D + "valid-resourcetype"}

    def test_in_a_locked_home(self, trial):
        token = taken(trial, HOME + "calendar/", depth="infinity")
        assert mkcalendar(trial).status == 201
        trial.request("MKCOL", HOME + "group/")
        token = taken(trial, HOME + "group/")
        assert error(trial, mkcalendar(trial, HOME + "group/work/")) == (*LOCKED, [HOME + "group/"])
        headers = {"If": f"<{HOME}group/> (<{token}>)"}
        assert trial.request("MKCALENDAR", HOME + "group/work/", headers).status == 201


class TestPlaces:
    """Verifies: RFC 4791, 5.3.1.1, 5.3.2.1, 6.2.1; RFC 5689, 3.3"""

    ELSEWHERE = ("/files/alice/", "/files/alice/dir/", "/principals/users/alice/", "/addressbooks/alice/")
    LOCATION = C + "calendar-collection-location-ok"

    @pytest.fixture
    def trial(self) -> Trial:
        trial = Trial(make(CalDavSettings()), make_carddav(CardDavSettings()))
        run(provide(trial))
        for path in ("/files/alice/dir/", HOME + "dir/", "/addressbooks/alice/dir/"):
            assert trial.request("MKCOL", path).status == 201
        return trial

    @pytest.mark.parametrize("above", ELSEWHERE)
    def test_calendars_are_made_in_homes_alone(self, trial, above):
        before = trial.tree()
        response = mkcalendar(trial, above + "work/")
        assert response.status == 403
        if not above.startswith("/principals"):
            assert condition(trial, response) == self.LOCATION
        body = (
            b'<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/>'
            b'<calendar xmlns="urn:ietf:params:xml:ns:caldav"/></resourcetype></prop></set></mkcol>'
        )
        response = trial.request("MKCOL", above + "work/", {"Content-Type": "text/xml"}, body)
        assert response.status == 403
        if not above.startswith("/principals"):
            assert b"valid-resourcetype" in trial.read(response)
        assert trial.tree() == before

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    @pytest.mark.parametrize("above", ["/files/alice/", "/files/alice/dir/", "/addressbooks/alice/dir/"])
    def test_calendars_stay_in_homes(self, trial, method, above):
        assert mkcalendar(trial, WORK).status == 201
        before = trial.tree()
        response = trial.request(method, WORK, {"Destination": above + "work/"})
        assert (response.status, condition(trial, response)) == (403, self.LOCATION)
        response = trial.request(method, "/addressbooks/alice/contacts/", {"Destination": "/files/alice/book/"})
        assert response.status == 403
        assert b"addressbook-collection-location-ok" in trial.read(response)
        assert trial.tree() == before

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_within_other_collections_too(self, trial, method):
        assert trial.request("MKCOL", HOME + "dir/inner/").status == 201
        assert mkcalendar(trial, HOME + "dir/inner/work/").status == 201
        before = trial.tree()
        response = trial.request(method, HOME + "dir/", {"Destination": "/files/alice/new/"})
        assert (response.status, condition(trial, response)) == (403, self.LOCATION)
        assert trial.tree() == before
        if method == "COPY":
            headers = {"Destination": "/files/alice/new/", "Depth": "0"}
            assert trial.request(method, HOME + "dir/", headers).status == 201
        assert trial.request(method, HOME + "dir/", {"Destination": HOME + "other/"}).status == 201
        assert HOME + "other/inner/work/" in trial.tree()

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_collections_without_calendars_go_anywhere(self, trial, method):
        assert trial.request("MKCOL", HOME + "dir/inner/").status == 201
        assert trial.request(method, HOME + "dir/", {"Destination": "/files/alice/new/"}).status == 201
        assert "/files/alice/new/inner/" in trial.tree()

    def test_from_home_to_home(self, trial):
        assert mkcalendar(trial, WORK).status == 201
        entry = acl(ace("bob", "all"))
        assert trial.request("ACL", HOME, {"Content-Type": "text/xml"}, entry).status == 200
        assert trial.request("COPY", WORK, {"Destination": "/calendars/bob/work/"}, user="bob").status == 201


class TestExtendedMkcol:
    """Verifies: RFC 5689, 3, 3.3; RFC 4791, 5.2.3"""

    def body(self, properties: str = "") -> bytes:
        return (
            '<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
            f"<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>{properties}</D:prop></D:set></D:mkcol>"
        ).encode()

    def test_a_calendar(self, trial):
        kinds = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
        assert trial.request("MKCOL", WORK, XML, self.body(kinds)).status == 201
        found = told(trial, WORK, D + "resourcetype", C + "supported-calendar-component-set")
        assert C + "calendar" in [kind.tag for kind in found.element(D + "resourcetype")]
        assert components(found) == ["VTODO"]

    @pytest.mark.parametrize("body", [b"", None])
    def test_no_collection_in_a_calendar(self, trial, body):
        mkcalendar(trial)
        headers = {} if body == b"" else XML
        response = trial.request("MKCOL", WORK + "inner/", headers, self.body() if body is None else body)
        assert response.status == 403
        assert WORK + "inner/" not in trial.tree()


def test_evolution_sees_that_it_can_be_done(trial):
    """Verifies: RFC 4918, 10.1; RFC 4791, 5.1."""
    response = trial.request("OPTIONS", HOME)
    assert {"MKCALENDAR", "MKCOL"} <= set(response.headers["Allow"].split(", "))
    assert {"calendar-access", "calendar-availability"} <= set(response.headers["DAV"].split(", "))
