"""The PROXY header before a native transport begins to read.

Implements: the PROXY protocol, versions 1 and 2 (HAProxy, proxy-protocol.txt, 2.1, 2.2)
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from davd.http.wire.head import WireError
from davd.http.wire.proxy import ProxyReader
from davd.net.deadlines import Deadline
from davd.net.site import Site

# A PROXY header is shorter than this.
_PEEK = 1024


class ProxyHead:
    """Reads the PROXY header off an accepted socket and leaves on it what follows, so that TLS finds its first byte.

    `told` is called with the client's address, None when the proxy speaks for itself; `failed` when there is no header.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        site: Site,
        accepted: socket.socket,
        told: Callable[[str | None], None],
        failed: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._site = site
        self._socket = accepted
        self._told = told
        self._failed = failed
        self._reader = ProxyReader()
        self._deadline: Deadline = site.deadline(self._refuse)
        self._deadline.set(site.settings.header_timeout)
        loop.add_reader(accepted.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_PEEK, socket.MSG_PEEK)
            if not data:
                self._refuse()
                return
            header = self._reader.feed(data)
            # Only what is the header's is taken.
            self._socket.recv(len(data) if header is None else len(data) - len(header.rest))
        except (BlockingIOError, InterruptedError):
            return
        except (OSError, WireError):
            self._refuse()
            return
        if header is not None:
            self._stop()
            self._told(header.source[0] if header.source is not None else None)

    def _refuse(self) -> None:
        self._site.statistics.refused_proxy += 1
        self._stop()
        self._failed()

    def _stop(self) -> None:
        self._deadline.end()
        self._loop.remove_reader(self._socket.fileno())
