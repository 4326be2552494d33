"""What calendars take in.

Verifies: RFC 4791, 4.1, 4.2, 5.3.2, 5.3.2.1, 5.3.4; RFC 7265, 7
"""

from __future__ import annotations

import pytest

from davd.caldav.members import limits_of
from davd.caldav.settings import CalDavSettings
from davd.dav.settings import DavSettings
from davd.formats.icalendar.jcal import to_jcal
from davd.model.index import IndexQuery
from davd.testing.exchange import run
from tests.caldav.calendars import FILES, ICS, WORK, C, D, event, mkcalendar, put, series, trial_with_calendars
from tests.dav.answers import by_href, condition, prop
from tests.dav.locking import error, lock

ONE = WORK + "1.ics"
TASKS = "/calendars/alice/tasks/"
LONG = "DESCRIPTION:" + "x" * 20_000


@pytest.fixture(params=[16 * 1024, 2], ids=["inline", "blob"])
def trial(request):
    made = trial_with_calendars(dav=DavSettings(inline_bytes=request.param))
    assert mkcalendar(made).status == 201
    return made


def refused(trial, response) -> str:
    assert response.status == 403
    return condition(trial, response)


def uids(trial, path: str = WORK) -> dict[str, str]:
    """The UIDs in the index, by name."""

    async def find() -> dict[str, str]:
        async with trial.store.read() as view:
            chain = await view.resolve(path.strip("/").split("/"))
            return {found.name: found.uid for found in await view.find(chain[-1].id, IndexQuery(), 100)}

    return run(find())


def etag(trial, path: str) -> str:
    return trial.request("HEAD", path).headers["ETag"]


class TestPut:
    """Verifies: RFC 4791, 5.3.2, 5.3.4"""

    def test_the_octets_stay_as_they_came(self, trial):
        # Lone line feeds, a fold in the middle of a word, lower case, a property nobody knows.
        data = event("1", "X-ODD;X-P=a:va\r\n lue", "summary:Müller", LONG).replace(b"\r\n", b"\n")
        response = put(trial, ONE, data)
        assert response.status == 201
        found = trial.request("GET", ONE)
        assert trial.read(found) == data
        assert found.headers["ETag"] == response.headers["ETag"] == etag(trial, ONE)

    @pytest.mark.parametrize("kind", ["VEVENT", "VTODO", "VJOURNAL"])
    def test_the_type_tells_the_component(self, trial, kind):
        put(trial, ONE, event(kind=kind), {})
        name = D + "getcontenttype"
        found = by_href(trial, trial.request("PROPFIND", ONE, {"Depth": "0"}, prop(name)))
        assert found[ONE].text(name) == f"text/calendar; charset=utf-8; component={kind.lower()}"
        assert trial.request("GET", ONE).headers["Content-Type"] == found[ONE].text(name)

    def test_new_content(self, trial):
        put(trial, ONE, event())
        response = put(trial, ONE, event("1", "SUMMARY:Changed"), ICS | {"If-Match": etag(trial, ONE)})
        assert (response.status, response.headers["ETag"]) == (204, etag(trial, ONE))
        assert put(trial, ONE, event(), ICS | {"If-None-Match": "*"}).status == 412

    def test_a_series_with_changes_is_one_object(self, trial):
        assert put(trial, ONE, series("1", "20260106T100000Z", "20260107T100000Z")).status == 201
        assert uids(trial) == {"1.ics": "1"}

    def test_instances_without_their_series(self, trial):
        data = event("1", "RECURRENCE-ID:20260105T100000Z")
        assert put(trial, ONE, data).status == 201

    @pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/calendar"}, {"Content-Type": "TEXT/Calendar;x=y"}])
    def test_the_type_may_be_missing(self, trial, headers):
        assert put(trial, WORK + "name-without-ending", event(), headers).status == 201
        assert "text/calendar" in trial.request("GET", WORK + "name-without-ending").headers["Content-Type"]


class TestRefusal:
    """Verifies: RFC 4791, 4.1, 4.2, 5.2.5, 5.2.9, 5.3.2.1"""

    @pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "text/vcard", "nonsense"])
    def test_another_media_type(self, trial, kind):
        response = put(trial, ONE, event(), {"Content-Type": kind})
        assert refused(trial, response) == C + "supported-calendar-data"

    @pytest.mark.parametrize(
        "data", [b"", b"nothing", event()[:-20], event(start="DTSTART:yesterday"), event().replace(b"2.0", b"1.0")]
    )
    def test_no_icalendar(self, trial, data):
        assert refused(trial, put(trial, ONE, data)) == C + "valid-calendar-data"
        assert ONE not in trial.tree()

    @pytest.mark.parametrize(
        "data",
        [
            event().replace(b"VERSION", b"METHOD:REQUEST\r\nVERSION"),
            event().replace(b"UID:1\r\n", b""),
            event().replace(b"END:VCALENDAR\r\n", event("1", kind="VTODO").split(b"EN\r\n", 1)[1]),
            event().replace(b"END:VCALENDAR\r\n", event("2").split(b"EN\r\n", 1)[1]),
        ],
        ids=["method", "no UID", "two types", "two UIDs"],
    )
    def test_no_calendar_object_resource(self, trial, data):
        assert refused(trial, put(trial, ONE, data)) == C + "valid-calendar-object-resource"

    def test_a_component_that_is_not_for_this_calendar(self, trial):
        response = put(trial, TASKS + "1.ics", event())
        assert refused(trial, response) == C + "supported-calendar-component"
        assert put(trial, TASKS + "1.ics", event(kind="VTODO")).status == 201

    def test_too_much(self, trial):
        many = [f"ATTENDEE:mailto:{number}@example.com" for number in range(101)]
        assert refused(trial, put(trial, ONE, event("1", *many))) == C + "max-attendees-per-instance"
        long = event("1", "DESCRIPTION:" + "x" * 1024**2)
        assert refused(trial, put(trial, ONE, long)) == C + "max-resource-size"
        assert ONE not in trial.tree()

    def test_outside_the_times(self):
        trial = trial_with_calendars(CalDavSettings(min_date_time="19000101T000000Z", max_date_time="20991231T000000Z"))
        mkcalendar(trial)
        for start, name in (("18991231", "min-date-time"), ("21000101", "max-date-time")):
            response = put(trial, ONE, event(start=f"DTSTART;VALUE=DATE:{start}"))
            assert refused(trial, response) == C + name
        # RFC 4791, 5.2.7: "servers MUST accept recurring components that specify instances beyond this limit".
        assert put(trial, ONE, event("1", "RRULE:FREQ=YEARLY")).status == 201

    def test_nothing_is_left_behind(self, trial):
        before = len(trial.store.blobs.names())
        put(trial, ONE, b"nothing at all, but long enough for a blob of its own")
        assert len(trial.store.blobs.names()) == before

    def test_a_lock_makes_no_member(self, trial):
        assert refused(trial, lock(trial, ONE)) == C + "valid-calendar-data"

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_no_collection(self, trial, method):
        trial.request("MKCOL", "/calendars/alice/plain/")
        response = trial.request(method, "/calendars/alice/plain/", {"Destination": WORK + "plain/"})
        assert response.status == 403
        response = trial.request(method, "/calendars/alice/calendar/", {"Destination": WORK + "calendar/"})
        assert refused(trial, response) == C + "calendar-collection-location-ok"


class TestUid:
    """Verifies: RFC 4791, 4.1, 5.3.2.1"""

    CONFLICT = (409, C + "no-uid-conflict")

    def test_of_another_member(self, trial):
        put(trial, ONE, event())
        response = put(trial, WORK + "2.ics", event())
        assert error(trial, response) == (*self.CONFLICT, [ONE])
        assert uids(trial) == {"1.ics": "1"}

    def test_of_what_is_overwritten(self, trial):
        put(trial, ONE, event())
        assert error(trial, put(trial, ONE, event("2"))) == (*self.CONFLICT, [ONE])
        assert put(trial, ONE, event("1", "SUMMARY:x")).status == 204

    def test_it_is_free_again_after_a_removal(self, trial):
        put(trial, ONE, event())
        trial.request("DELETE", ONE)
        assert put(trial, WORK + "2.ics", event()).status == 201
        assert uids(trial) == {"2.ics": "1"}

    def test_in_another_calendar(self, trial):
        put(trial, ONE, event())
        assert put(trial, "/calendars/alice/calendar/1.ics", event()).status == 201

    def test_copies_in_one_calendar(self, trial):
        put(trial, ONE, event())
        response = trial.request("COPY", ONE, {"Destination": WORK + "2.ics"})
        assert error(trial, response) == (*self.CONFLICT, [ONE])

    def test_another_name_in_one_calendar(self, trial):
        put(trial, ONE, event())
        before = etag(trial, ONE)
        assert trial.request("MOVE", ONE, {"Destination": WORK + "2.ics"}).status == 201
        assert (uids(trial), etag(trial, WORK + "2.ics")) == ({"2.ics": "1"}, before)

    def test_onto_another_one(self, trial):
        put(trial, ONE, event())
        put(trial, WORK + "2.ics", event("2"))
        for method in ("COPY", "MOVE"):
            response = trial.request(method, ONE, {"Destination": WORK + "2.ics"})
            assert (response.status, condition(trial, response)) == self.CONFLICT
        assert uids(trial) == {"1.ics": "1", "2.ics": "2"}


class TestCopyAndMove:
    """Verifies: RFC 4791, 5.3.2.1; RFC 4918, 9.8, 9.9"""

    OTHER = "/calendars/alice/calendar/"

    def test_between_calendars(self, trial):
        put(trial, ONE, event("1", LONG))
        before = etag(trial, ONE)
        assert trial.request("COPY", ONE, {"Destination": self.OTHER + "1.ics"}).status == 201
        response = trial.request("MOVE", ONE, {"Destination": self.OTHER + "2.ics"})
        assert error(trial, response) == (409, C + "no-uid-conflict", [self.OTHER + "1.ics"])
        assert trial.request("MOVE", ONE, {"Destination": self.OTHER + "1.ics"}).status == 204
        assert (uids(trial), uids(trial, self.OTHER)) == ({}, {"1.ics": "1"})
        assert etag(trial, self.OTHER + "1.ics") == before

    def test_only_what_the_calendar_takes(self, trial):
        put(trial, ONE, event())
        for method in ("COPY", "MOVE"):
            response = trial.request(method, ONE, {"Destination": TASKS + "1.ics"})
            assert refused(trial, response) == C + "supported-calendar-component"
        assert uids(trial) == {"1.ics": "1"}

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    @pytest.mark.parametrize("kind", ["text/calendar", ""])
    def test_from_plain_files(self, trial, method, kind):
        put(trial, FILES + "1.ics", event(), {"Content-Type": kind} if kind else {})
        put(trial, FILES + "note.txt", b"note", {})
        put(trial, FILES + "broken.ics", b"broken", {})
        before = etag(trial, FILES + "1.ics")
        assert trial.request(method, FILES + "1.ics", {"Destination": ONE}).status == 201
        assert uids(trial) == {"1.ics": "1"}
        assert (etag(trial, ONE) == before) == (method == "MOVE")
        for name, expected in (("note.txt", "supported-calendar-data"), ("broken.ics", "valid-calendar-data")):
            response = trial.request(method, FILES + name, {"Destination": WORK + name})
            assert refused(trial, response) == C + expected

    def test_a_whole_calendar(self, trial):
        put(trial, ONE, event("1", LONG))
        assert trial.request("COPY", WORK, {"Destination": "/calendars/alice/copy/"}).status == 201
        assert trial.request("MOVE", WORK, {"Destination": "/calendars/alice/moved/"}).status == 201
        for name in ("copy", "moved"):
            assert uids(trial, f"/calendars/alice/{name}/") == {"1.ics": "1"}
            assert put(trial, f"/calendars/alice/{name}/2.ics", event()).status == 409


class TestJcal:
    """Verifies: RFC 7265, 3, 7; RFC 9110, 9.3.4"""

    JCAL = {"Content-Type": "application/calendar+json"}

    def test_it_is_stored_as_icalendar(self, trial):
        response = put(trial, ONE, to_jcal(event("1", "SUMMARY:Lunch")), self.JCAL)
        assert (response.status, "ETag" in response.headers) == (201, False)
        found = trial.request("GET", ONE)
        assert b"SUMMARY:Lunch\r\n" in trial.read(found)
        assert found.headers["Content-Type"] == "text/calendar; charset=utf-8; component=vevent"
        assert uids(trial) == {"1.ics": "1"}

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", event()])
    def test_what_is_none(self, trial, data):
        assert refused(trial, put(trial, ONE, data, self.JCAL)) == C + "valid-calendar-data"

    def test_moved_into_a_calendar(self, trial):
        put(trial, FILES + "1", to_jcal(event()), self.JCAL)
        assert trial.request("MOVE", FILES + "1", {"Destination": ONE}).status == 201
        assert trial.read(trial.request("GET", ONE)).startswith(b"BEGIN:VCALENDAR")
        assert uids(trial) == {"1.ics": "1"}


class TestLimits:
    """Verifies: RFC 4791, 5.2.6, 5.2.7"""

    @pytest.mark.parametrize(
        ("settings", "name"),
        [
            ({"min_date_time": "20261301T000000Z"}, "caldav.min_date_time"),
            ({"max_date_time": "20260230T000000Z"}, "caldav.max_date_time"),
            ({"min_date_time": "20260102T000000Z", "max_date_time": "20260101T000000Z"}, "caldav.min_date_time"),
        ],
    )
    def test_bounds_that_are_none(self, settings, name):
        with pytest.raises(ValueError, match=name):
            limits_of(CalDavSettings(**settings))
