"""What all connections of one site share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from secrets import token_hex
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from davd.http.forwarded import Trust
from davd.http.wire.head import WireLimits
from davd.model.address import UNIX
from davd.net.application import Application
from davd.net.date import DateNow
from davd.net.deadlines import Wheel
from davd.net.settings import NetSettings
from davd.net.statistics import NetStatistics


class Place(Protocol):
    """A connection's place among those that the limits allow."""

    def leave(self, connection: object) -> None:
        """Give the place back; `connection` is the one that has ended."""
        ...

    def move(self, address: str) -> bool:
        """Count the connection under another address, the one a proxy has told; False when that is over its limit."""
        ...


class SiteContext:
    """The application, the settings and everything made from them once instead of once a connection.

    `soon` calls a function in the reactor's next turn.
    """

    def __init__(
        self,
        application: Application,
        settings: NetSettings,
        clock: IReactorTime,
        date: DateNow | None = None,
        soon: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self.application = application
        self.settings = settings
        self.clock = clock
        self.limits: WireLimits
        self.trust: Trust
        self.reconfigure()
        self.wheel = Wheel(clock)
        self.date = date or DateNow()
        self.statistics = NetStatistics()
        self.soon = soon or partial(clock.callLater, 0)
        self._start = token_hex(4)
        self._count = count(1)

    def reconfigure(self) -> None:
        """Make anew what is made from the settings, for the connections to come; they have been changed in place."""
        settings = self.settings
        proxies = settings.trusted_proxies
        networks = [text for text in proxies if text != UNIX]
        trust = Trust.from_texts(networks, settings.forwarded_field, local=UNIX in proxies)
        self.limits, self.trust = settings.wire_limits(), trust

    def new_id(self) -> str:
        """A name for one request that no other request of any process gets."""
        return f"{self._start}-{next(self._count):x}"
