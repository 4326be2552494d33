"""Requests that wait side by side: answered together, and as each would be alone.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from davd.admission.settings import AsyncPoolConfig
from davd.application.answers import Answers
from davd.caches.memory import Memory
from davd.http.body import Body, BytesBody
from davd.http.request import Request
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.testing.admission import admission
from davd.testing.exchange import run
from tests.application.test_application import ApplicationTestCase, basic

NAMES = "abcdefgh"
PLACES = 20
PROPERTIES = b'<propfind xmlns="DAV:"><prop><getetag/><getcontentlength/></prop></propfind>'


class LateBody(Body):
    """Content that comes when `there` fires."""

    def __init__(self, content: bytes) -> None:
        super().__init__(len(content))
        self._content = content
        self.there: Deferred[None] = Deferred()

    def arrived(self) -> bool:
        return False

    def peek(self) -> None:
        return None

    async def receive(self) -> bytes:
        if self._content:
            await self.there
        content, self._content = self._content, b""
        return content


class Crowd:
    """An application over the store of a test whose places are all taken until `go`, so that requests wait together."""

    def __init__(self, case: ApplicationTestCase, together: bool, kept_bytes: int = 0) -> None:
        self.clock = Clock()
        config = AsyncPoolConfig(
            max_concurrent_requests=PLACES, min_concurrent_requests=PLACES, enable_batching=together
        )
        self.application = case.make(Answers(Memory(kept_bytes, kept_bytes), kept_bytes), admission(self.clock, config))
        # The first request of each may write, so only after the second is it known without a look who they are.
        for user in ("alice", "bob", "alice", "bob"):
            run(self.application.respond(self.request("GET", "/", user)))
        self._held: Deferred[None] = Deferred()
        self.pool = self.application._admission.pool
        arrival = self.application._admission.classifier.arrival(
            self.request("GET", "/files/alice/a"), self.application._admission.sources.of("192.0.2.1"), 0.0, b""
        )
        for _ in range(PLACES):
            Deferred.fromCoroutine(self.pool.process(arrival, self._hold))

    async def _hold(self, place: object) -> None:
        await self._held

    def request(self, method: str, path: str, user: str = "alice", content: Body | bytes = b"") -> Request:
        """A request; PROPFIND with Depth 0."""
        headers = {"host": "dav.example", "authorization": basic(user)}
        body = BytesBody(content) if isinstance(content, bytes) else content
        if method == "PROPFIND":
            headers["depth"] = "0"
        if method == "PUT":
            headers["content-length"] = str(body.length)
        return Request(method, path, "", headers, body, peer="192.0.2.1", authority="dav.example", id="r")

    def ask(self, method: str, path: str, user: str = "alice", content: Body | bytes = b"") -> Deferred[Response]:
        """Send a request."""
        if method == "PROPFIND" and not content:
            content = PROPERTIES
        return Deferred.fromCoroutine(self.application.respond(self.request(method, path, user, content)))

    def go(self) -> None:
        """Let those who wait go."""
        self._held.callback(None)
        self.turns()

    def turns(self) -> None:
        """Some turns of the reactor."""
        for _ in range(60):
            self.clock.advance(0.001)


class TogetherTests(ApplicationTestCase):
    """Verifies: docs/architecture.md, Admission"""

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

    def _answers(self, together: bool, requests: list[tuple[str, str, str]]) -> list[tuple[int, object, object]]:
        """What each request is answered when all of them have waited; `readings` are the transactions of all."""
        crowd = Crowd(self, together)
        asked = [crowd.ask(method, path, user) for method, path, user in requests]
        self.assertEqual(crowd.pool.stats.current_queue_size, len(requests))
        self.readings = 0
        crowd.go()
        answers = [self.successResultOf(answer) for answer in asked]
        return [(answer.status, answer.headers, answer.body) for answer in answers]

    def test_reads_of_members_share_a_transaction_and_are_answered_as_ever(self) -> None:
        requests = [("GET", f"/files/alice/{name}", "alice") for name in NAMES]
        alone = self._answers(False, requests)
        self.assertEqual(self.readings, len(requests))
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

    def test_one_that_had_to_wait_sees_what_was_committed_meanwhile(self) -> None:
        crowd = Crowd(self, True, 1 << 20)
        content = LateBody(PROPERTIES)
        first, second = (
            crowd.ask("PROPFIND", "/files/alice/a"),
            crowd.ask("PROPFIND", "/files/alice/b", content=content),
        )
        crowd.go()
        self.assertEqual(self.successResultOf(first).status, 207)
        self.assertNoResult(second)
        self.assertEqual(self.successResultOf(crowd.ask("PUT", "/files/alice/b", content=b"other content")).status, 204)
        content.there.callback(None)
        crowd.turns()
        for answer in (second, crowd.ask("PROPFIND", "/files/alice/b")):
            self.assertIn(b">13<", self.successResultOf(answer).body)

    def test_an_answer_of_the_batch_is_not_recalled_over_a_commit_between_its_members(self) -> None:
        crowd = Crowd(self, True)
        first, second = crowd.ask("GET", "/files/alice/a"), crowd.ask("GET", "/files/alice/b")
        # Somebody else commits when the first is answered and the second has not begun.
        first.addCallback(lambda response: (self.ask("PUT", "/files/alice/b", b"new"), response)[1])
        crowd.go()
        self.successResultOf(first)
        self.assertEqual(self.successResultOf(second).body, b"new")

    def test_nobody_keeps_the_transaction_of_a_batch_by_waiting(self) -> None:
        crowd = Crowd(self, True)
        inside: list[int] = []
        block = type(self.store.read())
        leave = block.__aexit__
        self.patch(block, "__aexit__", lambda *args: (inside.append(1), leave(*args))[1])
        slow = crowd.ask("PROPFIND", "/files/alice/b", content=LateBody(PROPERTIES))
        quick = crowd.ask("PROPFIND", "/files/alice/a")
        crowd.go()
        self.successResultOf(quick)
        self.assertNoResult(slow)
        self.assertEqual((self.readings > 0, len(inside)), (True, 1))

    def test_a_blob_that_came_is_given_up_with_its_request(self) -> None:
        crowd = Crowd(self, True)
        crowd.go()
        content = LateBody(b"x" * 100_000)
        upload = crowd.ask("PUT", "/files/alice/large", content=content)
        # While it is on its way others take all places, so that it has to wait for one when it is here.
        held: Deferred[None] = Deferred()

        async def hold(place: object) -> None:
            await held

        arrival = crowd.application._admission.classifier.arrival(
            crowd.request("GET", "/files/alice/a"), crowd.application._admission.sources.of("192.0.2.2"), 0.0, b""
        )
        holding = [Deferred.fromCoroutine(crowd.pool.process(arrival, hold)) for _ in range(PLACES)]
        content.there.callback(None)
        self.assertNoResult(upload)
        self.assertEqual(len(self.store.blobs.names()), 1)
        upload.cancel()
        self.failureResultOf(upload, CancelledError)
        self.assertEqual(self.store.blobs.names(), [])
        held.callback(None)
        for place in holding:
            self.successResultOf(place)
