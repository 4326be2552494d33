"""From an endpoint string to accepted connections, on whichever transports the reactor has."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.task import deferLater

from davd.net.endpoints import BACKLOG, Bound, ListenError, bind, reason, unlink
from davd.net.entrance import Entrance
from davd.net.native import NativeTransport, address
from davd.net.ports import EagerPort, EagerUNIXPort
from davd.net.site import Site
from davd.net.tls import TLS

# How many connections are accepted in one turn of libuv's.
ACCEPTED_AT_ONCE: Final = 16
# How long a reactor that accepts nobody, though somebody waits, is left alone before it is given another turn.
IDLE_SECONDS: Final = 0.01
# Linux, struct tcp_info: of a socket that listens, `tcpi_unacked` is how many connections wait to be accepted.
UNACKED: Final = struct.Struct("=24xI")


@dataclass(slots=True)
class Listener:
    """Where connections are accepted. `text` is the endpoint string, `host` the address."""

    text: str
    host: IAddress
    tls: TLS | None
    _stop: Callable[[], Any] = field(repr=False)

    def stop_listening(self) -> Deferred[None]:
        """Accept no more; connections that are there stay."""
        return maybeDeferred(self._stop)


async def listen(reactor: Any, text: str | Bound, site: Site, tls: TLS | None = None) -> Listener:
    """Accept the site's connections on an endpoint string, or on what `bind` made of one.

    On a reactor over uvloop its native transports serve, elsewhere Twisted's. Raises ListenError.
    """
    bound = bind(text, tls) if isinstance(text, str) else text
    if bound is None:
        assert isinstance(text, str)
        return await _listen_by_twisted(reactor, text, site)
    loop = native_loop(reactor)
    if loop is not None:
        return await _listen_natively(loop, bound, site)
    context = None if bound.tls is None else bound.tls.context
    kind = EagerUNIXPort if bound.socket.family == socket.AF_UNIX else EagerPort
    port = kind(bound.socket, Entrance(site, context, _place(bound)), reactor)
    port.startListening()
    host = port.getHost()

    async def stop() -> None:
        await maybeDeferred(port.stopListening)
        unlink(bound.path)

    return Listener(bound.text, host, bound.tls, lambda: Deferred.fromCoroutine(stop()))


def _place(bound: Bound) -> str:
    """What a listener is called in the metrics: its address and port, or its path."""
    if bound.path:
        return bound.path
    name = bound.socket.getsockname()
    if bound.socket.family == socket.AF_UNIX:
        # One that another process has opened; the name of one without a file is bytes that begin with a zero.
        return os.fsdecode(name).replace("\0", "@") or bound.text
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _listen_natively(loop: asyncio.AbstractEventLoop, bound: Bound, site: Site) -> Listener:
    tls = bound.tls
    host = address(bound.socket.getsockname())
    entrance = Entrance(site, None if tls is None else tls.context, _place(bound))

    def accepted() -> NativeTransport:
        return NativeTransport(loop, entrance)

    create = loop.create_unix_server if bound.socket.family == socket.AF_UNIX else loop.create_server
    # libuv accepts one connection on each descriptor in each of its turns. With one of them, thousands of clients that
    # come at once, as after a restart, would wait for as many turns, each as long as the requests of those before them.
    sockets = [bound.socket, *(bound.socket.dup() for _ in range(ACCEPTED_AT_ONCE - 1))]
    servers: list[Any] = []
    for listening in sockets:
        # The backlog is set anew by the loop.
        coming = asyncio.ensure_future(create(accepted, sock=listening, backlog=BACKLOG), loop=loop)
        servers.append(await Deferred.fromFuture(coming))

    def stop() -> None:
        for server in servers:
            server.close()
        unlink(bound.path)

    return Listener(bound.text, host, tls, stop)


async def _listen_by_twisted(reactor: Any, text: str, site: Site) -> Listener:
    try:
        endpoint = serverFromString(reactor, text)
    except Exception as error:
        raise ListenError(f"{text} is no endpoint: {error}") from None
    try:
        port = await endpoint.listen(site)
    except CannotListenError as error:
        raise ListenError(f"cannot listen on {text}: {reason(error.socketError)}") from None
    except OSError as error:
        raise ListenError(f"cannot listen on {text}: {reason(error)}") from None
    return Listener(text, port.getHost(), None, port.stopListening)


async def accept_waiting(
    reactor: Any, listening: Iterable[socket.socket], accepted: Callable[[], int], seconds: float
) -> None:
    """Let the reactor accept the connections that wait now; those that come meanwhile are not waited for.

    To close a socket that listens resets the connections that wait there, with the requests they have sent. `accepted`
    counts connections that were accepted, refused ones too. Gives up after so many seconds.
    """
    waiting = select.poll()
    due = accepted()
    for one in listening:
        waiting.register(one, select.POLLIN)
        due += _waiting(one)
    limit = reactor.seconds() + seconds
    pause, before = 0.0, accepted()
    while before < due and reactor.seconds() < limit and waiting.poll(0):
        await deferLater(reactor, pause)
        now = accepted()
        # A reactor that has no descriptor left accepts nobody in any of its turns.
        pause, before = 0.0 if now > before else IDLE_SECONDS, now


def _waiting(listening: socket.socket) -> int:
    """How many connections wait to be accepted; where the system does not tell, how many there can be."""
    if listening.family == socket.AF_UNIX:
        return BACKLOG
    (number,) = UNACKED.unpack(listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, UNACKED.size))
    return int(number)


def native_loop(reactor: Any) -> asyncio.AbstractEventLoop | None:
    """The uvloop loop under a reactor, None when there is none."""
    # The reactor keeps its loop to itself, and outside of a running loop asyncio does not tell which one it is.
    loop = getattr(reactor, "_asyncioEventloop", None)
    if loop is None or type(loop).__module__.partition(".")[0] != "uvloop":
        return None
    return loop
