"""The stream of the dashboard: what is told, to how many, and what is left when they have gone.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.admin.live import MOST_STREAMS, Live
from davd.admin.look import Look, Watch
from davd.admin.markup import Markup, tag
from davd.admin.plane import Plane
from davd.admin.sessions import SESSION_SECONDS, Login, Sessions
from davd.authentication.settings import AuthenticationSettings
from davd.authentication.throttle import Throttle
from davd.model.errors import HTTPError
from davd.observe.history import STEP_SECONDS
from davd.observe.snapshot import Family, Sample, Snapshot
from davd.stores.memory.store import MemoryStore


class Browser:
    """The request of a browser that keeps what it was sent, by events."""

    def __init__(self) -> None:
        self.channel: object | None = self
        self.producer: Any = None
        self.text = b""
        self.headers: dict[str, str] = {}

    def setHeader(self, name: str, value: str) -> None:
        self.headers[name] = value

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def write(self, data: bytes) -> None:
        self.text += data

    def events(self) -> list[Any]:
        return [msgspec.json.decode(data) for data in re.findall(rb"^event: look\ndata: (.*)$", self.text, re.M)]


class TestLive(SynchronousTestCase):
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.looks = 0
        self.open = 3.0
        throttle = Throttle(AuthenticationSettings(), MemoryStore())
        self.sessions = Sessions("t" * 32, throttle, self.clock.seconds)
        plane = Plane(self._ready, dict, self._snapshot)
        self.live = Live(Watch(plane), self.sessions, self.clock, self._parts)

    async def _ready(self) -> Mapping[str, bool]:
        return {"store": True}

    async def _snapshot(self) -> Snapshot:
        self.looks += 1
        return Snapshot(self.clock.seconds(), [Family("davd_connections", "gauge", "", [Sample({}, self.open)])])

    def _parts(self, look: Look, csrf: str) -> dict[str, Markup]:
        return {"fixed": tag("p", "always"), "moving": tag("p", look.value("davd_connections"), csrf)}

    def _visit(self, login: Login | None = None) -> tuple[Browser, Deferred[None]]:
        browser = Browser()
        served: Deferred[None] = Deferred.fromCoroutine(self.live.serve(browser, login or Login()))
        return browser, served

    def test_the_first_event_has_all_and_later_ones_what_has_changed(self) -> None:
        browser, _ = self._visit()
        assert browser.headers["Content-Type"] == "text/event-stream"
        assert browser.text.startswith(b"retry: ")
        [first] = browser.events()
        assert set(first["parts"]) == {"fixed", "moving"}
        self.clock.advance(STEP_SECONDS)
        self.open = 4.0
        self.clock.advance(STEP_SECONDS)
        _, second, third = browser.events()
        assert second["parts"] == {}
        assert third["parts"] == {"moving": "<p>4.0</p>"}
        assert third["values"]["connections"] == [4.0]
        assert third["values"]["at"] == [self.clock.seconds()]
        assert b"\n: " in browser.text

    def test_one_look_serves_all_and_none_is_taken_when_nobody_is_there(self) -> None:
        visits = [self._visit() for _ in range(3)]
        before = self.looks
        self.clock.advance(STEP_SECONDS)
        assert self.looks == before + 1
        for browser, served in visits:
            browser.channel = None
            served.cancel()
            self.successResultOf(served)
        assert self.live.streams == 0
        assert self.clock.getDelayedCalls() == []

    def test_no_more_than_so_many_are_served(self) -> None:
        for _ in range(MOST_STREAMS):
            self._visit()
        _, refused = self._visit()
        assert self.failureResultOf(refused, HTTPError).value.status == 503
        assert self.live.streams == MOST_STREAMS

    def test_a_browser_that_does_not_read_is_told_the_latest_afterwards(self) -> None:
        browser, _ = self._visit()
        browser.producer.pauseProducing()
        self.open = 5.0
        self.clock.pump([STEP_SECONDS] * 3)
        assert len(browser.events()) == 1
        browser.producer.resumeProducing()
        self.clock.advance(STEP_SECONDS)
        _, last = browser.events()
        assert last["parts"] == {"moving": "<p>5.0</p>"}
        assert len(last["values"]["at"]) == 4

    def test_it_ends_with_its_session(self) -> None:
        value, session = self.sessions.open()
        login = self.sessions.find({"cookie": f"davd_admin={value}"})
        assert login is not None
        browser, served = self._visit(login)
        assert session.csrf in browser.events()[0]["parts"]["moving"]
        self.sessions.close(login)
        self.clock.advance(STEP_SECONDS)
        self.successResultOf(served)
        assert browser.producer is None
        assert self.live.streams == 0

    def test_a_session_that_is_too_old_ends_it_as_well(self) -> None:
        value, _ = self.sessions.open()
        login = self.sessions.find({"cookie": f"davd_admin={value}"})
        assert login is not None and self.sessions.holds(login)
        self.clock.advance(SESSION_SECONDS)
        assert not self.sessions.holds(login)

    def test_a_look_that_fails_is_not_the_last(self) -> None:
        browser, _ = self._visit()
        self.live._parts = self._failing
        self.clock.advance(STEP_SECONDS)
        assert len(self.flushLoggedErrors(ZeroDivisionError)) == 1
        self.live._parts = self._parts
        self.clock.advance(STEP_SECONDS)
        assert len(browser.events()) == 2

    def _failing(self, look: Look, csrf: str) -> dict[str, Markup]:
        raise ZeroDivisionError
