"""The factory of the DAV plane's connections: whom to let in, and how to let them all go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory

from davd.model.address import Networks, bucket
from davd.net.application import Application
from davd.net.connection import Connection
from davd.net.context import SiteContext
from davd.net.date import DateNow
from davd.net.deadlines import Deadline
from davd.net.http1 import HTTP1
from davd.net.settings import NetSettings
from davd.net.statistics import NetStatistics
from davd.observe.shared import CONNECTIONS, Column


class _Place:
    """One connection's place; counted under no address when that is exempt."""

    __slots__ = ("_bucket", "_site")

    def __init__(self, site: Site, counted: str | None) -> None:
        self._site: Site | None = site
        self._bucket = counted

    def leave(self, connection: object) -> None:
        if self._site is not None:
            self._site._left(self._bucket, connection)
            self._site = None

    def move(self, address: str) -> bool:
        site = self._site
        if site is None:
            return False
        counted = site._count_address(address)
        if counted is False:
            site.statistics.refused_address += 1
            return False
        site._forget_address(self._bucket)
        self._bucket = counted
        return True


class Site(Factory):
    """Makes the protocol of every accepted connection, within the limits.

    `settings` are not looked at again after this; raises ValueError for a malformed network among them. `clock` is the
    reactor, or a Clock in tests; `date` and `soon` come from it unless a test knows better: the date of now, and how to
    have a function called in the next turn. `shared` is what this process counts for others that serve the same
    clients; None when it is alone.
    """

    noisy = False

    def __init__(
        self,
        application: Application,
        settings: NetSettings,
        clock: IReactorTime,
        date: DateNow | None = None,
        soon: Callable[[Callable[[], None]], object] | None = None,
        shared: Column | None = None,
    ) -> None:
        self.settings = settings
        self._shared = shared
        self._context = SiteContext(application, settings, clock, date, soon)
        self._exempt = Networks(settings.exempt_networks)
        self.proxies = Networks(settings.proxy_protocol)
        self._by_address: dict[str, int] = {}
        self._connections: set[Connection] = set()
        self._draining: list[Deferred[None]] = []
        self._closed = False
        self._parting = False

    def reconfigure(self) -> None:
        """Go by what the settings say now that they have been changed in place; ValueError for a malformed network.

        Limits and times that are asked for when they are needed hold at once. What was made from the settings when a
        connection began (limits of heads, who is a proxy, the time between requests) holds for connections to come.
        """
        exempt, proxies = Networks(self.settings.exempt_networks), Networks(self.settings.proxy_protocol)
        self._context.reconfigure()
        self._exempt, self.proxies = exempt, proxies

    @property
    def statistics(self) -> NetStatistics:
        """The counters, alive."""
        return self._context.statistics

    def deadline(self, expired: Callable[[], None]) -> Deadline:
        """A deadline on the wheel of this site's connections; `expired` is called when it strikes."""
        return Deadline(self._context.wheel, expired)

    def buildProtocol(self, addr: IAddress | None) -> HTTP1 | None:
        """The protocol for a connection from `addr`, which counts from now on; None when it is over a limit."""
        return self.connection(str(getattr(addr, "host", "")))

    def connection(self, peer: str) -> HTTP1 | None:
        """The same by address text; empty for a UNIX socket, which is not limited per address.

        Neither is a proxy that tells its clients' addresses: `Connection.relocate` counts those.
        """
        statistics = self._context.statistics
        shared = self._shared
        elsewhere = 0 if shared is None else shared.elsewhere(CONNECTIONS)
        if self._closed or statistics.connections + elsewhere >= self.settings.max_connections:
            statistics.refused += 1
            return None
        counted = None if peer in self.proxies else self._count_address(peer)
        if counted is False:
            statistics.refused_address += 1
            return None
        if shared is not None:
            shared.add(CONNECTIONS, 1)
        statistics.accepted += 1
        statistics.connections += 1
        connection = HTTP1(self._context, peer, _Place(self, counted))
        self._connections.add(connection)
        if self._parting:
            connection.part()
        return connection

    def drain(self) -> Deferred[None]:
        """Take no new connection, close those without a request, answer the others once more.

        Fires when the last connection has gone, its answer sent.
        """
        self._closed = True
        done: Deferred[None] = Deferred()
        self._draining.append(done)
        for connection in list(self._connections):
            connection.retire()
        self._check_drained()
        return done

    def wind_down(self) -> Deferred[None]:
        """Leave each connection one more request, whose answer says that it is the last.

        Fires when the last connection has gone. Clients so learn with an answer that they have to connect anew, and
        none of them has its connection closed just when it asks. Those that ask nothing stay: `drain` ends them. One
        that comes now was accepted before, so it is let in for its one request.
        """
        self._parting = True
        done: Deferred[None] = Deferred()
        self._draining.append(done)
        for connection in list(self._connections):
            connection.part()
        self._check_drained()
        return done

    def abort(self) -> None:
        """End every connection at once."""
        for connection in list(self._connections):
            connection.abort()

    def _count_address(self, peer: str) -> str | None | Any:
        """Count one more: the name it is counted under, None when it is exempt, False when that is over the limit."""
        if not peer or peer in self._exempt:
            return None
        name = bucket(peer)
        number = self._by_address.get(name, 0)
        shared = self._shared
        if shared is None:
            if number >= self.settings.max_connections_per_address:
                return False
        else:
            slots = shared.slots(name)
            if number + shared.elsewhere_of(CONNECTIONS, slots) >= self.settings.max_connections_per_address:
                return False
            shared.add_to(CONNECTIONS, slots, 1)
        self._by_address[name] = number + 1
        return name

    def _forget_address(self, name: str | None) -> None:
        if name is None:
            return
        if self._shared is not None:
            self._shared.add_to(CONNECTIONS, self._shared.slots(name), -1)
        left = self._by_address[name] - 1
        if left:
            self._by_address[name] = left
        else:
            del self._by_address[name]

    def _left(self, name: str | None, connection: object) -> None:
        self._forget_address(name)
        self._context.statistics.connections -= 1
        if self._shared is not None:
            self._shared.add(CONNECTIONS, -1)
        self._connections.discard(connection)
        self._check_drained()

    def _check_drained(self) -> None:
        if (self._closed or self._parting) and not self._connections:
            waiting, self._draining = self._draining, []
            for done in waiting:
                done.callback(None)
