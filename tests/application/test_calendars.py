"""Calendars through the whole list of steps: what is kept, and what is done in a thread.

Verifies: RFC 4791, 5.3.2; RFC 9110, 12.5.5; docs/architecture.md, One request
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from davd.admission.admission import Admission
from davd.application.answers import Answers
from davd.application.application import Application
from davd.caldav.extension import make
from davd.caldav.representation import VARIES
from davd.caldav.settings import CalDavSettings
from davd.dav.core import EXTENSION
from davd.dav.registry import Registry
from davd.http.response import Response
from davd.model.resource import NewContent
from davd.testing.exchange import ChunkedBody
from tests.application.test_application import ApplicationTestCase
from tests.caldav.calendars import event
from tests.dav.answers import prop

HOME = "/calendars/alice/"
WORK = HOME + "calendar/"
ICS = {"content-type": "text/calendar"}
CTAG = "{http://calendarserver.org/ns/}getctag"


class CalendarsTestCase(ApplicationTestCase):
    """An application with calendars; `aside` counts the calls it makes, which another request may overtake."""

    def make(self, answers: Answers, admission: Admission) -> Application:
        self.calls = 0
        self.meanwhile: tuple[str, bytes] | None = None
        registry = Registry.of([EXTENSION, make(CalDavSettings(max_resource_size=100_000))])
        return Application(
            self.store, self.authenticator, registry, self.dav, admission, self.kept, answers, self._clock, self.aside
        )

    async def aside(self, call: Callable[[], object]) -> object:
        self.calls += 1
        # Nobody holds a transaction meanwhile.
        async with self.store.write() as transaction:
            await transaction.keep(f"aside {self.calls}", b"", self.now + 1)
            if self.meanwhile is not None:
                path, data = self.meanwhile
                file = (await transaction.resolve(path.strip("/").split("/")))[-1]
                content = NewContent(len(data), sha256(data).hexdigest(), data)
                await transaction.replace(file, content, "text/calendar", self.now)
        return call()

    def put(self, name: str, data: bytes, chunked: bool = False) -> Response:
        if not chunked:
            return self.ask("PUT", WORK + name, data, headers=dict(ICS))
        return self.ask("PUT", WORK + name, ChunkedBody(data), headers=ICS | {"transfer-encoding": "chunked"})

    def add(self, collection: str, data: bytes) -> Response:
        return self.ask("POST", collection, data, headers=dict(ICS), query="add-member")


class KeptTests(CalendarsTestCase):
    """Verifies: RFC 9110, 12.5.5"""

    def ctag(self) -> bytes:
        response = self.ask("PROPFIND", HOME, prop(CTAG), headers={"depth": "0"})
        assert response.status == 207
        assert isinstance(response.body, bytes)
        return response.body

    def test_the_ctag_of_the_home_is_never_an_old_one(self) -> None:
        first = self.ctag()
        self.assertEqual(self.ctag(), first)
        self.assertEqual(self.answers.hits, 1)
        self.assertEqual(self.put("1.ics", event()).status, 201)
        self.assertNotEqual(self.ctag(), first)

    def test_what_depends_on_the_clock_is_not_kept(self) -> None:
        page = self.ask("GET", WORK, headers={"accept": "text/html"})
        self.assertEqual((page.status, page.ticket), (200, None))
        whole = self.ask("GET", WORK)
        self.assertIsNotNone(whole.ticket)

    def test_caches_are_told_what_it_depends_on(self) -> None:
        self.put("1.ics", event("1", "DESCRIPTION:" + "x" * 1000))
        accepts: list[dict[str, str]] = [{}, {"accept": "application/calendar+json"}]
        asked = [(path, headers) for path in (WORK, WORK + "1.ics") for headers in accepts]
        vary = {self.ask("GET", path, headers=dict(headers)).headers["Vary"] for path, headers in asked}
        self.assertEqual(vary, {f"{VARIES}, Accept-Encoding", VARIES})
        self.assertEqual(self.ask("GET", WORK, headers={"accept-encoding": "gzip"}).headers["Content-Encoding"], "gzip")


class AsideTests(CalendarsTestCase):
    """Verifies: RFC 4791, 5.3.2, 5.3.2.1; docs/architecture.md, One request"""

    LARGE = event("1", "DESCRIPTION:" + "x" * 40_000)

    def test_small_content_is_looked_at_at_once(self) -> None:
        self.assertEqual(self.put("1.ics", event()).status, 201)
        self.assertEqual(self.calls, 0)

    def test_large_content_is_looked_at_before_anybody_waits_for_it(self) -> None:
        for chunked in (False, True):
            response = self.put(f"{chunked}.ics", self.LARGE.replace(b"UID:1", f"UID:{chunked}".encode()), chunked)
            self.assertEqual((response.status, "ETag" in response.headers), (201, True))
        self.assertEqual(self.calls, 2)
        self.assertEqual(self.put("again.ics", self.LARGE.replace(b"UID:1", b"UID:True")).status, 409)

    def test_what_is_wrong_with_it_is_told_after_all_else(self) -> None:
        broken = self.LARGE.replace(b"DTSTART", b"DTEND")
        response = self.put("1.ics", broken)
        self.assertEqual(response.status, 403)
        self.assertIn(b"valid-calendar-data", response.body)
        response = self.ask("PUT", WORK + "1.ics", broken, headers=ICS | {"if-match": '"x"'})
        self.assertEqual(response.status, 412)
        self.assertEqual(self.store.blobs.names(), [])

    def test_what_is_too_long_is_not_looked_at(self) -> None:
        response = self.put("1.ics", event("1", "DESCRIPTION:" + "x" * 100_000))
        self.assertEqual((response.status, self.calls), (403, 0))
        self.assertIn(b"max-resource-size", response.body)

    def test_a_new_member_whose_name_the_server_picks(self) -> None:
        """Verifies: RFC 5995, 3.1"""
        response = self.add(WORK, self.LARGE)
        self.assertEqual((response.status, self.calls), (201, 1))
        response = self.add(WORK, self.LARGE.replace(b"DTSTART", b"DTEND"))
        self.assertEqual((response.status, self.calls), (403, 2))
        self.assertIn(b"valid-calendar-data", response.body)
        self.assertEqual(self.add("/files/alice/", self.LARGE).status, 201)
        self.assertEqual(self.add(HOME + "none/", self.LARGE).status, 404)
        self.assertEqual(self.calls, 2)

    def test_elsewhere_nothing_is(self) -> None:
        self.assertEqual(self.ask("PUT", "/files/alice/1.ics", self.LARGE, headers=dict(ICS)).status, 201)
        self.assertEqual(self.calls, 0)

    def test_large_content_that_comes_from_elsewhere_is_looked_at_aside(self) -> None:
        for number, (method, data, expected, calls) in enumerate(
            [
                ("COPY", self.LARGE, 201, 1),
                ("MOVE", self.LARGE, 201, 1),
                ("COPY", b"x" * len(self.LARGE), 403, 1),
                ("MOVE", event("small"), 201, 0),
                ("COPY", b"x" * 100_001, 403, 0),
            ]
        ):
            source = f"/files/alice/{number}.ics"
            # A UID of its own.
            data = data.replace(b"UID:", f"UID:{number}".encode())
            self.assertEqual(self.ask("PUT", source, data, headers=dict(ICS)).status, 201)
            self.calls = 0
            response = self.ask(method, source, headers={"destination": WORK + f"{number}.ics"})
            self.assertEqual((response.status, self.calls), (expected, calls))

    def test_what_is_refused_is_not_looked_at(self) -> None:
        self.ask("PUT", "/files/alice/1.ics", self.LARGE, headers=dict(ICS))
        for destination in ("/calendars/bob/calendar/1.ics", "/calendars/alice/nowhere/1.ics", "1.ics"):
            response = self.ask("COPY", "/files/alice/1.ics", headers={"destination": destination})
            self.assertGreaterEqual(response.status, 400)
        self.assertEqual(self.ask("COPY", "/files/alice/2.ics", headers={"destination": WORK + "1.ics"}).status, 404)
        self.assertEqual(self.calls, 0)

    def test_what_changes_meanwhile_is_looked_at_again(self) -> None:
        self.ask("PUT", "/files/alice/1.ics", self.LARGE, headers=dict(ICS))
        self.meanwhile = ("/files/alice/1.ics", b"x" * len(self.LARGE))
        response = self.ask("COPY", "/files/alice/1.ics", headers={"destination": WORK + "1.ics"})
        self.assertEqual((response.status, self.calls), (403, 1))

    def test_a_large_object_becomes_jcal_aside(self) -> None:
        self.put("1.ics", self.LARGE)
        self.calls = 0
        response = self.ask("GET", WORK + "1.ics", headers={"accept": "application/calendar+json"})
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "application/calendar+json"))
        self.assertEqual(self.calls, 1)
