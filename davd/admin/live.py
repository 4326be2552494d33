"""The dashboard's live streams: what has changed, to every browser that shows it.

They are WebSockets, or server-sent events where a browser, or a proxy before it, has none; both tell the same.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from wsproto.frame_protocol import CloseReason
from zope.interface import implementer

from davd.admin.look import Look, Watch
from davd.admin.sessions import Login, Sessions
from davd.admin.websocket import WebSocket, take_over
from davd.model.errors import HTTPError
from davd.observe.history import STEP_SECONDS

log = Logger(namespace="davd.admin")

MOST_STREAMS: Final = 16
# What browsers wait before they come again.
RETRY_SECONDS: Final = 3
# Keeps proxies from ending a stream that has nothing to say.
_KEEP_ALIVE: Final = b": still here\n\n"

Parts = Callable[[Look, str], Mapping[str, str]]


class Stream:
    """One browser; what it is too slow for is left out, because the next message tells all that counts.

    `ended` fires when it has gone.
    """

    def __init__(self, login: Login) -> None:
        self.login = login
        self.csrf = "" if login.session is None else login.session.csrf
        self.ended: Deferred[None] = Deferred(lambda _: None)
        # Of each part what was sent last.
        self._sent: dict[str, str] = {}
        self._since = 0.0

    @property
    def ready(self) -> bool:
        """Whether it has taken what it was sent."""
        raise NotImplementedError

    def send(self, message: bytes) -> None:
        """Send what has changed, as JSON on one line."""
        raise NotImplementedError

    def keep(self) -> None:
        """Say that the stream is still there, where that has to be said."""

    def end(self, code: int) -> None:
        """Close it, for one of the reasons of RFC 6455, 7.4.1."""
        raise NotImplementedError

    def gone(self) -> None:
        """It has ended."""
        if not self.ended.called:
            self.ended.callback(None)

    def tell(self, look: Look, parts: Mapping[str, str], watch: Watch) -> None:
        """What has changed since the last time."""
        if not self.ready:
            return
        changed = {name: str(html) for name, html in parts.items() if self._sent.get(name) != html}
        self._sent.update(changed)
        values = watch.history.since(self._since)
        if values["at"]:
            self._since = values["at"][-1] or self._since
        self.send(msgspec.json.encode({"at": look.at, "parts": changed, "values": _short(values)}))


@implementer(IPushProducer)
class EventStream(Stream):
    """Server-sent events, as the answer to a request of twisted.web's."""

    def __init__(self, request: Any, login: Login) -> None:
        super().__init__(login)
        self._request = request
        self._ready = True

    @property
    def ready(self) -> bool:
        """Whether the transport has room."""
        return self._ready

    def send(self, message: bytes) -> None:
        """One event."""
        self._request.write(b"event: look\ndata: %b\n\n" % message)

    def keep(self) -> None:
        """A comment."""
        if self._ready:
            self._request.write(_KEEP_ALIVE)

    def end(self, code: int) -> None:
        """End the answer; there is no word for why."""
        self.gone()

    def pauseProducing(self) -> None:
        """Called by twisted.web when the browser does not read."""
        self._ready = False

    def resumeProducing(self) -> None:
        """Called by twisted.web when it has read."""
        self._ready = True

    def stopProducing(self) -> None:
        """Called by twisted.web when the connection has gone."""
        self._ready = False


class SocketStream(Stream):
    """A WebSocket."""

    def __init__(self, login: Login, clock: Any) -> None:
        super().__init__(login)
        self.socket = WebSocket(clock, self.gone)

    @property
    def ready(self) -> bool:
        """Whether the browser has answered the last Ping."""
        return self.socket.ready

    def send(self, message: bytes) -> None:
        """One message of text."""
        self.socket.send(message.decode())

    def end(self, code: int) -> None:
        """Say farewell; it is gone when the browser has heard it, or after a moment."""
        self.socket.close(code)


class Live:
    """All streams. One look every few seconds serves them all, and there is none while nobody watches.

    `parts` makes the pieces of the page that change, by their names, for the session of a CSRF value; `clock` is the
    reactor.
    """

    def __init__(self, watch: Watch, sessions: Sessions, clock: Any, parts: Parts) -> None:
        self._watch = watch
        self._parts = parts
        self._sessions = sessions
        self._clock = clock
        self._streams: set[Stream] = set()
        self._closed = False
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock

    @property
    def streams(self) -> int:
        """How many browsers watch."""
        return len(self._streams)

    def room(self) -> None:
        """HTTPError 503 when too many watch, or the end has come."""
        if self._closed or len(self._streams) >= MOST_STREAMS:
            raise HTTPError(503, headers={"Retry-After": "30"}, detail="too many browsers watch already")

    async def serve(self, request: Any, login: Login) -> None:
        """Tell a browser by events until it goes or its session ends; HTTPError 503 as `room`."""
        self.room()
        stream = EventStream(request, login)
        request.setHeader("Content-Type", "text/event-stream")
        # Proxies such as nginx collect answers otherwise.
        request.setHeader("X-Accel-Buffering", "no")
        request.registerProducer(stream, True)
        request.write(b"retry: %d\n\n" % (RETRY_SECONDS * 1000))
        try:
            await self._attend(stream)
        except CancelledError:
            # The browser has gone, and with it the request, of which Klein lets go.
            return
        finally:
            if request.channel is not None:
                request.unregisterProducer()

    def converse(self, request: Any, login: Login, head: bytes) -> None:
        """Tell a browser by a WebSocket, which `head` opens on the connection of the request; HTTPError 503."""
        self.room()
        stream = SocketStream(login, self._clock)
        take_over(request, head, stream.socket)
        Deferred.fromCoroutine(self._attend(stream)).addErrback(_broken, stream)

    def close(self) -> Deferred[Any]:
        """End all streams, since the server ends; fires when they have gone."""
        self._closed = True
        ended = [stream.ended for stream in self._streams]
        for stream in list(self._streams):
            stream.end(CloseReason.GOING_AWAY)
        # Each is waited for by who serves it as well.
        return DeferredList([_after(one) for one in ended])

    async def _attend(self, stream: Stream) -> None:
        self._streams.add(stream)
        try:
            look = await self._watch.look()
            stream.tell(look, self._parts(look, stream.csrf), self._watch)
            if not self._loop.running:
                self._loop.start(STEP_SECONDS, now=False).addErrback(_stopped)
            await stream.ended
        finally:
            self._streams.discard(stream)
            if not self._streams and self._loop.running:
                self._loop.stop()

    def _look(self) -> Deferred[None]:
        looking = Deferred.fromCoroutine(self._look_once())
        return looking.addErrback(lambda failure: log.failure("the dashboard could not look", failure))

    async def _look_once(self) -> None:
        for stream in list(self._streams):
            if not self._sessions.holds(stream.login):
                stream.end(CloseReason.POLICY_VIOLATION)
            else:
                stream.keep()
        look = await self._watch.look()
        made: dict[str, Mapping[str, str]] = {}
        for stream in list(self._streams):
            if stream.csrf not in made:
                made[stream.csrf] = self._parts(look, stream.csrf)
            stream.tell(look, made[stream.csrf], self._watch)


def _after(one: Deferred[None]) -> Deferred[None]:
    """Fires when another one does, which goes on with its own result."""
    after: Deferred[None] = Deferred()

    def tell(result: None) -> None:
        after.callback(None)

    one.addBoth(tell)
    return after


def _short(values: Mapping[str, list[float | None]]) -> dict[str, list[float | None]]:
    """The same with as many digits as a curve can show; times whole."""
    return {
        name: [None if value is None else float(f"{value:.{12 if name == 'at' else 5}g}") for value in column]
        for name, column in values.items()
    }


def _stopped(failure: Any) -> None:
    log.failure("the dashboard's streams are told no more", failure)


def _broken(failure: Any, stream: Stream) -> None:
    log.failure("a stream of the dashboard has broken off", failure)
    stream.end(CloseReason.INTERNAL_ERROR)
