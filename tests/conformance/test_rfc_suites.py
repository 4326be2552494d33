"""What suites of tests that were written from the RFCs ask of a CalDAV server, in the manner of Apple's caldavtester.

Verifies: RFC 4791, 5.3, 7.8, 9.7, 9.9; RFC 4918, 9.8, 9.9; RFC 7240, 4.2; RFC 8144, 2, 3; RFC 7265, 7; RFC 5995, 3
"""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import Account, Header, Reply
from tests.conformance.groupware import (
    ICS,
    XML,
    clark,
    document,
    event,
    gone,
    href,
    prop,
    propfind,
    sync,
    token,
    types,
)

JCAL = "application/calendar+json"
RANGE = '<C:time-range start="20260102T000000Z" end="20260103T000000Z"/>'


@pytest.fixture
def suite(daemon: Daemon) -> Iterator[Account]:
    """The account that the daemon has from the beginning."""
    with Account(daemon.url, daemon.user, daemon.password) as account:
        yield account


def home(account: Account) -> str:
    principal = href(propfind(account, "/", "0", "D:current-user-principal"), "/", "D:current-user-principal")
    return href(propfind(account, principal, "0", "C:calendar-home-set"), principal, "C:calendar-home-set")


@pytest.fixture
def place(suite: Account) -> Iterator[str]:
    """A plain collection in the home that is there for the test, with a calendar in it."""
    path = f"{home(suite)}{uuid4()}/"
    assert suite.ask("MKCOL", path).status == 201
    assert suite.ask("MKCALENDAR", path + "calendar/").status == 201
    yield path
    assert suite.ask("DELETE", path).status == 204


def put(account: Account, path: str, body: bytes, *fields: Header) -> Reply:
    return account.ask("PUT", path, ICS, *fields, body=body)


def condition(reply: Reply) -> str:
    (found,) = reply.xml()
    return found.tag


def comp(name: str, content: str = "") -> str:
    return f'<C:comp-filter name="{name}">{content}</C:comp-filter>'


def lines(*components: bytes, head: bytes = b"") -> bytes:
    """One object with the components of several."""
    inside = [each.partition(b"//EN\r\n")[2].removesuffix(b"END:VCALENDAR\r\n") for each in components]
    start = components[0].partition(b"//EN\r\n")
    return start[0] + start[1] + head + b"".join(inside) + b"END:VCALENDAR\r\n"


class TestPreconditions:
    """Verifies: RFC 4791, 5.3.2.1"""

    WRONG = {
        "supported-calendar-data": (b"<a/>", "text/xml"),
        "valid-calendar-data": (b"BEGIN:VCALENDAR\r\nnonsense", "text/calendar"),
        "two kinds": (lines(event("x"), event("x", kind="VTODO")), "text/calendar"),
        "two UIDs": (lines(event("x"), event("y")), "text/calendar"),
        "METHOD": (lines(event("x"), head=b"METHOD:REQUEST\r\n"), "text/calendar"),
        "no-uid-conflict": (event("there"), "text/calendar"),
        "max-attendees-per-instance": (
            event("x", "A", "20261201", *[f"ATTENDEE:mailto:{number}@example.org" for number in range(101)]),
            "text/calendar",
        ),
    }

    @pytest.mark.parametrize("wrong", WRONG)
    def test_put_copy_and_move(self, suite: Account, place: str, wrong: str) -> None:
        body, kind = self.WRONG[wrong]
        expected = clark(f"C:{wrong if '-' in wrong else 'valid-calendar-object-resource'}")
        assert put(suite, place + "calendar/1.ics", event("there")).status == 201
        reply = suite.ask("PUT", place + "calendar/2.ics", ("Content-Type", kind), body=body)
        assert (reply.status in (403, 409), condition(reply)) == (True, expected)
        # A home is a plain collection, which takes anything.
        assert suite.ask("PUT", place + "source", ("Content-Type", kind), body=body).status == 201
        for method in ("COPY", "MOVE"):
            reply = suite.ask(method, place + "source", ("Destination", place + "calendar/2.ics"))
            assert (reply.status in (403, 409), condition(reply)) == (True, expected), method
        assert suite.ask("GET", place + "calendar/2.ics").status == 404


class TestCopyAndMove:
    """Verifies: RFC 4791, 5.3.2.1; RFC 4918, 9.8.4, 9.9.3, 10.6; RFC 6578, 3.5"""

    def test_between_calendars(self, suite: Account, place: str) -> None:
        here, there = place + "calendar/", place + "other/"
        assert suite.ask("MKCALENDAR", there).status == 201
        for path, uid in ((here + "1.ics", "1"), (here + "2.ics", "2"), (there + "2.ics", "2"), (here + "3.ics", "3")):
            assert put(suite, path, event(uid)).status == 201

        def go(method: str, source: str, target: str, *fields: Header) -> int:
            return suite.ask(method, source, ("Destination", target), *fields).status

        assert go("COPY", here + "1.ics", here + "copy.ics") == 409
        assert go("COPY", here + "1.ics", there + "1.ics") == 201
        assert go("COPY", here + "1.ics", there + "1.ics", ("Overwrite", "F")) == 412
        assert go("COPY", here + "1.ics", there + "1.ics", ("Overwrite", "T")) == 204
        assert go("COPY", here + "2.ics", there + "new.ics") == 409
        assert go("COPY", here + "2.ics", there + "1.ics", ("Overwrite", "T")) == 409
        before, far = token(sync(suite, here, "")), token(sync(suite, there, ""))
        assert go("MOVE", here + "3.ics", there + "3.ics", ("If-Match", '"other"')) == 412
        assert go("MOVE", here + "3.ics", there + "3.ics") == 201
        assert go("MOVE", here + "2.ics", there + "2.ics", ("Overwrite", "T")) == 204
        assert sorted(gone(sync(suite, here, before))) == [here + "2.ics", here + "3.ics"]
        assert sorted(sync(suite, there, far).properties()) == [there + "2.ics", there + "3.ics"]
        assert go("MOVE", there, place + "third/") == 201
        assert clark("C:calendar") in types(propfind(suite, place + "third/", "0", "D:resourcetype"), place + "third/")
        reply = suite.ask("MOVE", place + "third/", ("Destination", here + "third/"))
        assert (reply.status, condition(reply)) == (403, clark("C:calendar-collection-location-ok"))

    def test_a_calendar_goes_and_comes_again_under_its_name(self, suite: Account, place: str) -> None:
        path = place + "again/"
        assert suite.ask("MKCALENDAR", path).status == 201
        for _ in range(3):
            assert put(suite, path + "1.ics", event("1")).status == 201
            old = token(sync(suite, path, ""))
            assert suite.ask("DELETE", path).status == 204
            assert suite.ask("MKCALENDAR", path).status == 201
            reply = sync(suite, path, old)
            assert (reply.status, condition(reply)) == (403, clark("D:valid-sync-token"))


class TestQueries:
    """Verifies: RFC 4791, 7.8, 9.7, 9.9"""

    @pytest.mark.parametrize(
        "wrong",
        [
            comp("VEVENT"),
            comp("VCALENDAR", RANGE),
            comp("VCALENDAR", comp("VALARM")),
            comp("VCALENDAR", comp("VTIMEZONE", RANGE)),
            comp("VCALENDAR", comp("VEVENT", comp("VEVENT"))),
            comp("VCALENDAR", comp("VEVENT", f'<C:prop-filter name="SUMMARY">{RANGE}</C:prop-filter>')),
            comp("VCALENDAR", comp("VEVENT", RANGE.replace("T000000Z", ""))),
            comp("VCALENDAR", comp("VEVENT", RANGE.replace("Z", ""))),
        ],
    )
    def test_filters_that_are_not_valid(self, suite: Account, place: str, wrong: str) -> None:
        body = document("C:calendar-query", prop("D:getetag"), f"<C:filter>{wrong}</C:filter>")
        reply = suite.ask("REPORT", place + "calendar/", ("Depth", "1"), XML, body=body)
        assert (reply.status, condition(reply)) == (403, clark("C:valid-filter"))

    def test_of_all_that_there_is(self, suite: Account, place: str) -> None:
        path = place + "calendar/"
        assert put(suite, path + "1.ics", event("1")).status == 201
        data = '<D:prop><C:calendar-data><C:expand start="20261201T000000Z" end="20261202T000000Z"/></C:calendar-data>'
        version = '<C:prop-filter name="VERSION"><C:text-match>2.0</C:text-match></C:prop-filter>'
        for content in ("", version):
            body = document(
                "C:calendar-query", f"{data}</D:prop>", f"<C:filter>{comp('VCALENDAR', content)}</C:filter>"
            )
            reply = suite.ask("REPORT", path, ("Depth", "1"), XML, body=body)
            assert list(reply.properties()) == [path + "1.ics"]


class TestPreferences:
    """Verifies: RFC 7240, 4.2; RFC 8144, 2, 3"""

    @pytest.mark.parametrize(
        ("field", "brief"),
        [
            (("Brief", "t"), True),
            (("Prefer", "return=minimal"), True),
            (("Brief", "f"), False),
            (("Prefer", "x-foo"), False),
        ],
    )
    def test_less_is_told(self, suite: Account, place: str, field: Header, brief: bool) -> None:
        path = place + "calendar/"
        put(suite, path + "1.ics", event("1"))
        names = prop("D:resourcetype", "D:bogus")
        multiget = document("C:calendar-multiget", names, f"<D:href>{path}1.ics</D:href>")
        query = document("C:calendar-query", names, f"<C:filter>{comp('VCALENDAR')}</C:filter>")
        for method, body in (("PROPFIND", document("D:propfind", names)), ("REPORT", multiget), ("REPORT", query)):
            reply = suite.ask(method, path, ("Depth", "1"), XML, field, body=body)
            for row in reply.properties().values():
                assert (clark("D:resourcetype") in row, clark("D:bogus") in row) == (True, not brief)

    @pytest.mark.parametrize("accept", [None, "text/calendar", JCAL])
    @pytest.mark.parametrize("sent", ["text/calendar", JCAL])
    def test_the_representation_is_sent_back(self, suite: Account, place: str, sent: str, accept: str | None) -> None:
        path = place + "calendar/"
        assert put(suite, path + "0.ics", event("0")).status == 201
        as_jcal = suite.ask("GET", path + "0.ics", ("Accept", JCAL)).body
        body = event("1") if sent != JCAL else as_jcal.replace(b'"text","0"', b'"text","1"')
        fields = [("Content-Type", sent), ("Prefer", "return=representation")]
        fields += [] if accept is None else [("Accept", accept)]
        member = href(propfind(suite, path, "0", "D:add-member"), path, "D:add-member")
        made = suite.ask("POST", member, *fields, body=body)
        location = made.field("Location")
        assert (made.status, made.field("Content-Location")) == (201, location)
        again = suite.ask("PUT", location, *fields, body=body)
        assert (again.status, again.field("Content-Location")) == (200, location)
        for reply in (made, again):
            assert reply.field("Content-Type").startswith(accept or sent)
            if (accept or sent) == JCAL:
                assert json.loads(reply.body)[0] == "vcalendar"
            else:
                assert reply.body.startswith(b"BEGIN:VCALENDAR\r\n")
        assert suite.ask("GET", location).field("ETag") == again.field("ETag")


def test_what_is_nobodys_to_remove_stays(suite: Account) -> None:
    """Verifies: RFC 4918, 9.6, 9.9"""
    for path in ("/", "/principals/", "/calendars/", home(suite)):
        assert suite.ask("DELETE", path).status == 403
        assert suite.ask("MOVE", path, ("Destination", home(suite) + "moved/")).status == 403
