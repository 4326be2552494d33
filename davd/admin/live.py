"""The dashboard's live stream: what has changed, to every browser that shows it, as server-sent events.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import implementer

from davd.admin.look import Look, Watch
from davd.admin.sessions import Login, Sessions
from davd.model.errors import HTTPError
from davd.observe.history import STEP_SECONDS

log = Logger(namespace="davd.admin")

MOST_STREAMS: Final = 16
# What browsers wait before they come again.
RETRY_SECONDS: Final = 3
# Keeps proxies from ending a stream that has nothing to say.
_KEEP_ALIVE: Final = b": still here\n\n"

Parts = Callable[[Look, str], Mapping[str, str]]


@implementer(IPushProducer)
class Stream:
    """One browser; what it is too slow for is left out, because the next event tells all that counts."""

    def __init__(self, request: Any, login: Login) -> None:
        self.login = login
        self.csrf = "" if login.session is None else login.session.csrf
        self.ended: Deferred[None] = Deferred(lambda _: None)
        self._request = request
        self._ready = True
        # Of each part what was sent last.
        self._sent: dict[str, str] = {}
        self.since = 0.0

    def send(self, event: str, data: Any) -> None:
        """One event with its data as JSON."""
        if self._ready:
            self._request.write(b"event: %b\ndata: %b\n\n" % (event.encode(), msgspec.json.encode(data)))

    def tell(self, look: Look, parts: Mapping[str, str], watch: Watch) -> None:
        """What has changed since the last time."""
        if not self._ready:
            return
        changed = {name: str(html) for name, html in parts.items() if self._sent.get(name) != html}
        self._sent.update(changed)
        values = watch.history.since(self.since)
        if values["at"]:
            self.since = values["at"][-1] or self.since
        self.send("look", {"at": look.at, "parts": changed, "values": _short(values)})

    def keep(self) -> None:
        """Say that the stream is still there."""
        if self._ready:
            self._request.write(_KEEP_ALIVE)

    def end(self) -> None:
        """Close it."""
        if not self.ended.called:
            self.ended.callback(None)

    def pauseProducing(self) -> None:
        """Called by twisted.web when the browser does not read."""
        self._ready = False

    def resumeProducing(self) -> None:
        """Called by twisted.web when it has read."""
        self._ready = True

    def stopProducing(self) -> None:
        """Called by twisted.web when the connection has gone."""
        self._ready = False


class Live:
    """All streams. One look every few seconds serves them all, and there is none while nobody watches.

    `parts` makes the pieces of the page that change, by their names, for the session of a CSRF value; `clock` is the
    reactor.
    """

    def __init__(self, watch: Watch, sessions: Sessions, clock: Any, parts: Parts) -> None:
        self._watch = watch
        self._parts = parts
        self._sessions = sessions
        self._streams: set[Stream] = set()
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock

    @property
    def streams(self) -> int:
        """How many browsers watch."""
        return len(self._streams)

    async def serve(self, request: Any, login: Login) -> None:
        """Tell a browser until it goes or its session ends; HTTPError 503 when too many watch."""
        if len(self._streams) >= MOST_STREAMS:
            raise HTTPError(503, headers={"Retry-After": "30"}, detail="too many browsers watch already")
        stream = Stream(request, login)
        self._streams.add(stream)
        request.setHeader("Content-Type", "text/event-stream")
        # Proxies such as nginx collect answers otherwise.
        request.setHeader("X-Accel-Buffering", "no")
        request.registerProducer(stream, True)
        request.write(b"retry: %d\n\n" % (RETRY_SECONDS * 1000))
        try:
            look = await self._watch.look()
            stream.tell(look, self._parts(look, stream.csrf), self._watch)
            if not self._loop.running:
                self._loop.start(STEP_SECONDS, now=False).addErrback(_broken)
            await stream.ended
        except CancelledError:
            # The browser has gone, and with it the request, of which Klein lets go.
            return
        finally:
            self._streams.discard(stream)
            if not self._streams and self._loop.running:
                self._loop.stop()
            if request.channel is not None:
                request.unregisterProducer()

    def _look(self) -> Deferred[None]:
        looking = Deferred.fromCoroutine(self._look_once())
        return looking.addErrback(lambda failure: log.failure("the dashboard could not look", failure))

    async def _look_once(self) -> None:
        for stream in list(self._streams):
            if not self._sessions.holds(stream.login):
                stream.end()
            else:
                stream.keep()
        look = await self._watch.look()
        made: dict[str, Mapping[str, str]] = {}
        for stream in list(self._streams):
            if stream.csrf not in made:
                made[stream.csrf] = self._parts(look, stream.csrf)
            stream.tell(look, made[stream.csrf], self._watch)


def _short(values: Mapping[str, list[float | None]]) -> dict[str, list[float | None]]:
    """The same with as many digits as a curve can show; times whole."""
    return {
        name: [None if value is None else float(f"{value:.{12 if name == 'at' else 5}g}") for value in column]
        for name, column in values.items()
    }


def _broken(failure: Any) -> None:
    log.failure("the dashboard's stream has ended", failure)
