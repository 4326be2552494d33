"""HTTP/1.1 and 1.0 on one connection: requests in, answers out, one after the other.

The next request is begun when the answer before it has been given to the transport, so pipelined answers leave in the
order of their requests by themselves, and a client that does not read its answers is not read from either. Pipelined
requests whose answers are remembered are answered together, by one write.

Implements: RFC 9112, 9.3, 9.3.2, 9.5, 9.6; RFC 9110, 10.1.1, 15.5.9
"""

from __future__ import annotations

from math import inf
from time import monotonic
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from davd.http.body import Body, BytesBody
from davd.http.forwarded import client_address, client_scheme
from davd.http.request import Request
from davd.http.response import Response
from davd.http.wire.encode import CONTINUE, frame, has_content
from davd.http.wire.head import Head, WireError
from davd.http.wire.http1 import MOST_KEPT, Data
from davd.model.address import is_loopback
from davd.model.errors import HTTPError
from davd.net.connection import OPEN, log
from davd.net.content import ContentStream
from davd.net.context import Place, SiteContext
from davd.net.faults import fault
from davd.net.recalling import TURN_REQUESTS, Recalling
from davd.net.sending import drop, send
from davd.net.steps import Steps

# The methods whose answers may be remembered when the request had content.
_ASKED_BY_CONTENT = frozenset({"PROPFIND", "REPORT"})

# How long one connection may be answered before the others get their turn, in seconds.
_TURN_SECONDS = 0.002

# The most that fast content earns a client against being slow later, in seconds.
_MOST_CREDIT = 30.0


class HTTP1(Recalling):
    """The protocol of one connection.

    `_whole` is the content of the request under way where that may be part of what its answer is remembered by.
    """

    def __init__(self, context: SiteContext, peer: str, place: Place) -> None:
        super().__init__(context, peer, place)
        self._running = False
        self._advancing = False
        self._last = False
        self._parting = False
        self._closing = False
        self._lingering = False
        self._head: Head | None = None
        self._request: Request | None = None
        self._content: ContentStream | None = None
        self._whole: bytes | None = None
        self._expects = False
        self._arrival: Deferred[None] | None = None
        self._credit = 0.0
        self._steps: Steps[Any] | None = None

    # Bytes in

    def opened(self) -> None:
        """Wait for the first request."""
        super().opened()
        self._rest()

    def received(self, data: bytes) -> None:
        """Feed the decoder and whoever waits for its events."""
        decoder = self._decoder
        decoder.feed(data)
        arrival = self._arrival
        if arrival is not None:
            self._arrival = None
            self._earn(len(data))
            arrival.callback(None)
        elif not self._running and not self._waiting and self._writable:
            if self._content is not None:
                self._earn(len(data))
            self._advance()
        elif decoder.buffered > self._context.settings.read_ahead:
            self.pause_reading()

    def ended(self) -> None:
        """The client has shut down its sending half: answer what it has asked completely, then close."""
        self._idle = False
        if self._arrival is not None:
            self._cut(400)
        elif not self._running and self._writable:
            self._advance()

    def room(self) -> None:
        """Go on with the requests that waited for the transport."""
        if not self._running:
            self._advance()

    def _advance(self, tried: bool = False) -> None:
        if self._waiting:
            return
        decoder = self._decoder
        self._idle = False
        self._advancing = True
        self._turn = TURN_REQUESTS
        ends = 0.0
        try:
            while not self._running and self._writable and self._phase == OPEN:
                if self._content is not None and not self._discard():
                    break
                if not decoder.buffered:
                    break
                if not tried and not self._trusted and not self._parting and not self._last and not self._from_memory():
                    break
                tried = False
                head = decoder.next()
                if not isinstance(head, Head):
                    break
                self._begin(head)
                if decoder.buffered and not self._running:
                    # Not the reactor's clock, which may stand still for as long as this takes.
                    now = monotonic()
                    ends = ends or now + _TURN_SECONDS
                    self._turn -= 1
                    if self._turn <= 0 or now >= ends:
                        self._waiting = True
                        break
        except WireError as error:
            self._refuse(error.status)
        finally:
            self._advancing = False
        if self._waiting:
            self._patience.due = inf
            self._context.soon(self._take_turn)
        else:
            self._rest()

    def _rest(self) -> None:
        """Nothing can be begun now: see to it that what is waited for comes in time."""
        if self._running or not self._writable or self._phase != OPEN:
            return
        if self._content is not None:
            self._patience.set(self._credit)
        elif self._eof or self._last:
            self.close()
            return
        elif self._decoder.buffered:
            if not self._heading:
                # Absolute: no byte that comes later moves it.
                self._heading = True
                self._patience.set(self._context.settings.header_timeout)
        else:
            self._heading = False
            self._idle = not self._trusted and not self._parting
            self._patience.due = self._wheel.now + self._idle_timeout
            if self._patience.place < 0:
                self._patience.set(self._idle_timeout)
        if not self._reading:
            self.resume_reading()

    # One request

    def _begin(self, head: Head) -> None:
        """Give one request to the application."""
        context = self._context
        self._statistics.requests += 1
        self._head = head
        self._running = True
        self._heading = False
        self._last = self._last or self._parting
        # The application's own deadline counts now.
        self._patience.due = inf
        decoder = self._decoder
        self._whole = None
        if head.length == 0:
            decoder.next()
            body = Body()
            self._whole = b""
        elif head.length is not None and head.length <= decoder.buffered:
            # All of it came with the head: nobody will have to wait for it, or throw it away.
            content = decoder.next()
            assert isinstance(content, Data)
            decoder.next()
            body = BytesBody(content.data)
            if head.length <= MOST_KEPT and head.method in _ASKED_BY_CONTENT:
                self._whole = content.data
        else:
            body = self._content = ContentStream(head.length, decoder.next, self._arrive, lambda: decoder.buffered)
            self._expects = head.expect_continue
            self._credit = context.settings.body_grace
        self._request = request = Request(
            head.method,
            head.path,
            head.query,
            head.headers,
            body,
            self.peer,
            head.version,
            self.secure,
            self.tls,
            context.new_id(),
            head.host,
            "https" if self.tls else "http",
            context.clock.seconds(),
        )
        if self._trusted:
            self._believe(request)
        coroutine = self._application.respond(request)
        try:
            waiting = coroutine.send(None)
        except StopIteration as stop:
            self._answer(stop.value)
        except Exception as error:
            self._failed(error)
        else:
            self._steps = Steps(coroutine, self._answer, self._failed)
            self._steps.wait(waiting)

    def _believe(self, request: Request) -> None:
        """Take from a trusted proxy who the client is and how it came."""
        trust = self._context.trust
        request.peer = client_address(self.peer, request.headers, trust)
        scheme = client_scheme(self.peer, request.headers, trust)
        if scheme is not None:
            request.scheme = scheme
            request.tls = scheme == "https"
            request.secure = request.tls or is_loopback(request.peer)

    def _answer(self, response: Response) -> None:
        """Send the application's response."""
        self._steps = None
        self._arrival = None
        if self._phase != OPEN:
            drop(response.body)
            return
        head, request = self._head, self._request
        assert head is not None and request is not None
        request.committing = False
        self._patience.due = inf
        self._lingering = self._content is not None and not self._leave(self._content)
        keep_alive = head.keep_alive and not self._lingering and not self._last
        context = self._context
        date = self._date.text()
        try:
            start, chunked, self._closing = frame(
                response, head.method, head.version, keep_alive, date, context.settings.server
            )
        except (ValueError, KeyError):
            log.failure("a response cannot be written")
            drop(response.body)
            response = fault(500, self.tls)
            start, chunked, self._closing = frame(response, head.method, 11, False, date, context.settings.server)
        body = response.body
        if not has_content(head.method, response.status):
            drop(body)
            body = b""
        if isinstance(body, bytes):
            self._write(start + body if body else start)
            if response.ticket is not None and not self._closing and self._whole is not None and not self._trusted:
                self._remember(response.ticket, self._whole, start, body)
            self._finish()
            return
        promised = None
        if not chunked and "Content-Length" in response.headers:
            promised = int(response.headers["Content-Length"])
        self._steps = steps = Steps(send(self, start, body, chunked, promised), self._sent, self._unsent)
        steps.start()

    def _failed(self, error: BaseException) -> None:
        """The application has let an exception through."""
        if self._phase == OPEN:
            request = self._request
            log.failure("request {id} failed", Failure(error), id=request.id if request else "")
            self._answer(fault(500, self.tls))

    def _sent(self, _: None) -> None:
        self._steps = None
        if self._phase == OPEN:
            self._finish()

    def _unsent(self, error: BaseException) -> None:
        """The content broke off; all that tells the client so is that the connection does."""
        self._steps = None
        if self._phase == OPEN:
            request = self._request
            log.warn("response to {id} broke off: {error!r}", id=request.id if request else "", error=error)
            self.abort()

    def _finish(self) -> None:
        """The answer has been given to the transport."""
        self._running = False
        self._request = self._whole = None
        if self._content is not None and self._content.ended:
            self._content = None
        if self._lingering:
            self.linger()
        elif self._closing:
            self.close()
        elif not self._advancing:
            self._advance()

    def _refuse(self, status: int) -> None:
        """Answer what is no request, and end the connection, whose framing nobody can trust any more."""
        self._statistics.faults += 1
        self._say(status)
        self.linger()

    def _say(self, status: int) -> None:
        """Send an answer of the wire's own, after which the connection has to end."""
        response = fault(status, self.tls)
        start, _, _ = frame(response, "GET", 11, False, self._date.text(), self._context.settings.server)
        assert isinstance(response.body, bytes)
        self._write(start + response.body)
        self._application.refused(self.peer, status)

    # Content of requests

    def _arrive(self) -> Deferred[None]:
        """The application waits for content that is not here yet."""
        arrival: Deferred[None] = Deferred()
        self._arrival = arrival
        if self._eof:
            self._cut(400)
            return arrival
        if self._expects:
            # "A server MAY omit sending a 100 (Continue) response if it has already received some or all of the content
            # for the corresponding request": this is reached only when nothing is here.
            self._expects = False
            self._write(CONTINUE)
        self._patience.set(self._credit)
        self.resume_reading()
        return arrival

    def _earn(self, size: int) -> None:
        """Content came: the client may be slow for so much longer."""
        self._expects = False
        if self._patience.due != inf:
            self._credit = min(_MOST_CREDIT, self._patience.left() + size / self._context.settings.body_rate)
            self._patience.clear()

    def _cut(self, status: int) -> None:
        """No more content will come: tell the application."""
        assert self._content is not None
        self._content.fail(HTTPError(status))
        arrival, self._arrival = self._arrival, None
        if arrival is not None:
            arrival.callback(None)

    def _leave(self, content: ContentStream) -> bool:
        """Whether the connection can go on although the application may not have read all content."""
        if content.ended:
            return True
        # Without its 100 (Continue) the client may send the content or not: what comes next could be either.
        if content.broken is not None or (self._expects and not self._decoder.buffered):
            return False
        if content.left is not None:
            return content.left <= self._context.settings.linger_bytes and not self._eof
        try:
            while piece := content.next():
                pass
        except HTTPError:
            return False
        return piece is not None

    def _discard(self) -> bool:
        """Throw away what is left of the last request's content; whether all of it was here."""
        content = self._content
        assert content is not None
        while piece := content.next():
            pass
        if piece is None:
            return False
        self._content = None
        return True

    # Ends

    def overdue(self) -> None:
        """Something did not come in time: content, the rest of a head, or the next request."""
        if self._running:
            if self._arrival is not None:
                self._statistics.timeouts += 1
                self._cut(408)
        elif self._content is not None:
            self._statistics.timeouts += 1
            self.abort()
        elif self._heading:
            self._statistics.timeouts += 1
            # RFC 9110, 15.5.9: the connection is "not usable (e.g., as it would be in HTTP/1.1 because request
            # delimitation is lost)".
            self._say(408)
            self.close()
        else:
            self._idle = False
            self.close()

    def retire(self) -> None:
        """Answer the request under way as the last one; without one, close at once."""
        self._last = True
        self._idle = False
        if not self._running and self._phase <= OPEN:
            self.close()

    def part(self) -> None:
        """Answer one request more, the one under way if there is one, and say that it is the last."""
        self._parting = True
        self._idle = False
        if self._running:
            self._last = True

    def pauseProducing(self) -> None:
        """The transport holds as much as it should: no more answers from memory either."""
        self._idle = False
        super().pauseProducing()

    def close(self) -> None:
        """End the connection once all that was written has been sent."""
        self._idle = False
        super().close()

    def abort(self) -> None:
        """End the connection at once."""
        self._idle = False
        super().abort()

    def lost(self) -> None:
        """Break off the answer under way, unless it must not be."""
        self._idle = False
        self._arrival = None
        steps = self._steps
        request = self._request
        if steps is not None and not (request is not None and request.committing):
            steps.cancel()
