"""One connection to Redis, made again whenever it is lost.

txredisapi takes the installed reactor when it is imported; whatever imports this module does so after that.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from OpenSSL.crypto import Error as CryptoError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from txredisapi import InvalidData, RedisError, RedisProtocol, ResponseError

from davd.caches.calls import Refused
from davd.caches.target import Target

# Seconds: to connect, to log in and say hello (with TLS that is several round trips), and between attempts at first
# and at most.
_CONNECT: Final = 1.0
_LOGIN: Final = 1.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0

_END_OF_CERTIFICATE: Final = b"-----END CERTIFICATE-----"


class Connection(RedisProtocol):
    """The protocol of txredisapi for bytes, which hangs up on a peer that does not speak Redis."""

    def __init__(self) -> None:
        super().__init__(charset=None, convertNumbers=False)
        self.lost_by = ""

    def dataReceived(self, data: bytes, unpause: bool = False) -> None:
        """Take replies."""
        try:
            super().dataReceived(data, unpause)
        except InvalidData:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure) -> None:
        """End the calls that wait, as lost for this reason."""
        self.lost_by = reason.getErrorMessage()
        super().connectionLost(reason)

    def replyReceived(self, reply: object) -> None:
        """Give a reply to the call that has waited for longest; one that nobody has asked for ends the connection."""
        if self.replyQueue.waiting:
            super().replyReceived(reply)
        else:
            self.transport.abortConnection()

    def call(self, *words: bytes | int | str) -> Deferred[Any]:
        """Send a command; its reply, or `Refused`, or another exception when the connection is lost or was."""
        reply: Deferred[Any] = self.execute_command(*words)
        reply.addErrback(_refused)
        return reply


class _Connections(Factory):
    noisy = False
    protocol = Connection


def _refused(failure: Failure) -> Failure:
    if failure.check(ResponseError):
        return Failure(Refused(str(failure.value)))
    return failure


def endpoint_of(reactor: Any, target: Target, authorities: str) -> IStreamClientEndpoint:
    """How to get to a Redis; `authorities` is a file of trusted certificates, empty for the system's.

    OSError or ValueError when that file cannot be read.
    """
    if target.path:
        return UNIXClientEndpoint(reactor, target.path, timeout=_CONNECT)
    endpoint = HostnameEndpoint(reactor, target.host, target.port, timeout=_CONNECT)
    if not target.tls:
        return endpoint
    trust = _trusted(authorities) if authorities else None
    return wrapClientTLS(optionsForClientTLS(target.host, trustRoot=trust), endpoint)


def _trusted(path: str) -> Any:
    with open(path, "rb") as file:
        pieces = file.read().split(_END_OF_CERTIFICATE)[:-1]
    try:
        certificates = [Certificate.loadPEM(piece + _END_OF_CERTIFICATE + b"\n") for piece in pieces]
    except CryptoError:
        certificates = []
    if not certificates:
        raise ValueError(f"{path} holds no certificates, or damaged ones")
    return trustRootFromCertificates(certificates)


class Line:
    """Keeps one connection up from `start` to `stop`, with a pause of at most 2 seconds between attempts.

    `connection` is there only while Redis is known to answer: after a login and a PING within `timeout` seconds.
    `on_up` is told then, `on_down` when it is lost, `on_fault` with the reason of each attempt that came to nothing.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        target: Target,
        timeout: float,
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        on_fault: Callable[[str], None],
    ) -> None:
        self.connection: Connection | None = None
        self._clock = clock
        self._endpoint = endpoint
        self._target = target
        self._timeout = timeout
        self._on_up = on_up
        self._on_down = on_down
        self._on_fault = on_fault
        self._wanted = False
        self._running: Deferred[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._wanted = True
        self._running = Deferred.fromCoroutine(self._keep_up())

    async def stop(self) -> None:
        """Hang up and stay so."""
        running, self._running = self._running, None
        if running is None:
            return
        # An attempt that is cancelled may end by another exception than CancelledError.
        self._wanted = False
        self.drop()
        running.cancel()
        with suppress(CancelledError):
            await running

    def drop(self) -> None:
        """Hang up, without waiting for what is under way; a new connection is made."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.transport.abortConnection()

    async def _keep_up(self) -> None:
        failures = 0
        while self._wanted:
            try:
                connection = await self._connect()
            except Exception as error:
                if not self._wanted:
                    return
                failures += 1
                self._on_fault(str(error) or type(error).__name__)
            else:
                failures = 0
                lost: Deferred[None] = connection.whenDisconnected()
                self.connection = connection
                self._on_up()
                await lost
                self.connection = None
                self._on_down()
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 10))
            await deferLater(self._clock, pause * random.uniform(0.5, 1.0))

    async def _connect(self) -> Connection:
        connecting: Any = self._endpoint.connect(_Connections())
        connection: Connection = await connecting
        try:
            await _within(self._clock, _LOGIN, self._log_in(connection))
            # A server that is slow beyond use is none: its connection would only be lost again at once.
            await _within(self._clock, self._timeout, _greet(connection))
        except BaseException as error:
            connection.transport.abortConnection()
            if connection.lost_by and isinstance(error, RedisError):
                raise ConnectionError(connection.lost_by) from None
            raise
        if not connection.connected:
            raise ConnectionError(connection.lost_by)
        return connection

    async def _log_in(self, connection: Connection) -> None:
        target = self._target
        if target.user:
            await connection.call("AUTH", target.user.encode(), target.password.encode())
        elif target.password:
            await connection.call("AUTH", target.password.encode())
        if target.database:
            await connection.call("SELECT", target.database)
        await _greet(connection)


async def _greet(connection: Connection) -> None:
    if await connection.call("PING") != b"PONG":
        raise ConnectionError("what answers there is no Redis")


async def _within(clock: IReactorTime, seconds: float, work: Any) -> None:
    running = Deferred.fromCoroutine(work)
    running.addTimeout(seconds, clock, _too_late)
    await running


def _too_late(outcome: object, seconds: float) -> object:
    if isinstance(outcome, Failure):
        outcome.trap(CancelledError)
        raise TimeoutError(f"no answer within {seconds:g} s")
    return outcome
