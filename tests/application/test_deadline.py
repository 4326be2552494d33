"""A request that takes too long is given up, and nothing of it stays; one that is being committed is not.

Verifies: docs/architecture.md, Admission; RFC 9110, 15.6.4, 15.6.5
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from davd.admission.settings import AsyncPoolConfig
from davd.application.answers import Answers
from davd.application.application import Application
from davd.caches.memory import Memory
from davd.dav.core import EXTENSION
from davd.dav.exchange import Exchange
from davd.dav.registry import Extension, Method, Registry
from davd.http.body import BytesBody
from davd.http.request import Request
from davd.http.response import Response
from davd.testing.admission import admission
from davd.testing.exchange import run
from tests.application.test_application import ApplicationTestCase, basic

TIMEOUT = 30.0


class DeadlineTests(ApplicationTestCase):
    """A verb that writes and then waits, in its transaction, for what the test gives it."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting: Deferred[None] = Deferred()
        self.clock = Clock()
        slow = Extension("slow", methods=[Method("SLOWLY", self._slowly, writes=True, on_unmapped=True)])
        self.application = Application(
            self.store,
            self.authenticator,
            Registry.of([EXTENSION, slow]),
            self.dav,
            admission(self.clock),
            self.kept,
            Answers(Memory(0, 0), 0),
            self._clock,
        )
        run(self.application.respond(self._request("GET", "/")))

    async def _slowly(self, exchange: Exchange) -> Response:
        assert exchange.node.parent is not None
        name = exchange.node.path.segments[-1]
        await exchange.transaction.create(exchange.node.parent, name, "collection", "alice", exchange.now)
        await self.waiting
        return Response(201)

    def _request(self, method: str, path: str) -> Request:
        headers = {"host": "dav.example", "authorization": basic("alice")}
        arrived = self.clock.seconds()
        return Request(
            method, path, "", headers, BytesBody(b""), authority="dav.example", peer="192.0.2.1", arrived=arrived
        )

    def _status(self, path: str) -> int:
        return run(self.application.respond(self._request("GET", path))).status

    def test_it_is_answered_504_and_undone(self) -> None:
        answer = Deferred.fromCoroutine(self.application.respond(self._request("SLOWLY", "/files/alice/new")))
        self.clock.advance(TIMEOUT - 1)
        self.assertNoResult(answer)
        self.clock.pump([0.25] * 8)
        self.assertEqual(self.successResultOf(answer).status, 504)
        self.assertEqual(self._status("/files/alice/new/"), 404)
        stats = self.application._admission.pool.stats
        self.assertEqual((stats.timeout_requests, stats.in_flight), (1, 0))

    def test_in_time_it_is_done(self) -> None:
        answer = Deferred.fromCoroutine(self.application.respond(self._request("SLOWLY", "/files/alice/new")))
        self.clock.advance(TIMEOUT - 1)
        self.waiting.callback(None)
        self.assertEqual(self.successResultOf(answer).status, 201)
        self.clock.advance(TIMEOUT)
        self.assertEqual(self._status("/files/alice/new/"), 200)

    def _hold_commits(self) -> Deferred[None]:
        """From now on a COMMIT takes until the Deferred fires."""
        committed: Deferred[None] = Deferred()
        block = type(self.store.write())
        leave = block.__aexit__

        async def slow_commit(*arguments: object) -> object:
            await committed
            return await leave(*arguments)

        self.patch(block, "__aexit__", slow_commit)
        return committed

    def _one_place(self) -> None:
        pool = self.application._admission.pool
        pool.reconfigure(AsyncPoolConfig(max_concurrent_requests=1, min_concurrent_requests=1))

    def test_what_is_being_committed_is_waited_for_and_told_truly(self) -> None:
        self.waiting.callback(None)
        committed = self._hold_commits()
        answer = Deferred.fromCoroutine(self.application.respond(self._request("SLOWLY", "/files/alice/new")))
        self.clock.pump([1.0] * 40)
        self.assertNoResult(answer)
        committed.callback(None)
        self.assertEqual(self.successResultOf(answer).status, 201)
        self.assertEqual(self._status("/files/alice/new/"), 200)

    def test_one_that_waits_has_the_place_of_one_that_was_given_up(self) -> None:
        answer = Deferred.fromCoroutine(self.application.respond(self._request("SLOWLY", "/files/alice/new")))
        self._one_place()
        self.clock.advance(1.0)
        queued = Deferred.fromCoroutine(self.application.respond(self._request("DELETE", "/files/alice/other")))
        self.clock.advance(TIMEOUT - 2)
        self.assertNoResult(queued)
        self.clock.pump([0.25] * 8)
        self.assertEqual(self.successResultOf(answer).status, 504)
        self.assertEqual(self.successResultOf(queued).status, 404)

    def test_one_that_has_no_place_in_time_is_answered_503(self) -> None:
        self.waiting.callback(None)
        committed = self._hold_commits()
        answer = Deferred.fromCoroutine(self.application.respond(self._request("SLOWLY", "/files/alice/new")))
        self._one_place()
        queued = Deferred.fromCoroutine(self.application.respond(self._request("DELETE", "/files/alice/new")))
        self.clock.pump([1.0] * 32)
        refused = self.successResultOf(queued)
        self.assertEqual(refused.status, 503)
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        committed.callback(None)
        self.assertEqual(self.successResultOf(answer).status, 201)
        self.assertEqual(self._status("/files/alice/new/"), 200)
