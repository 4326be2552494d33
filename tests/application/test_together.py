"""Requests that wait side by side: answered together, and as each would be alone.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from davd.admission.settings import AsyncPoolConfig
from davd.application.answers import Answers
from davd.application.application import Application
from davd.caches.memory import Memory
from davd.http.body import BytesBody
from davd.http.request import Request
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.testing.admission import admission
from davd.testing.exchange import run
from tests.application.test_application import ApplicationTestCase, basic

NAMES = "abcdefgh"
PLACES = 20
PROPERTIES = b'<propfind xmlns="DAV:"><prop><getetag/><getcontentlength/></prop></propfind>'


class TogetherTests(ApplicationTestCase):
    """A pool whose places are taken, so that all others wait until they are free, all at once."""

    def setUp(self) -> None:
        super().setUp()
        for name in NAMES[:-1]:
            self.ask("PUT", f"/files/alice/{name}", name.encode() * 9)
        self.readings = 0
        begin = self.store.read

        def counted() -> AbstractAsyncContextManager[IReadTransaction]:
            self.readings += 1
            return begin()

        self.store.read = counted

    def _waiting(self, together: bool) -> tuple[Application, Clock]:
        clock = Clock()
        config = AsyncPoolConfig(
            max_concurrent_requests=PLACES, min_concurrent_requests=PLACES, enable_batching=together
        )
        application = self.make(Answers(Memory(0, 0), 0), admission(clock, config))
        # The first request of each may write, so only after the second is it known without a look who they are.
        for user in ("alice", "bob", "alice", "bob"):
            run(application.respond(self._request("GET", "/", user)))
        return application, clock

    def _request(self, method: str, path: str, user: str, content: bytes = b"") -> Request:
        headers = {"host": "dav.example", "authorization": basic(user)}
        if method == "PROPFIND":
            headers["depth"] = "0"
        return Request(method, path, "", headers, BytesBody(content), peer="192.0.2.1", authority="dav.example", id="r")

    def _answers(self, together: bool, requests: list[tuple[str, str, str]]) -> list[tuple[int, object, object]]:
        """What each request is answered when all of them wait behind one that takes its time."""
        application, clock = self._waiting(together)
        held: Deferred[None] = Deferred()

        async def hold(place: object) -> None:
            await held

        arrival = application._admission.classifier.arrival(
            self._request("GET", "/files/alice/a", "alice"), application.source("192.0.2.1"), clock.seconds(), b""
        )
        pool = application._admission.pool
        holding = [Deferred.fromCoroutine(pool.process(arrival, hold)) for _ in range(PLACES)]
        running: list[Deferred[Response]] = []
        for method, path, user in requests:
            content = PROPERTIES if method == "PROPFIND" else b""
            running.append(Deferred.fromCoroutine(application.respond(self._request(method, path, user, content))))
        self.assertEqual(pool.stats.current_queue_size, len(requests))
        self.readings = 0
        held.callback(None)
        for place in holding:
            self.successResultOf(place)
        for _ in range(5 * len(requests)):
            clock.advance(0.001)
        answers = [self.successResultOf(answer) for answer in running]
        return [(answer.status, answer.headers, answer.body) for answer in answers]

    def test_reads_of_members_share_a_transaction_and_are_answered_as_ever(self) -> None:
        requests = [("GET", f"/files/alice/{name}", "alice") for name in NAMES]
        alone = self._answers(False, requests)
        self.assertGreaterEqual(self.readings, len(requests))
        together = self._answers(True, requests)
        self.assertEqual(self.readings, 1)
        self.assertEqual(together, alone)
        self.assertEqual([status for status, _, _ in together], [200] * (len(NAMES) - 1) + [404])

    def test_polls_too(self) -> None:
        requests = [("PROPFIND", f"/files/alice/{name}", "alice") for name in NAMES]
        alone = self._answers(False, requests)
        together = self._answers(True, requests)
        self.assertEqual(self.readings, 1)
        self.assertEqual(together, alone)

    def test_what_one_may_not_see_is_not_shown_because_another_may(self) -> None:
        requests = [("GET", f"/files/alice/{name}", user) for name in NAMES[:3] for user in ("alice", "bob")]
        together = self._answers(True, requests)
        self.assertEqual([status for status, _, _ in together], [200, 404] * 3)
        self.assertEqual(together, self._answers(False, requests))
