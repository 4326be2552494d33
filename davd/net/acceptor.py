"""Accepting connections for native transports where something has to happen before the loop may read from them.

The loop's own servers begin to read as soon as they have accepted, and tell who has connected only when the TLS
handshake is done; limits, PROXY headers and handshake deadlines cannot wait for that.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

from twisted.logger import Logger

from davd.net.connection import Connection
from davd.net.native import NativeTLSTransport, NativeTransport
from davd.net.proxyhead import ProxyHead
from davd.net.site import Site

log = Logger()

# Connections accepted before the loop gets its turn again.
_BATCH = 64
# Seconds to wait when the system has no descriptor left.
_PAUSE = 1.0
_EXHAUSTED = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


class Acceptor:
    """Accepts on a listening socket until it is stopped; `context` gives the TLS context, None for plain HTTP."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        site: Site,
        context: Callable[[], ssl.SSLContext] | None,
    ) -> None:
        self._loop = loop
        self._socket = listening
        self._site = site
        self._context = context
        self._tasks: set[asyncio.Task[None]] = set()
        loop.add_reader(listening.fileno(), self._readable)

    def stop(self) -> None:
        """Accept no more, and close the socket."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _readable(self) -> None:
        for _ in range(_BATCH):
            try:
                accepted, peer = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                log.error("no connection can be accepted: {error}", error=error)
                self._loop.remove_reader(self._socket.fileno())
                self._loop.call_later(_PAUSE, self._again)
                return
            self._arrived(accepted, str(peer[0]) if isinstance(peer, tuple) else "")

    def _again(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket.fileno(), self._readable)

    def _arrived(self, accepted: socket.socket, host: str) -> None:
        connection = self._site.connection(host)
        if connection is None:
            accepted.close()
            return
        accepted.setblocking(False)
        if host not in self._site.proxies:
            self._begin(accepted, connection)
            return

        def failed() -> None:
            connection.dismiss()
            accepted.close()

        def told(source: str | None) -> None:
            if source is not None and not connection.relocate(source):
                failed()
            else:
                self._begin(accepted, connection)

        ProxyHead(self._loop, self._site, accepted, told, failed)

    def _begin(self, accepted: socket.socket, connection: Connection) -> None:
        if self._context is None:
            task = self._loop.create_task(self._attach(accepted, connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        try:
            transport = NativeTLSTransport(self._loop, self._site, connection, accepted)
        except OSError:
            # It has gone already, and taken its name with it.
            connection.dismiss()
            accepted.close()
            return
        transport.start(self._context())

    async def _attach(self, accepted: socket.socket, connection: Connection) -> None:
        transport = NativeTransport(self._loop, self._site, connection)
        try:
            await self._loop.connect_accepted_socket(lambda: transport, accepted)
        except OSError:
            if connection.transport is None:
                connection.dismiss()
            accepted.close()
