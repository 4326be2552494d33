"""The second tier: a Redis that processes and nodes share, and that may be slow, full, stopped or gone.

Nothing that Redis does or fails to do leaves this module as an exception. A look-up has its answer or none within the
time limit of the settings; when several in a row had none, Redis is not asked for a second and every look-up ends at
once. Then a new connection is made and proven, and one look-up is the trial.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from davd.caches.breaker import Breaker
from davd.caches.calls import Call, Deadlines, Refused
from davd.caches.frame import OVERHEAD, Framing
from davd.caches.settings import CacheSettings
from davd.caches.target import parse
from davd.interfaces.cache import ICache

if TYPE_CHECKING:
    from davd.caches.line import Connection, Line

_NAME_BYTES: Final = 20
# Failures in a row until Redis is left alone, and for how many seconds.
_THRESHOLD: Final = 3
_REST: Final = 1.0
# A write has this many times the time of a look-up, for nobody waits for it; so much may be on the way at once.
_WRITE_PATIENCE: Final = 10
_WRITE_BYTES: Final = 8 * 1024**2


@implementer(ICache)
class Redis:
    """Entries in Redis under `redis_prefix` and a digest of the key, framed so that only what davd has put is taken.

    `settings.redis` must be a URL that `davd.caches.target.parse` takes; ValueError otherwise. `reactor` is the one
    that runs: it gives time and connections. `on_reconnect` is called when Redis is there again after it was lost.
    `secret`, at most 64 bytes, is what all that share this Redis know: without it nobody can make an entry that is
    taken for one of davd's.
    """

    name = "redis"
    _log = Logger()

    def __init__(
        self,
        settings: CacheSettings,
        reactor: Any,
        on_reconnect: Callable[[], None] = lambda: None,
        secret: bytes = b"",
    ) -> None:
        self._target = parse(settings.redis)
        self._settings = settings
        self._reactor = reactor
        self._on_reconnect = on_reconnect
        self._clock: IReactorTime = reactor
        self._framing = Framing(secret)
        self._prefix = settings.redis_prefix.encode()
        self._last_byte, self._lifetime = _sizes(settings)
        timeout = settings.redis_timeout_ms / 1000
        self._reads = Deadlines(self._clock, timeout, self._expired)
        self._writes = Deadlines(self._clock, timeout * _WRITE_PATIENCE, self._expired)
        # The second knows a Redis that answers and takes nothing: it is full, or a replica.
        self._reach = Breaker(_THRESHOLD, _REST)
        self._room = Breaker(_THRESHOLD, _REST)
        self._lines: list[Line] = []
        self._was_lost = False
        self._told = ""
        self._under_way = 0
        self._writes_under_way = 0
        self._bytes_under_way = 0
        self._puts = self._failures = 0
        self._timeouts = self._skipped = self._dropped = self._reconnections = 0

    def reconfigure(self) -> None:
        """Go by the sizes and times that the settings say now that they have been changed in place."""
        self._last_byte, self._lifetime = _sizes(self._settings)
        self._reads.seconds = timeout = self._settings.redis_timeout_ms / 1000
        self._writes.seconds = timeout * _WRITE_PATIENCE

    async def start(self) -> None:
        """Begin to connect; returns at once, and look-ups find nothing until Redis has answered."""
        # It brings txredisapi, which takes the reactor that is installed at its import.
        from davd.caches.line import Line, endpoint_of

        try:
            endpoint = endpoint_of(self._reactor, self._target, self._settings.redis_authorities)
        except (OSError, ValueError) as error:
            self._log.error("Redis is not used: {why}", why=str(error))
            return
        for _ in range(self._settings.redis_connections):
            line = Line(self._clock, endpoint, self._target, self._reads.seconds, self._up, self._down, self._attempted)
            self._lines.append(line)
            line.start()

    async def stop(self) -> None:
        """Hang up; look-ups that wait end with nothing."""
        self._reads.stop()
        self._writes.stop()
        lines, self._lines = self._lines, []
        for line in lines:
            await line.stop()

    @property
    def connected(self) -> bool:
        """Whether there is a connection on which Redis has answered."""
        return any(line.connection is not None for line in self._lines)

    async def get(self, key: bytes) -> bytes | None:
        """What was kept under `key`; None when there is nothing, or no answer within `redis_timeout_ms`."""
        connection = self._free()
        # In this order: a permission that is not used would be the trial of a breaker that is half open.
        if connection is None or not self._reach.allows(self._clock.seconds()):
            self._skipped += 1
            return self._framing.take(key, None)
        answer: Deferred[bytes | None] = Deferred()
        call = self._reads.add(answer)
        self._send(connection, call, "GETRANGE", self._name(key), 0, self._last_byte)
        frame = await answer
        return self._framing.take(key, frame)

    def put(self, key: bytes, value: bytes) -> None:
        """Send a value, unless it is too large, too many are on the way, or Redis takes none."""
        size = len(value)
        connection = self._free()
        if (
            connection is None
            or size > self._settings.redis_entry_bytes
            or self._bytes_under_way + size > _WRITE_BYTES
            # Look-ups keep the other three quarters.
            or self._writes_under_way > self._settings.redis_calls // 4
            or not self._room.allows(self._clock.seconds())
            or not self._reach.allows(self._clock.seconds())
        ):
            self._dropped += 1
            return
        call = self._writes.add(None, size)
        self._bytes_under_way += size
        self._writes_under_way += 1
        self._puts += 1
        frame = self._framing.wrap(key, value)
        self._send(connection, call, "SET", self._name(key), frame, "PX", self._lifetime, writes=True)

    def statistics(self) -> Mapping[str, float]:
        """Counters since the start; `connected` is 1 while Redis answers, `under_way` the calls without an answer.

        `skipped` look-ups were not sent, `dropped` values neither; `unusable` entries were damaged or not davd's;
        `openings` is how often Redis was given up for a while.
        """
        return {
            "hits": self._framing.hits,
            "misses": self._framing.misses,
            "puts": self._puts,
            "failures": self._failures,
            "timeouts": self._timeouts,
            "skipped": self._skipped,
            "dropped": self._dropped,
            "unusable": self._framing.unusable,
            "openings": self._reach.openings + self._room.openings,
            "reconnections": self._reconnections,
            "under_way": self._under_way,
            "connected": int(self.connected),
        }

    def _name(self, key: bytes) -> bytes:
        return self._prefix + self._framing.name(key, _NAME_BYTES).hex().encode()

    def _free(self) -> Connection | None:
        """The connection on which the fewest calls wait; None when there is none, or too many wait in all."""
        best = None
        if self._under_way < self._settings.redis_calls:
            fewest = 0
            for line in self._lines:
                connection = line.connection
                if connection is not None:
                    waiting = len(connection.replyQueue.waiting)
                    if best is None or waiting < fewest:
                        best, fewest = connection, waiting
        return best

    def _send(self, connection: Connection, call: Call, *words: bytes | int | str, writes: bool = False) -> None:
        self._under_way += 1
        connection.call(*words).addCallbacks(
            self._answered, self._unanswered, callbackArgs=(call, writes), errbackArgs=(call, writes)
        ).addErrback(partial(self._log.failure, "a reply of Redis could not be used"))

    def _landed(self, call: Call, writes: bool) -> None:
        self._under_way -= 1
        if writes:
            self._writes_under_way -= 1
            self._bytes_under_way -= call.size

    def _answered(self, reply: object, call: Call, writes: bool) -> None:
        self._landed(call, writes)
        if call.over:
            return
        self._reach.succeeded()
        if writes:
            self._room.succeeded()
        call.end(reply if isinstance(reply, bytes) else None)

    def _unanswered(self, failure: Failure, call: Call, writes: bool) -> None:
        self._landed(call, writes)
        if call.over:
            return
        self._failures += 1
        now = self._clock.seconds()
        text = str(failure.value)
        if not failure.check(Refused):
            self._reach.failed(now)
        elif text.startswith("WRONGTYPE"):
            # Something else stands under that name; Redis is well.
            self._reach.succeeded()
        elif writes:
            self._reach.succeeded()
            if self._room.failed(now):
                self._at_fault(text)
        elif self._reach.failed(now):
            self._at_fault(text)
        call.end(None)

    def _expired(self, call: Call) -> None:
        self._timeouts += 1
        self._failures += 1
        if self._reach.failed(self._clock.seconds()):
            self._at_fault(f"no answer within {self._reads.seconds:g} s")
            # What is still on these connections would come before the answers to new calls.
            for line in self._lines:
                line.drop()
        call.end(None)

    def _up(self) -> None:
        self._told = ""
        if not self._was_lost:
            return
        self._was_lost = False
        self._reconnections += 1
        self._log.info("Redis at {where} is there again", where=str(self._target))
        try:
            self._on_reconnect()
        except Exception:
            self._log.failure("what was to be done on reconnection failed")

    def _down(self) -> None:
        # While another connection works, Redis is used.
        if not self.connected:
            self._was_lost = True
            self._at_fault("the connection was lost")

    def _attempted(self, why: str) -> None:
        """A connection could not be made."""
        if not self.connected:
            self._at_fault(why)

    def _at_fault(self, why: str) -> None:
        if why != self._told:
            self._told = why
            self._log.warn("Redis at {where} is not used for now: {why}", where=str(self._target), why=why)


def _sizes(settings: CacheSettings) -> tuple[int, int]:
    """The last byte of a frame that is asked for, and the life of an entry in milliseconds."""
    return OVERHEAD + settings.redis_entry_bytes, round(settings.redis_ttl * 1000)
