"""Answers from memory: requests that are answered by their bytes, before anything is parsed.

A client that polls sends the same bytes again and again, and one that pipelines sends them many times at once. What the
application remembers of them is written as it is; what stands in a row is written together.

Implements: RFC 9112, 9.3.2
"""

from __future__ import annotations

from davd.http.forwarded import trusted
from davd.http.wire.http1 import KEPT, Decoder, with_content
from davd.net.connection import OPEN, Connection
from davd.net.context import Place, SiteContext

_HEAD_END = b"\r\n\r\n"
_DATE = b"\r\nDate: "
_DATE_LENGTH = 29

# How many requests one connection may be answered before the others get their turn.
TURN_REQUESTS = 64
# The longest request whose bytes a connection keeps to see whether the next one is the same.
_LONGEST_ASKED = 2048
# How many identical requests are answered as one, and when answers are written and no more of them collected.
_MOST_ALIKE = 16
_ENOUGH = 65_536


class Recalling(Connection):
    """A connection that gives finished answers where it can, and has `_advance` look at everything else.

    `_idle` is the state in which they are given without further ado: no request is under way, nothing is buffered, the
    transport has room and the connection is to stay. `_asked` are the bytes of the last request that was answered from
    memory, `_given` the length of its answer. `_turn` is how many requests are left of this turn; `_waiting` tells that
    there is something to go on with when others have had theirs. `_heading` tells that a head has begun to come.
    """

    def __init__(self, context: SiteContext, peer: str, place: Place) -> None:
        super().__init__(context, peer, place)
        self._application = context.application
        self._recall = context.application.recall
        self._source: object = None
        self._date = context.date
        self._wheel = context.wheel
        self._statistics = context.statistics
        self._idle_timeout = context.settings.idle_timeout
        self._decoder = Decoder(context.limits)
        self._trusted = False
        self._protection = 0
        self._idle = False
        self._heading = False
        self._asked = b""
        self._given = 0
        self._turn = 0
        self._waiting = False

    def _advance(self, tried: bool = False) -> None:
        """Begin requests until one has to wait; `tried` tells that the first one was looked up already."""
        raise NotImplementedError

    def dataReceived(self, data: bytes) -> None:
        """Answer what is known by its bytes at once; look at everything else."""
        if not self._idle:
            if self._phase == OPEN:
                self.received(data)
            else:
                super().dataReceived(data)
            return
        if data[:2] not in KEPT:
            tried = True
        # The last request again, one without content, one with it: what most clients send at a time.
        elif data == self._asked or data.find(_HEAD_END) + 4 == len(data) or with_content(data):
            found = self._recall(data, self._protection, self._source)
            if found is not None:
                self._asked = data if len(data) <= _LONGEST_ASKED else b""
                answer = found[0] + self._date() + found[1]
                self._given = len(answer)
                self._write(answer)
                self._patience.due = self._wheel.now + self._idle_timeout
                statistics = self._statistics
                statistics.requests += 1
                statistics.recalled += 1
                return
            tried = True
        else:
            tried = False
        self._decoder.feed(data)
        self._advance(tried)

    def opened(self) -> None:
        """Find out what answers depend on beside the bytes of requests."""
        self._trusted = trusted(self.peer, self._context.trust)
        self._protection = 2 if self.tls else int(self.secure)
        self._source = self._application.source(self.peer)

    def _from_memory(self) -> bool:
        """Answer the requests that are here as far as their answers are remembered, by one write.

        Whether there is one to begin now, whose answer is not remembered. Raises WireError.
        """
        answers: list[bytes] = []
        before = self._turn
        try:
            unknown = self._collect(answers)
        finally:
            if answers:
                number = before - self._turn
                self._heading = False
                self._statistics.requests += number
                self._statistics.recalled += number
                self._write(b"".join(answers))
        return unknown and self._writable and self._phase == OPEN

    def _collect(self, answers: list[bytes]) -> bool:
        """Take requests whose answers are remembered, and these answers; whether another request is next."""
        decoder = self._decoder
        date = self._date()
        size = 0
        while decoder.buffered:
            raw = decoder.peek()
            if not raw:
                return raw is not None
            if self._turn <= 0 or size >= _ENOUGH:
                self._waiting = True
                return False
            count = 1
            if raw == self._asked:
                # All of them are here: what is right for the first one now is right for the others as well.
                count = decoder.repeated(raw, max(1, min(self._turn, _MOST_ALIKE, _ENOUGH // self._given)))
            found = self._recall(raw, self._protection, self._source, count)
            if found is None:
                return True
            decoder.skip(raw, count)
            self._asked = raw if len(raw) <= _LONGEST_ASKED else b""
            self._given = given = len(found[0]) + _DATE_LENGTH + len(found[1])
            self._turn -= count
            size += count * given
            pieces = (found[0], date, found[1])
            answers += pieces if count == 1 else pieces * count
        return False

    def _take_turn(self) -> None:
        """Go on after others had their turn."""
        self._waiting = False
        if self._phase == OPEN:
            self._advance()

    def _remember(self, ticket: object, content: bytes, start: bytes, body: bytes) -> None:
        """Have the answer kept that was given to the last head taken and its `content`: a head and a body."""
        date = start.index(_DATE) + len(_DATE)
        after = start[date + _DATE_LENGTH :] + body
        self._application.remember(self._decoder.raw_head + content, self._protection, ticket, start[:date], after)
