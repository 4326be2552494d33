"""The content of a request that is still on its way.

Verifies: RFC 9110, 6.4
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from davd.http.wire.head import WireError
from davd.http.wire.http1 import Data, End, Event
from davd.model.errors import HTTPError
from davd.net.content import ContentStream


class TestContentStream(SynchronousTestCase):
    """Verifies: RFC 9110, 6.4."""

    def setUp(self) -> None:
        self.events: list[Event | None | WireError] = []
        self.arrivals: list[Deferred[None]] = []
        self.buffered = 0

    def take(self) -> Event | None:
        event = self.events.pop(0) if self.events else None
        if isinstance(event, WireError):
            raise event
        return event

    def arrive(self) -> Deferred[None]:
        self.arrivals.append(Deferred())
        return self.arrivals[-1]

    def stream(self, length: int | None) -> ContentStream:
        return ContentStream(length, self.take, self.arrive, lambda: self.buffered)

    def test_it_has_arrived_when_the_rest_is_buffered(self) -> None:
        content = self.stream(3)
        self.assertFalse(content.arrived())
        self.buffered = 3
        self.assertTrue(content.arrived())
        self.assertFalse(self.stream(None).arrived())

    def test_what_is_here_is_given_without_asking_for_more(self) -> None:
        self.events = [Data(b"ab"), Data(b"c"), End({"note": "x"})]
        content = self.stream(3)
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(content.receive())), b"ab")
        self.assertEqual(content.left, 1)
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(content.read(100))), b"c")
        self.assertEqual((content.ended, content.trailers, self.arrivals), (True, {"note": "x"}, []))
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(content.receive())), b"")

    def test_what_is_not_here_is_waited_for(self) -> None:
        content = self.stream(None)
        receiving = Deferred.fromCoroutine(content.receive())
        self.assertNoResult(receiving)
        self.arrivals[0].callback(None)
        self.assertNoResult(receiving)
        self.events = [Data(b"late")]
        self.arrivals[1].callback(None)
        self.assertEqual(self.successResultOf(receiving), b"late")

    def test_what_is_malformed_stays_so(self) -> None:
        self.events = [WireError(400, "chunks")]
        content = self.stream(None)
        for _ in range(2):
            failure = self.failureResultOf(Deferred.fromCoroutine(content.receive()), HTTPError)
            self.assertEqual(failure.value.status, 400)

    def test_a_failure_from_outside(self) -> None:
        content = self.stream(5)
        receiving = Deferred.fromCoroutine(content.receive())
        content.fail(HTTPError(408))
        self.arrivals[0].callback(None)
        self.assertEqual(self.failureResultOf(receiving, HTTPError).value.status, 408)

    def test_what_has_ended_cannot_fail(self) -> None:
        self.events = [End()]
        content = self.stream(0)
        self.assertEqual(content.next(), b"")
        content.fail(HTTPError(408))
        self.assertEqual(content.next(), b"")
