"""Answers that are made when their transaction has ended.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

from davd.admission.admission import Admission
from davd.application.answers import Answers
from davd.application.application import Application
from davd.dav.core import EXTENSION
from davd.dav.exchange import Exchange
from davd.dav.registry import Extension, Registry, Report
from davd.http.response import Response
from davd.model.errors import HTTPError
from tests.application.test_application import ApplicationTestCase

BODY = b'<later xmlns="urn:x"/>'


class LaterTests(ApplicationTestCase):
    """Verifies: docs/architecture.md, One request"""

    def make(self, answers: Answers, admission: Admission) -> Application:
        """An application with a report whose answer is made later."""
        self.made = 0
        self.refusal: HTTPError | None = None
        report = Report("{urn:x}later", self.respond)
        registry = Registry.of([EXTENSION, Extension("later", reports=[report])])
        return Application(
            self.store, self.authenticator, registry, self.dav, admission, self.kept, answers, self._clock
        )

    async def respond(self, exchange: Exchange) -> Response:
        exchange.rests_on_store = True

        async def later() -> Response:
            self.made += 1
            await exchange.pace()
            if self.refusal is not None:
                raise self.refusal
            async with exchange.store.read() as transaction:
                chain = await transaction.resolve(("files", "alice"))
            return Response(200, {"Content-Type": "text/plain"}, f"{self.made} {chain[-1].name}".encode())

        exchange.later = later
        return Response(500)

    def test_it_is_the_answer(self) -> None:
        response = self.ask("REPORT", "/files/alice/", BODY)
        self.assertEqual((response.status, response.body), (200, b"1 alice"))
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")

    def test_what_was_said_of_the_place_is_kept(self) -> None:
        # RFC 4918, 5.2: the URL of the collection with its slash.
        response = self.ask("REPORT", "/files/alice", BODY)
        self.assertEqual(response.headers["Content-Location"], "/files/alice/")
        self.assertEqual(response.headers["Content-Type"], "text/plain")

    def test_it_is_kept_until_something_is_committed(self) -> None:
        for _ in range(2):
            self.assertEqual(self.ask("REPORT", "/files/alice/", BODY).body, b"1 alice")
        self.assertEqual(self.ask("PUT", "/files/alice/a", b"x").status, 201)
        self.assertEqual(self.ask("REPORT", "/files/alice/", BODY).body, b"2 alice")

    def test_it_may_be_a_refusal(self) -> None:
        self.refusal = HTTPError(507, "{DAV:}number-of-matches-within-limits")
        response = self.ask("REPORT", "/files/alice/", BODY)
        self.assertEqual(response.status, 507)
        self.assertIn(b"number-of-matches-within-limits", response.body)
        self.refusal = None
        self.assertEqual(self.ask("REPORT", "/files/alice/", BODY).body, b"2 alice")

    def test_an_answer_that_is_not_kept_is_made_the_same_way(self) -> None:
        response = self.ask("REPORT", "/files/alice/", BODY, headers={"if": "(Not <urn:x>)"})
        self.assertEqual((response.status, response.body), (200, b"1 alice"))
