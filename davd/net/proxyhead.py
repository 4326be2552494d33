"""The PROXY header before a native transport begins to read.

Implements: the PROXY protocol, versions 1 and 2 (HAProxy, proxy-protocol.txt, 2.1, 2.2)
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any

from davd.http.wire.head import WireError
from davd.http.wire.proxy import ProxyReader
from davd.net.deadlines import Deadline
from davd.net.site import Site

# A PROXY header is shorter than this.
_PEEK = 1024


class ProxyHead:
    """Reads the PROXY header off the socket before the loop reads anything, so that TLS finds its own first byte."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, site: Site, transport: Any, told: Callable[[str | None], None]
    ) -> None:
        self._loop = loop
        self._site = site
        self._transport = transport
        self._told = told
        self._reader = ProxyReader()
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        self._deadline: Deadline = site.deadline(self._refuse)
        self._deadline.set(site.settings.header_timeout)
        loop.add_reader(self._socket.fileno(), self._readable)

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
            self.stop()
            self._told(header.source[0] if header.source is not None else None)

    def _refuse(self) -> None:
        self._site.statistics.refused_proxy += 1
        self.stop()
        self._transport.abort()

    def stop(self) -> None:
        """Let go of the socket."""
        self._deadline.end()
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
